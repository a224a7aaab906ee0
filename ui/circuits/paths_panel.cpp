#include "ui/circuits/paths_panel.h"

#include "core/circuits/graph_export.h"
#include "ui/circuits/node_list.h"
#include "ui/circuits/node_shape.h"
#include "ui/figures/words.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/roles.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <span>

namespace tt {

namespace {

QComboBox *choice(const QString &name, const QString &toolTip, const QList<int> &values, int chosen, QWidget *parent) {
    auto *box = new QComboBox(parent);
    box->setAccessibleName(name);
    box->setToolTip(toolTip);
    for (const int value : values)
        box->addItem(QString::number(value), value);
    box->setCurrentIndex(static_cast<int>(values.indexOf(chosen)));
    return box;
}

int indexOf(const AttributionGraph &graph, const std::string &id) {
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
        const GraphNode &node = graph.nodes[n];
        if (nodeId(node.node) == id || std::any_of(node.members.begin(), node.members.end(),
                                                   [&](const Node &member) { return nodeId(member) == id; }))
            return static_cast<int>(n);
    }
    return -1;
}

} // namespace

PathsPanel::PathsPanel(QWidget *parent) : QWidget(parent) {
    setGround(this, &Theme::panel);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto *row = new QHBoxLayout;
    row->setContentsMargins(scaled(12), scaled(8), scaled(16), scaled(8));
    row->setSpacing(scaled(8));
    title_ = new ElidedLabel(this);
    title_->setAccessibleName(tr("Target of the paths"));
    auto *heading = new QHBoxLayout;
    heading->setContentsMargins(scaled(12), scaled(8), scaled(12), 0);
    heading->addWidget(title_);
    layout->addLayout(heading);
    const auto labelled = [&](const QString &text, QComboBox *box) {
        auto *label = new QLabel(text, this);
        setInk(label, Ink::Secondary);
        label->setBuddy(box);
        row->addWidget(label);
        row->addWidget(box);
        connect(box, &QComboBox::activated, this, &PathsPanel::ask);
    };
    depth_ = choice(tr("Path steps"), tr("How many steps a path may take"), {1, 2, 3, 4, 6, 8}, 4, this);
    branches_ = choice(tr("Paths kept"), tr("How many paths are kept after each step"), {5, 10, 20, 50, 100}, 20, this);
    labelled(tr("Steps"), depth_);
    labelled(tr("Paths"), branches_);
    row->addStretch(1);
    layout->addLayout(row);
    list_ = new NodeList(tr("Paths"), tr("weight"), tr("share"), this);
    list_->setToolTip(tr("From the target back to what causes it, head by head\nClick lights the path in the graph"));
    layout->addWidget(list_, 1);
    chosen_ = new QLabel(this);
    chosen_->setTextFormat(Qt::PlainText);
    chosen_->setWordWrap(true);
    chosen_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    chosen_->setContentsMargins(scaled(12), scaled(8), scaled(12), scaled(8));
    chosen_->setAccessibleName(tr("Chosen path"));
    setGround(chosen_, &Theme::alternate);
    chosen_->hide();
    layout->addWidget(chosen_);
    none_ = new QLabel(tr("No paths: nothing reaches the target."), this);
    none_->setContentsMargins(scaled(12), scaled(8), scaled(12), scaled(8));
    setInk(none_, Ink::Secondary);
    none_->hide();
    layout->addWidget(none_);
    connect(list_, &NodeList::nodeChosen, this, [this](int path) {
        std::vector<int> nodes;
        for (const PathStep &step : paths_.at(static_cast<size_t>(path)).steps)
            if (const int node = step.isNode() ? indexOf(*graph_, nodeId(step.node())) : -1;
                node >= 0 && (nodes.empty() || nodes.back() != node))
                nodes.push_back(node);
        chosen_->setText(pathText(*graph_, paths_[static_cast<size_t>(path)]));
        chosen_->show();
        Q_EMIT pathChosen(nodes);
    });
}

void PathsPanel::setGraph(const TracedGraph &traced) {
    graph_ = &traced.graph;
    const std::string trace = traced.graph.transcoderSha256 + '\n' + traced.target + '\n' + traced.graph.prompt;
    if (trace == trace_)
        return setPaths(std::vector<GreedyPath>(paths_)); // names or what is shown may have changed
    trace_ = trace;
    targets_.clear();
    setPaths({});
    none_->hide();
    wanted_ = true;
    if (isVisible())
        ask();
}

void PathsPanel::setTarget(const GraphNode &node) {
    targets_ = node.members.empty() ? std::vector<Node>{node.node} : node.members;
    ask();
}

void PathsPanel::ask() {
    if (graph_ == nullptr)
        return;
    wanted_ = false;
    showTarget();
    Q_EMIT pathsRequested(
        {targets_, {.depth = depth_->currentData().toInt(), .branches = branches_->currentData().toInt()}});
}

void PathsPanel::showEvent(QShowEvent *event) {
    QWidget::showEvent(event);
    if (wanted_)
        ask();
}

namespace {

/// "␣time 1/1184 at 2"; without a label "1/1184 at 2".
QString placedName(const GraphNode &node, const Node &at) {
    const QString name = nodeName(node), place = nodePlace(at);
    return place.startsWith(name + u' ') ? place : (name + u' ' + place).trimmed();
}

/// What the graph calls a stop; `place`: with what tells it from others of that name.
QString stopName(const AttributionGraph &graph, const PathStep &step, bool place) {
    if (step.kind == PathStep::Kind::Head)
        return place ? PathsPanel::tr("L%1H%2 from %3").arg(step.layer).arg(step.id).arg(step.position)
                     : PathsPanel::tr("L%1H%2").arg(step.layer).arg(step.id);
    if (step.kind == PathStep::Kind::Skip)
        return PathsPanel::tr("skip of layer %1").arg(step.layer);
    if (step.kind == PathStep::Kind::Error && !place) // each layer has one
        return PathsPanel::tr("error layer %1").arg(step.layer);
    const int shown = indexOf(graph, nodeId(step.node()));
    GraphNode node;
    node.node = step.node(); // where pruning took it away
    if (shown >= 0)
        node = graph.nodes[static_cast<size_t>(shown)];
    const bool placed = step.kind == PathStep::Kind::Position || (place && step.kind != PathStep::Kind::Logit);
    return placed ? placedName(node, step.node()) : nodeName(node);
}

QString pathWords(const AttributionGraph &graph, std::span<const PathStep> steps, bool places) {
    QStringList words;
    for (const PathStep &step : steps)
        words << stopName(graph, step, places);
    return words.join(QStringLiteral(" ← "));
}

bool haveOneTarget(const std::vector<GreedyPath> &paths) {
    return std::all_of(paths.begin(), paths.end(), [&](const GreedyPath &path) {
        return stepId(path.steps.front()) == stepId(paths.front().steps.front());
    });
}

/// Short enough for a row each: the target is left to the heading where it is the same of all, and places are given
/// only to rows that would read alike without.
QStringList rowTexts(const AttributionGraph &graph, const std::vector<GreedyPath> &paths) {
    const bool one = haveOneTarget(paths);
    QStringList brief, full;
    for (const GreedyPath &path : paths) {
        const auto steps = std::span(path.steps).subspan(one && path.steps.size() > 1 ? 1 : 0);
        brief << pathWords(graph, steps, false);
        full << pathWords(graph, steps, true);
    }
    QStringList texts;
    for (qsizetype path = 0; path < brief.size(); ++path)
        texts << (brief.count(brief[path]) > 1 ? full[path] : brief[path]);
    return texts;
}

} // namespace

QString PathsPanel::pathText(const AttributionGraph &graph, const GreedyPath &path) {
    return pathWords(graph, path.steps, true);
}

void PathsPanel::showTarget() {
    if (!targets_.empty()) {
        GraphNode target;
        target.node = targets_.front();
        if (const int shown = indexOf(*graph_, nodeId(target.node)); shown >= 0)
            target = graph_->nodes[static_cast<size_t>(shown)];
        title_->setFullText(tr("To %1").arg(placedName(target, target.node)));
    } else if (!paths_.empty() && haveOneTarget(paths_)) {
        title_->setFullText(tr("To %1").arg(stopName(*graph_, paths_.front().steps.front(), true)));
    } else {
        title_->setFullText(tr("To the targets"));
    }
}

void PathsPanel::setPaths(const std::vector<GreedyPath> &paths) {
    chosen_->hide();
    paths_ = paths;
    showTarget();
    const QStringList texts = rowTexts(*graph_, paths_);
    double largest = 0;
    for (const GreedyPath &path : paths_)
        largest = std::max(largest, std::abs(path.contribution));
    std::vector<NodeListModel::Row> rows;
    for (size_t p = 0; p < paths_.size(); ++p) {
        const double whole = std::abs(paths_[p].steps.front().contribution), own = paths_[p].contribution;
        rows.push_back({.node = static_cast<int>(p),
                        .name = texts[static_cast<qsizetype>(p)],
                        .place = {},
                        .weight = signedFigure(own),
                        .share = whole > 0 ? percent(std::abs(own) / whole) : QString(),
                        .bar = largest > 0 ? own / largest : 0,
                        .glyph = false});
    }
    none_->setVisible(rows.empty());
    list_->setRows(std::move(rows));
}

} // namespace tt
