#pragma once

#include "core/circuits/graph_layout.h"

#include <QString>

#include <optional>
#include <span>
#include <vector>

namespace tt {

/// A graph's edges by node and its nodes by rank, found once per graph so that a click or an arrow key needs no search.
class GraphIndex {
public:
    GraphIndex() = default;
    GraphIndex(const AttributionGraph &graph, const GraphLayout &layout);

    /// Edges into and out of a node, strongest first.
    [[nodiscard]] std::span<const int> inputs(int node) const { return inputs_[size(node)]; }
    [[nodiscard]] std::span<const int> outputs(int node) const { return outputs_[size(node)]; }
    [[nodiscard]] int edgeCount(int node) const { return static_cast<int>(inputs(node).size() + outputs(node).size()); }
    /// Inputs 0, layer l at l + 1, logits above.
    [[nodiscard]] int rank(int node) const { return rank_[size(node)]; }
    /// The node `step` places to the right in the same rank; nothing beyond the ends.
    [[nodiscard]] std::optional<int> neighbour(int node, int step) const;
    /// Nodes by influence, largest first, and the place of one among them, from 1.
    [[nodiscard]] std::span<const int> byInfluence() const { return byInfluence_; }
    [[nodiscard]] int influencePlace(int node) const;
    [[nodiscard]] double largestWeight() const { return largestWeight_; } ///< |w|, 0 without edges
    /// Σ|edges| + |pruned| + |bias| of a node: what an input's share is a share of.
    [[nodiscard]] double absoluteInput(int node) const { return absoluteInput_[size(node)]; }

    /// From a cause up to what is explained: the target with the largest |input|, then always the strongest input that
    /// is a feature, token or position.
    [[nodiscard]] const std::vector<int> &strongestPath() const { return strongestPath_; }

private:
    static size_t size(int node) { return static_cast<size_t>(node); }
    void rankNodes(const AttributionGraph &graph, const GraphLayout &layout);
    void findStrongestPath(const AttributionGraph &graph);
    std::vector<std::vector<int>> inputs_, outputs_, ranks_;
    std::vector<int> rank_, placeInRank_, byInfluence_;
    std::vector<double> absoluteInput_;
    std::vector<int> strongestPath_;
    double largestWeight_ = 0;
};

/// "42 nodes, 118 edges; strongest path upon at 1 → once upon a (1/1184 at 2) → ␣time p 0.938".
QString graphSummary(const AttributionGraph &graph, const GraphIndex &index);

} // namespace tt
