#include "ui/circuits/groups_panel.h"

#include "core/circuits/graph_export.h"
#include "ui/circuits/node_list.h"
#include "ui/circuits/node_shape.h"
#include "ui/figures/facts_row.h"
#include "ui/figures/words.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QHBoxLayout>
#include <QItemSelectionModel>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

namespace {

int chosenRow(const NodeList &list) {
    return list.currentIndex().isValid() ? list.currentIndex().data(NodeListModel::NodeRole).toInt() : -1;
}

} // namespace

GroupsPanel::GroupsPanel(QWidget *parent) : QWidget(parent) {
    setGround(this, &Theme::panel);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(new SectionHeader(tr("Pinned subgraph"), this, 32));
    auto *about = new QVBoxLayout;
    about->setContentsMargins(scaled(12), 0, scaled(12), scaled(8));
    noScores_ =
        new QLabel(tr("Pin or group features: the scores then say how much of the prediction they alone explain, "
                      "with every other feature counted as error."),
                   this);
    noScores_->setWordWrap(true);
    setInk(noScores_, Ink::Secondary);
    setTextRole(noScores_, TextRole::Secondary);
    about->addWidget(noScores_);
    about->addWidget(scores_ = new FactsRow(this));
    layout->addLayout(about);
    const auto row = [&](std::initializer_list<QWidget *> widgets) {
        auto *line = new QHBoxLayout;
        line->setContentsMargins(scaled(12), scaled(6), scaled(12), scaled(6));
        line->setSpacing(scaled(8));
        for (QWidget *widget : widgets)
            line->addWidget(widget);
        line->addStretch(1);
        layout->addLayout(line);
    };
    layout->addWidget(horizontalLine(this));
    groups_ = new NodeList(tr("Groups"), tr("nodes"), tr("infl."), this);
    groups_->setToolTip(tr("Select features with Ctrl and press G, or drag one onto another"));
    layout->addWidget(groups_, 1);
    ungroup_ = namedButton(tr("Take apart"), tr("Takes the chosen group apart\nU in the graph"), this);
    hidden_ = new QLabel(this);
    setInk(hidden_, Ink::Secondary);
    showHidden_ = namedButton(tr("Show hidden"), tr("Shows every node that was hidden\nShift+H in the graph"), this);
    row({ungroup_, hidden_, showHidden_});
    layout->addWidget(horizontalLine(this));
    proposed_ = new NodeList(tr("Proposed groups"), tr("nodes"), tr("infl."), this);
    proposed_->setToolTip(tr("Features with like signed inputs and outputs\nClick lights them in the graph"));
    layout->addWidget(proposed_, 1);
    propose_ = namedButton(tr("Propose groups"), tr("Finds features whose signed inputs and outputs are alike"), this);
    accept_ = namedButton(tr("Group these"), tr("Draws the chosen proposal as one node"), this);
    row({propose_, accept_});
    connect(propose_, &QPushButton::clicked, this, &GroupsPanel::proposalsRequested);
    connect(showHidden_, &QPushButton::clicked, this, &GroupsPanel::showHiddenRequested);
    connect(groups_, &NodeList::nodeChosen, this, [this](int group) {
        for (size_t n = 0; n < graph_->nodes.size(); ++n)
            if (graph_->nodes[n].node.id == -group - 1 && !graph_->nodes[n].members.empty())
                Q_EMIT nodeChosen(static_cast<int>(n));
    });
    connect(proposed_, &NodeList::nodeChosen, this,
            [this](int proposal) { Q_EMIT membersPointed(membersOf(proposals_.at(static_cast<size_t>(proposal)))); });
    connect(ungroup_, &QPushButton::clicked, this, [this] {
        if (const int group = chosenRow(*groups_); group >= 0)
            Q_EMIT ungroupRequested(group);
    });
    connect(accept_, &QPushButton::clicked, this, [this] {
        if (const int proposal = chosenRow(*proposed_); proposal >= 0)
            Q_EMIT proposalAccepted(proposals_.at(static_cast<size_t>(proposal)));
    });
    for (NodeList *list : {groups_, proposed_})
        connect(list->selectionModel(), &QItemSelectionModel::currentChanged, this, [this] {
            ungroup_->setEnabled(chosenRow(*groups_) >= 0);
            accept_->setEnabled(chosenRow(*proposed_) >= 0);
        });
    ungroup_->setEnabled(false);
    accept_->setEnabled(false);
}

std::vector<int> GroupsPanel::membersOf(const Supernode &group) const {
    std::vector<int> nodes;
    for (size_t n = 0; n < graph_->nodes.size(); ++n)
        if (std::find(group.members.begin(), group.members.end(), nodeId(graph_->nodes[n].node)) != group.members.end())
            nodes.push_back(static_cast<int>(n));
    return nodes;
}

void GroupsPanel::setGraph(const AttributionGraph &graph, const GraphAnnotations &annotations) {
    graph_ = &graph;
    scores_->setVisible(graph.pinnedScores.has_value());
    noScores_->setVisible(!graph.pinnedScores);
    if (graph.pinnedScores)
        scores_->setFacts({{.word = tr("Replacement"),
                            .figure = figure(graph.pinnedScores->replacement),
                            .after = tr("of %1").arg(figure(graph.scores.replacement))},
                           {.word = tr("Completeness"),
                            .figure = figure(graph.pinnedScores->completeness),
                            .after = tr("of %1").arg(figure(graph.scores.completeness))}});
    showGroups(annotations);
    const auto hidden = static_cast<int>(annotations.hidden.size());
    hidden_->setText(hidden == 1 ? tr("1 node hidden") : tr("%1 nodes hidden").arg(hidden));
    hidden_->setVisible(hidden > 0);
    showHidden_->setVisible(hidden > 0);
    setProposals({});
}

void GroupsPanel::showGroups(const GraphAnnotations &annotations) {
    std::vector<NodeListModel::Row> rows;
    double largest = 0;
    for (size_t g = 0; g < annotations.supernodes.size(); ++g) {
        const auto shown = std::find_if(graph_->nodes.begin(), graph_->nodes.end(), [&](const GraphNode &node) {
            return !node.members.empty() && -node.node.id - 1 == static_cast<int>(g);
        });
        const double influence = shown == graph_->nodes.end() ? 0 : shown->influence;
        largest = std::max(largest, influence);
        rows.push_back({.node = static_cast<int>(g),
                        .name = QString::fromStdString(annotations.supernodes[g].label),
                        .place = {},
                        .weight = QString::number(annotations.supernodes[g].members.size()),
                        .share = percent(influence),
                        .bar = influence});
    }
    for (NodeListModel::Row &row : rows)
        row.bar /= largest > 0 ? largest : 1;
    groups_->setRows(std::move(rows));
    ungroup_->setEnabled(false);
}

void GroupsPanel::setProposals(const std::vector<Supernode> &proposals) {
    proposals_ = proposals;
    std::vector<NodeListModel::Row> rows;
    for (size_t p = 0; p < proposals_.size(); ++p) {
        double influence = 0;
        for (const int node : membersOf(proposals_[p]))
            influence += graph_->nodes[static_cast<size_t>(node)].influence;
        rows.push_back({.node = static_cast<int>(p),
                        .name = shownToken(proposals_[p].label),
                        .place = {},
                        .weight = QString::number(proposals_[p].members.size()),
                        .share = percent(influence),
                        .bar = influence});
    }
    const double largest = rows.empty() ? 1 : rows.front().bar;
    for (NodeListModel::Row &row : rows)
        row.bar /= largest > 0 ? largest : 1;
    proposed_->setRows(std::move(rows));
    accept_->setEnabled(false);
}

} // namespace tt
