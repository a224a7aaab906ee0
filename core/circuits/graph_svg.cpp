#include "core/circuits/graph_export.h"

#include "core/circuits/graph_export_impl.h"
#include "core/circuits/graph_text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tt {
namespace {

constexpr double headerHeight = 64, keyHeight = 56, leastWidth = 760;
constexpr const char *words = "Inter, 'DejaVu Sans', 'Noto Sans', sans-serif";
constexpr const char *mono = "'DejaVu Sans Mono', 'Noto Sans Mono', monospace";
constexpr const char *ink = "#1B1F26", *ink2 = "#4A5361", *raises = "#2B7BBA", *lowers = "#D55E00";

struct Colours {
    const char *border, *fill, *text;
};

/// design.md §2, light.
Colours coloursOf(const Node &node) {
    switch (node.kind) {
    case NodeKind::Feature:
        return {"#0072B2", "#E2EFF8", ink};
    case NodeKind::Error:
        return node.activation > 0.5 ? Colours{"#9A4579", "#9A4579", "#FFFFFF"} : Colours{"#9A4579", "#E9BFD8", ink};
    case NodeKind::Token:
        return {"#4A5361", "#ECEEF1", ink};
    case NodeKind::Position:
        return {"#A86F00", "#FDF0D2", ink};
    case NodeKind::Bias:
        return {"#7D7400", "#F8F4BF", ink};
    case NodeKind::Logit:
        break;
    }
    return {"#00694F", "#00795A", "#FFFFFF"};
}

std::string number(double value) {
    std::string text = fixedNumber(value, 2);
    while (text.back() == '0')
        text.pop_back();
    if (text.back() == '.')
        text.pop_back();
    return text == "-0" ? "0" : text;
}

std::string pointText(const Point &p) {
    return number(p.x) + "," + number(p.y);
}

std::string polygon(const std::vector<Point> &points, const std::string &paint) {
    std::string text = "<polygon points=\"";
    for (const Point &p : points)
        text += (&p == points.data() ? "" : " ") + pointText(p);
    return text + "\" " + paint + "/>";
}

std::string shapeOf(const Node &node, const Point &c, const Size &size) {
    const Colours colours = coloursOf(node);
    const std::string paint =
        std::string("fill=\"") + colours.fill + "\" stroke=\"" + colours.border + "\" stroke-width=\"1.5\"";
    const double w = size.width / 2, h = size.height / 2;
    switch (node.kind) {
    case NodeKind::Error: // as wide as high; the rest of its width is for the caption
        return polygon({{c.x, c.y - h}, {c.x + h, c.y}, {c.x, c.y + h}, {c.x - h, c.y}}, paint);
    case NodeKind::Position:
        return "<circle cx=\"" + number(c.x) + "\" cy=\"" + number(c.y) + "\" r=\"" + number(h) + "\" " + paint + "/>";
    case NodeKind::Bias:
        return polygon({{c.x, c.y - h}, {c.x + w, c.y + h}, {c.x - w, c.y + h}}, paint);
    case NodeKind::Logit:
        return polygon({{c.x - w, c.y},
                        {c.x - w + 13, c.y - h},
                        {c.x + w - 13, c.y - h},
                        {c.x + w, c.y},
                        {c.x + w - 13, c.y + h},
                        {c.x - w + 13, c.y + h}},
                       paint);
    default:
        break;
    }
    return "<rect x=\"" + number(c.x - w) + "\" y=\"" + number(c.y - h) + "\" width=\"" + number(size.width) +
           "\" height=\"" + number(size.height) + (node.kind == NodeKind::Feature ? "\" rx=\"8\" " : "\" ") + paint +
           "/>";
}

struct TextStyle {
    const char *family = words;
    double size = 11;
    const char *colour = ink;
    const char *anchor = "middle";
    bool bold = false;
};

/// `y` is the middle of the line.
std::string textAt(double x, double y, const std::string &text, const TextStyle &style) {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y + 0.36 * style.size) + "\" font-family=\"" + style.family +
           "\" font-size=\"" + number(style.size) + "\" fill=\"" + style.colour + "\" text-anchor=\"" + style.anchor +
           "\"" + (style.bold ? " font-weight=\"bold\"" : "") + " xml:space=\"preserve\">" + xmlEscaped(text) +
           "</text>";
}

std::string labelOf(const GraphNode &node, const Point &c) {
    const std::vector<std::string> lines = labelLines(node);
    const Colours colours = coloursOf(node.node);
    switch (node.node.kind) {
    case NodeKind::Error: {
        std::string text = textAt(c.x, c.y, lines.front(), {.colour = colours.text, .bold = true});
        if (lines.size() > 1) // on a ground of its own: edges pass here
            text += "<rect x=\"" + number(c.x - 37) + "\" y=\"" + number(c.y + 21) +
                    "\" width=\"74\" height=\"14\" fill=\"#FFFFFF\" fill-opacity=\"0.8\"/>" +
                    textAt(c.x, c.y + 28, lines.back(), {.colour = colours.border, .bold = true});
        return text;
    }
    case NodeKind::Token:
        return textAt(c.x, c.y, lines.front(), {.family = mono, .size = 12});
    case NodeKind::Position:
        return textAt(c.x, c.y, lines.front(), {.family = mono});
    case NodeKind::Bias:
        return textAt(c.x + 24, c.y + 6, lines.front(), {.colour = ink2, .anchor = "start"});
    case NodeKind::Logit:
        return textAt(c.x, c.y - 7, lines.front(), {.family = mono, .size = 12, .colour = colours.text, .bold = true}) +
               textAt(c.x, c.y + 9, lines.back(), {.family = mono, .colour = colours.text});
    default:
        break;
    }
    std::string text;
    for (size_t i = 0; i < lines.size(); ++i)
        text += textAt(c.x, c.y + (lines.size() == 1 ? 0 : i == 0 ? -7 : 7), lines[i], {});
    return text;
}

/// An id that XML allows: "feature-1-1184-2", "error-0-1", "logit-640".
std::string xmlId(const Node &node) {
    std::string id = kindName(node.kind);
    if (node.kind == NodeKind::Feature || node.kind == NodeKind::Error)
        id += "-" + std::to_string(node.layer);
    if (node.kind == NodeKind::Feature || node.kind == NodeKind::Logit)
        id += "-" + std::to_string(node.id);
    if (node.kind == NodeKind::Logit)
        return node.minus >= 0 ? id + "-" + std::to_string(node.minus) : id;
    return node.kind == NodeKind::Bias ? id : id + "-" + std::to_string(node.position);
}

std::string edgePath(const AttributionGraph &graph, const GraphEdge &edge, const std::vector<Point> &spline,
                     double largest) {
    const std::string source = nodeId(graph.nodes[static_cast<size_t>(edge.source)].node);
    const std::string target = nodeId(graph.nodes[static_cast<size_t>(edge.target)].node);
    const double scaled = largest > 0 ? 5.9 * std::abs(edge.weight) / largest : 0;
    std::string path = "<path class=\"edge\" data-source=\"" + source + "\" data-target=\"" + target +
                       "\" data-weight=\"" + exactNumber(edge.weight) + "\" d=\"M" + pointText(spline.front());
    for (size_t i = 1; i < spline.size(); ++i)
        path += (i == 1 ? " C" : " ") + pointText(spline[i]);
    path += std::string("\" stroke=\"") + (edge.weight < 0 ? lowers : raises) + "\" stroke-width=\"" +
            number(std::min(6.0, 1 + std::pow(scaled, 0.9))) + "\"" +
            (edge.weight < 0 ? " stroke-dasharray=\"6 3\"" : "");
    return path + "><title>" + source + " → " + target + "\n" + exactNumber(edge.weight) + "</title></path>\n";
}

std::string nodeGroup(const GraphNode &node, const Point &centre, const Size &size) {
    const std::string kind = kindName(node.node.kind);
    return "<g class=\"node\" id=\"" + xmlId(node.node) + "\" data-kind=\"" + kind + "\" data-node=\"" +
           nodeId(node.node) + "\"><title>" + xmlEscaped(nodeTooltip(node)) + "</title>" +
           shapeOf(node.node, centre, size) + labelOf(node, centre) + "</g>\n";
}

/// Bands of the ranks that hold nodes, over the whole width, with their names.
std::string bands(const GraphLayout &layout, double width) {
    std::string text;
    for (size_t r = 0; r < layout.rankTop.size(); ++r) {
        const double y = layout.rankTop[r] + headerHeight, height = layout.rankBottom[r] - layout.rankTop[r];
        if (height <= 0)
            continue;
        const std::string name = r == 0                           ? "Inputs"
                                 : r + 1 == layout.rankTop.size() ? "Logits"
                                                                  : "Layer " + std::to_string(r - 1);
        text += "<rect x=\"0\" y=\"" + number(y) + "\" width=\"" + number(width) + "\" height=\"" + number(height) +
                "\" fill=\"#F3F4F6\"/>" + textAt(16, y + 14, name, {.size = 12, .colour = ink2, .anchor = "start"}) +
                "\n";
    }
    return text;
}

std::string header(const AttributionGraph &graph, double width) {
    const std::string prompt = elided(visibleText(graph.prompt, Spaces::Keep), static_cast<int>((width - 32) / 9));
    std::string line = graph.gpt;
    if (!graph.transcoder.empty())
        line += (line.empty() ? "" : " · ") + graph.transcoder;
    line += (line.empty() ? "" : " · ") + std::to_string(graph.nodes.size()) + " of " + std::to_string(graph.allNodes) +
            " nodes, " + std::to_string(graph.edges.size()) + " of " + std::to_string(graph.allEdges) +
            " edges · replacement " + fixedNumber(graph.scores.replacement, 2) + " · completeness " +
            fixedNumber(graph.scores.completeness, 2);
    line = elided(visibleText(line, Spaces::Keep), static_cast<int>((width - 32) / 7));
    return textAt(16, 22, prompt, {.size = 15, .anchor = "start", .bold = true}) + "\n" +
           textAt(16, 46, line, {.size = 12, .colour = ink2, .anchor = "start"}) + "\n";
}

std::string key(double y) {
    struct Entry {
        NodeKind kind;
        double x;
        Size size;
    };
    constexpr std::array<Entry, 6> entries{{{NodeKind::Feature, 34, {32, 20}},
                                            {NodeKind::Error, 134, {24, 24}},
                                            {NodeKind::Token, 214, {30, 20}},
                                            {NodeKind::Position, 298, {20, 20}},
                                            {NodeKind::Bias, 392, {24, 20}},
                                            {NodeKind::Logit, 468, {36, 20}}}};
    std::string text;
    for (const Entry &entry : entries)
        text += shapeOf({.kind = entry.kind}, {entry.x, y}, entry.size) +
                textAt(entry.x + 24, y, kindName(entry.kind), {.size = 12, .colour = ink2, .anchor = "start"});
    const auto line = [&](double x, const char *colour, const char *dash, const char *name) {
        return "<line x1=\"" + number(x) + "\" y1=\"" + number(y) + "\" x2=\"" + number(x + 32) + "\" y2=\"" +
               number(y) + "\" stroke=\"" + colour + "\" stroke-width=\"3\"" + dash + "/>" +
               textAt(x + 40, y, name, {.size = 12, .colour = ink2, .anchor = "start"});
    };
    return text + line(550, raises, "", "raises") + line(650, lowers, " stroke-dasharray=\"6 3\"", "lowers") + "\n";
}

} // namespace

std::string graphSvg(const AttributionGraph &graph, const GraphLayout &layout) {
    requireFinite(graph);
    if (layout.centres.size() != graph.nodes.size() || layout.sizes.size() != graph.nodes.size() ||
        layout.splines.size() != graph.edges.size() ||
        std::any_of(layout.splines.begin(), layout.splines.end(), [](const auto &s) { return s.size() < 4; }))
        throw Error("The layout belongs to another graph.", Error::Kind::Usage);
    const double width = std::max(layout.width, leastWidth), height = layout.height + headerHeight + keyHeight;
    std::string out =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
        "width=\"" +
        number(width) + "\" height=\"" + number(height) + "\" viewBox=\"0 0 " + number(width) + " " + number(height) +
        "\">\n<title>" + xmlEscaped("Attribution graph: " + visibleText(graph.prompt, Spaces::Keep)) +
        "</title>\n<desc>" + xmlEscaped(graphDescription(graph)) +
        "</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#FFFFFF\"/>\n";
    out += "<g class=\"bands\">\n" + bands(layout, width) + "</g>\n<g class=\"header\">\n" + header(graph, width) +
           "</g>\n";
    out += "<g class=\"graph\" transform=\"translate(" + number((width - layout.width) / 2) + "," +
           number(headerHeight) + ")\">\n<g class=\"edges\" fill=\"none\">\n";
    double largest = 0;
    for (const GraphEdge &edge : graph.edges)
        largest = std::max(largest, std::abs(edge.weight));
    for (size_t i = graph.edges.size(); i-- > 0;) // the strongest last, on top
        out += edgePath(graph, graph.edges[i], layout.splines[i], largest);
    out += "</g>\n<g class=\"nodes\">\n";
    for (size_t n = 0; n < graph.nodes.size(); ++n)
        out += nodeGroup(graph.nodes[n], layout.centres[n], layout.sizes[n]);
    return out + "</g>\n</g>\n<g class=\"key\">\n" + key(height - keyHeight / 2) + "</g>\n</svg>\n";
}

} // namespace tt
