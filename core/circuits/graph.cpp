#include "core/circuits/graph.h"

#include "core/circuits/prune.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tt {
namespace {

/// Every edge and node stays.
template <class T>
Kept keepAll(const MergedEdges<T> &edges) {
    Kept kept;
    kept.column.assign(static_cast<size_t>(edges.columns()), 1);
    kept.edge.assign(static_cast<size_t>(edges.rows * edges.columns()), 1);
    return kept;
}

void checkSettings(const PruneSettings &settings) {
    for (const double threshold : {settings.nodeThreshold, settings.edgeThreshold})
        if (!(threshold >= 0 && threshold <= 1))
            throw Error("A threshold is a share from 0 to 1; " + std::to_string(threshold) + " is outside.",
                        Error::Kind::Usage);
}

/// Share of all influence that a node and all stronger ones carry, by merged column.
std::vector<double> cumulativeShares(const std::vector<double> &influence) {
    std::vector<size_t> order(influence.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return influence[a] > influence[b]; });
    const double sum = std::accumulate(influence.begin(), influence.end(), 0.0);
    std::vector<double> shares(influence.size());
    double reached = 0;
    for (const size_t i : order) {
        reached += influence[i];
        shares[i] = sum > 0 ? std::min(reached / sum, 1.0) : 0;
    }
    return shares;
}

/// Turns what was kept into nodes and edges.
template <class T>
class GraphBuilder {
public:
    GraphBuilder(const Attribution<T> &attribution, const PruneBasis<T> &basis, const Kept &kept, bool all)
        : attribution_(attribution), basis_(basis), merged_(basis.merged), kept_(kept), all_(all),
          bias_(static_cast<size_t>(attribution.sources)), added_(attribution.nodes.size()),
          shown_(attribution.nodes.size()) {}

    void build(AttributionGraph &graph) {
        for (int64_t r = 0; r < merged_.rows; ++r)
            if (r >= merged_.features || kept_.column[static_cast<size_t>(r)])
                addRow(r, graph);
        addNodes(graph);
        std::sort(graph.edges.begin(), graph.edges.end(), [](const GraphEdge &a, const GraphEdge &b) {
            const double first = std::abs(a.weight), second = std::abs(b.weight);
            return first != second ? first > second : std::pair(a.source, a.target) < std::pair(b.source, b.target);
        });
    }

private:
    void addRow(int64_t r, AttributionGraph &graph);
    void addEdge(int64_t source, size_t target, double weight, AttributionGraph &graph);
    void addNodes(AttributionGraph &graph);

    const Attribution<T> &attribution_;
    const PruneBasis<T> &basis_;
    const MergedEdges<T> &merged_;
    const Kept &kept_;
    bool all_;
    size_t bias_;               ///< the bias node
    std::vector<double> added_; ///< by node: sum of its edges that are not shown
    std::vector<char> shown_;   ///< by node: has an edge
};

template <class T>
void GraphBuilder<T>::addEdge(int64_t source, size_t target, double weight, AttributionGraph &graph) {
    if (weight == 0)
        return;
    shown_[static_cast<size_t>(source)] = shown_[target] = 1;
    graph.edges.push_back({static_cast<int>(source), static_cast<int>(target), weight});
}

template <class T>
void GraphBuilder<T>::addRow(int64_t r, AttributionGraph &graph) {
    const auto target = static_cast<size_t>(attribution_.rowNode[static_cast<size_t>(r)]);
    for (int64_t c = 0; c < attribution_.sources; ++c) {
        const int64_t column = c < merged_.columns() ? c : c - merged_.places; // a position shares its token's
        const auto weight = static_cast<double>(attribution_.matrix[static_cast<size_t>(r * attribution_.sources + c)]);
        if (kept_.edge[static_cast<size_t>(r * merged_.columns() + column)])
            addEdge(c, target, weight, graph);
        else
            added_[target] += weight;
    }
    const auto bias = static_cast<double>(attribution_.bias[static_cast<size_t>(r)]);
    const auto score = [&] { // as if it were a source
        return std::abs(bias) * kept_.influence.throughput[static_cast<size_t>(r)] *
               kept_.influence.scale[static_cast<size_t>(r)];
    };
    if (all_ || score() >= kept_.edgeCutoff)
        addEdge(static_cast<int64_t>(bias_), target, bias, graph);
}

template <class T>
void GraphBuilder<T>::addNodes(AttributionGraph &graph) {
    const std::vector<double> &influence = basis_.influence.column;
    const std::vector<double> shares = cumulativeShares(influence);
    std::vector<double> bias(attribution_.nodes.size());
    for (size_t r = 0; r < attribution_.rowNode.size(); ++r)
        bias[static_cast<size_t>(attribution_.rowNode[r])] = static_cast<double>(attribution_.bias[r]);
    std::vector<char> target(attribution_.nodes.size());
    for (const int r : attribution_.targetRows)
        target[static_cast<size_t>(attribution_.rowNode[static_cast<size_t>(r)])] = 1;

    std::vector<int> place(attribution_.nodes.size(), -1);
    for (size_t n = 0; n < attribution_.nodes.size(); ++n) {
        const Node &node = attribution_.nodes[n];
        const bool source = n < bias_, position = node.kind == NodeKind::Position;
        const size_t column = position ? n - static_cast<size_t>(merged_.places) : n;
        const bool optional = position || node.kind == NodeKind::Bias;
        if (!all_ && (optional ? !shown_[n] : source && !kept_.column[column]))
            continue;
        place[n] = static_cast<int>(graph.nodes.size());
        graph.nodes.push_back({.node = node,
                               .label = {},
                               .influence = source && !position ? influence[column] : 0,
                               .cumulative = source && !target[n] ? shares[column] : 0,
                               .biasEdge = bias[n],
                               .prunedEdges = added_[n]});
    }
    for (GraphEdge &edge : graph.edges) {
        edge.source = place[static_cast<size_t>(edge.source)];
        edge.target = place[static_cast<size_t>(edge.target)];
    }
}

} // namespace

template <class T>
std::vector<double> nodeInfluence(const Attribution<T> &attribution) {
    std::vector<double> influence = influenceOf(mergeEdges(attribution), rowWeights(attribution), {}).column;
    influence.resize(attribution.nodes.size()); // positions, bias and logits are no sources of their own
    return influence;
}

namespace {
template <class T>
GraphScores scoresOf(const PruneBasis<T> &basis) {
    const MergedEdges<T> &edges = basis.merged;
    const Influence &influence = basis.influence;
    const auto errors = influence.column.begin() + edges.features, tokens = errors + edges.errors;
    const double fromErrors = std::accumulate(errors, tokens, 0.0);
    const double fromTokens = std::accumulate(tokens, influence.column.end(), 0.0);
    double all = fromErrors + fromTokens, explained = all; // nodes without inputs have none from errors
    for (int64_t r = 0; r < edges.rows; ++r) {
        double share = 0;
        for (int64_t c = edges.features; c < edges.features + edges.errors; ++c)
            share += static_cast<double>(edges.row(r)[c]) * influence.scale[static_cast<size_t>(r)];
        all += influence.throughput[static_cast<size_t>(r)];
        explained += influence.throughput[static_cast<size_t>(r)] * (1 - share);
    }
    const double inputs = fromTokens + fromErrors;
    return {.replacement = inputs > 0 ? fromTokens / inputs : 0, .completeness = all > 0 ? explained / all : 0};
}

} // namespace

template <class T>
GraphScores scores(const Attribution<T> &attribution) {
    return scoresOf(pruneBasis(attribution));
}

template <class T>
AttributionGraph buildGraph(const Attribution<T> &attribution, const PruneSettings &settings) {
    checkSettings(settings);
    return buildGraph(attribution, pruneBasis(attribution), settings, {});
}

template <class T>
AttributionGraph buildGraph(const Attribution<T> &attribution, const PruneBasis<T> &basis,
                            const PruneSettings &settings, const std::vector<int> &pinned) {
    checkSettings(settings);
    AttributionGraph graph;
    graph.ids = attribution.ids;
    graph.layers = attribution.layers;
    graph.vocabSize = attribution.vocabSize;
    graph.settings = settings;
    graph.scores = scoresOf(basis);
    graph.maxResidual = attribution.maxResidual;
    graph.allNodes = static_cast<int64_t>(attribution.nodes.size());
    const auto nonZero = [](T v) { return v != T{0}; };
    graph.allEdges = std::count_if(attribution.matrix.begin(), attribution.matrix.end(), nonZero) +
                     std::count_if(attribution.bias.begin(), attribution.bias.end(), nonZero);
    std::vector<char> stays(pinned.empty() ? 0 : static_cast<size_t>(basis.merged.columns()));
    for (const int node : pinned)
        stays.at(static_cast<size_t>(node)) = 1;
    const Kept kept = settings.prune ? pruneEdges(basis, settings.nodeThreshold, settings.edgeThreshold, stays)
                                     : keepAll(basis.merged);
    GraphBuilder<T>(attribution, basis, kept, !settings.prune).build(graph);
    return graph;
}

#define TT_INSTANTIATE(T)                                                                                              \
    template std::vector<double> nodeInfluence<T>(const Attribution<T> &);                                             \
    template GraphScores scores<T>(const Attribution<T> &);                                                            \
    template AttributionGraph buildGraph<T>(const Attribution<T> &, const PruneSettings &);                            \
    template AttributionGraph buildGraph<T>(const Attribution<T> &, const PruneBasis<T> &, const PruneSettings &,      \
                                            const std::vector<int> &);
TT_INSTANTIATE(float)
TT_INSTANTIATE(double)
#undef TT_INSTANTIATE

} // namespace tt
