#pragma once

#include "core/circuits/traced_graph.h"
#include "core/io/workspace.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tt {

/// A graph as graphs/<name>.json keeps it: what to trace again, what was shown, and what a person added. The weights
/// are named by their hashes, so that the same prompt traced again gives the same numbers.
struct SavedGraph {
    std::string name, prompt, target; ///< target as of the command line
    std::string gpt, transcoder, gptSha256, transcoderSha256;
    PruneSettings settings;
    GraphAnnotations annotations;
    GraphScores scores;
    double maxResidual = 0;
    std::vector<std::string> nodes; ///< ids of the nodes shown, without supernodes
    int64_t edges = 0;
};

/// Our own format (README, "The workspace"): all node kinds, edges by node index, annotations by node id.
std::string savedGraphJson(const TracedGraph &graph, const std::string &name);
/// Throws Error in plain words for what is no such file, was written by a newer program, or contradicts itself: an edge
/// without its ends, a number that is not finite, a threshold outside 0 … 1, a group of one node.
SavedGraph savedGraphFromJson(const std::string &json, const std::string &what);

/// Writes graphs/<name>.json; throws Error(Usage) for a name that can be no file name.
void saveGraph(const Workspace &workspace, const TracedGraph &graph, const std::string &name);
SavedGraph loadGraph(const Workspace &workspace, const std::string &name);
/// The same of a file anywhere; the graph goes by the file's name.
SavedGraph loadGraphFile(const std::filesystem::path &file);

/// What a list of saved graphs says of one.
struct SavedGraphSummary {
    std::string name, prompt, transcoder;
    std::string token; ///< the most probable predicted one; empty where the graph explains a feature
    double probability = 0;
    int64_t nodes = 0;
    bool operator==(const SavedGraphSummary &) const = default;
};
/// Of every saved graph that can be read, the newest first.
std::vector<SavedGraphSummary> summariseGraphs(const Workspace &workspace);

/// Throws Error unless the graph was traced with exactly these weights (hashes as of AttributionGraph).
void checkWeights(const SavedGraph &graph, const std::string &gptSha256, const std::string &transcoderSha256);

/// The transcoder of a workspace that has the weights the graph was traced with, under whatever name it goes now;
/// nothing where there is none. Reads the weights of the transcoders for the graph's GPT until one is it.
std::optional<std::string> transcoderOf(const SavedGraph &graph, const Workspace &workspace);
/// Whether the folder is a workspace with such a transcoder.
bool hasWeightsOf(const SavedGraph &graph, const std::filesystem::path &folder);

} // namespace tt
