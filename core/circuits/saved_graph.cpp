#include "core/circuits/saved_graph.h"

#include "core/circuits/graph_export.h"
#include "core/circuits/graph_export_impl.h"
#include "core/features/explained_model.h"
#include "core/io/file.h"
#include "core/io/json_impl.h"

#include <algorithm>
#include <cmath>

namespace tt {
namespace {

constexpr const char *formatName = "tinytranscoder-graph";
constexpr int formatVersion = 1;

OrderedJson annotationsJson(const GraphAnnotations &annotations) {
    OrderedJson groups = OrderedJson::array(), names = OrderedJson::object();
    for (const Supernode &group : annotations.supernodes)
        groups.push_back({{"label", group.label}, {"members", group.members}});
    for (const auto &[id, name] : annotations.names)
        names[id] = name;
    return {{"pinned", annotations.pinned}, {"hidden", annotations.hidden}, {"supernodes", groups}, {"names", names}};
}

GraphAnnotations annotationsFrom(const Json &json, const std::string &what) {
    GraphAnnotations out;
    out.pinned = member<std::vector<std::string>>(json, "pinned", what);
    out.hidden = member<std::vector<std::string>>(json, "hidden", what);
    out.names = member<std::map<std::string, std::string>>(json, "names", what);
    for (const Json &group : member<std::vector<Json>>(json, "supernodes", what)) {
        if (!group.is_object())
            throw Error(what + ": a group is no object.");
        out.supernodes.push_back(
            {member<std::string>(group, "label", what), member<std::vector<std::string>>(group, "members", what)});
    }
    if (const auto problems = out.validate(); !problems.empty())
        throw Error(what + " contradicts itself: " + problems.front().text);
    return out;
}

OrderedJson nodeJson(const GraphNode &node) {
    return {{"id", nodeId(node.node)},
            {"kind", kindName(node.node.kind)},
            {"layer", node.node.layer},
            {"position", node.node.position},
            {"index", node.node.id},
            {"label", node.label},
            {"activation", node.node.activation},
            {"preactivation", node.node.preactivation},
            {"influence", node.influence},
            {"cumulative", node.cumulative},
            {"bias_edge", node.biasEdge},
            {"pruned_edges", node.prunedEdges}};
}

double finite(const Json &json, const char *key, const std::string &what) {
    const double value = member<double>(json, key, what);
    if (!std::isfinite(value))
        throw Error(what + ": \"" + key + "\" is not a finite number.");
    return value;
}

double share(const Json &json, const char *key, const std::string &what) {
    const double value = finite(json, key, what);
    if (value < 0 || value > 1)
        throw Error(what + ": \"" + key + "\" is " + std::to_string(value) + ", a threshold is 0 to 1.");
    return value;
}

std::vector<std::string> nodeIdsFrom(const Json &json, const std::string &what) {
    std::vector<std::string> ids;
    for (const Json &node : member<std::vector<Json>>(json, "nodes", what)) {
        if (!node.is_object())
            throw Error(what + ": a node is no object.");
        ids.push_back(member<std::string>(node, "id", what));
        for (const char *key : {"activation", "preactivation", "influence", "cumulative", "bias_edge", "pruned_edges"})
            finite(node, key, what);
    }
    std::vector<std::string> sorted = ids;
    std::sort(sorted.begin(), sorted.end());
    if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
        throw Error(what + " has the node " + *twice + " twice.");
    return ids;
}

int64_t checkEdges(const Json &json, int64_t nodes, const std::string &what) {
    const auto edges = member<std::vector<std::vector<double>>>(json, "edges", what);
    for (const std::vector<double> &edge : edges) {
        const bool ends = edge.size() == 3 && std::all_of(edge.begin(), edge.begin() + 2, [&](double end) {
                              return end >= 0 && end < static_cast<double>(nodes) && end == std::floor(end);
                          });
        if (!ends)
            throw Error(what + " has an edge whose ends do not exist.");
        if (!std::isfinite(edge[2]))
            throw Error(what + " has an edge whose weight is not a finite number.");
    }
    return std::ssize(edges);
}

} // namespace

std::string savedGraphJson(const TracedGraph &traced, const std::string &name) {
    const AttributionGraph &graph = traced.ungrouped.nodes.empty() ? traced.graph : traced.ungrouped;
    requireFinite(graph);
    OrderedJson nodes = OrderedJson::array(), edges = OrderedJson::array();
    for (const GraphNode &node : graph.nodes)
        nodes.push_back(nodeJson(node));
    for (const GraphEdge &edge : graph.edges)
        edges.push_back({edge.source, edge.target, edge.weight});
    return writeJson(
        {{"format", formatName},
         {"version", formatVersion},
         {"name", name},
         {"prompt", graph.prompt},
         {"target", traced.target},
         {"weights",
          {{"gpt", graph.gpt},
           {"transcoder", graph.transcoder},
           {"gpt_sha256", graph.gptSha256},
           {"transcoder_sha256", graph.transcoderSha256}}},
         {"settings",
          {{"node_threshold", graph.settings.nodeThreshold}, {"edge_threshold", graph.settings.edgeThreshold}}},
         {"scores",
          {{"replacement", graph.scores.replacement},
           {"completeness", graph.scores.completeness},
           {"max_residual", graph.maxResidual}}},
         {"annotations", annotationsJson(traced.annotations)},
         {"nodes", nodes},
         {"edges", edges}});
}

SavedGraph savedGraphFromJson(const std::string &text, const std::string &what) {
    const Json json = parseJsonObject(text, what);
    if (memberOr<std::string>(json, "format", "", what) != formatName)
        throw Error(what + " is not a graph that this program saved.");
    if (const int version = member<int>(json, "version", what); version != formatVersion)
        throw Error(what + " was saved by another version of the program (format " + std::to_string(version) +
                    ", this one reads " + std::to_string(formatVersion) + ").");
    SavedGraph out;
    out.name = member<std::string>(json, "name", what);
    out.prompt = member<std::string>(json, "prompt", what);
    out.target = member<std::string>(json, "target", what);
    const Json weights = member<Json>(json, "weights", what), settings = member<Json>(json, "settings", what);
    const Json scores = member<Json>(json, "scores", what), annotations = member<Json>(json, "annotations", what);
    for (const Json *part : {&weights, &settings, &scores, &annotations})
        if (!part->is_object())
            throw Error(what + " is not a graph that this program saved: a part of it is no object.");
    out.gpt = member<std::string>(weights, "gpt", what);
    out.transcoder = member<std::string>(weights, "transcoder", what);
    out.gptSha256 = member<std::string>(weights, "gpt_sha256", what);
    out.transcoderSha256 = member<std::string>(weights, "transcoder_sha256", what);
    out.settings.nodeThreshold = share(settings, "node_threshold", what);
    out.settings.edgeThreshold = share(settings, "edge_threshold", what);
    out.scores = {finite(scores, "replacement", what), finite(scores, "completeness", what)};
    out.maxResidual = finite(scores, "max_residual", what);
    out.annotations = annotationsFrom(annotations, what);
    out.nodes = nodeIdsFrom(json, what);
    out.edges = checkEdges(json, std::ssize(out.nodes), what);
    if (out.prompt.empty() || out.nodes.empty())
        throw Error(what + " holds no graph: its prompt or its nodes are missing.");
    return out;
}

void saveGraph(const Workspace &workspace, const TracedGraph &graph, const std::string &name) {
    workspace.requireWritable();
    checkName(name, "The graph's name");
    const std::filesystem::path file = workspace.graph(name);
    makeFolder(file.parent_path());
    writeFileAtomically(file, savedGraphJson(graph, name));
}

SavedGraph loadGraph(const Workspace &workspace, const std::string &name) {
    checkName(name, "The graph's name");
    SavedGraph graph = savedGraphFromJson(readFile(workspace.graph(name)), "graphs/" + name + ".json");
    graph.name = name; // a copied file goes by its own name
    return graph;
}

SavedGraph loadGraphFile(const std::filesystem::path &file) {
    SavedGraph graph = savedGraphFromJson(readFile(file), file.filename().string());
    graph.name = file.stem().string();
    return graph;
}

std::vector<SavedGraphSummary> summariseGraphs(const Workspace &workspace) {
    std::vector<SavedGraphSummary> summaries;
    for (const std::string &name : workspace.graphs()) {
        const std::string what = workspace.graph(name).string();
        try {
            const std::string text = readFile(workspace.graph(name));
            const SavedGraph graph = savedGraphFromJson(text, what);
            SavedGraphSummary summary{.name = name,
                                      .prompt = graph.prompt,
                                      .transcoder = graph.transcoder,
                                      .token = {},
                                      .nodes = std::ssize(graph.nodes)};
            const Json document = parseJsonObject(text, what);
            for (const Json &node : document.at("nodes"))
                if (memberOr<std::string>(node, "kind", "", what) == kindName(NodeKind::Logit) &&
                    member<double>(node, "activation", what) > summary.probability) {
                    summary.probability = member<double>(node, "activation", what);
                    summary.token = memberOr<std::string>(node, "label", "", what);
                }
            summaries.push_back(summary);
        } catch (const Error &) { // opening it says what is wrong; a list only leaves it out
        }
    }
    return summaries;
}

void checkWeights(const SavedGraph &graph, const std::string &gptSha256, const std::string &transcoderSha256) {
    const bool gpt = graph.gptSha256 == gptSha256, transcoder = graph.transcoderSha256 == transcoderSha256;
    if (gpt && transcoder)
        return;
    throw Error("The graph " + graph.name + " was traced with other weights: " +
                (gpt ? "the transcoder " + graph.transcoder : "the GPT " + graph.gpt) +
                " has been trained or replaced since. Trace the prompt again; the file was left as it is.");
}

std::optional<std::string> transcoderOf(const SavedGraph &graph, const Workspace &workspace) {
    std::vector<std::string> names = workspace.transcoders();
    std::stable_partition(names.begin(), names.end(),
                          [&](const std::string &name) { return name == graph.transcoder; });
    for (const std::string &name : names) {
        const std::filesystem::path folder = workspace.transcoder(name);
        try {
            const TranscoderConfig config = transcoderConfigFromJson(readFile(folder / "config.json"));
            if (config.gptSha256 == graph.gptSha256 && transcoderHash(folder) == graph.transcoderSha256)
                return name;
        } catch (const std::exception &) { // one that is damaged is not it
        }
    }
    return std::nullopt;
}

bool hasWeightsOf(const SavedGraph &graph, const std::filesystem::path &folder) {
    try {
        return transcoderOf(graph, Workspace::open(folder, Workspace::Access::ReadOnly)).has_value();
    } catch (const std::exception &) {
        return false;
    }
}

} // namespace tt
