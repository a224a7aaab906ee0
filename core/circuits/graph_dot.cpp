#include "core/circuits/graph_export.h"

#include "core/circuits/graph_export_impl.h"
#include "core/circuits/graph_text.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace tt {
namespace {

/// A quoted string of the DOT language, in which a backslash would start an escape.
std::string quoted(const std::string &text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + '"';
}

std::string nodeStyle(NodeKind kind) {
    switch (kind) {
    case NodeKind::Feature:
        return "shape=box, style=\"rounded,filled\", color=\"#0072B2\", fillcolor=\"#E2EFF8\"";
    case NodeKind::Error:
        return "shape=diamond, style=filled, color=\"#9A4579\", fillcolor=\"#E9BFD8\"";
    case NodeKind::Token:
        return "shape=box, style=filled, color=\"#4A5361\", fillcolor=\"#ECEEF1\"";
    case NodeKind::Position:
        return "shape=circle, style=filled, color=\"#A86F00\", fillcolor=\"#FDF0D2\"";
    case NodeKind::Bias:
        return "shape=triangle, style=filled, color=\"#7D7400\", fillcolor=\"#F8F4BF\"";
    case NodeKind::Logit:
        break;
    }
    return "shape=hexagon, style=filled, color=\"#00694F\", fillcolor=\"#00795A\", fontcolor=\"#FFFFFF\"";
}

/// Points of DOT: y upwards.
std::string place(const Point &p, double height) {
    return fixedNumber(p.x, 2) + "," + fixedNumber(height - p.y, 2);
}

std::string nodeLine(const GraphNode &node, const Point &centre, const Size &size, double height) {
    std::string label;
    for (const std::string &line : labelLines(node)) {
        const std::string inner = quoted(line);
        label += (label.empty() ? "" : "\\n") + inner.substr(1, inner.size() - 2);
    }
    return "  " + quoted(nodeId(node.node)) + " [label=\"" + label + "\", " + nodeStyle(node.node.kind) + ", pos=\"" +
           place(centre, height) + "\", width=\"" + fixedNumber(size.width / 72, 4) + "\", height=\"" +
           fixedNumber(size.height / 72, 4) +
           "\", fixedsize=true, kind=" + (node.members.empty() ? kindName(node.node.kind) : "supernode") +
           ", influence=\"" + exactNumber(node.influence) + "\"];\n";
}

} // namespace

std::string graphDot(const TracedGraph &traced) {
    const AttributionGraph &graph = traced.graph;
    const GraphLayout &layout = traced.layout;
    requireFinite(graph);
    std::string out =
        "digraph attribution {\n  rankdir=BT;\n  node [fontname=\"DejaVu Sans\", fontsize=11];\n  edge [dir=none];\n";
    std::map<int, std::string> ranks; // inputs −1, layers, logits last
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
        const GraphNode &node = graph.nodes[n];
        out += nodeLine(node, layout.centres.at(n), layout.sizes.at(n), layout.height);
        const NodeKind kind = node.node.kind;
        const bool inLayer = kind == NodeKind::Feature || kind == NodeKind::Error;
        ranks[kind == NodeKind::Logit ? graph.layers
              : inLayer               ? node.node.layer
                                      : -1] += " " + quoted(nodeId(node.node)) + ";";
    }
    for (const auto &[rank, nodes] : ranks)
        out += "  { rank=same;" + nodes + " }\n";
    double largest = 0;
    for (const GraphEdge &edge : graph.edges)
        largest = std::max(largest, std::abs(edge.weight));
    for (size_t e = 0; e < graph.edges.size(); ++e) {
        const GraphEdge &edge = graph.edges[e];
        std::string spline;
        for (const Point &p : layout.splines.at(e))
            spline += (spline.empty() ? "" : " ") + place(p, layout.height);
        const double scaled = largest > 0 ? 5.9 * std::abs(edge.weight) / largest : 0;
        out += "  " + quoted(nodeId(graph.nodes[static_cast<size_t>(edge.source)].node)) + " -> " +
               quoted(nodeId(graph.nodes[static_cast<size_t>(edge.target)].node)) + " [effect=\"" +
               exactNumber(edge.weight) + "\", pos=\"" + spline +
               "\", penwidth=" + fixedNumber(std::min(6.0, 1 + std::pow(scaled, 0.9)), 2) +
               (edge.weight < 0 ? ", color=\"#D55E00\", style=dashed" : ", color=\"#2B7BBA\"") + "];\n";
    }
    return out + "}\n";
}

} // namespace tt
