#include "core/circuits/prune.h"

#include "core/circuits/graph_export.h"

#include <algorithm>
#include <cmath>

namespace tt {

template <class T>
MergedEdges<T> mergeEdges(const Attribution<T> &attribution) {
    MergedEdges<T> out;
    for (int64_t c = 0; c < attribution.sources; ++c) {
        const NodeKind kind = attribution.nodes[static_cast<size_t>(c)].kind;
        out.features += kind == NodeKind::Feature;
        out.errors += kind == NodeKind::Error;
        out.places += kind == NodeKind::Token;
    }
    out.rows = static_cast<int64_t>(attribution.rowNode.size());
    out.weight.resize(static_cast<size_t>(out.rows * out.columns()));
    const int64_t tokens = out.features + out.errors;
    for (size_t r = 0; r < attribution.bias.size(); ++r)
        if (!std::isfinite(attribution.bias[r]))
            throw Error("The bias of " + nodeId(attribution.nodes[static_cast<size_t>(attribution.rowNode[r])]) +
                        " is not a finite number; trace the prompt again.");
    for (int64_t r = 0; r < out.rows; ++r) {
        const T *from = attribution.matrix.data() + r * attribution.sources;
        T *to = out.weight.data() + r * out.columns();
        for (int64_t c = 0; c < out.columns(); ++c) {
            to[c] = std::abs(c < tokens ? from[c] : from[c] + from[c + out.places]);
            if (!std::isfinite(to[c]))
                throw Error(
                    "The edge from " + nodeId(attribution.nodes[static_cast<size_t>(c)]) + " to " +
                    nodeId(attribution.nodes[static_cast<size_t>(attribution.rowNode[static_cast<size_t>(r)])]) +
                    " is not a finite number; trace the prompt again.");
        }
    }
    return out;
}

template <class T>
std::vector<double> rowWeights(const Attribution<T> &attribution) {
    std::vector<double> weights(attribution.rowNode.size());
    for (size_t i = 0; i < attribution.targetRows.size(); ++i)
        weights[static_cast<size_t>(attribution.targetRows[i])] += attribution.targetWeights[i];
    return weights;
}

template <class T>
Influence influenceOf(const MergedEdges<T> &edges, const std::vector<double> &targetWeight,
                      const std::vector<char> &kept) {
    const auto counts = [&](int64_t c) { return kept.empty() || kept[static_cast<size_t>(c)]; };
    const auto rows = static_cast<size_t>(edges.rows);
    Influence out{.column = std::vector<double>(static_cast<size_t>(edges.columns())),
                  .throughput = std::vector<double>(rows),
                  .scale = std::vector<double>(rows)};
    for (int64_t r = edges.rows - 1; r >= 0; --r) { // features ascend by layer, the logits come last
        const bool feature = r < edges.features;
        if (feature && !counts(r))
            continue;
        const T *row = edges.row(r);
        double sum = 0;
        for (int64_t c = 0; c < edges.columns(); ++c)
            sum += counts(c) ? static_cast<double>(row[c]) : 0;
        const auto i = static_cast<size_t>(r);
        out.scale[i] = 1 / std::max(sum, 1e-10);
        out.throughput[i] = targetWeight[i] + (feature ? out.column[i] : 0);
        const double handed = out.throughput[i] * out.scale[i];
        if (handed == 0)
            continue;
        for (int64_t c = 0; c < edges.columns(); ++c)
            if (counts(c))
                out.column[static_cast<size_t>(c)] += handed * static_cast<double>(row[c]);
    }
    return out;
}

double cutoffScore(std::vector<double> scores, double share) {
    std::sort(scores.begin(), scores.end(), std::greater<>());
    double sum = 0, reached = 0;
    for (const double score : scores)
        sum += score;
    for (const double score : scores) {
        reached += score;
        if (reached >= share * sum * (1 - 1e-12)) // rounding must not add a node at an exact share
            return score;
    }
    return 0;
}

namespace {

template <class T>
std::vector<double> edgeScores(const MergedEdges<T> &edges, const Kept &kept) {
    std::vector<double> scores;
    for (int64_t r = 0; r < edges.rows; ++r) {
        const double handed =
            kept.influence.throughput[static_cast<size_t>(r)] * kept.influence.scale[static_cast<size_t>(r)];
        for (int64_t c = 0; c < edges.columns(); ++c)
            if (kept.column[static_cast<size_t>(c)] && handed * static_cast<double>(edges.row(r)[c]) > 0)
                scores.push_back(handed * static_cast<double>(edges.row(r)[c]));
    }
    return scores;
}

template <class T>
void markEdges(const MergedEdges<T> &edges, Kept &kept) {
    kept.edge.assign(static_cast<size_t>(edges.rows * edges.columns()), 0);
    for (int64_t r = 0; r < edges.rows; ++r) {
        const double handed =
            kept.influence.throughput[static_cast<size_t>(r)] * kept.influence.scale[static_cast<size_t>(r)];
        for (int64_t c = 0; c < edges.columns(); ++c) {
            const double score = handed * static_cast<double>(edges.row(r)[c]);
            kept.edge[static_cast<size_t>(r * edges.columns() + c)] =
                kept.column[static_cast<size_t>(c)] && score > 0 && score >= kept.edgeCutoff;
        }
    }
}

/// Drops what leads nowhere: features and errors without an outgoing edge, features without an incoming one. Returns
/// whether anything was dropped.
template <class T>
bool dropLooseEnds(const MergedEdges<T> &edges, const std::vector<double> &targetWeight, Kept &kept) {
    const int64_t columns = edges.columns(), droppable = edges.features + edges.errors;
    std::vector<char> in(static_cast<size_t>(edges.rows)), out(static_cast<size_t>(columns));
    for (int64_t r = 0; r < edges.rows; ++r)
        for (int64_t c = 0; c < columns; ++c)
            if (kept.edge[static_cast<size_t>(r * columns + c)])
                in[static_cast<size_t>(r)] = out[static_cast<size_t>(c)] = 1;
    bool dropped = false;
    for (int64_t c = 0; c < droppable; ++c) {
        const auto i = static_cast<size_t>(c);
        const bool feature = c < edges.features, target = feature && targetWeight[i] > 0;
        if (!kept.column[i] || target || (out[i] && (!feature || in[i])))
            continue;
        kept.column[i] = 0;
        dropped = true;
        for (int64_t r = 0; r < edges.rows; ++r)
            kept.edge[static_cast<size_t>(r * columns + c)] = 0;
        if (feature)
            std::fill_n(kept.edge.begin() + c * columns, columns, char{0});
    }
    return dropped;
}

} // namespace

template <class T>
Kept pruneEdges(const MergedEdges<T> &edges, const std::vector<double> &targetWeight, double nodeThreshold,
                double edgeThreshold) {
    Kept kept;
    const std::vector<double> influence = influenceOf(edges, targetWeight, {}).column;
    const double cutoff = cutoffScore(influence, nodeThreshold);
    for (int64_t c = 0; c < edges.columns(); ++c) {
        const bool token = c >= edges.features + edges.errors;
        const bool target = c < edges.features && targetWeight[static_cast<size_t>(c)] > 0;
        kept.column.push_back(token || target || influence[static_cast<size_t>(c)] >= cutoff);
    }
    kept.influence = influenceOf(edges, targetWeight, kept.column);
    kept.edgeCutoff = cutoffScore(edgeScores(edges, kept), edgeThreshold);
    markEdges(edges, kept);
    while (dropLooseEnds(edges, targetWeight, kept)) {
    }
    return kept;
}

#define TT_INSTANTIATE(T)                                                                                              \
    template MergedEdges<T> mergeEdges<T>(const Attribution<T> &);                                                     \
    template std::vector<double> rowWeights<T>(const Attribution<T> &);                                                \
    template Influence influenceOf<T>(const MergedEdges<T> &, const std::vector<double> &, const std::vector<char> &); \
    template Kept pruneEdges<T>(const MergedEdges<T> &, const std::vector<double> &, double, double);
TT_INSTANTIATE(float)
TT_INSTANTIATE(double)
#undef TT_INSTANTIATE

} // namespace tt
