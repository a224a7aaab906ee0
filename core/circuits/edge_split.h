#pragma once

#include "core/circuits/attribution_nodes.h"

#include <vector>

namespace tt {

/// What one attention head carries of an edge from one place.
struct HeadShare {
    int layer = 0, head = 0;
    int position = 0; ///< where the head reads
    double weight = 0;
    bool operator==(const HeadShare &) const = default;
};

/// An edge by the way it takes (method.md §4): what reaches the target without passing any attention, and the share of
/// each (layer, head, position read). A path through two heads counts for the later one, so residual and shares sum to
/// the edge.
struct EdgeSplit {
    double residual = 0;
    std::vector<HeadShare> heads; ///< by layer, head, position; shares of exactly 0 are left out
    [[nodiscard]] double sum() const;
    bool operator==(const EdgeSplit &) const = default;
};

/// Adds up shares of the same head and place.
void addSplit(EdgeSplit &sum, const EdgeSplit &more);

/// Splits the edge between two nodes of the prompt's attribution. `source`: feature, error, token or position;
/// `target`: feature or logit. Values are pushed forward from the source and read by the target's own gradient, so the
/// split does not depend on attribute(). Throws Error(Usage) for other kinds, and for a target that is no part of the
/// model.
template <class T>
EdgeSplit splitEdge(const TracedPrompt<T> &trace, const Node &source, const Node &target);

/// The same for all sources of a target together: sums to its pre-activation without the bias.
template <class T>
EdgeSplit splitInputs(const TracedPrompt<T> &trace, const Node &target);

} // namespace tt
