#include "ui/features/features_place.h"

#include "ui/features/active_features_view.h"
#include "ui/features/feature_card.h"
#include "ui/features/overview_view.h"
#include "ui/figures/stale_veil.h"
#include "ui/figures/words.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QShortcut>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

FeaturesPlace::FeaturesPlace(QWidget *parent) : QWidget(parent) {
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    pages_ = new QStackedWidget(this);
    layout->addWidget(pages_);
    empty_ = new EmptyState(this);
    pages_->addWidget(empty_);
    splitter_ = new QSplitter(Qt::Horizontal, this);
    splitter_->setObjectName(QStringLiteral("featuresSplitter"));
    splitter_->setChildrenCollapsible(false);
    splitter_->addWidget(makeLeft());
    splitter_->addWidget(card_ = new FeatureCard(splitter_));
    splitter_->setStretchFactor(0, 1);
    splitter_->setStretchFactor(1, 1);
    splitter_->setSizes({scaled(592), scaled(592)});
    pages_->addWidget(splitter_);
    stale_ = new StaleVeil(pages_);
    connect(empty_, &EmptyState::primaryRequested, this, &FeaturesPlace::goToTrain);
    connect(overview_, &OverviewView::featureChosen, this, &FeaturesPlace::choose);
    connect(active_, &ActiveFeaturesView::featureChosen, this, &FeaturesPlace::choose);
    connect(card_, &FeatureCard::featureChosen, this, &FeaturesPlace::choose);
    connect(card_, &FeatureCard::traceFeatureRequested, this, &FeaturesPlace::traceFeatureRequested);
    const auto shortcut = [this](const QKeySequence &keys, auto work) {
        connect(new QShortcut(keys, this, nullptr, nullptr, Qt::WidgetWithChildrenShortcut), &QShortcut::activated,
                card_, work);
    };
    shortcut(Qt::ALT | Qt::Key_Left, [this] { card_->goBack(); });
    shortcut(Qt::ALT | Qt::Key_Right, [this] { card_->goForward(); });
    connect(new QShortcut(Qt::Key_T, active_, nullptr, nullptr, Qt::WidgetShortcut), &QShortcut::activated, card_,
            &FeatureCard::trace);
    updatePages();
}

QWidget *FeaturesPlace::makeLeft() {
    auto *left = new QWidget(this);
    setGround(left, &Theme::panel);
    auto *layout = new QVBoxLayout(left);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(title_ = new SectionHeader(QString(), left));
    lists_ = new QStackedWidget(left);
    lists_->addWidget(overview_ = new OverviewView(lists_));
    lists_->addWidget(active_ = new ActiveFeaturesView(lists_));
    lists_->addWidget(nothingActive_ = new EmptyState(lists_));
    layout->addWidget(lists_, 1);
    return left;
}

void FeaturesPlace::setPromptFeatures(const PromptFeatures &features) {
    index_ = PromptIndex(features);
    std::erase_if(positions_, [&](int position) { return position >= std::ssize(features.tokens); });
    overview_->setPrompt(index_);
    card_->setPrompt(index_);
    setStale(false);
    showSelection();
    updatePages();
}

void FeaturesPlace::setSelectedPositions(std::vector<int> positions) {
    std::erase_if(positions,
                  [&](int position) { return position < 0 || position >= std::ssize(index_.features().tokens); });
    if (positions == positions_)
        return;
    positions_ = std::move(positions);
    showSelection();
}

void FeaturesPlace::showSelection() {
    card_->setSelectedPositions(positions_);
    active_->setActive(index_, positions_);
    if (const auto key = card_->feature()) {
        active_->highlight(key->first, key->second);
        overview_->highlight(key->first, key->second);
    }
    if (positions_.empty()) {
        title_->setTitle(tr("Strongest features of this prompt"));
        title_->setNote(tr("colour: share of its own largest"));
        return lists_->setCurrentWidget(overview_);
    }
    const QString token = shownToken(index_.features().tokens[static_cast<size_t>(positions_.front())]);
    title_->setTitle(tr("Active features"));
    title_->setNote(positions_.size() == 1 ? tr("at %1, position %2").arg(token).arg(positions_.front())
                                           : tr("at %1 tokens").arg(positions_.size()));
    nothingActive_->setContent(
        QStringLiteral("features"), tr("Nothing is active at %1").arg(token),
        tr("No feature fires at position %1. The error carries everything here.").arg(positions_.front()));
    lists_->setCurrentIndex(active_->features()->isEmpty() ? 2 : 1);
}

void FeaturesPlace::choose(int layer, int feature) {
    chooseFeature(layer, feature);
    Q_EMIT featureChosen(layer, feature);
}

void FeaturesPlace::chooseFeature(int layer, int feature) {
    card_->choose(layer, feature);
    active_->highlight(layer, feature);
    overview_->highlight(layer, feature);
}

FeatureActivations FeaturesPlace::activationsOf(int layer, int feature) const {
    FeatureActivations result;
    result.perPosition.resize(index_.features().tokens.size());
    for (const ActiveFeature &active : index_.of(layer, feature)) {
        result.perPosition[static_cast<size_t>(active.position)] = active.activation;
        result.maximum = active.maximum;
    }
    return result;
}

void FeaturesPlace::setHasTranscoder(bool has) {
    hasTranscoder_ = has;
    updatePages();
}

void FeaturesPlace::setStale(bool stale) {
    stale_->setVisible(stale && !index_.isEmpty());
}

void FeaturesPlace::updatePages() {
    pages_->setCurrentIndex(hasTranscoder_ && !index_.isEmpty() ? 1 : 0);
    if (!hasTranscoder_)
        empty_->setContent(QStringLiteral("features"), tr("No transcoder yet"),
                           tr("Features are what a transcoder finds in a GPT. Train one on a GPT first."),
                           tr("Train a transcoder"));
    else
        empty_->setContent(QStringLiteral("features"), tr("No prompt yet"),
                           tr("Type the beginning of a story above to see which features fire at its tokens."));
}

void FeaturesPlace::traceChosen() {
    card_->trace();
}

QString FeaturesPlace::commandLine() const {
    const PromptFeatures &features = index_.features();
    return QStringLiteral("tinytranscoder-cli features active --name %1 --prompt %2")
        .arg(shellWord(QString::fromStdString(features.transcoder)),
             shellWord(QString::fromStdString(features.prompt)));
}

} // namespace tt
