#pragma once

#include "core/circuits/annotations.h"
#include "core/circuits/graph_layout.h"

namespace tt {

struct TraceSeconds {
    double attribution = 0, prune = 0, layout = 0;
};

/// A graph as it is shown and exported: pruned, without what is hidden, with names, pins and supernodes, laid out.
struct TracedGraph {
    AttributionGraph graph;
    GraphLayout layout;
    TraceSeconds seconds;
    std::string target = "auto"; ///< what is explained, as the command line writes it
    GraphAnnotations annotations;
    AttributionGraph ungrouped; ///< the same without supernodes; no nodes where there is no supernode
    bool newLayout = true;      ///< false: the layout of an earlier graph, from which nodes only left
};

/// Without the nodes of some kinds and their edges; everything else stays at its place.
TracedGraph withoutKinds(const TracedGraph &graph, const std::vector<NodeKind> &kinds);

} // namespace tt
