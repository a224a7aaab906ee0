#pragma once

#include "core/circuits/compare_graphs.h"
#include "core/circuits/edge_split.h"
#include "core/circuits/paths.h"
#include "core/circuits/traced_graph.h"

#include <QString>

#include <vector>

namespace tt {

/// What Circuits asks of the session about the graph it shows.

/// The edges from `sources` into `targets` (several where supernodes are meant) by residual path and heads; no sources:
/// all inputs.
struct SplitRequest {
    std::vector<Node> sources, targets;
    QString title; ///< what is split, in words
    bool operator==(const SplitRequest &) const = default;
};

/// The attention pattern (T, T) of one head over the prompt, from [query][key].
struct PatternRequest {
    int layer = 0, head = 0;
    int query = -1; ///< the row that matters, −1 = none
};

/// Greedy paths into `targets`; none: the graph's own targets.
struct PathsRequest {
    std::vector<Node> targets;
    PathSettings settings;
};

struct ExportRequest {
    QString file;
    std::vector<NodeKind> hiddenKinds; ///< not shown in the window, so not in the file
    double scale = 2;                  ///< PNG: pixels a layout pixel
};

/// A second graph to set beside the one shown.
struct CompareRequest {
    QString transcoder, prompt;
};
struct ComparedGraph {
    TracedGraph graph; ///< the second
    GraphComparison comparison;
};

} // namespace tt
