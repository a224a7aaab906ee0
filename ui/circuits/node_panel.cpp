#include "ui/circuits/node_panel.h"

#include "ui/circuits/node_list.h"
#include "ui/circuits/node_shape.h"
#include "ui/figures/facts_row.h"
#include "ui/figures/words.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace tt {

namespace {

constexpr double exactTolerance = 1e-4;
constexpr int rowsOfOutputs = 5, rowsOfHeads = 5, strongestShown = 50;

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
                        .place = nodePlace(node),
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
    layout->addWidget(actions_ = makeActions(page));
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
    layout->addWidget(horizontalLine(page));
    heads_ = new NodeList(tr("Inputs by head"), tr("weight"), tr("share"), page);
    heads_->setToolTip(
        tr("What each attention head carries of the inputs; a path through two heads counts for the later\n"
           "Click a head for its attention pattern"));
    layout->addWidget(heads_);
    layout->addStretch(0);
    for (NodeList *list : {inputs_, outputs_}) {
        const bool input = list == inputs_;
        connect(list, &NodeList::nodeChosen, this, &NodePanel::nodeChosen);
        connect(list, &NodeList::splitWanted, this,
                [this, input](int other) { input ? askForEdge(other, *node_) : askForEdge(*node_, other); });
        connect(list, &NodeList::menuRequested, this,
                [this, input](int other, QPoint point) { openListMenu(other, input, point); });
        list->setToolTip(tr("Click or Return goes there, Space shows the edge by head"));
    }
    connect(heads_, &NodeList::nodeChosen, this, &NodePanel::openHead);
    return page;
}

QWidget *NodePanel::makeActions(QWidget *parent) {
    auto *row = new QWidget(parent);
    auto *layout = new QHBoxLayout(row);
    layout->setContentsMargins(scaled(12), 0, scaled(16), scaled(8));
    layout->setSpacing(scaled(8));
    const auto button = [&](const QString &text, const QString &toolTip, GraphCommand command) {
        auto *made = new QPushButton(text, row);
        made->setAccessibleName(text);
        made->setToolTip(toolTip);
        connect(made, &QPushButton::clicked, this, [this, command] { Q_EMIT commandGiven(command); });
        layout->addWidget(made);
        return made;
    };
    pin_ = button(tr("Pin"), {}, GraphCommand::Pin);
    group_ = button(tr("Group…"), {}, GraphCommand::Group);
    rename_ = button(tr("Rename…"), tr("Gives it a name of your own\nF2 in the graph"), GraphCommand::Rename);
    intervene_ =
        button(tr("Intervene"), tr("Changes it in the running model\nI in the graph"), GraphCommand::Intervene);
    layout->addStretch(1);
    return row;
}

void NodePanel::showActions(const GraphNode &node) {
    actions_->setVisible(node.node.kind == NodeKind::Feature);
    pin_->setText(node.pinned ? tr("Unpin") : tr("Pin"));
    pin_->setAccessibleName(pin_->text());
    pin_->setToolTip(node.pinned
                         ? tr("Lets the thresholds hide it again\nP in the graph")
                         : tr("Keeps it whatever the thresholds are, and scores what is pinned\nP in the graph"));
    const bool grouped = !node.members.empty();
    group_->setText(grouped ? tr("Ungroup") : tr("Group…"));
    group_->setAccessibleName(group_->text());
    group_->setToolTip(grouped ? tr("Takes the group apart\nU in the graph")
                               : tr("Draws it together with others: select them with Ctrl, or drag it onto another\n"
                                    "G in the graph"));
    disconnect(group_, nullptr, this, nullptr);
    connect(group_, &QPushButton::clicked, this,
            [this, grouped] { Q_EMIT commandGiven(grouped ? GraphCommand::Ungroup : GraphCommand::Group); });
}

void NodePanel::setGraph(const AttributionGraph &graph, const GraphIndex &index) {
    graph_ = &graph;
    index_ = &index;
    showOverview();
}

void NodePanel::setPromptFeatures(const PromptFeatures &features) {
    for (const ActiveFeature &active : features.active)
        onCorpus_[{active.layer, active.feature}] = {active.maximum, active.density};
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
                        .place = nodePlace(at),
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
    node_ = node;
    if (!node)
        return;
    const GraphNode &at = graph_->nodes[static_cast<size_t>(*node)];
    glyph_->setKind(at.node.kind);
    setTextRole(name_, TextRole::Heading);
    name_->setText(nodeName(at));
    name_->setToolTip(plainToolTip(nodeName(at)));
    place_->setText(nodePlace(at));
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
    if (const auto known = onCorpus_.find({at.node.layer, at.node.id});
        at.node.kind == NodeKind::Feature && known != onCorpus_.end()) {
        facts.push_back({.word = tr("largest"), .figure = figure(static_cast<double>(known->second.maximum))});
        facts.push_back({.word = tr("fires on"),
                         .figure = percent(static_cast<double>(known->second.density)),
                         .after = tr("of tokens")});
    }
    facts_->setFacts(std::move(facts));
    inputs_->setRows(rowsOf(*graph_, *index_, index_->inputs(*node), true));
    outputs_->setRows(rowsOf(*graph_, *index_, index_->outputs(*node), false));
    showActions(at);
    showSum(*node);
    askForInputs(*node);
}

namespace {
/// What a node stands for.
std::vector<Node> meant(const GraphNode &node) {
    return node.members.empty() ? std::vector<Node>{node.node} : node.members;
}
} // namespace

void NodePanel::askForInputs(int node) {
    const GraphNode &at = graph_->nodes[static_cast<size_t>(node)];
    const bool has = at.node.kind == NodeKind::Feature || at.node.kind == NodeKind::Logit;
    heads_->setVisible(has);
    asked_ = {.sources = {}, .targets = meant(at), .title = tr("Inputs by head")};
    if (has)
        Q_EMIT splitRequested(asked_);
}

void NodePanel::askForEdge(int source, int target) {
    const GraphNode &from = graph_->nodes[static_cast<size_t>(source)],
                    &to = graph_->nodes[static_cast<size_t>(target)];
    if (from.node.kind == NodeKind::Bias)
        return;
    asked_ = {
        .sources = meant(from), .targets = meant(to), .title = tr("%1 → %2 by head").arg(nodeName(from), nodeName(to))};
    heads_->setVisible(true);
    Q_EMIT splitRequested(asked_);
}

void NodePanel::showEdge(int edge) {
    const GraphEdge &ends = graph_->edges[static_cast<size_t>(edge)];
    if (!node_ || (*node_ != ends.source && *node_ != ends.target))
        showNode(ends.target);
    askForEdge(ends.source, ends.target);
}

void NodePanel::setSplit(const SplitRequest &request, const EdgeSplit &split) {
    if (!(request == asked_) || !node_)
        return;
    // By head: the places it reads from are in its pattern.
    shown_.clear();
    for (const HeadShare &share : split.heads) {
        if (!shown_.empty() && shown_.back().layer == share.layer && shown_.back().head == share.head)
            shown_.back().weight += share.weight;
        else
            shown_.push_back(share);
    }
    std::stable_sort(shown_.begin(), shown_.end(),
                     [](const HeadShare &a, const HeadShare &b) { return std::abs(a.weight) > std::abs(b.weight); });
    double all = std::abs(split.residual), largest = std::abs(split.residual);
    for (const HeadShare &share : shown_) {
        all += std::abs(share.weight);
        largest = std::max(largest, std::abs(share.weight));
    }
    std::vector<NodeListModel::Row> rows;
    const auto add = [&](int node, const QString &name, double weight) {
        rows.push_back({.node = node,
                        .name = name,
                        .place = {},
                        .weight = signedFigure(weight),
                        .share = all > 0 ? percent(std::abs(weight) / all) : QString(),
                        .bar = largest > 0 ? weight / largest : 0,
                        .glyph = false});
    };
    add(-1, tr("residual"), split.residual);
    for (size_t i = 0; i < shown_.size(); ++i)
        add(static_cast<int>(i), tr("L%1H%2").arg(shown_[i].layer).arg(shown_[i].head), shown_[i].weight);
    heads_->nodes()->setTitle(request.title);
    heads_->setAccessibleDescription(request.title);
    heads_->setRows(std::move(rows));
    heads_->setFixedHeight(heads_->heightOf(std::min(rowsOfHeads, heads_->model()->rowCount())));
}

void NodePanel::openHead(int row) {
    if (row < 0 || row >= std::ssize(shown_))
        return;
    const Node &target = asked_.targets.front();
    Q_EMIT patternRequested(
        {shown_[static_cast<size_t>(row)].layer, shown_[static_cast<size_t>(row)].head,
         target.kind == NodeKind::Logit ? static_cast<int>(std::ssize(graph_->ids)) - 1 : target.position});
}

void NodePanel::openListMenu(int other, bool input, QPoint globalPoint) {
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Go there"), this, [this, other] { Q_EMIT nodeChosen(other); });
    menu->addAction(tr("Split by head"), this,
                    [this, other, input] { input ? askForEdge(other, *node_) : askForEdge(*node_, other); });
    menu->popup(globalPoint);
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
