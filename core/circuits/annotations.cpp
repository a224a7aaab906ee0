#include "core/circuits/annotations.h"

#include "core/circuits/graph_export.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <tuple>

namespace tt {
namespace {

using Ids = std::set<std::string>;

Ids setOf(const std::vector<std::string> &ids) {
    return {ids.begin(), ids.end()};
}

void sortEdges(std::vector<GraphEdge> &edges) {
    std::sort(edges.begin(), edges.end(), [](const GraphEdge &a, const GraphEdge &b) {
        const double first = std::abs(a.weight), second = std::abs(b.weight);
        return first != second ? first > second : std::pair(a.source, a.target) < std::pair(b.source, b.target);
    });
}

/// The node that stands for some others.
GraphNode joined(const AttributionGraph &graph, const std::vector<int> &members, const std::string &label, int number) {
    GraphNode out{.node = {.kind = NodeKind::Feature, .id = -number}, .label = label, .members = {}};
    out.cumulative = 1;
    for (const int m : members) {
        const GraphNode &member = graph.nodes[static_cast<size_t>(m)];
        if (std::pair(member.node.layer, member.node.position) > std::pair(out.node.layer, out.node.position)) {
            out.node.layer = member.node.layer;
            out.node.position = member.node.position;
        }
        out.node.activation += member.node.activation;
        out.node.preactivation += member.node.preactivation;
        out.influence += member.influence;
        out.cumulative = std::min(out.cumulative, member.cumulative);
        out.biasEdge += member.biasEdge;
        out.prunedEdges += member.prunedEdges;
        out.pinned = out.pinned || member.pinned;
        out.members.push_back(member.node);
    }
    return out;
}

/// Order of a graph's nodes (attribution.h); supernodes stand among the features of their place, behind them.
auto orderKey(const Node &node) {
    const bool group = node.kind == NodeKind::Feature && node.id < 0;
    return std::tuple(static_cast<int>(node.kind), node.kind == NodeKind::Logit ? 0 : node.layer, node.position, group,
                      group                          ? -node.id
                      : node.kind == NodeKind::Logit ? 0
                                                     : node.id);
}

/// `graph` with nodes in another order, or fewer of them: place[n] is where node n goes.
void renumber(AttributionGraph &graph, const std::vector<int> &place) {
    for (GraphEdge &edge : graph.edges) {
        edge.source = place[static_cast<size_t>(edge.source)];
        edge.target = place[static_cast<size_t>(edge.target)];
    }
}

void sortNodes(AttributionGraph &graph) {
    std::vector<int> order(graph.nodes.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return orderKey(graph.nodes[static_cast<size_t>(a)].node) < orderKey(graph.nodes[static_cast<size_t>(b)].node);
    });
    std::vector<int> place(order.size());
    std::vector<GraphNode> nodes;
    for (size_t i = 0; i < order.size(); ++i) {
        place[static_cast<size_t>(order[i])] = static_cast<int>(i);
        nodes.push_back(std::move(graph.nodes[static_cast<size_t>(order[i])]));
    }
    graph.nodes = std::move(nodes);
    renumber(graph, place);
}

/// Adds up edges between the same two nodes.
void mergeParallel(std::vector<GraphEdge> &edges) {
    std::map<std::pair<int, int>, double> sums;
    for (const GraphEdge &edge : edges)
        sums[{edge.source, edge.target}] += edge.weight;
    edges.clear();
    for (const auto &[ends, weight] : sums)
        edges.push_back({ends.first, ends.second, weight});
}

} // namespace

std::vector<Problem> GraphAnnotations::validate() const {
    std::vector<Problem> problems;
    Ids grouped;
    for (const Supernode &group : supernodes) {
        if (group.label.empty())
            problems.push_back({"supernodes", "A group has no name."});
        if (setOf(group.members).size() < 2)
            problems.push_back({"supernodes", "The group \"" + group.label + "\" has fewer than two nodes."});
        for (const std::string &member : setOf(group.members))
            if (!grouped.insert(member).second)
                problems.push_back({"supernodes", "The node " + member + " is in two groups."});
    }
    return problems;
}

std::vector<int> heldNodes(const std::vector<Node> &nodes, const GraphAnnotations &annotations) {
    Ids held = setOf(annotations.pinned);
    for (const Supernode &group : annotations.supernodes)
        held.insert(group.members.begin(), group.members.end());
    std::vector<int> out;
    for (size_t n = 0; n < nodes.size() && !held.empty(); ++n)
        if ((nodes[n].kind == NodeKind::Feature || nodes[n].kind == NodeKind::Error) && held.contains(nodeId(nodes[n])))
            out.push_back(static_cast<int>(n));
    return out;
}

AttributionGraph withoutNodes(const AttributionGraph &graph, const std::vector<char> &leaves) {
    AttributionGraph out = graph;
    out.nodes.clear();
    out.edges.clear();
    std::vector<int> place(graph.nodes.size(), -1);
    for (size_t n = 0; n < graph.nodes.size(); ++n)
        if (!leaves[n]) {
            place[n] = static_cast<int>(out.nodes.size());
            out.nodes.push_back(graph.nodes[n]);
        }
    for (const GraphEdge &edge : graph.edges) {
        const int source = place[static_cast<size_t>(edge.source)], target = place[static_cast<size_t>(edge.target)];
        if (source >= 0 && target >= 0)
            out.edges.push_back({source, target, edge.weight});
        else if (target >= 0 && graph.nodes[static_cast<size_t>(edge.source)].node.kind != NodeKind::Bias)
            out.nodes[static_cast<size_t>(target)].prunedEdges += edge.weight; // the bias stands in biasEdge anyway
    }
    return out;
}

AttributionGraph withoutHidden(const AttributionGraph &graph, const GraphAnnotations &annotations) {
    const Ids hidden = setOf(annotations.hidden);
    std::vector<char> leaves;
    for (const GraphNode &node : graph.nodes)
        leaves.push_back(hidden.contains(nodeId(node.node)));
    return withoutNodes(graph, leaves);
}

AttributionGraph annotated(const AttributionGraph &graph, const GraphAnnotations &annotations) {
    AttributionGraph out = graph;
    const Ids pinned = setOf(annotations.pinned);
    std::map<std::string, int> at;
    for (size_t n = 0; n < out.nodes.size(); ++n) {
        GraphNode &node = out.nodes[n];
        const std::string id = nodeId(node.node);
        at[id] = static_cast<int>(n);
        node.pinned = pinned.contains(id);
        if (const auto name = annotations.names.find(id); name != annotations.names.end())
            node.label = name->second;
    }
    std::vector<int> place(out.nodes.size());
    std::iota(place.begin(), place.end(), 0);
    std::vector<char> inside(out.nodes.size());
    for (size_t g = 0; g < annotations.supernodes.size(); ++g) {
        std::vector<int> members;
        for (const std::string &id : annotations.supernodes[g].members)
            if (const auto found = at.find(id); found != at.end())
                members.push_back(found->second);
        if (members.size() < 2)
            continue;
        std::sort(members.begin(), members.end());
        for (const int m : members) {
            place[static_cast<size_t>(m)] = static_cast<int>(out.nodes.size());
            inside[static_cast<size_t>(m)] = 1;
        }
        out.nodes.push_back(joined(out, members, annotations.supernodes[g].label, static_cast<int>(g) + 1));
    }
    renumber(out, place);
    for (const GraphEdge &edge : out.edges)
        if (edge.source == edge.target)
            out.nodes[static_cast<size_t>(edge.source)].prunedEdges += edge.weight;
    std::erase_if(out.edges, [](const GraphEdge &edge) { return edge.source == edge.target; });
    inside.resize(out.nodes.size());
    mergeParallel(out.edges);
    out = withoutNodes(out, inside);
    sortNodes(out);
    sortEdges(out.edges);
    return out;
}

template <class T>
GraphScores pinnedScores(const Attribution<T> &attribution, const std::vector<int> &kept) {
    std::vector<char> keeps(attribution.nodes.size());
    for (const int n : kept)
        keeps.at(static_cast<size_t>(n)) = 1;
    for (const int r : attribution.targetRows)
        keeps[static_cast<size_t>(attribution.rowNode[static_cast<size_t>(r)])] = 1;
    std::map<std::pair<int, int>, int64_t> errorAt;
    Attribution<T> sub{.ids = attribution.ids, .layers = attribution.layers, .vocabSize = attribution.vocabSize};
    std::vector<int64_t> place(attribution.nodes.size(), -1); // column of each source in `sub`
    for (size_t n = 0; n < attribution.nodes.size(); ++n) {
        const Node &node = attribution.nodes[n];
        if (node.kind == NodeKind::Feature && !keeps[n])
            continue;
        place[n] = static_cast<int64_t>(sub.nodes.size());
        if (node.kind == NodeKind::Error)
            errorAt[{node.layer, node.position}] = place[n];
        sub.nodes.push_back(node);
        sub.sources += n < static_cast<size_t>(attribution.sources);
    }
    for (size_t n = 0; n < attribution.nodes.size(); ++n)
        if (const Node &node = attribution.nodes[n]; place[n] < 0) {
            const auto error = errorAt.find({node.layer, node.position});
            if (error != errorAt.end()) // a feature of the target's own layer reaches nothing
                place[n] = error->second;
        }
    std::vector<int> row(attribution.rowNode.size(), -1);
    for (size_t r = 0; r < attribution.rowNode.size(); ++r) {
        const auto n = static_cast<size_t>(attribution.rowNode[r]);
        if (attribution.nodes[n].kind == NodeKind::Feature && !keeps[n])
            continue;
        row[r] = static_cast<int>(sub.rowNode.size());
        sub.rowNode.push_back(static_cast<int>(place[n]));
        sub.bias.push_back(attribution.bias[r]);
        sub.matrix.resize(sub.matrix.size() + static_cast<size_t>(sub.sources));
        T *to = sub.matrix.data() + sub.matrix.size() - sub.sources;
        const T *from = attribution.matrix.data() + static_cast<int64_t>(r) * attribution.sources;
        for (int64_t c = 0; c < attribution.sources; ++c)
            if (place[static_cast<size_t>(c)] >= 0)
                to[place[static_cast<size_t>(c)]] += from[c];
    }
    for (const int r : attribution.targetRows)
        sub.targetRows.push_back(row[static_cast<size_t>(r)]);
    sub.targetWeights = attribution.targetWeights;
    return scores(sub);
}

template GraphScores pinnedScores<float>(const Attribution<float> &, const std::vector<int> &);
template GraphScores pinnedScores<double>(const Attribution<double> &, const std::vector<int> &);

} // namespace tt
