#include "ui/circuits/graph_index.h"

#include "ui/circuits/node_shape.h"
#include "ui/figures/words.h"

#include <QStringList>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tt {

namespace {

int rankOf(const Node &node, int layers) {
    switch (node.kind) {
    case NodeKind::Feature:
    case NodeKind::Error:
        return node.layer + 1;
    case NodeKind::Logit:
        return layers + 1;
    default:
        return 0;
    }
}

} // namespace

GraphIndex::GraphIndex(const AttributionGraph &graph, const GraphLayout &layout)
    : inputs_(graph.nodes.size()), outputs_(graph.nodes.size()), absoluteInput_(graph.nodes.size()) {
    for (size_t i = 0; i < graph.nodes.size(); ++i)
        absoluteInput_[i] = std::abs(graph.nodes[i].prunedEdges) + std::abs(graph.nodes[i].biasEdge);
    for (size_t e = 0; e < graph.edges.size(); ++e) {
        const GraphEdge &edge = graph.edges[e];
        inputs_[size(edge.target)].push_back(static_cast<int>(e));
        outputs_[size(edge.source)].push_back(static_cast<int>(e));
        // The bias is in biasEdge already, drawn as an edge or not.
        if (graph.nodes[size(edge.source)].node.kind != NodeKind::Bias)
            absoluteInput_[size(edge.target)] += std::abs(edge.weight);
        largestWeight_ = std::max(largestWeight_, std::abs(edge.weight));
    }
    const auto stronger = [&](int a, int b) {
        return std::abs(graph.edges[size(a)].weight) > std::abs(graph.edges[size(b)].weight);
    };
    for (auto *lists : {&inputs_, &outputs_})
        for (std::vector<int> &list : *lists)
            std::stable_sort(list.begin(), list.end(), stronger);
    byInfluence_.resize(graph.nodes.size());
    std::iota(byInfluence_.begin(), byInfluence_.end(), 0);
    std::stable_sort(byInfluence_.begin(), byInfluence_.end(),
                     [&](int a, int b) { return graph.nodes[size(a)].influence > graph.nodes[size(b)].influence; });
    rankNodes(graph, layout);
    findStrongestPath(graph);
}

void GraphIndex::rankNodes(const AttributionGraph &graph, const GraphLayout &layout) {
    ranks_.resize(size(graph.layers) + 2);
    placeInRank_.resize(graph.nodes.size());
    rank_.resize(graph.nodes.size());
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        rank_[i] = rankOf(graph.nodes[i].node, graph.layers);
        ranks_.at(size(rank_[i])).push_back(static_cast<int>(i));
    }
    for (std::vector<int> &nodes : ranks_) {
        std::stable_sort(nodes.begin(), nodes.end(),
                         [&](int a, int b) { return layout.centres[size(a)].x < layout.centres[size(b)].x; });
        for (size_t place = 0; place < nodes.size(); ++place)
            placeInRank_[size(nodes[place])] = static_cast<int>(place);
    }
}

std::optional<int> GraphIndex::neighbour(int node, int step) const {
    const std::vector<int> &nodes = ranks_[size(rank(node))];
    const int place = placeInRank_[size(node)] + step;
    if (place < 0 || place >= static_cast<int>(nodes.size()))
        return std::nullopt;
    return nodes[size(place)];
}

int GraphIndex::influencePlace(int node) const {
    return static_cast<int>(std::find(byInfluence_.begin(), byInfluence_.end(), node) - byInfluence_.begin()) + 1;
}

void GraphIndex::findStrongestPath(const AttributionGraph &graph) {
    int at = -1;
    double most = 0;
    for (size_t i = 0; i < graph.nodes.size(); ++i)
        if (outputs_[i].empty() && absoluteInput_[i] > most) {
            most = absoluteInput_[i];
            at = static_cast<int>(i);
        }
    while (at >= 0) {
        strongestPath_.push_back(at);
        const auto &edges = inputs_[size(at)];
        const auto isCause = [&](int edge) {
            const NodeKind kind = graph.nodes[size(graph.edges[size(edge)].source)].node.kind;
            return kind != NodeKind::Bias && kind != NodeKind::Error;
        };
        const auto next = std::find_if(edges.begin(), edges.end(), isCause);
        at = next == edges.end() ? -1 : graph.edges[size(*next)].source;
    }
    std::reverse(strongestPath_.begin(), strongestPath_.end());
}

QString graphSummary(const AttributionGraph &graph, const GraphIndex &index) {
    QString text =
        QStringLiteral("%1 nodes, %2 edges")
            .arg(count(static_cast<long long>(graph.nodes.size())), count(static_cast<long long>(graph.edges.size())));
    QStringList path;
    for (const int node : index.strongestPath()) {
        const GraphNode &at = graph.nodes[static_cast<size_t>(node)];
        const QString place = nodePlace(at.node);
        path << nodeName(at) + (at.node.kind == NodeKind::Feature ? QStringLiteral(" (%1)").arg(place) : u' ' + place);
    }
    if (path.size() > 1)
        text += QStringLiteral("; strongest path ") + path.join(QStringLiteral(" → "));
    return text;
}

} // namespace tt
