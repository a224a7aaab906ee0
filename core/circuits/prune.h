#pragma once

#include "core/circuits/attribution.h"

#include <vector>

namespace tt {

/// |edges| of an attribution with the token and the position of a place summed before the modulus: one source each.
/// Columns: features, errors, places. Row r < features is feature r; the logits follow.
template <class T>
struct MergedEdges {
    int64_t features = 0, errors = 0, places = 0, rows = 0;
    std::vector<T> weight; ///< (rows, columns)
    [[nodiscard]] int64_t columns() const { return features + errors + places; }
    [[nodiscard]] const T *row(int64_t r) const { return weight.data() + r * columns(); }
};

/// Throws Error where an edge is not finite.
template <class T>
MergedEdges<T> mergeEdges(const Attribution<T> &attribution);

/// Which columns count (features' rows go with their columns) and how much each row weighs as a target.
struct Influence {
    std::vector<double> column;     ///< (columns) wᵀB
    std::vector<double> throughput; ///< (rows) wᵀB + w of the row's own node
    std::vector<double> scale;      ///< (rows) 1 / max(Σ|A|, 1e-10) over the columns that count
};

/// wᵀB = wᵀ(Ã + Ã² + …) in one pass: rows from the targets down, because a row's influence is complete once every row
/// of a higher layer has been handed down. `kept` (columns) leaves out columns and their rows; empty = all count.
template <class T>
Influence influenceOf(const MergedEdges<T> &edges, const std::vector<double> &targetWeight,
                      const std::vector<char> &kept);

/// w of each row (rows).
template <class T>
std::vector<double> rowWeights(const Attribution<T> &attribution);

/// The score at which the descending cumulative share first reaches `share` of the sum; 0 if all scores are 0.
double cutoffScore(std::vector<double> scores, double share);

/// What pruning needs of an attribution whatever the thresholds are; computed once for live sliders.
template <class T>
struct PruneBasis {
    MergedEdges<T> merged;
    std::vector<double> weights; ///< w of each row
    Influence influence;         ///< of the complete graph
};
template <class T>
PruneBasis<T> pruneBasis(const Attribution<T> &attribution);

/// Which nodes and edges stay (method.md §6). `column` and `edge` are in the merged columns.
struct Kept {
    std::vector<char> column; ///< (columns)
    std::vector<char> edge;   ///< (rows · columns)
    double edgeCutoff = 0;    ///< score of the weakest edge kept
    Influence influence;      ///< after the node step
};
/// `pinned` (columns, or empty) stay whatever their influence is.
template <class T>
Kept pruneEdges(const PruneBasis<T> &basis, double nodeThreshold, double edgeThreshold,
                const std::vector<char> &pinned);

} // namespace tt
