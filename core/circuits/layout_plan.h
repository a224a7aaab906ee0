#pragma once

#include "core/circuits/graph_layout.h"

#include <optional>
#include <vector>

namespace tt {

struct DotEdge {
    int from = 0, to = 0;
    int edge = -1;  ///< index into the graph's edges; −1: invisible, it only holds nodes in their place
    int weight = 1; ///< how much dot shortens and straightens it
};

/// What is handed to dot: sizes and shapes, ranks from the inputs up with their nodes in order, edges.
struct DotPlan {
    std::vector<Size> sizes;
    std::vector<const char *> shapes; ///< Graphviz names
    std::vector<std::vector<int>> ranks;
    std::vector<DotEdge> edges;
};

/// What dot answers: points (1/72 inch = 1 px), y upwards. splines[i] of plan.edges[i], empty where there is none.
struct DotResult {
    std::vector<Point> centres;
    std::vector<std::vector<Point>> splines;
};

/// Plans a graph: order chains, the strongest edges (every node connected, at most 1,000), invisible edges for nodes
/// that nothing else holds. Throws Error for sizes that do not fit or a weight that is not finite.
DotPlan planLayout(const AttributionGraph &graph, const std::vector<Size> &sizes);

/// The layout of `laidOut` for a graph of which every node stands in it with the same size; nothing otherwise. Edges
/// that it has not become plain curves.
std::optional<GraphLayout> keptLayout(const AttributionGraph &graph, const std::vector<Size> &sizes,
                                      const AttributionGraph &laidOut, const GraphLayout &layout);

/// Pixels, bands and curves. A rank that dot left in another order than the plan's is set in order again, and edges
/// whose ends were moved or that dot did not draw become plain curves.
GraphLayout finishLayout(const AttributionGraph &graph, const DotPlan &plan, DotResult result);

} // namespace tt
