#pragma once

#include "core/circuits/graph.h"

#include <map>
#include <string>
#include <vector>

namespace tt {

/// Nodes that a person drew together under one name. Members are node ids as of nodeId(): features of any layer and
/// place.
struct Supernode {
    std::string label;
    std::vector<std::string> members;
    bool operator==(const Supernode &) const = default;
};

/// What a person added to a graph, by node id (graph_export.h).
struct GraphAnnotations {
    std::vector<std::string> pinned; ///< kept whatever the thresholds are; their subgraph gets scores of its own
    std::vector<std::string> hidden;
    std::vector<Supernode> supernodes;
    std::map<std::string, std::string> names; ///< given to features
    bool operator==(const GraphAnnotations &) const = default;
    [[nodiscard]] bool empty() const { return *this == GraphAnnotations(); }
    /// A supernode has a label and at least two members; a node belongs to one at most.
    [[nodiscard]] std::vector<Problem> validate() const;
};

/// The nodes of `nodes` that are pinned or grouped, as indices; what else the annotations name is not there.
std::vector<int> heldNodes(const std::vector<Node> &nodes, const GraphAnnotations &annotations);

/// The graph without nodes and their edges; what these add to other nodes joins their prunedEdges, so sums stay exact.
AttributionGraph withoutNodes(const AttributionGraph &graph, const std::vector<char> &leaves);
AttributionGraph withoutHidden(const AttributionGraph &graph, const GraphAnnotations &annotations);

/// Names given, pins, and each supernode as one node: its activation, pre-activation, influence, bias and edges are the
/// sums of its members', edges between members join prunedEdges. A supernode of which one member is shown stays that
/// member. Edges are sorted again by |weight|.
AttributionGraph annotated(const AttributionGraph &graph, const GraphAnnotations &annotations);

struct ProposalSettings {
    double similarity = 0.75; ///< least mean cosine within a group, 0 … 1
    int most = 12;            ///< groups
};
/// Groups of features that do alike: signed edges in and out, each scaled to unit length, clustered by average linkage
/// while the mean cosine reaches `similarity`. Groups hold at least two features that are in no supernode yet; the
/// label is the strongest member's. The most influential group first.
std::vector<Supernode> proposeSupernodes(const AttributionGraph &graph, const ProposalSettings &settings = {});

/// Scores of the subgraph of some features (method.md §7): every other feature is merged, edges and sign, into the
/// error node of its layer and place, as if the transcoder had missed it. `kept` are indices into attribution.nodes;
/// what is no feature among them changes nothing.
template <class T>
GraphScores pinnedScores(const Attribution<T> &attribution, const std::vector<int> &kept);

} // namespace tt
