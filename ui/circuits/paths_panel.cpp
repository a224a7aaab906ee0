#include "ui/circuits/paths_panel.h"

#include "core/circuits/graph_export.h"
#include "ui/circuits/node_list.h"
#include "ui/circuits/node_shape.h"
#include "ui/figures/words.h"
#include "ui/widgets/roles.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

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
    title_ = new QLabel(this);
    title_->setTextFormat(Qt::PlainText);
    title_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    row->addWidget(title_, 1);
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
    title_->setText(targets_.empty() ? tr("To the targets")
                                     : tr("To %1").arg(QString::fromStdString(nodeId(targets_.front()))));
    Q_EMIT pathsRequested(
        {targets_, {.depth = depth_->currentData().toInt(), .branches = branches_->currentData().toInt()}});
}

void PathsPanel::showEvent(QShowEvent *event) {
    QWidget::showEvent(event);
    if (wanted_)
        ask();
}

QString PathsPanel::pathText(const AttributionGraph &graph, const GreedyPath &path) {
    QStringList words;
    for (const PathStep &step : path.steps) {
        if (step.kind == PathStep::Kind::Head) {
            words << tr("L%1H%2 from %3").arg(step.layer).arg(step.id).arg(step.position);
        } else if (step.kind == PathStep::Kind::Skip) {
            words << tr("skip of layer %1").arg(step.layer);
        } else if (const int node = indexOf(graph, nodeId(step.node())); node >= 0) {
            const GraphNode &at = graph.nodes[static_cast<size_t>(node)];
            words << (nodeName(at) + u' ' + (step.kind == PathStep::Kind::Logit ? QString() : nodePlace(at))).trimmed();
        } else {
            words << QString::fromStdString(stepId(step));
        }
    }
    return words.join(QStringLiteral(" ← "));
}

namespace {
/// Short enough for a row: what stands behind the target.
QString shortText(const AttributionGraph &graph, const GreedyPath &path) {
    QStringList words;
    for (size_t i = path.steps.size() > 1 ? 1 : 0; i < path.steps.size(); ++i) {
        const PathStep &step = path.steps[i];
        const auto at = static_cast<size_t>(step.position);
        if (step.kind == PathStep::Kind::Head)
            words << QStringLiteral("L%1H%2").arg(step.layer).arg(step.id);
        else if (step.kind == PathStep::Kind::Token && at < graph.tokens.size())
            words << shownToken(graph.tokens[at]);
        else
            words << QString::fromStdString(stepId(step));
    }
    return words.join(QStringLiteral(" ← "));
}
} // namespace

void PathsPanel::setPaths(const std::vector<GreedyPath> &paths) {
    chosen_->hide();
    paths_ = paths;
    double largest = 0;
    for (const GreedyPath &path : paths_)
        largest = std::max(largest, std::abs(path.contribution));
    std::vector<NodeListModel::Row> rows;
    for (size_t p = 0; p < paths_.size(); ++p) {
        const double whole = std::abs(paths_[p].steps.front().contribution), own = paths_[p].contribution;
        rows.push_back({.node = static_cast<int>(p),
                        .name = shortText(*graph_, paths_[p]),
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
