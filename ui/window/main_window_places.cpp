// The places of the window: what the frame needs to know of each, and what one means for another.
#include "ui/circuits/circuits_place.h"
#include "ui/data/data_place.h"
#include "ui/data/generate_form.h"
#include "ui/features/features_place.h"
#include "ui/figures/words.h"
#include "ui/interventions/interventions_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/tour/tour.h"
#include "ui/train/train_place.h"
#include "ui/widgets/message_bar.h"
#include "ui/window/main_window.h"
#include "ui/window/rail.h"

#include <QPushButton>
#include <QStackedWidget>

namespace tt {

void MainWindow::addPlace(const QString &iconName, PlaceEntry entry) {
    const int number = static_cast<int>(places_.size()) + 1;
    rail_->addPlace(iconName, entry.name, tr("%1\n%2\nCtrl+%3").arg(entry.name, entry.subtitle).arg(number));
    stack_->addWidget(entry.widget);
    places_.push_back(std::move(entry));
}

void MainWindow::addPlaces() {
    addPlace(QStringLiteral("data"), {.widget = data_,
                                      .name = tr("Data"),
                                      .subtitle = tr("What the model reads: stories, and the tokens they are cut into"),
                                      .page = QStringLiteral("data"),
                                      .primary = tr("Generate stories"),
                                      .trigger = [this] { data_->primaryButton()->click(); },
                                      .ready = [this] { return data_->primaryButton()->isEnabled(); },
                                      .commandLine = [this] { return data_->commandLine(); },
                                      .showMessage = [this](const Message &message) { data_->showMessage(message); }});
    addPlace(QStringLiteral("train"),
             {.widget = train_,
              .name = tr("Train"),
              .subtitle = tr("First a GPT, then a transcoder that explains its MLPs"),
              .page = QStringLiteral("train"),
              .primary = tr("Start training"),
              .trigger = [this] { train_->startFocusedForm(); },
              .ready = [] { return true; },
              .commandLine = [this] { return train_->commandLine(); },
              .showMessage = [this](const Message &message) { train_->showMessage(message); }});
    addPlace(QStringLiteral("features"),
             {.widget = features_,
              .name = tr("Features"),
              .subtitle = tr("What is active at each token of a prompt"),
              .page = QStringLiteral("features"),
              .usesPrompt = true,
              .primary = tr("Trace this feature"),
              .trigger = [this] { features_->traceChosen(); },
              .ready = [] { return true; },
              .commandLine = [this] { return features_->commandLine(); },
              .showMessage = [this](const Message &message) { message_->setMessage(message); }});
    addPlace(QStringLiteral("circuits"),
             {.widget = circuits_,
              .name = tr("Circuits"),
              .subtitle = tr("Which features cause a prediction, and through which others"),
              .page = QStringLiteral("circuits"),
              .usesPrompt = true,
              .primary = tr("Trace"),
              .trigger = [this] { circuits_->trace(); },
              .ready = [] { return true; },
              .commandLine = [this] { return circuits_->commandLine(); },
              .showMessage = [this](const Message &message) { circuits_->showMessage(message); }});
    addPlace(QStringLiteral("interventions"),
             {.widget = interventions_,
              .name = tr("Interventions"),
              .subtitle = tr("What the model says when features are changed"),
              .page = QStringLiteral("interventions"),
              .usesPrompt = true,
              .primary = tr("Run"),
              .trigger = [this] { interventions_->run(); },
              .ready = [] { return true; },
              .commandLine = [this] { return interventions_->commandLine(); },
              .showMessage = [this](const Message &message) { interventions_->showMessage(message); }});
}

/// What one place means for another, as far as nothing has to be computed.
void MainWindow::connectPlaces() {
    connect(data_, &DataPlace::messageAction, this, &MainWindow::messageAction);
    connect(data_->generateForm(), &GenerateForm::changed, this, &MainWindow::refreshPrimary);
    connect(train_, &TrainPlace::messageActionRequested, this, &MainWindow::messageAction);
    connect(train_, &TrainPlace::goToData, this, [this] { goTo(Place::Data); });
    connect(circuits_, &CircuitsPlace::messageAction, this, &MainWindow::messageAction);
    connect(circuits_, &CircuitsPlace::said, this, &MainWindow::setStatus);
    connect(circuits_, &CircuitsPlace::goToTrain, this, [this] { goTo(Place::Train); });
    connect(features_, &FeaturesPlace::goToTrain, this, [this] { goTo(Place::Train); });
    connect(prompt_, &PromptBar::tokensSelected, features_, &FeaturesPlace::setSelectedPositions);
    connect(prompt_, &PromptBar::tokensSelected, interventions_, &InterventionsPlace::setSelectedPositions);
    connect(interventions_, &InterventionsPlace::featureChosen, this, &MainWindow::colourBy);
    connect(interventions_, &InterventionsPlace::messageAction, this, &MainWindow::messageAction);
    connect(interventions_, &InterventionsPlace::goToTrain, this, [this] { goTo(Place::Train); });
    connect(features_, &FeaturesPlace::featureChosen, this, &MainWindow::colourBy);
    connect(features_, &FeaturesPlace::traceFeatureRequested, this, [this](int layer, int position, int feature) {
        goTo(Place::Circuits);
        circuits_->traceFeature(layer, position, feature);
    });
    connect(features_, &FeaturesPlace::interveneRequested, this, [this](int layer, int position, int feature) {
        intervene({{.position = position, .layer = layer, .feature = feature}});
    });
    connect(circuits_, &CircuitsPlace::interveneRequested, this, [this](const std::vector<Node> &nodes) {
        std::vector<ActiveFeature> features;
        for (const Node &node : nodes)
            features.push_back({.position = node.position, .layer = node.layer, .feature = node.id});
        intervene(features);
    });
    connect(circuits_, &CircuitsPlace::nodeActivated, this, [this](int layer, int feature, int position) {
        goTo(Place::Features);
        prompt_->selectPosition(position);
        chooseFeature(layer, feature);
    });
}

/// Brings features to Interventions, each as a row that multiplies.
void MainWindow::intervene(const std::vector<ActiveFeature> &features) {
    goTo(Place::Interventions);
    interventions_->addFeatures(features, InterventionAction::Multiply);
}

void MainWindow::chooseFeature(int layer, int feature) {
    features_->chooseFeature(layer, feature);
    colourBy(layer, feature);
}

void MainWindow::colourBy(int layer, int feature) {
    feature_ = {layer, feature};
    colourChips();
}

void MainWindow::colourChips() {
    if (!feature_)
        return prompt_->clearActivations();
    const auto [layer, feature] = *feature_;
    const FeatureActivations activations = features_->activationsOf(layer, feature);
    prompt_->setActivations(activations.perPosition, activations.maximum, featureName(layer, feature));
}

void MainWindow::setPromptFeatures(const PromptFeatures &features) {
    prompt_->setPromptFeatures(features);
    features_->setPromptFeatures(features);
    circuits_->setPromptFeatures(features);
    interventions_->setPromptFeatures(features);
    tour_->setPromptFeatures(features);
    colourChips();
}

} // namespace tt
