#pragma once

#include "core/circuits/attribution.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tt {

struct PruneSettings {
    bool prune = true;
    double nodeThreshold = 0.8;  ///< share of influence that the kept nodes carry, 0 … 1
    double edgeThreshold = 0.98; ///< the same for edges
    bool operator==(const PruneSettings &) const = default;
};

struct GraphScores {
    double replacement = 0;  ///< I_tokens / (I_tokens + I_errors)
    double completeness = 0; ///< method.md §7
};

/// Edges from the bias node are among them where they are strong enough to show; everything else that is said of edges
/// leaves them out, because the bias is no source (method.md §6).
struct GraphEdge {
    int source = 0, target = 0; ///< indices into AttributionGraph::nodes
    double weight = 0;          ///< signed direct effect
    bool operator==(const GraphEdge &) const = default;
};

struct GraphNode {
    Node node; ///< of a supernode: a feature whose id is −1, −2, …; its place is that of its highest, last member
    std::string label; ///< feature: its label or top promoted token; token and logit: the token; error: "error"; …
    /// wᵀB of the complete graph. A token carries its place's, position embedding included; the position node 0.
    double influence = 0;
    /// Share of all influence that the nodes up to and including this one carry (slider); targets and bias 0: always
    /// shown.
    double cumulative = 0;
    double biasEdge = 0;    ///< what the bias adds to this node's pre-activation, shown as an edge or not
    double prunedEdges = 0; ///< what the other edges that are not shown add: with those shown, they sum to it
    bool pinned = false;
    std::vector<Node> members; ///< supernode: what it stands for (2 or more), else empty
};

/// A graph to show and to save: kept nodes and edges of an Attribution. Plain values, comparable, no tensors.
struct AttributionGraph {
    std::string prompt;
    std::vector<std::string> tokens; ///< texts of the prompt's tokens
    std::vector<int32_t> ids;
    std::string gpt, transcoder;             ///< names
    std::string gptSha256, transcoderSha256; ///< of their weights; empty where not known
    int layers = 0, vocabSize = 0;
    bool crossLayer = false; ///< traced with a cross-layer transcoder
    PruneSettings settings;
    GraphScores scores;                      ///< of the complete graph
    std::optional<GraphScores> pinnedScores; ///< of what is pinned and grouped, where anything is (method.md §7)
    double maxResidual = 0;                  ///< of the complete graph
    int64_t allNodes = 0, allEdges = 0;      ///< of the complete graph, edges that are not 0
    std::vector<GraphNode> nodes;            ///< same order as in Attribution
    std::vector<GraphEdge> edges;            ///< sorted by |weight|, largest first
};

/// Influence (method.md §6): node influence of every node of the attribution, tokens and positions of a place counted
/// as one source, bias out of the normalisation. Same length as attribution.nodes.
template <class T>
std::vector<double> nodeInfluence(const Attribution<T> &attribution);

template <class T>
GraphScores scores(const Attribution<T> &attribution);

/// Prunes (or keeps all) and builds the graph; labels, names and prompt are left for describe(). Tokens, logits and a
/// feature target are always kept; positions and the bias where an edge of theirs is. Throws Error(Usage) for
/// thresholds outside 0 … 1, Error for a weight that is not finite.
template <class T>
AttributionGraph buildGraph(const Attribution<T> &attribution, const PruneSettings &settings);

template <class T>
struct PruneBasis;
/// The same from what was computed before (prune.h). Nodes in `pinned` (features and errors, as indices into
/// attribution.nodes) stay whatever their influence is.
template <class T>
AttributionGraph buildGraph(const Attribution<T> &attribution, const PruneBasis<T> &basis,
                            const PruneSettings &settings, const std::vector<int> &pinned);

} // namespace tt
