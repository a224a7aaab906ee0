#include "ui/circuits/trace_bar.h"

#include "ui/circuits/verified_badge.h"
#include "ui/figures/elided_text.h"
#include "ui/figures/facts_row.h"
#include "ui/figures/words.h"
#include "ui/widgets/roles.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSignalBlocker>

#include <algorithm>

namespace tt {

namespace {

/// "Top logits (2 tokens, p 0.952)": the fewest predicted tokens that reach the cumulative probability.
QString topLogitsText(const std::vector<TokenCandidate> &next, const Targets &targets) {
    double sum = 0;
    int tokens = 0;
    for (const TokenCandidate &token : next) {
        if (tokens == targets.maximum || sum >= targets.cumulative)
            break;
        sum += token.probability;
        ++tokens;
    }
    return (tokens == 1 ? TraceBar::tr("Top logits (%1 token, p %2)") : TraceBar::tr("Top logits (%1 tokens, p %2)"))
        .arg(tokens)
        .arg(figure(sum, 3));
}

} // namespace

TraceBar::TraceBar(QWidget *parent) : QWidget(parent) {
    setGround(this, &Theme::alternate);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(scaled(16), scaled(8), scaled(16), scaled(8));
    layout->setSpacing(scaled(8));
    auto *label = new QLabel(tr("Tar&get"), this);
    setInk(label, Ink::Secondary);
    layout->addWidget(label);
    target_ = new QComboBox(this);
    target_->setAccessibleName(tr("Target"));
    target_->setToolTip(
        tr("What the graph explains: predicted tokens, a difference of two, a feature, or any token you name"));
    target_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    target_->setMinimumContentsLength(18);
    target_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    target_->setMaximumWidth(scaled(260));
    label->setBuddy(target_);
    layout->addWidget(target_, 2);
    trace_ = namedButton(tr("Trace"), QString(), this);
    makePrimary(trace_);
    layout->addWidget(trace_);
    layout->addStretch(1);
    layout->addWidget(scores_ = new FactsRow(this));
    layout->addSpacing(scaled(8));
    layout->addWidget(badge_ = new VerifiedBadge(this));
    sentence_ = new ElidedText(this);
    setTextRole(sentence_, TextRole::Secondary);
    setInk(sentence_, Ink::Secondary);
    layout->addWidget(sentence_);
    verify_ = namedButton(tr("Verify"), QString(), this);
    graphs_ =
        namedButton(tr("Graphs"), tr("Saves this graph with its pins, groups and names, or opens a saved one"), this);
    graphs_->setMenu(graphsMenu_ = new QMenu(graphs_));
    graphsMenu_->setToolTipsVisible(true);
    export_ = namedButton(tr("Export…"), QString(), this);
    layout->addWidget(verify_);
    layout->addWidget(graphs_);
    layout->addWidget(export_);
    connect(badge_, &VerifiedBadge::clicked, this, &TraceBar::badgeClicked);
    connect(trace_, &QPushButton::clicked, this, &TraceBar::traceRequested);
    connect(verify_, &QPushButton::clicked, this, &TraceBar::verifyRequested);
    connect(export_, &QPushButton::clicked, this, &TraceBar::exportRequested);
    connect(target_, &QComboBox::activated, this, [this](int item) {
        if (item < std::ssize(choices_)) {
            chosen_ = item;
            return;
        }
        target_->setCurrentIndex(chosen_);
        Q_EMIT targetEntryRequested();
    });
    setSavedGraphs({});
    setTargets({{tr("Top logits"), QStringLiteral("auto"), Targets{}}}, QStringLiteral("auto"));
    setScores(std::nullopt);
    setVerification(std::nullopt);
}

void TraceBar::setPromptFeatures(const PromptFeatures &features) {
    hasPrompt_ = !features.tokens.empty();
    std::vector<Target> targets{{tr("Top logits"), QStringLiteral("auto"), Targets{}}};
    if (!features.next.empty()) {
        targets[0].text = topLogitsText(features.next.back(), targets[0].targets);
        for (const TokenCandidate &token : features.next.back()) {
            Target predicted{QStringLiteral("%1 (p %2)").arg(shownToken(token.text), figure(token.probability, 3)),
                             QStringLiteral("id:%1").arg(token.id), Targets{}};
            predicted.targets.kind = Targets::Kind::Tokens;
            predicted.targets.tokens = {token.id};
            targets.push_back(std::move(predicted));
        }
    }
    if (features.next.size() > 0 && features.next.back().size() > 1) {
        const TokenCandidate &first = features.next.back()[0], &second = features.next.back()[1];
        Target difference{tr("%1 − %2").arg(shownToken(first.text), shownToken(second.text)),
                          QStringLiteral("diff:%1,%2").arg(first.id).arg(second.id), Targets{}};
        difference.targets.kind = Targets::Kind::Difference;
        difference.targets.tokens = {first.id, second.id};
        targets.push_back(std::move(difference));
    }
    if (ownTarget_ && ownTarget_->targets.kind == Targets::Kind::Feature &&
        ownTarget_->targets.position >= std::ssize(features.tokens))
        ownTarget_.reset();
    if (ownTarget_)
        std::erase_if(targets, [this](const Target &target) { return target.word == ownTarget_->word; });
    if (ownTarget_)
        targets.push_back(*ownTarget_);
    setTargets(std::move(targets), targetWord());
    updateButtons();
}

void TraceBar::chooseTarget(const QString &text, const QString &word, const Targets &chosen) {
    std::vector<Target> targets = choices_;
    const bool known = std::any_of(targets.begin(), targets.end(), [&](const Target &t) { return t.word == word; });
    if (!known) {
        if (ownTarget_)
            std::erase_if(targets, [this](const Target &target) { return target.word == ownTarget_->word; });
        ownTarget_ = {text, word, chosen};
        targets.push_back(*ownTarget_);
    }
    setTargets(std::move(targets), word);
}

void TraceBar::chooseFeature(int layer, int position, int feature) {
    Targets chosen;
    chosen.kind = Targets::Kind::Feature;
    chosen.layer = layer;
    chosen.position = position;
    chosen.feature = feature;
    chooseTarget(tr("feature %1 at %2").arg(featureName(layer, feature)).arg(position),
                 QStringLiteral("feature:%1/%2/%3").arg(layer).arg(position).arg(feature), chosen);
}

void TraceBar::setSavedGraphs(const QStringList &names) {
    graphsMenu_->clear();
    graphsMenu_->addAction(tr("Save graph…"), this, &TraceBar::saveRequested);
    graphsMenu_->addSeparator();
    if (names.isEmpty())
        graphsMenu_->addAction(tr("No saved graphs yet"))->setEnabled(false);
    for (const QString &name : names)
        graphsMenu_->addAction(name, this, [this, name] { Q_EMIT openRequested(name); });
    updateButtons();
}

void TraceBar::setTargets(std::vector<Target> targets, const QString &chosenWord) {
    const QSignalBlocker blocker(target_);
    choices_ = std::move(targets);
    target_->clear();
    for (const Target &target : choices_)
        target_->addItem(target.text);
    target_->insertSeparator(target_->count());
    target_->addItem(tr("Another target…"));
    const auto chosen =
        std::find_if(choices_.begin(), choices_.end(), [&](const Target &target) { return target.word == chosenWord; });
    chosen_ = chosen == choices_.end() ? 0 : static_cast<int>(chosen - choices_.begin());
    target_->setCurrentIndex(chosen_);
}

const Targets &TraceBar::targets() const {
    return choices_[static_cast<size_t>(chosen_)].targets;
}

QString TraceBar::targetWord() const {
    return choices_[static_cast<size_t>(chosen_)].word;
}

void TraceBar::setScores(const std::optional<GraphScores> &scores) {
    hasGraph_ = scores.has_value();
    scores_->setVisible(hasGraph_);
    badge_->setVisible(hasGraph_);
    sentence_->setVisible(hasGraph_);
    if (scores)
        scores_->setFacts({{.word = tr("Replacement"), .figure = figure(scores->replacement)},
                           {.word = tr("Completeness"), .figure = figure(scores->completeness)}});
    scores_->setMinimumWidth(scores_->sizeHint().width());
    scores_->setToolTip(tr("Replacement: share of the targets' influence that comes from tokens, not from errors.\n"
                           "Completeness: share of all inputs that are not errors."));
    updateButtons();
}

void TraceBar::setVerification(const std::optional<Verification> &verification) {
    badge_->setVerification(verification);
    sentence_->setText(verification ? badge_->sentence() : QString());
}

void TraceBar::setBusy(bool busy) {
    busy_ = busy;
    updateButtons();
}

void TraceBar::setReadOnly(bool readOnly) {
    readOnly_ = readOnly;
    updateButtons();
}

void TraceBar::updateButtons() {
    trace_->setEnabled(hasPrompt_);
    trace_->setToolTip(hasPrompt_ ? tr("Traces the prompt to this target\nCtrl+Return")
                                  : tr("Type a prompt first: there is nothing to trace"));
    verify_->setEnabled(hasGraph_ && !busy_);
    verify_->setToolTip(!hasGraph_ ? tr("Trace a graph first")
                        : busy_    ? tr("Waits for what runs")
                                   : tr("Re-runs frozen interventions against the edges\nV in the graph"));
    if (!graphsMenu_->isEmpty()) {
        QAction *save = graphsMenu_->actions().front();
        save->setEnabled(hasGraph_ && !readOnly_);
        save->setToolTip(readOnly_ ? readOnlyReason() : save->text());
    }
    export_->setEnabled(hasGraph_);
    export_->setToolTip(hasGraph_ ? tr("Saves the graph as SVG, PDF, PNG, DOT, CSV or JSON\nCtrl+E")
                                  : tr("Trace a graph first"));
}

} // namespace tt
