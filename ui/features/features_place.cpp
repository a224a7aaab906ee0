#include "ui/features/features_place.h"

#include "ui/features/across_stories.h"
#include "ui/features/active_features_view.h"
#include "ui/features/all_features.h"
#include "ui/features/card_head.h"
#include "ui/features/feature_card.h"
#include "ui/features/overview_view.h"
#include "ui/features/snapshot_bar.h"
#include "ui/figures/stale_veil.h"
#include "ui/figures/words.h"
#include "ui/icons/icons.h"
#include "ui/tour/start_pane.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QShortcut>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

FeaturesPlace::FeaturesPlace(QWidget *parent) : QWidget(parent) {
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    pages_ = new QStackedWidget(this);
    layout->setSpacing(0);
    layout->addWidget(snapshots_ = new SnapshotBar(this));
    layout->addWidget(pages_, 1);
    pages_->addWidget(empty_ = new EmptyState(this));
    tabs_ = new QTabWidget(this);
    tabs_->setDocumentMode(true);
    tabs_->setCornerWidget(makeSearch());
    splitter_ = new QSplitter(Qt::Horizontal, this);
    splitter_->setObjectName(QStringLiteral("featuresSplitter"));
    splitter_->setChildrenCollapsible(false);
    splitter_->addWidget(makeLeft());
    splitter_->addWidget(right_ = new QStackedWidget(splitter_));
    right_->addWidget(start_ = new StartPane(right_));
    right_->addWidget(card_ = new FeatureCard(right_));
    right_->setCurrentWidget(card_);
    splitter_->setStretchFactor(0, 464);
    splitter_->setStretchFactor(1, 720);
    splitter_->setSizes({scaled(464), scaled(720)});
    tabs_->addTab(splitter_, tr("This prompt"));
    tabs_->addTab(all_ = new AllFeatures(tabs_), tr("All features"));
    tabs_->addTab(stories_ = new AcrossStories(tabs_), tr("Across stories"));
    pages_->addWidget(tabs_);
    stale_ = new StaleVeil(splitter_);
    connect(empty_, &EmptyState::primaryRequested, this, &FeaturesPlace::goToTrain);
    connect(overview_, &OverviewView::featureChosen, this, &FeaturesPlace::choose);
    connect(active_, &ActiveFeaturesView::featureChosen, this, &FeaturesPlace::choose);
    connectCard();
    connectTabs();
    addShortcuts();
    offerMenus();
    active_->features()->setNotes(notes_);
    all_->table()->setNotes(notes_);
    card_->setNotes(notes_);
    updatePages();
}

FeaturesPlace::~FeaturesPlace() {
    delete pages_; // the views read the prompt's index and the notes to their end
}

QWidget *FeaturesPlace::makeSearch() {
    auto *room = new QWidget(this);
    auto *layout = new QHBoxLayout(room);
    layout->setContentsMargins(0, scaled(4), scaled(16), scaled(4));
    search_ = new QLineEdit(room);
    search_->setAccessibleName(tr("Search features"));
    search_->setPlaceholderText(tr("Label, token, text that fires it, or layer/feature"));
    search_->setToolTip(tr("Finds features by label, by a token they promote, by a text they fire on\nCtrl+F"));
    search_->addAction(icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    search_->setClearButtonEnabled(true);
    search_->setFixedWidth(scaled(336));
    layout->addWidget(search_);
    searchTimer_.setSingleShot(true);
    searchTimer_.setInterval(searchMilliseconds);
    connect(search_, &QLineEdit::textChanged, &searchTimer_, qOverload<>(&QTimer::start));
    connect(search_, &QLineEdit::returnPressed, this, [this] { showTab(Tab::All); });
    connect(&searchTimer_, &QTimer::timeout, this, [this] { Q_EMIT searchRequested(search_->text()); });
    return room;
}

QWidget *FeaturesPlace::makeLeft() {
    auto *left = new QWidget(this);
    setGround(left, &Theme::panel);
    auto *layout = new QVBoxLayout(left);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(title_ = new SectionHeader(QString(), left));
    of_ = new QComboBox(left);
    of_->setAccessibleName(tr("Features of several tokens"));
    of_->setToolTip(tr("Which features of the selected tokens are listed"));
    of_->addItems({tr("At any of them"), tr("Common to all"), tr("Telling them apart")});
    of_->hide();
    title_->addControl(of_);
    connect(of_, &QComboBox::activated, this, &FeaturesPlace::showSelection);
    lists_ = new QStackedWidget(left);
    lists_->addWidget(overview_ = new OverviewView(lists_));
    lists_->addWidget(active_ = new ActiveFeaturesView(lists_));
    lists_->addWidget(nothingActive_ = new EmptyState(lists_));
    layout->addWidget(lists_, 1);
    return left;
}

void FeaturesPlace::connectCard() {
    connect(card_, &FeatureCard::featureChosen, this, &FeaturesPlace::choose);
    connect(card_, &FeatureCard::traceFeatureRequested, this, &FeaturesPlace::traceFeatureRequested);
    connect(card_, &FeatureCard::interveneRequested, this, &FeaturesPlace::interveneRequested);
    connect(card_, &FeatureCard::indexRequested, this, &FeaturesPlace::indexRequested);
    connect(card_, &FeatureCard::indexStopRequested, this, &FeaturesPlace::indexStopRequested);
    connect(card_, &FeatureCard::promptRequested, this, &FeaturesPlace::promptRequested);
    connect(card_, &FeatureCard::storyRequested, this, [this](int, int, qint64 offset) {
        requestStories(offset);
        showTab(Tab::Stories);
    });
    const CardHead *head = card_->head();
    connect(head, &CardHead::noteEdited, this, &FeaturesPlace::editNote);
    connect(head, &CardHead::copyImageRequested, this, &FeaturesPlace::copyImage);
    connect(head, &CardHead::exportRequested, this, &FeaturesPlace::exportCard);
    connect(head, &CardHead::exportAllRequested, this, &FeaturesPlace::exportAll);
    const auto withFeature = [this](auto signal) {
        return [this, signal] {
            if (const auto key = card_->feature())
                Q_EMIT(this->*signal)(key->first, key->second);
        };
    };
    connect(head, &CardHead::copyTextRequested, this, withFeature(&FeaturesPlace::copyTextRequested));
    connect(head, &CardHead::copyJsonRequested, this, withFeature(&FeaturesPlace::copyJsonRequested));
}

void FeaturesPlace::connectTabs() {
    connect(all_, &AllFeatures::featureChosen, this, &FeaturesPlace::choose);
    connect(all_, &AllFeatures::featureActivated, this, [this](int layer, int feature) {
        choose(layer, feature);
        showTab(Tab::Prompt);
    });
    connect(all_, &AllFeatures::measureRequested, this, &FeaturesPlace::measureRequested);
    connect(all_, &AllFeatures::workStopRequested, this, &FeaturesPlace::workStopRequested);
    connect(stories_, &AcrossStories::featureChosen, this, &FeaturesPlace::choose);
    connect(stories_, &AcrossStories::indexRequested, this, &FeaturesPlace::indexRequested);
    connect(tabs_, &QTabWidget::currentChanged, this, [this](int tab) {
        if (static_cast<Tab>(tab) != Tab::Stories)
            return;
        if (!card_->feature() && !index_.isEmpty())
            chooseStrongest();
        else if (storiesOf_ != card_->feature())
            requestStories(-1);
    });
}

/// So that there is something to read where nothing was chosen.
void FeaturesPlace::chooseStrongest() {
    const std::vector<ActiveFeature> &active = index_.features().active;
    const auto strongest =
        std::max_element(active.begin(), active.end(), [](const ActiveFeature &a, const ActiveFeature &b) {
            return a.activation * b.maximum < b.activation * a.maximum; // by the share of its own largest
        });
    if (strongest != active.end())
        choose(strongest->layer, strongest->feature);
}

void FeaturesPlace::addShortcuts() {
    const auto shortcut = [this](const QKeySequence &keys, QWidget *where, Qt::ShortcutContext context, auto work) {
        connect(new QShortcut(keys, where, nullptr, nullptr, context), &QShortcut::activated, this, work);
    };
    shortcut(Qt::ALT | Qt::Key_Left, this, Qt::WidgetWithChildrenShortcut, [this] { card_->goBack(); });
    shortcut(Qt::ALT | Qt::Key_Right, this, Qt::WidgetWithChildrenShortcut, [this] { card_->goForward(); });
    shortcut(QKeySequence::Find, this, Qt::WindowShortcut, [this] {
        if (isVisible())
            focusSearch();
    });
    for (QWidget *list : {static_cast<QWidget *>(active_), static_cast<QWidget *>(overview_)}) { // single letters
        shortcut(Qt::Key_T, list, Qt::WidgetShortcut, [this] { card_->trace(); });
        shortcut(Qt::Key_I, list, Qt::WidgetShortcut, [this] { card_->intervene(); });
        shortcut(Qt::Key_S, list, Qt::WidgetShortcut, [this] { card_->head()->toggleStar(); });
        shortcut(Qt::Key_F2, list, Qt::WidgetShortcut, [this] { card_->head()->editLabel(); });
    }
}

void FeaturesPlace::setPromptFeatures(const PromptFeatures &features) {
    index_ = PromptIndex(features, dictionary_.get());
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
    const bool several = positions_.size() > 1;
    of_->setVisible(several);
    active_->setActive(index_, positions_,
                       several ? static_cast<PromptIndex::Of>(of_->currentIndex()) : PromptIndex::Of::Any);
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
    title_->setNote(several ? tr("at %1 tokens").arg(positions_.size())
                            : tr("at %1, position %2").arg(token).arg(positions_.front()));
    nothingActive_->setContent(
        QStringLiteral("features"), several ? tr("No such feature") : tr("Nothing is active at %1").arg(token),
        several ? tr("No feature is active at these tokens in this way.")
                : tr("No feature fires at position %1. The error carries everything here.").arg(positions_.front()));
    lists_->setCurrentIndex(active_->features()->isEmpty() ? 2 : 1);
}

void FeaturesPlace::choose(int layer, int feature) {
    chooseFeature(layer, feature);
    Q_EMIT featureChosen(layer, feature);
}

void FeaturesPlace::chooseFeature(int layer, int feature) {
    right_->setCurrentWidget(card_);
    card_->choose(layer, feature);
    active_->highlight(layer, feature);
    overview_->highlight(layer, feature);
    all_->highlight(layer, feature);
    stories_->setFeature(layer, feature);
    if (dictionary_)
        Q_EMIT cardRequested(layer, feature);
    if (tabs_->currentIndex() == static_cast<int>(Tab::Stories) && storiesOf_ != card_->feature())
        requestStories(-1);
}

void FeaturesPlace::showStart(bool show) {
    right_->setCurrentWidget(show && !card_->feature() ? static_cast<QWidget *>(start_) : card_);
}

FeatureActivations FeaturesPlace::activationsOf(int layer, int feature) const {
    FeatureActivations result;
    result.perPosition.resize(index_.features().tokens.size());
    for (const ActiveFeature &active : index_.of(layer, feature)) {
        result.perPosition[static_cast<size_t>(active.position)] = active.activation;
        result.maximum = std::max(result.maximum, active.maximum);
    }
    return result;
}

void FeaturesPlace::showTab(Tab tab) {
    tabs_->setCurrentIndex(static_cast<int>(tab));
}

void FeaturesPlace::focusSearch() {
    search_->setFocus(Qt::ShortcutFocusReason);
    search_->selectAll();
}

void FeaturesPlace::setHasTranscoder(bool has) {
    hasTranscoder_ = has;
    updatePages();
}

void FeaturesPlace::setReadOnly(bool readOnly) {
    readOnly_ = readOnly;
    card_->setReadOnly(readOnly);
    all_->setReadOnly(readOnly);
    if (dictionary_ && !dictionary_->indexed)
        showNoStories(false);
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

} // namespace tt
