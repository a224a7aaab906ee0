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
    double wanted = 0;
    for (const double score : scores)
        wanted += score;
    wanted *= share * (1 - 1e-12); // rounding must not add a node at an exact share
    // Halves the range that holds the cutoff, so only a small part of millions of scores is ever sorted.
    auto first = scores.begin(), last = scores.end();
    double reached = 0; // by the scores before `first`, all of which are larger than those from `first` on
    while (last - first > 64) {
        const auto middle = first + (last - first) / 2;
        std::nth_element(first, middle, last, std::greater<>());
        double half = 0;
        for (auto score = first; score != middle; ++score)
            half += *score;
        if (reached + half >= wanted)
            last = middle;
        else {
            reached += half;
            first = middle;
        }
    }
    std::sort(first, last, std::greater<>());
    for (; first != last; ++first) {
        reached += *first;
        if (reached >= wanted)
            return *first;
    }
    return 0;
}

namespace {

/// Calls visit(row, column, score) for every edge between kept nodes whose score is above 0.
template <class T, class Visit>
void forEachScore(const MergedEdges<T> &edges, const Kept &kept, Visit &&visit) {
    for (int64_t r = 0; r < edges.rows; ++r) {
        const double handed =
            kept.influence.throughput[static_cast<size_t>(r)] * kept.influence.scale[static_cast<size_t>(r)];
        if (handed == 0)
            continue;
        const T *row = edges.row(r);
        for (int64_t c = 0; c < edges.columns(); ++c)
            if (const double score = handed * static_cast<double>(row[c]);
                kept.column[static_cast<size_t>(c)] && score > 0)
                visit(r, c, score);
    }
}

struct KeptEdge {
    int64_t row, column;
};

/// Drops what leads nowhere: features and errors without an outgoing edge, features without an incoming one, until all
/// that is left leads somewhere.
template <class T>
void dropLooseEnds(const PruneBasis<T> &basis, const std::vector<char> &pinned, std::vector<KeptEdge> list,
                   Kept &kept) {
    const MergedEdges<T> &edges = basis.merged;
    for (bool dropped = true; dropped;) {
        dropped = false;
        std::vector<char> in(static_cast<size_t>(edges.rows)), out(static_cast<size_t>(edges.columns()));
        for (const KeptEdge &e : list)
            in[static_cast<size_t>(e.row)] = out[static_cast<size_t>(e.column)] = 1;
        for (int64_t c = 0; c < edges.features + edges.errors; ++c) {
            const auto i = static_cast<size_t>(c);
            const bool feature = c < edges.features, target = feature && basis.weights[i] > 0;
            if (!kept.column[i] || target || (!pinned.empty() && pinned[i]) || (out[i] && (!feature || in[i])))
                continue;
            kept.column[i] = 0;
            dropped = true;
        }
        std::erase_if(list, [&](const KeptEdge &e) {
            const bool leads = kept.column[static_cast<size_t>(e.column)] &&
                               (e.row >= edges.features || kept.column[static_cast<size_t>(e.row)]);
            if (!leads)
                kept.edge[static_cast<size_t>(e.row * edges.columns() + e.column)] = 0;
            return !leads;
        });
    }
}

} // namespace

template <class T>
PruneBasis<T> pruneBasis(const Attribution<T> &attribution) {
    PruneBasis<T> basis{.merged = mergeEdges(attribution), .weights = rowWeights(attribution), .influence = {}};
    basis.influence = influenceOf(basis.merged, basis.weights, {});
    return basis;
}

template <class T>
Kept pruneEdges(const PruneBasis<T> &basis, double nodeThreshold, double edgeThreshold,
                const std::vector<char> &pinned) {
    const MergedEdges<T> &edges = basis.merged;
    Kept kept;
    const std::vector<double> &influence = basis.influence.column;
    const double cutoff = cutoffScore(influence, nodeThreshold);
    for (int64_t c = 0; c < edges.columns(); ++c) {
        const auto i = static_cast<size_t>(c);
        const bool token = c >= edges.features + edges.errors;
        const bool target = c < edges.features && basis.weights[i] > 0;
        kept.column.push_back(token || target || influence[i] >= cutoff || (!pinned.empty() && pinned[i]));
    }
    kept.influence = influenceOf(edges, basis.weights, kept.column);
    std::vector<double> scores;
    forEachScore(edges, kept, [&](int64_t, int64_t, double score) { scores.push_back(score); });
    kept.edgeCutoff = cutoffScore(std::move(scores), edgeThreshold);
    kept.edge.assign(static_cast<size_t>(edges.rows * edges.columns()), 0);
    std::vector<KeptEdge> list;
    forEachScore(edges, kept, [&](int64_t r, int64_t c, double score) {
        if (score < kept.edgeCutoff)
            return;
        kept.edge[static_cast<size_t>(r * edges.columns() + c)] = 1;
        list.push_back({r, c});
    });
    dropLooseEnds(basis, pinned, std::move(list), kept);
    return kept;
}

#define TT_INSTANTIATE(T)                                                                                              \
    template MergedEdges<T> mergeEdges<T>(const Attribution<T> &);                                                     \
    template std::vector<double> rowWeights<T>(const Attribution<T> &);                                                \
    template Influence influenceOf<T>(const MergedEdges<T> &, const std::vector<double> &, const std::vector<char> &); \
    template PruneBasis<T> pruneBasis<T>(const Attribution<T> &);                                                      \
    template Kept pruneEdges<T>(const PruneBasis<T> &, double, double, const std::vector<char> &);
TT_INSTANTIATE(float)
TT_INSTANTIATE(double)
#undef TT_INSTANTIATE

} // namespace tt
