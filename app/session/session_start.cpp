#include "app/session/session.h"
#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/data/data_place.h"
#include "ui/features/features_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/tour/start_pane.h"
#include "ui/tour/tour.h"

#include <QDir>
#include <QFileInfo>
#include <QSettings>

namespace tt {

namespace {
QSettings settings() {
    return QSettings(QStringLiteral("TinyTranscoder"), QStringLiteral("TinyTranscoder"));
}
const QString tourSeen = QStringLiteral("tour/seen"); ///< it starts by itself only once
} // namespace

void Session::openDemonstration(const QString &folder, const QString &model) {
    window_.setStatus(tr("Preparing the demonstration"));
    start_.prepare(folder.isEmpty() ? FirstStart::folder() : folder, model);
}

void Session::openFirst(const QString &folder) {
    if (QFileInfo(folder).absoluteFilePath() == FirstStart::folder())
        openDemonstration();
    else
        open(folder);
}

void Session::openGraph(const QString &file, const QStringList &folders) {
    showFirst(file);
    window_.setStatus(tr("Looking for the workspace of %1").arg(QFileInfo(file).fileName()));
    start_.chooseFor(file, folders);
}

/// The demonstration, its start and the tour.
void Session::connectStart() {
    connect(&window_, &MainWindow::demonstrationRequested, this, [this] { openDemonstration(); });
    connect(&start_, &FirstStart::chosen, this, &Session::openFirst);
    connect(&start_, &FirstStart::ready, this, [this](const QString &folder, bool first) {
        tourWhenRead_ = !settings().value(tourSeen).toBool(); // the command line may have made the copy
        settings().setValue(tourSeen, true);
        if (first || tourWhenRead_)
            window_.goTo(MainWindow::Place::Features);
        open(folder);
    });
    connect(&start_, &FirstStart::failed, this, [this](const QString &why) {
        if (!workspace_) {
            window_.goTo(MainWindow::Place::Data);
            open(FirstStart::emptyFolder());
        }
        window_.showMessage({.kind = Message::Kind::Warning,
                             .title = tr("The demonstration cannot be opened"),
                             .text = why,
                             .actionText = {},
                             .action = {}},
                            window_.place());
    });
    StartPane *pane = window_.featuresPlace().start();
    pane->setView(window_.circuitsPlace().view());
    connect(&start_, &FirstStart::graphsRead, pane, &StartPane::setGraphs);
    connect(&start_, &FirstStart::graphsRead, this, [this] { window_.featuresPlace().showStart(true); });
    connect(&data_, &DataJobs::opened, this, [this] { window_.featuresPlace().showStart(false); });
    connect(&explainer_, &Explainer::modelOpened, this,
            [this, pane](const std::shared_ptr<const ExplainedModel> &model) {
                if (!model)
                    return;
                pane->setModel(model->gpt.config.parameters(),
                               int64_t{model->transcoder.config.layers} * model->transcoder.config.features);
                start_.readGraphs(*workspace_);
            });
    connect(pane, &StartPane::openCircuitsRequested, this, [this] { window_.goTo(MainWindow::Place::Circuits); });
    connect(pane, &StartPane::graphRequested, this, [this](const QString &name) {
        window_.goTo(MainWindow::Place::Circuits);
        Q_EMIT window_.circuitsPlace().openRequested(name);
    });
    connect(pane, &StartPane::trainRequested, this, [this] { window_.goTo(MainWindow::Place::Train); });
    connect(pane, &StartPane::importRequested, this, [this] {
        window_.goTo(MainWindow::Place::Data);
        window_.dataPlace().chooseFiles();
    });
    connect(pane, &StartPane::workspaceRequested, &window_, &MainWindow::chooseWorkspace);
    Tour &tour = window_.tour();
    connect(&tour, &Tour::promptWanted, this, [this](const QString &prompt) {
        window_.promptBar().setPrompt(prompt);
        editPrompt(prompt);
    });
}

} // namespace tt
