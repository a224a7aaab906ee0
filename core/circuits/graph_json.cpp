#include "core/circuits/graph_export.h"

#include "core/circuits/graph_export_impl.h"
#include "core/circuits/graph_text.h"
#include "core/io/json_impl.h"
#include "core/version.h"

#include <algorithm>
#include <map>

namespace tt {
namespace {

/// Text as it is where it is UTF-8, else with its broken bytes made visible: JSON holds no other.
std::string jsonText(const std::string &text) {
    return isUtf8(text) ? text : visibleText(text, Spaces::Keep);
}

/// Cantor's pairing of two numbers, by which the format folds a layer and a feature into one.
int64_t cantor(int64_t layer, int64_t feature) {
    return (layer + feature) * (layer + feature + 1) / 2 + feature;
}

/// Letters and digits, the rest as single dashes.
std::string slugOf(const AttributionGraph &graph) {
    std::string slug;
    for (const char c : graph.transcoder + " " + graph.prompt) {
        const bool upper = c >= 'A' && c <= 'Z', plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (upper || plain)
            slug += upper ? static_cast<char>(c + 32) : c;
        else if (!slug.empty() && slug.back() != '-')
            slug += '-';
    }
    slug.resize(std::min<size_t>(slug.size(), 60));
    while (!slug.empty() && slug.back() == '-')
        slug.pop_back();
    return slug.empty() ? "graph" : slug;
}

/// What the format calls a node: ids are free strings. Errors have ids of their own, since "0_{layer}_{position}" of
/// other tools is also the id of a feature of layer 0; a difference of logits is a virtual token behind the vocabulary.
struct Identity {
    std::string id, jsId, layer, type;
    int64_t feature = 0;
};

Identity identityOf(const AttributionGraph &graph, const Node &node) {
    const std::string layer = std::to_string(node.layer), id = std::to_string(node.id),
                      at = std::to_string(node.position);
    switch (node.kind) {
    case NodeKind::Feature:
        return {layer + "_" + id + "_" + at, layer + "_" + id + "-" + at, layer, "cross layer transcoder",
                cantor(node.layer, node.id)};
    case NodeKind::Error:
        return {"err_" + layer + "_" + at, "err_" + layer + "_" + at + "-0", layer, "mlp reconstruction error", -1};
    case NodeKind::Token:
        return {"E_" + id + "_" + at, "E_" + id + "-" + at, "E", "embedding", node.position};
    default:
        break;
    }
    const std::string top = std::to_string(graph.layers + 1);
    const int64_t token = node.minus >= 0 ? std::max<int64_t>(graph.vocabSize, node.id + 1) + node.id : node.id;
    return {top + "_" + std::to_string(token) + "_" + at, "L_" + std::to_string(token) + "-" + at, top, "logit", token};
}

OrderedJson nodeJson(const AttributionGraph &graph, const GraphNode &node) {
    const Node &n = node.node;
    const Identity identity = identityOf(graph, n);
    const bool logit = n.kind == NodeKind::Logit, feature = n.kind == NodeKind::Feature;
    std::string clerp = feature ? jsonText(node.label) : "";
    if (logit) // the format's viewer reads the probability from this text
        clerp = "Output \"" + jsonText(node.label) + "\" (p=" + fixedNumber(n.activation, 3) + ")";
    return {{"node_id", identity.id},
            {"feature", identity.feature},
            {"layer", identity.layer},
            {"ctx_idx", n.position},
            {"feature_type", identity.type},
            {"jsNodeId", identity.jsId},
            {"clerp", clerp},
            {"token_prob", logit ? n.activation : 0.0},
            {"is_target_logit", logit},
            {"run_idx", 0},
            {"reverse_ctx_idx", 0},
            {"influence", logit ? OrderedJson(nullptr) : OrderedJson(node.cumulative)},
            {"activation", feature ? OrderedJson(n.activation) : OrderedJson(nullptr)}};
}

/// Edges between the nodes that the format has: a position's go to its token, since both enter at the embedding.
OrderedJson linksJson(const AttributionGraph &graph) {
    std::map<int, int> tokenAt; // position → node
    for (size_t n = 0; n < graph.nodes.size(); ++n)
        if (graph.nodes[n].node.kind == NodeKind::Token)
            tokenAt[graph.nodes[n].node.position] = static_cast<int>(n);
    std::map<std::pair<int, int>, size_t> place;
    std::vector<GraphEdge> links;
    for (GraphEdge edge : graph.edges) {
        const Node &source = graph.nodes[static_cast<size_t>(edge.source)].node;
        if (source.kind == NodeKind::Bias)
            continue;
        if (source.kind == NodeKind::Position) {
            const auto token = tokenAt.find(source.position);
            if (token == tokenAt.end())
                continue;
            edge.source = token->second;
        }
        const auto [found, isNew] = place.try_emplace({edge.source, edge.target}, links.size());
        if (isNew)
            links.push_back(edge);
        else
            links[found->second].weight += edge.weight;
    }
    OrderedJson out = OrderedJson::array();
    for (const GraphEdge &edge : links)
        out.push_back({{"source", identityOf(graph, graph.nodes[static_cast<size_t>(edge.source)].node).id},
                       {"target", identityOf(graph, graph.nodes[static_cast<size_t>(edge.target)].node).id},
                       {"weight", edge.weight}});
    return out;
}

OrderedJson metadataJson(const TracedGraph &traced, const AttributionGraph &graph) {
    OrderedJson tokens = OrderedJson::array();
    for (const std::string &token : graph.tokens)
        tokens.push_back(jsonText(token));
    const double nodes = graph.settings.prune ? graph.settings.nodeThreshold : 1;
    const double edges = graph.settings.prune ? graph.settings.edgeThreshold : 1;
    const std::string transcoder = jsonText(graph.transcoder);
    return {
        {"slug", slugOf(graph)},
        {"scan", jsonText(graph.gpt.empty() ? graph.transcoder : graph.gpt)},
        {"transcoder_list", transcoder.empty() ? OrderedJson::array() : OrderedJson::array({transcoder})},
        {"prompt_tokens", tokens},
        {"prompt", jsonText(graph.prompt)},
        {"node_threshold", nodes},
        {"schema_version", 1},
        {"info",
         {{"description", graphDescription(traced)},
          {"generator", {{"name", "TinyTranscoder"}, {"version", programVersion}}}}},
        {"generation_settings", {{"max_n_logits", Targets().maximum}, {"desired_logit_prob", Targets().cumulative}}},
        {"pruning_settings", {{"node_threshold", nodes}, {"edge_threshold", edges}}}};
}

OrderedJson qParams(const AttributionGraph &graph, const GraphAnnotations &annotations) {
    std::map<std::string, std::string> ids; // ours to the format's
    for (const GraphNode &node : graph.nodes)
        ids[nodeId(node.node)] = identityOf(graph, node.node).id;
    OrderedJson pinned = OrderedJson::array(), supernodes = OrderedJson::array();
    for (const std::string &id : annotations.pinned)
        if (ids.contains(id))
            pinned.push_back(ids[id]);
    for (const Supernode &group : annotations.supernodes) {
        OrderedJson list = OrderedJson::array({jsonText(group.label)});
        for (const std::string &id : group.members)
            if (ids.contains(id)) {
                list.push_back(ids[id]);
                if (std::find(pinned.begin(), pinned.end(), ids[id]) == pinned.end())
                    pinned.push_back(ids[id]); // the viewers draw groups of pinned nodes only
            }
        if (list.size() > 2)
            supernodes.push_back(list);
    }
    return {{"pinnedIds", pinned}, {"supernodes", supernodes}, {"linkType", "both"}, {"clickedId", ""}, {"sg_pos", ""}};
}

} // namespace

std::string graphJson(const TracedGraph &traced) {
    const AttributionGraph &graph = traced.ungrouped.nodes.empty() ? traced.graph : traced.ungrouped;
    requireFinite(graph);
    OrderedJson nodes = OrderedJson::array();
    for (const GraphNode &node : graph.nodes)
        if (node.node.kind != NodeKind::Position && node.node.kind != NodeKind::Bias)
            nodes.push_back(nodeJson(graph, node));
    return writeJson({{"metadata", metadataJson(traced, graph)},
                      {"qParams", qParams(graph, traced.annotations)},
                      {"nodes", nodes},
                      {"links", linksJson(graph)}});
}

} // namespace tt
