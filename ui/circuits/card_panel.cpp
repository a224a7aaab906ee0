#include "ui/circuits/card_panel.h"

#include "ui/circuits/node_list.h"
#include "ui/circuits/node_shape.h"
#include "ui/figures/facts_row.h"
#include "ui/figures/words.h"
#include "ui/widgets/roles.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

CardPanel::CardPanel(QWidget *parent) : QWidget(parent) {
    setGround(this, &Theme::panel);
    auto *outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(pages_ = new QStackedWidget(this));
    auto *none = new QLabel(tr("Select a feature in the graph for its card."), this);
    none->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    none->setContentsMargins(scaled(12), scaled(12), scaled(12), scaled(12));
    setInk(none, Ink::Secondary);
    pages_->addWidget(none);
    auto *page = new QWidget(this);
    pages_->addWidget(page);
    auto *layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto *head = new QHBoxLayout;
    head->setContentsMargins(scaled(12), scaled(10), scaled(16), scaled(4));
    name_ = new QLabel(page);
    name_->setTextFormat(Qt::PlainText);
    name_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    setTextRole(name_, TextRole::Heading);
    place_ = new QLabel(page);
    setTextRole(place_, TextRole::Mono);
    setInk(place_, Ink::Secondary);
    head->addWidget(name_, 1);
    head->addWidget(place_);
    layout->addLayout(head);
    auto *room = new QHBoxLayout;
    room->setContentsMargins(scaled(12), 0, scaled(16), scaled(8));
    room->addWidget(facts_ = new FactsRow(page));
    layout->addLayout(room);
    auto *buttons = new QHBoxLayout;
    buttons->setContentsMargins(scaled(12), 0, scaled(16), scaled(8));
    open_ = new QPushButton(tr("Open in Features"), page);
    open_->setAccessibleName(open_->text());
    open_->setToolTip(tr("The whole card: examples, histogram, neighbours\nReturn in the graph"));
    connect(open_, &QPushButton::clicked, this, &CardPanel::openRequested);
    buttons->addWidget(open_);
    buttons->addStretch(1);
    layout->addLayout(buttons);
    places_ = new NodeList(tr("Fires in this prompt"), tr("activ."), tr("of max"), page);
    places_->setToolTip(tr("Where the feature is active in the prompt, and how strongly compared with the corpus"));
    layout->addWidget(places_, 1);
}

void CardPanel::setPromptFeatures(const PromptFeatures &features) {
    features_ = features;
    showNode();
}

void CardPanel::setNode(const std::optional<GraphNode> &node) {
    node_ = node;
    showNode();
}

void CardPanel::showNode() {
    const bool feature = node_ && node_->node.kind == NodeKind::Feature && node_->members.empty();
    pages_->setCurrentIndex(feature ? 1 : 0);
    if (!feature)
        return;
    name_->setText(nodeName(*node_));
    name_->setToolTip(plainToolTip(nodeName(*node_)));
    place_->setText(featureName(node_->node.layer, node_->node.id));
    std::vector<NodeListModel::Row> rows;
    std::vector<FactsRow::Fact> facts;
    for (const ActiveFeature &active : features_.active) {
        if (active.layer != node_->node.layer || active.feature != node_->node.id)
            continue;
        const double largest = static_cast<double>(active.maximum), own = static_cast<double>(active.activation);
        if (facts.empty())
            facts = {{.word = tr("promotes"), .figure = shownToken(active.promoted)},
                     {.word = tr("largest"), .figure = figure(largest)},
                     {.word = tr("fires on"),
                      .figure = percent(static_cast<double>(active.density)),
                      .after = tr("of tokens")}};
        rows.push_back({.node = active.position,
                        .kind = NodeKind::Token,
                        .name = shownToken(features_.tokens.at(static_cast<size_t>(active.position))),
                        .place = tr("at %1").arg(active.position),
                        .weight = figure(own),
                        .share = largest > 0 ? percent(own / largest) : QString(),
                        .bar = largest > 0 ? own / largest : 0});
    }
    facts_->setFacts(std::move(facts));
    places_->setRows(std::move(rows));
}

} // namespace tt
