#include "ui/features/feature_card.h"

#include "ui/features/positions_list.h"
#include "ui/figures/facts_row.h"
#include "ui/figures/words.h"
#include "ui/icons/icons.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QShortcut>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

namespace {

QToolButton *historyButton(const QString &picture, const QString &name, const QString &key, QWidget *parent) {
    auto *made = new QToolButton(parent);
    made->setIcon(icon(picture));
    made->setAutoRaise(true);
    made->setAccessibleName(name);
    made->setToolTip(name + u'\n' + key);
    return made;
}

QSpinBox *spinBox(const QString &name, QHBoxLayout *layout, QWidget *parent) {
    auto *label = new QLabel(name, parent);
    setInk(label, Ink::Secondary);
    auto *made = new QSpinBox(parent);
    made->setAccessibleName(name);
    made->setKeyboardTracking(false);
    setTextRole(made, TextRole::Mono);
    label->setBuddy(made);
    layout->addWidget(label);
    layout->addWidget(made);
    return made;
}

} // namespace

FeatureCard::FeatureCard(QWidget *parent) : QWidget(parent) {
    setAccessibleName(tr("Feature card"));
    setGround(this, &Theme::panel);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeHead());
    layout->addWidget(horizontalLine(this));
    body_ = new QStackedWidget(this);
    empty_ = new EmptyState(body_);
    body_->addWidget(empty_);
    body_->addWidget(makeBody());
    layout->addWidget(body_, 1);
    showFeature();
}

QWidget *FeatureCard::makeHead() {
    auto *head = new QWidget(this);
    auto *layout = new QHBoxLayout(head);
    layout->setContentsMargins(scaled(12), scaled(8), scaled(16), scaled(8));
    layout->setSpacing(scaled(8));
    back_ = historyButton(QStringLiteral("chevron-left"), tr("Back"), tr("The feature before\nAlt+←"), head);
    forward_ = historyButton(QStringLiteral("chevron-right"), tr("Forward"), tr("The feature after\nAlt+→"), head);
    layout->addWidget(back_);
    layout->addWidget(forward_);
    layer_ = spinBox(tr("Layer"), layout, head);
    layer_->setToolTip(tr("The layer of the feature to show, from 0"));
    feature_ = spinBox(tr("Feature"), layout, head);
    feature_->setToolTip(tr("The feature to show, from 0"));
    layout->addStretch(1);
    trace_ = new QPushButton(tr("Trace this feature"), head);
    trace_->setAccessibleName(trace_->text());
    makePrimary(trace_);
    layout->addWidget(trace_);
    connect(back_, &QToolButton::clicked, this, &FeatureCard::goBack);
    connect(forward_, &QToolButton::clicked, this, &FeatureCard::goForward);
    connect(trace_, &QPushButton::clicked, this, &FeatureCard::trace);
    for (QSpinBox *box : {layer_, feature_})
        connect(box, &QSpinBox::valueChanged, this, [this] {
            choose(layer_->value(), feature_->value());
            Q_EMIT featureChosen(layer_->value(), feature_->value());
        });
    return head;
}

QWidget *FeatureCard::makeBody() {
    auto *body = new QWidget(this);
    auto *layout = new QVBoxLayout(body);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto *facts = new QWidget(body);
    setGround(facts, &Theme::alternate);
    auto *factsLayout = new QHBoxLayout(facts);
    factsLayout->setContentsMargins(scaled(16), scaled(6), scaled(16), scaled(6));
    factsLayout->addWidget(facts_ = new FactsRow(facts));
    layout->addWidget(facts);
    layout->addWidget(horizontalLine(body));
    layout->addWidget(new SectionHeader(tr("Where it fires in this prompt"), body));
    layout->addWidget(positions_ = new PositionsList(body), 1);
    connect(positions_, &PositionsList::positionChosen, this, [this] {
        const auto key = feature();
        if (key)
            showFacts(index_->of(key->first, key->second));
    });
    return body;
}

void FeatureCard::setPrompt(const PromptIndex &index) {
    index_ = &index;
    const QSignalBlocker blockLayer(layer_), blockFeature(feature_);
    layer_->setMaximum(std::max(0, index.features().layers - 1));
    feature_->setMaximum(std::max(0, index.features().features - 1));
    showFeature();
}

void FeatureCard::setSelectedPositions(std::vector<int> positions) {
    selected_ = std::move(positions);
    showFeature();
}

std::optional<PromptIndex::Key> FeatureCard::feature() const {
    return at_ < 0 ? std::nullopt : std::optional(history_[static_cast<size_t>(at_)]);
}

void FeatureCard::choose(int layer, int feature) {
    const PromptIndex::Key key{layer, feature};
    if (this->feature() == key)
        return;
    history_.resize(static_cast<size_t>(at_ + 1));
    history_.push_back(key);
    ++at_;
    showFeature();
}

void FeatureCard::move(int step) {
    const int to = at_ + step;
    if (to < 0 || to >= std::ssize(history_))
        return;
    at_ = to;
    showFeature();
    Q_EMIT featureChosen(feature()->first, feature()->second);
}

void FeatureCard::goBack() {
    move(-1);
}

void FeatureCard::goForward() {
    move(1);
}

int FeatureCard::preferredPosition(std::span<const ActiveFeature> places) const {
    // The strongest of the selected tokens; where it is silent at all of them, the strongest of the prompt.
    const auto worth = [this](const ActiveFeature &place) {
        const bool selected = std::find(selected_.begin(), selected_.end(), place.position) != selected_.end();
        return std::pair(selected, place.activation);
    };
    return std::max_element(places.begin(), places.end(),
                            [&](const ActiveFeature &a, const ActiveFeature &b) { return worth(a) < worth(b); })
        ->position;
}

void FeatureCard::showFeature() {
    const auto key = feature();
    back_->setEnabled(at_ > 0);
    forward_->setEnabled(at_ + 1 < std::ssize(history_));
    const bool known = index_ && key;
    const auto places = known ? index_->of(key->first, key->second) : std::span<const ActiveFeature>();
    if (key) {
        const QSignalBlocker blockLayer(layer_), blockFeature(feature_);
        layer_->setValue(key->first);
        feature_->setValue(key->second);
    }
    body_->setCurrentIndex(places.empty() ? 0 : 1);
    trace_->setEnabled(!places.empty());
    if (places.empty()) {
        const QString name = key ? featureName(key->first, key->second) : QString();
        trace_->setToolTip(key ? tr("%1 does not fire in this prompt: there is nothing to trace").arg(name)
                               : tr("Choose a feature first"));
        empty_->setContent(QStringLiteral("features"),
                           key ? tr("%1 is silent here").arg(name) : tr("No feature chosen"),
                           key ? tr("It does not fire anywhere in this prompt. Another prompt may wake it.")
                               : tr("Click a feature at the left to see where it fires in this prompt."));
        return;
    }
    trace_->setToolTip(tr("Shows in Circuits what makes it fire\nCtrl+Return"));
    positions_->setRows({places.begin(), places.end()}, index_->features().tokens);
    positions_->choosePosition(preferredPosition(places));
    showFacts(places);
}

void FeatureCard::showFacts(std::span<const ActiveFeature> places) {
    const auto here = std::find_if(places.begin(), places.end(), [this](const ActiveFeature &place) {
        return place.position == positions_->position();
    });
    const ActiveFeature &at = here == places.end() ? places.front() : *here;
    facts_->setFacts(
        {{.word = tr("here"), .figure = figure(at.activation), .after = tr("at position %1").arg(at.position)},
         {.word = tr("largest on the corpus"), .figure = figure(at.maximum)},
         {.word = tr("density"), .figure = figure(100 * at.density) + QStringLiteral(" %")},
         {.word = tr("promotes"), .figure = shownToken(at.promoted)}});
}

void FeatureCard::trace() {
    const auto key = feature();
    if (key && positions_->position() >= 0 && trace_->isEnabled())
        Q_EMIT traceFeatureRequested(key->first, positions_->position(), key->second);
}

} // namespace tt
