#include "ui/circuits/trace_bar.h"

#include "ui/circuits/verified_badge.h"
#include "ui/figures/elided_text.h"
#include "ui/figures/facts_row.h"
#include "ui/figures/words.h"
#include "ui/widgets/roles.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>

#include <algorithm>

namespace tt {

namespace {

QPushButton *button(const QString &text, const QString &toolTip, QWidget *parent) {
    auto *made = new QPushButton(text, parent);
    made->setAccessibleName(text);
    made->setToolTip(toolTip);
    return made;
}

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
    target_->setToolTip(tr("What the graph explains: predicted tokens, or a feature chosen in Features"));
    target_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    target_->setMinimumContentsLength(12);
    target_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    target_->setMaximumWidth(scaled(260));
    label->setBuddy(target_);
    layout->addWidget(target_, 2);
    trace_ = button(tr("Trace"), QString(), this);
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
    verify_ = button(tr("Verify"), QString(), this);
    export_ = button(tr("Export…"), QString(), this);
    layout->addWidget(verify_);
    layout->addWidget(export_);
    connect(badge_, &VerifiedBadge::clicked, this, &TraceBar::badgeClicked);
    connect(trace_, &QPushButton::clicked, this, &TraceBar::traceRequested);
    connect(verify_, &QPushButton::clicked, this, &TraceBar::verifyRequested);
    connect(export_, &QPushButton::clicked, this, &TraceBar::exportRequested);
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
    if (featureTarget_ && featureTarget_->targets.position >= std::ssize(features.tokens))
        featureTarget_.reset();
    if (featureTarget_)
        targets.push_back(*featureTarget_);
    setTargets(std::move(targets), targetWord());
    updateButtons();
}

void TraceBar::chooseFeature(int layer, int position, int feature) {
    Target chosen{tr("feature %1 at %2").arg(featureName(layer, feature)).arg(position),
                  QStringLiteral("feature:%1/%2/%3").arg(layer).arg(position).arg(feature), Targets{}};
    chosen.targets.kind = Targets::Kind::Feature;
    chosen.targets.layer = layer;
    chosen.targets.position = position;
    chosen.targets.feature = feature;
    featureTarget_ = std::move(chosen);
    std::vector<Target> targets = choices_;
    std::erase_if(targets, [](const Target &target) { return target.targets.kind == Targets::Kind::Feature; });
    targets.push_back(*featureTarget_);
    setTargets(std::move(targets), featureTarget_->word);
}

void TraceBar::setTargets(std::vector<Target> targets, const QString &chosenWord) {
    const QSignalBlocker blocker(target_);
    choices_ = std::move(targets);
    target_->clear();
    for (const Target &target : choices_)
        target_->addItem(target.text);
    const auto chosen =
        std::find_if(choices_.begin(), choices_.end(), [&](const Target &target) { return target.word == chosenWord; });
    target_->setCurrentIndex(chosen == choices_.end() ? 0 : static_cast<int>(chosen - choices_.begin()));
}

const Targets &TraceBar::targets() const {
    return choices_[static_cast<size_t>(target_->currentIndex())].targets;
}

QString TraceBar::targetWord() const {
    return choices_[static_cast<size_t>(target_->currentIndex())].word;
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

void TraceBar::updateButtons() {
    trace_->setEnabled(hasPrompt_);
    trace_->setToolTip(hasPrompt_ ? tr("Traces the prompt to this target\nCtrl+Return")
                                  : tr("Type a prompt first: there is nothing to trace"));
    verify_->setEnabled(hasGraph_ && !busy_);
    verify_->setToolTip(!hasGraph_ ? tr("Trace a graph first")
                        : busy_    ? tr("Waits for what runs")
                                   : tr("Re-runs frozen interventions against the edges\nV in the graph"));
    export_->setEnabled(hasGraph_);
    export_->setToolTip(hasGraph_ ? tr("Saves the graph as SVG, DOT, CSV or JSON\nCtrl+E") : tr("Trace a graph first"));
}

} // namespace tt
