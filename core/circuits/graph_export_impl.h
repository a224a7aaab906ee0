#pragma once

#include "core/circuits/traced_graph.h"

#include <string>

namespace tt {

/// "feature", "error", "token", "position", "bias", "logit".
std::string kindName(NodeKind kind);

/// Throws Error naming the edge or node whose number is not finite, or an edge whose end does not exist.
void requireFinite(const AttributionGraph &graph);

/// Model, transcoder, their hashes, prompt, settings and scores in a few sentences. Any bytes of the prompt are made
/// visible.
std::string graphDescription(const TracedGraph &graph);

/// What a node is, with exact values: lines of text.
std::string nodeTooltip(const GraphNode &node);

} // namespace tt
