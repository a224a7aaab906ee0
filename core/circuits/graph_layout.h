#pragma once

#include "core/circuits/graph.h"

#include <stop_token>
#include <utility>
#include <vector>

namespace tt {

struct Point {
    double x = 0, y = 0;
    bool operator==(const Point &) const = default;
};

struct Size {
    double width = 0, height = 0;
    bool operator==(const Size &) const = default;
};

/// Where everything is drawn, in pixels at 100 %, y downwards, origin at the top left.
struct GraphLayout {
    double width = 0, height = 0;
    std::vector<Point> centres;              ///< of each node
    std::vector<Size> sizes;                 ///< as given
    std::vector<std::vector<Point>> splines; ///< of each edge: cubic Bézier points 1 + 3n from source to target
    std::vector<double> rankTop, rankBottom; ///< of each rank (inputs = 0, layer l = l + 1, logits = L + 1)
};

/// Lays a graph out with Graphviz dot: inputs at the bottom, one rank a layer, logits on top, positions left to right
/// in every rank; the same graph always gives the same picture. At most 1,000 edges (the strongest, every node
/// connected) are given to dot; the others get plain curves. Runs on the one thread that owns Graphviz; the caller
/// waits, and gets Error(Cancelled) soon after a stop although dot itself cannot be interrupted. `sizes` in pixels, one
/// a node.
GraphLayout layoutGraph(const AttributionGraph &graph, const std::vector<Size> &sizes, std::stop_token stop);

/// A dominant error's diamond is as wide as its size is high; the rest of its width is for the caption below it. The
/// bias' caption stands outside, to its right. Sizes of nodes as drawn (design.md §2), measured for DejaVu Sans
/// Mono/Inter at 11 px without a display.
std::vector<Size> nodeSizes(const AttributionGraph &graph);

/// The label in at most two lines for a node, as drawn.
std::vector<std::string> labelLines(const GraphNode &node);

} // namespace tt
