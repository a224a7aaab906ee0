#pragma once

#include "core/circuits/graph.h"

#include <vector>

namespace tt {

/// An edge that both graphs could have: its ends stand for the same thing in both.
struct AlignedEdge {
    Node source, target;           ///< in the first graph
    Node otherSource, otherTarget; ///< in the second
    double first = 0, second = 0;  ///< weights in the complete graphs; 0 where an end is missing
    [[nodiscard]] double difference() const { return second - first; }
};

struct GraphComparison {
    std::vector<AlignedEdge> edges; ///< those shown in either graph, the largest |difference| first
    int shared = 0;                 ///< nodes shown in both
    int onlyFirst = 0, onlySecond = 0;
};

/// Which position of the second prompt each of the first's stands for, −1 = none: the longest common subsequence of
/// tokens, and places between two pairs where both prompts have equally many.
std::vector<int> alignPositions(const std::vector<int32_t> &first, const std::vector<int32_t> &second);

/// Compares what two graphs show by weights of the complete graphs: one prompt with two transcoders, or two prompts.
/// Features are the same thing only where `sameDictionary`; errors, tokens, positions, the bias and logits always are.
template <class T>
GraphComparison compareGraphs(const Attribution<T> &first, const AttributionGraph &firstShown,
                              const Attribution<T> &second, const AttributionGraph &secondShown, bool sameDictionary);

} // namespace tt
