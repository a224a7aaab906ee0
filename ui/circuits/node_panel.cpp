#include "ui/circuits/node_panel.h"

#include "ui/circuits/node_list.h"
#include "ui/circuits/node_shape.h"
#include "ui/figures/facts_row.h"
#include "ui/figures/words.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace tt {

namespace {

constexpr double exactTolerance = 1e-4;
constexpr int rowsOfOutputs = 5, strongestShown = 50;

std::vector<NodeListModel::Row> rowsOf(const AttributionGraph &graph, const GraphIndex &index,
                                       std::span<const int> edges, bool sources) {
    std::vector<NodeListModel::Row> rows;
    double largest = 0;
    for (const int e : edges) {
        const GraphEdge &edge = graph.edges[static_cast<size_t>(e)];
        const int at = sources ? edge.source : edge.target;
        const GraphNode &node = graph.nodes[static_cast<size_t>(at)];
        if (node.node.kind == NodeKind::Bias)
            continue; // stands in the line of the sum
        largest = std::max(largest, std::abs(edge.weight));
        rows.push_back({.node = at,
                        .kind = node.node.kind,
                        .name = nodeName(node),
                        .place = nodePlace(node.node),
                        .weight = signedFigure(edge.weight),
                        .share = percent(std::abs(edge.weight) / index.absoluteInput(edge.target)),
                        .bar = edge.weight});
    }
    for (NodeListModel::Row &row : rows)
        row.bar /= largest > 0 ? largest : 1;
    return rows;
}

QLabel *label(TextRole role, Ink ink, QWidget *parent) {
    auto *made = new QLabel(parent);
    made->setTextFormat(Qt::PlainText);
    setTextRole(made, role);
    setInk(made, ink);
    return made;
}

} // namespace

/// The sign of a node's kind beside its name.
class NodeGlyph : public QWidget {
public:
    explicit NodeGlyph(QWidget *parent) : QWidget(parent) { setFixedSize(scaled(16), scaled(16)); }
    void setKind(NodeKind kind) {
        kind_ = kind;
        setToolTip(kindName(kind));
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override {
        QPainter painter(this);
        paintNodeGlyph(painter, kind_, rect());
    }

private:
    NodeKind kind_ = NodeKind::Feature;
};

NodePanel::NodePanel(QWidget *parent) : QStackedWidget(parent) {
    setAccessibleName(tr("Node"));
    setGround(this, &Theme::panel);
    addWidget(makeOverview());
    addWidget(makeNodePage());
}

QWidget *NodePanel::makeOverview() {
    auto *page = new QWidget(this);
    auto *layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(new SectionHeader(tr("This graph"), page));
    auto *text = new QVBoxLayout;
    text->setContentsMargins(scaled(12), 0, scaled(12), scaled(12));
    text->setSpacing(scaled(4));
    prompt_ = label(TextRole::Mono, Ink::Normal, page);
    prompt_->setWordWrap(true);
    prompt_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    prompt_->setAccessibleName(tr("Traced prompt"));
    made_ = new FactsRow(page);
    text->addWidget(prompt_);
    text->addWidget(made_);
    layout->addLayout(text);
    layout->addWidget(horizontalLine(page));
    strongest_ = new NodeList(tr("Strongest nodes"), tr("activ."), tr("infl."), page);
    layout->addWidget(strongest_, 1);
    connect(strongest_, &NodeList::nodeChosen, this, &NodePanel::nodeChosen);
    return page;
}

QWidget *NodePanel::makeNodePage() {
    auto *page = new QWidget(this);
    auto *layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto *head = new QHBoxLayout;
    head->setContentsMargins(scaled(12), scaled(10), scaled(16), scaled(4));
    head->setSpacing(scaled(8));
    head->addWidget(glyph_ = new NodeGlyph(page));
    name_ = label(TextRole::Heading, Ink::Normal, page);
    name_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    head->addWidget(name_, 1);
    head->addWidget(place_ = label(TextRole::Mono, Ink::Secondary, page));
    layout->addLayout(head);
    auto *factsRoom = new QHBoxLayout;
    factsRoom->setContentsMargins(scaled(12), 0, scaled(16), scaled(8));
    factsRoom->addWidget(facts_ = new FactsRow(page));
    layout->addLayout(factsRoom);
    layout->addWidget(horizontalLine(page));
    inputs_ = new NodeList(tr("Inputs"), tr("weight"), tr("share"), page);
    layout->addWidget(inputs_, 1);
    noInputs_ = label(TextRole::Secondary, Ink::Secondary, page);
    noInputs_->setWordWrap(true);
    noInputs_->setContentsMargins(scaled(12), scaled(8), scaled(12), scaled(8));
    layout->addWidget(noInputs_);
    sumLine_ = new QWidget(page);
    setGround(sumLine_, &Theme::alternate);
    auto *sum = new QHBoxLayout(sumLine_);
    sum->setContentsMargins(scaled(12), scaled(4), scaled(16), scaled(4));
    sum->setSpacing(scaled(8));
    sum->addWidget(sumParts_ = new FactsRow(sumLine_), 1);
    sum->addWidget(sum_ = new FactsRow(sumLine_));
    sum->addWidget(verdict_ = label(TextRole::Secondary, Ink::Ok, sumLine_));
    layout->addWidget(sumLine_);
    layout->addWidget(horizontalLine(page));
    outputs_ = new NodeList(tr("Outputs"), tr("weight"), tr("share"), page);
    layout->addWidget(outputs_);
    layout->addStretch(0);
    for (NodeList *list : {inputs_, outputs_})
        connect(list, &NodeList::nodeChosen, this, &NodePanel::nodeChosen);
    return page;
}

void NodePanel::setGraph(const AttributionGraph &graph, const GraphIndex &index) {
    graph_ = &graph;
    index_ = &index;
    showOverview();
}

void NodePanel::showOverview() {
    QString prompt = QString::fromStdString(graph_->prompt);
    prompt_->setText(u'“' + prompt + u'”');
    made_->setFacts({{.word = tr("GPT"), .figure = QString::fromStdString(graph_->gpt)},
                     {.word = tr("transcoder"), .figure = QString::fromStdString(graph_->transcoder)},
                     {.word = tr("nodes"), .figure = figure(graph_->settings.nodeThreshold)},
                     {.word = tr("edges"), .figure = figure(graph_->settings.edgeThreshold)},
                     {.word = tr("largest residual"), .figure = QString::number(graph_->maxResidual, 'g', 1)}});
    std::vector<NodeListModel::Row> rows;
    for (const int node : index_->byInfluence()) {
        const GraphNode &at = graph_->nodes[static_cast<size_t>(node)];
        if (at.influence <= 0 || rows.size() == strongestShown)
            break;
        const bool active = at.node.kind == NodeKind::Feature;
        rows.push_back({.node = node,
                        .kind = at.node.kind,
                        .name = nodeName(at),
                        .place = nodePlace(at.node),
                        .weight = active ? figure(at.node.activation) : QString(),
                        .share = percent(at.influence),
                        .bar = at.influence});
    }
    const double largest = rows.empty() ? 1 : rows.front().bar;
    for (NodeListModel::Row &row : rows)
        row.bar /= largest;
    strongest_->setRows(std::move(rows));
}

void NodePanel::showNode(std::optional<int> node) {
    setCurrentIndex(node ? 1 : 0);
    if (!node)
        return;
    const GraphNode &at = graph_->nodes[static_cast<size_t>(*node)];
    glyph_->setKind(at.node.kind);
    setTextRole(name_, TextRole::Heading);
    name_->setText(nodeName(at));
    name_->setToolTip(plainToolTip(nodeName(at)));
    place_->setText(nodePlace(at.node));
    std::vector<FactsRow::Fact> facts;
    if (at.node.kind == NodeKind::Feature)
        facts.push_back({.word = tr("activation"), .figure = figure(at.node.activation)});
    if (at.node.kind == NodeKind::Error)
        facts.push_back({.word = tr("error"), .figure = percent(at.node.activation), .after = tr("of the output")});
    if (at.node.kind == NodeKind::Logit)
        facts.push_back({.word = tr("logit above mean"), .figure = signedFigure(at.node.preactivation)});
    if (at.node.kind != NodeKind::Logit)
        facts.push_back({.word = tr("influence"), .figure = percent(at.influence)});
    if (at.influence > 0)
        facts.push_back({.word = tr("rank"),
                         .figure = QString::number(index_->influencePlace(*node)),
                         .after = tr("of %1").arg(graph_->nodes.size())});
    facts_->setFacts(std::move(facts));
    inputs_->setRows(rowsOf(*graph_, *index_, index_->inputs(*node), true));
    outputs_->setRows(rowsOf(*graph_, *index_, index_->outputs(*node), false));
    showSum(*node);
}

NodePanel::Sum NodePanel::sumOfInputs(const AttributionGraph &graph, const GraphIndex &index, int node) {
    const GraphNode &at = graph.nodes[static_cast<size_t>(node)];
    Sum result{.sum = at.prunedEdges + at.biasEdge};
    for (const int e : index.inputs(node)) {
        const GraphEdge &edge = graph.edges[static_cast<size_t>(e)];
        if (graph.nodes[static_cast<size_t>(edge.source)].node.kind != NodeKind::Bias)
            result.sum += edge.weight;
    }
    result.exact = std::abs(result.sum - at.node.preactivation) <= exactTolerance * index.absoluteInput(node);
    return result;
}

void NodePanel::showSum(int node) {
    const GraphNode &at = graph_->nodes[static_cast<size_t>(node)];
    const bool has = at.node.kind == NodeKind::Feature || at.node.kind == NodeKind::Logit;
    inputs_->setVisible(has);
    sumLine_->setVisible(has);
    noInputs_->setVisible(!has);
    noInputs_->setText(at.node.kind == NodeKind::Error
                           ? tr("No inputs: the error is what the transcoder does not explain.")
                           : tr("No inputs: a %1 comes with the prompt or the model.").arg(kindName(at.node.kind)));
    const int outputs = std::max(1, outputs_->model()->rowCount());
    outputs_->setVisible(outputs_->model()->rowCount() > 0);
    outputs_->setFixedHeight(outputs_->heightOf(has ? std::min(outputs, rowsOfOutputs) : outputs));
    if (!has)
        return;
    const Sum sum = sumOfInputs(*graph_, *index_, node);
    sumParts_->setFacts({{.word = tr("pruned"), .figure = signedFigure(at.prunedEdges)},
                         {.word = tr("bias"), .figure = signedFigure(at.biasEdge)}});
    sum_->setFacts({{.word = tr("sum"), .figure = figure(sum.sum)}});
    verdict_->setText(sum.exact ? tr("✓ exact") : tr("≠ %1").arg(figure(at.node.preactivation)));
    verdict_->setToolTip(
        sum.exact ? tr("The edges and the bias add up to the pre-activation, %1").arg(figure(at.node.preactivation, 4))
                  : tr("The edges and the bias add up to %1, the pre-activation is %2")
                        .arg(figure(sum.sum, 4), figure(at.node.preactivation, 4)));
    setInk(verdict_, sum.exact ? Ink::Ok : Ink::Warning);
}

} // namespace tt
