#include "ui/data/preview_pane.h"

#include "ui/data/frequent_tokens.h"
#include "ui/data/token_preview.h"
#include "ui/figures/facts_row.h"
#include "ui/figures/stale_veil.h"
#include "ui/figures/words.h"
#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QSplitter>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>

namespace tt {
namespace {

constexpr int veilAfter = 300; // milliseconds: what is quicker changes without a veil

QToolButton *stepButton(const QString &iconName, const QString &name, QWidget *parent) {
    auto *button = new QToolButton(parent);
    button->setAutoRaise(true);
    button->setIcon(icon(iconName));
    button->setAccessibleName(name);
    button->setToolTip(name);
    return button;
}

QWidget *onAlternate(QWidget *parent, QWidget *row, QWidget *control) {
    auto *ground = new QWidget(parent);
    setGround(ground, &Theme::alternate);
    auto *layout = new QHBoxLayout(ground);
    layout->setContentsMargins(scaled(16), scaled(8), scaled(16), scaled(8));
    layout->addWidget(row, 1);
    if (control)
        layout->addWidget(control);
    return ground;
}

} // namespace

PreviewPane::PreviewPane(QWidget *parent)
    : QWidget(parent), facts_(new FactsRow(this)), token_(new FactsRow(this)),
      countAll_(new QPushButton(tr("Count every story"), this)), note_(new QLabel(this)), of_(new ElidedLabel(this)),
      previous_(stepButton(QStringLiteral("chevron-left"), tr("Previous story"), this)),
      next_(stepButton(QStringLiteral("chevron-right"), tr("Next story"), this)), story_(new QSpinBox(this)),
      view_(new TokenPreview(this)), frequent_(new FrequentTokens(this)) {
    auto *splitter = new QSplitter(Qt::Horizontal, this);
    splitter->addWidget(buildPreview());
    splitter->addWidget(buildFrequent());
    splitter->setStretchFactor(0, 424);
    splitter->setStretchFactor(1, 232);
    splitter->setSizes({scaled(424), scaled(232)});
    splitter->setChildrenCollapsible(false);
    previewVeil_ = new StaleVeil(view_);
    frequentVeil_ = new StaleVeil(frequent_);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(buildFacts());
    layout->addWidget(horizontalLine(this));
    layout->addWidget(splitter, 1);
    connect(view_, &TokenPreview::tokenChosen, this, &PreviewPane::showToken);
    connect(story_, &QSpinBox::valueChanged, this, [this](int number) { goTo(number); });
    connect(previous_, &QToolButton::clicked, this, [this] { story_->setValue(story_->value() - 1); });
    connect(next_, &QToolButton::clicked, this, [this] {
        story_->setValue(story_->value() + static_cast<int>(std::max<int64_t>(1, view_->preview().stories)));
    });
    connect(countAll_, &QPushButton::clicked, this, [this] { Q_EMIT countsRequested(corpus_, tokenizer_, true); });
    facts_->setFacts({{tr("The tokens are being counted"), {}, {}}});
    showToken(-1);
}

QWidget *PreviewPane::buildFacts() {
    makeLink(countAll_);
    countAll_->setAccessibleName(countAll_->text());
    countAll_->setToolTip(tr("The counts are of a sample; this reads the whole corpus"));
    countAll_->hide();
    return onAlternate(this, facts_, countAll_);
}

QWidget *PreviewPane::buildPreview() {
    story_->setAccessibleName(tr("Story"));
    story_->setToolTip(tr("The first story shown, counted from 0"));
    story_->setLocale(QLocale(QLocale::English, QLocale::UnitedStates));
    story_->setGroupSeparatorShown(true);
    story_->setKeyboardTracking(false);
    setTextRole(story_, TextRole::Mono);
    setInk(of_, Ink::Secondary);
    next_->setToolTip(tr("Next stories"));
    note_->setTextFormat(Qt::PlainText);
    note_->setWordWrap(true);
    note_->setContentsMargins(scaled(16), scaled(4), scaled(16), scaled(4));
    setTextRole(note_, TextRole::Secondary);
    setInk(note_, Ink::Secondary);
    note_->hide();
    auto *pane = new QWidget(this);
    auto *header = new SectionHeader(tr("Preview"), pane);
    auto *words = new QLabel(tr("Story"), pane);
    words->setBuddy(story_);
    setInk(words, Ink::Secondary);
    for (QWidget *control :
         {static_cast<QWidget *>(previous_), static_cast<QWidget *>(words), static_cast<QWidget *>(story_),
          static_cast<QWidget *>(of_), static_cast<QWidget *>(next_)})
        header->addControl(control);
    auto *layout = new QVBoxLayout(pane);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(header);
    layout->addWidget(view_, 1);
    layout->addWidget(note_);
    layout->addWidget(horizontalLine(pane));
    QWidget *foot = onAlternate(pane, token_, nullptr);
    foot->setMinimumHeight(scaled(60)); // two lines: the stories do not move when a token is chosen
    layout->addWidget(foot);
    return pane;
}

QWidget *PreviewPane::buildFrequent() {
    auto *pane = new QWidget(this);
    auto *header = new SectionHeader(tr("Most frequent"), pane);
    auto *unit = new ElidedLabel(pane);
    unit->setFullText(tr("% of tokens"));
    setInk(unit, Ink::Secondary);
    setTextRole(unit, TextRole::Secondary);
    header->addControl(unit);
    auto *layout = new QVBoxLayout(pane);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(header);
    layout->addWidget(frequent_, 1);
    return pane;
}

void PreviewPane::lookAt(const QString &corpus, const QString &tokenizer, qint64 stories) {
    if (corpus == corpus_ && tokenizer == tokenizer_ && stories == stories_)
        return;
    const bool sameCorpus = corpus == corpus_ && stories == stories_;
    corpus_ = corpus;
    tokenizer_ = tokenizer;
    stories_ = stories;
    const QSignalBlocker blocker(story_);
    story_->setRange(0, static_cast<int>(std::clamp<qint64>(stories - 1, 0, std::numeric_limits<int>::max())));
    if (!sameCorpus)
        story_->setValue(0);
    of_->setFullText(tr("of %1").arg(count(stories)));
    waitsForCounts_ = true;
    goTo(story_->value());
    Q_EMIT countsRequested(corpus_, tokenizer_, false);
}

void PreviewPane::forget() {
    corpus_.clear();
}

void PreviewPane::goTo(qint64 story) {
    previous_->setEnabled(story > 0);
    waitsForPreview_ = true;
    veilLater();
    Q_EMIT previewRequested(corpus_, tokenizer_, story);
}

void PreviewPane::veilLater() {
    QTimer::singleShot(veilAfter, this, [this] {
        previewVeil_->setVisible(waitsForPreview_);
        frequentVeil_->setVisible(waitsForCounts_);
    });
}

void PreviewPane::setPreview(const StoryPreview &preview) {
    if (QString::fromStdString(preview.corpus) != corpus_ || QString::fromStdString(preview.tokenizer) != tokenizer_ ||
        preview.first != story_->value())
        return;
    waitsForPreview_ = false;
    previewVeil_->hide();
    view_->setPreview(preview);
    next_->setEnabled(preview.first + preview.stories < stories_);
    note_->setText(tr("The story is longer than a preview; its first %1 tokens are shown.").arg(count(view_->count())));
    note_->setVisible(preview.cut);
}

void PreviewPane::setCounts(const TokenCounts &counts) {
    if (QString::fromStdString(counts.statistics.corpus) != corpus_ ||
        QString::fromStdString(counts.statistics.tokenizer) != tokenizer_)
        return;
    waitsForCounts_ = false;
    frequentVeil_->hide();
    counts_ = counts;
    frequent_->setCounts(counts);
    showFacts();
    showToken(view_->chosen());
}

void PreviewPane::showFacts() {
    const TokenStatistics &s = counts_.statistics;
    facts_->setFacts({{s.complete ? tr("tokens") : tr("tokens, about"), count(s.corpusTokens()), {}},
                      {tr("bytes per token"), figure(s.bytesPerToken()), {}},
                      {tr("vocabulary"), count(counts_.vocabulary), {}},
                      {tr("used"), count(s.used()), {}},
                      {tr("tokens per story"), figure(s.tokensPerStory(), s.tokensPerStory() < 100 ? 1 : 0), {}}});
    facts_->setToolTip(s.complete ? tr("Every story was counted, with its end of text")
                                  : tr("Estimated from %1 of %2 stories, spread over the corpus")
                                        .arg(count(s.stories), count(s.corpusStories)));
    countAll_->setVisible(!s.complete);
}

void PreviewPane::showToken(int token) {
    if (token < 0 || token >= view_->count()) {
        token_->setFacts({{tr("Click a token to see what it is made of"), {}, {}}});
        return;
    }
    const PreviewToken &shown = view_->preview().token(view_->preview().ids[static_cast<size_t>(token)]);
    const TokenStatistics &s = counts_.statistics;
    std::vector<FactsRow::Fact> facts{{tr("token"), shownToken(shown.bytes), {}}, {tr("id"), count(shown.id), {}}};
    if (shown.id != view_->preview().endOfText)
        facts.push_back({tr("bytes"), count(static_cast<long long>(shown.bytes.size())), {}});
    if (static_cast<size_t>(shown.id) < s.counts.size() && s.tokenizer == view_->preview().tokenizer)
        facts.push_back(
            {s.complete ? tr("in corpus") : tr("in the sample"), count(s.counts[static_cast<size_t>(shown.id)]), {}});
    if (!shown.left.empty())
        facts.push_back(
            {tr("made from"), shownToken(shown.left) + QStringLiteral(" + ") + shownToken(shown.right), {}});
    token_->setFacts(facts);
}

} // namespace tt
