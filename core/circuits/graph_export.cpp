#include "core/circuits/graph_export.h"

#include "core/circuits/graph_canvas.h"
#include "core/circuits/graph_export_impl.h"
#include "core/circuits/graph_text.h"
#include "core/circuits/saved_graph.h"
#include "core/io/file.h"

#include <algorithm>
#include <cmath>

namespace tt {

std::string kindName(NodeKind kind) {
    switch (kind) {
    case NodeKind::Feature:
        return "feature";
    case NodeKind::Error:
        return "error";
    case NodeKind::Token:
        return "token";
    case NodeKind::Position:
        return "position";
    case NodeKind::Bias:
        return "bias";
    case NodeKind::Logit:
        break;
    }
    return "logit";
}

void requireFinite(const AttributionGraph &graph) {
    const int nodes = static_cast<int>(graph.nodes.size());
    for (const GraphEdge &edge : graph.edges) {
        if (edge.source < 0 || edge.target < 0 || edge.source >= nodes || edge.target >= nodes)
            throw Error("An edge of the graph names a node that does not exist; trace the prompt again.");
        if (!std::isfinite(edge.weight))
            throw Error("The edge from " + nodeId(graph.nodes[static_cast<size_t>(edge.source)].node) + " to " +
                        nodeId(graph.nodes[static_cast<size_t>(edge.target)].node) +
                        " has a weight that is not finite; trace the prompt again.");
    }
    for (const GraphNode &node : graph.nodes)
        for (const double value : {node.node.activation, node.node.preactivation, node.influence, node.cumulative,
                                   node.biasEdge, node.prunedEdges})
            if (!std::isfinite(value))
                throw Error("The node " + nodeId(node.node) +
                            " has a value that is not finite; trace the prompt again.");
}

std::string graphDescription(const TracedGraph &traced) {
    const AttributionGraph &graph = traced.graph;
    std::string text = "Direct effects of features, errors, tokens and positions on each other and on the targets.";
    if (!graph.gpt.empty())
        text += " Model: " + graph.gpt + ".";
    if (!graph.transcoder.empty())
        text += " Transcoder: " + graph.transcoder + ".";
    if (!graph.gptSha256.empty())
        text += " Model sha256: " + graph.gptSha256 + ".";
    if (!graph.transcoderSha256.empty())
        text += " Transcoder sha256: " + graph.transcoderSha256 + ".";
    text += " Prompt: \"" + graph.prompt + "\". Target: " + traced.target + ".";
    if (graph.settings.prune)
        text += " Pruned: node threshold " + exactNumber(graph.settings.nodeThreshold) + ", edge threshold " +
                exactNumber(graph.settings.edgeThreshold) + ".";
    else
        text += " Not pruned.";
    text += " Shown: " + std::to_string(graph.nodes.size()) + " of " + std::to_string(graph.allNodes) + " nodes, " +
            std::to_string(graph.edges.size()) + " of " + std::to_string(graph.allEdges) + " edges.";
    text += " Replacement score " + fixedNumber(graph.scores.replacement, 4) + ", completeness score " +
            fixedNumber(graph.scores.completeness, 4) + ", largest relative residual " +
            shortNumber(graph.maxResidual, 2) + ".";
    if (graph.pinnedScores)
        text += " Pinned subgraph: replacement " + fixedNumber(graph.pinnedScores->replacement, 4) + ", completeness " +
                fixedNumber(graph.pinnedScores->completeness, 4) + ".";
    if (!traced.annotations.hidden.empty())
        text += " Hidden by hand: " + std::to_string(traced.annotations.hidden.size()) + " nodes.";
    return visibleText(text, Spaces::Keep);
}

std::string nodeTooltip(const GraphNode &node) {
    const Node &n = node.node;
    const std::string place = n.position >= 0 ? " at position " + std::to_string(n.position) : "";
    std::string text = visibleText(node.label, Spaces::Keep);
    if (!text.empty())
        text += '\n';
    switch (n.kind) {
    case NodeKind::Feature:
        if (!node.members.empty()) {
            text += "group of " + std::to_string(node.members.size()) + ":";
            for (const Node &member : node.members)
                text += " " + nodeId(member);
            text += "\nactivation " + exactNumber(n.activation) + ", pre-activation " + exactNumber(n.preactivation);
            break;
        }
        text += "feature " + std::to_string(n.layer) + "/" + std::to_string(n.id) + place + "\nactivation " +
                exactNumber(n.activation) + ", pre-activation " + exactNumber(n.preactivation);
        break;
    case NodeKind::Error:
        text += "transcoder error, layer " + std::to_string(n.layer) + place + "\nshare of the MLP output " +
                exactNumber(n.activation);
        break;
    case NodeKind::Token:
        text += "token " + std::to_string(n.id) + place;
        break;
    case NodeKind::Position:
        text += "position embedding" + place;
        break;
    case NodeKind::Bias:
        text += "all biases";
        break;
    case NodeKind::Logit:
        text += n.minus >= 0 ? "logit of token " + std::to_string(n.id) + " minus that of " + std::to_string(n.minus)
                             : "logit of token " + std::to_string(n.id) + ", probability " + exactNumber(n.activation);
        text += n.minus >= 0 ? "\ndifference " : "\nlogit minus mean logit ";
        text += exactNumber(n.preactivation);
        break;
    }
    if (n.kind != NodeKind::Bias && n.kind != NodeKind::Position && n.kind != NodeKind::Logit)
        text += "\ninfluence " + exactNumber(node.influence);
    if (n.kind == NodeKind::Feature || n.kind == NodeKind::Logit)
        text += "\nbias " + exactNumber(node.biasEdge) + ", edges not shown " + exactNumber(node.prunedEdges);
    return text;
}

std::string graphCsv(const AttributionGraph &graph) {
    requireFinite(graph);
    std::string out = "source,target,weight\r\n"; // ids hold no comma, quote or line end
    for (const GraphEdge &edge : graph.edges)
        out += nodeId(graph.nodes[static_cast<size_t>(edge.source)].node) + "," +
               nodeId(graph.nodes[static_cast<size_t>(edge.target)].node) + "," + exactNumber(edge.weight) + "\r\n";
    return out;
}

namespace {
std::string lowerExtension(const std::filesystem::path &file) {
    std::string extension = file.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    return extension;
}
} // namespace

void checkExportName(const std::filesystem::path &file) {
    const std::string extension = lowerExtension(file);
    for (const char *known : {".svg", ".pdf", ".png", ".dot", ".csv", ".json", ".ttgraph"})
        if (extension == known)
            return;
    throw Error("A graph cannot be written as " + file.string() +
                    ": the name has to end in .svg, .pdf, .png, .dot, .csv, .json or .ttgraph.",
                Error::Kind::Usage);
}

std::string graphPdf(const TracedGraph &graph) {
    return renderXdot(graphXdot(graph), pictureSize(graph.layout), "pdf", 1);
}

std::string graphPng(const TracedGraph &graph, double scale) {
    if (!(scale >= 0.1 && scale <= 8))
        throw Error("The scale of a picture must be 0.1 to 8, not " + shortNumber(scale) + ".", Error::Kind::Usage);
    return renderXdot(graphXdot(graph), pictureSize(graph.layout), "png", scale);
}

void exportGraph(const TracedGraph &graph, const std::filesystem::path &file, const ExportOptions &options) {
    checkExportName(file);
    const std::string extension = lowerExtension(file);
    const std::string bytes = extension == ".svg"    ? graphSvg(graph)
                              : extension == ".pdf"  ? graphPdf(graph)
                              : extension == ".png"  ? graphPng(graph, options.scale)
                              : extension == ".dot"  ? graphDot(graph)
                              : extension == ".csv"  ? graphCsv(graph.graph)
                              : extension == ".json" ? graphJson(graph)
                                                     : savedGraphJson(graph, file.stem().string());
    writeFileAtomically(file, bytes);
}

} // namespace tt
