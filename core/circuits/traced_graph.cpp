#include "core/circuits/traced_graph.h"

#include "core/circuits/layout_plan.h"

#include <algorithm>

namespace tt {
namespace {

AttributionGraph without(const AttributionGraph &graph, const std::vector<NodeKind> &kinds) {
    std::vector<char> leaves;
    for (const GraphNode &node : graph.nodes)
        leaves.push_back(std::find(kinds.begin(), kinds.end(), node.node.kind) != kinds.end());
    return withoutNodes(graph, leaves);
}

} // namespace

TracedGraph withoutKinds(const TracedGraph &graph, const std::vector<NodeKind> &kinds) {
    if (kinds.empty())
        return graph;
    TracedGraph out = graph;
    out.graph = without(graph.graph, kinds);
    out.ungrouped = without(graph.ungrouped, kinds);
    out.layout = keptLayout(out.graph, nodeSizes(out.graph), graph.graph, graph.layout).value();
    return out;
}

} // namespace tt
