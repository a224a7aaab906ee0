#include "core/circuits/graph_canvas.h"

#include "core/circuits/graph_export.h"
#include "core/circuits/graph_export_impl.h"
#include "core/circuits/graph_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace tt {
namespace {

constexpr double headerHeight = 64, keyHeight = 56, leastWidth = 760;
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

/// An id that XML allows: "feature-1-1184-2", "error-0-1", "logit-640".
std::string xmlId(const Node &node) {
    if (node.kind == NodeKind::Feature && node.id < 0)
        return "supernode-" + std::to_string(-node.id);
    std::string id = kindName(node.kind);
    if (node.kind == NodeKind::Feature || node.kind == NodeKind::Error)
        id += "-" + std::to_string(node.layer);
    if (node.kind == NodeKind::Feature || node.kind == NodeKind::Logit)
        id += "-" + std::to_string(node.id);
    if (node.kind == NodeKind::Logit)
        return node.minus >= 0 ? id + "-" + std::to_string(node.minus) : id;
    return node.kind == NodeKind::Bias ? id : id + "-" + std::to_string(node.position);
}

ShapePaint paintOf(const Node &node) {
    const Colours colours = coloursOf(node);
    return {colours.fill, colours.border};
}

void drawShape(GraphCanvas &canvas, const Node &node, const Point &c, const Size &size) {
    const ShapePaint paint = paintOf(node);
    const double w = size.width / 2, h = size.height / 2;
    switch (node.kind) {
    case NodeKind::Error: // as wide as high; the rest of its width is for the caption
        return canvas.polygon({{c.x, c.y - h}, {c.x + h, c.y}, {c.x, c.y + h}, {c.x - h, c.y}}, paint);
    case NodeKind::Position:
        return canvas.circle(c, h, paint);
    case NodeKind::Bias:
        return canvas.polygon({{c.x, c.y - h}, {c.x + w, c.y + h}, {c.x - w, c.y + h}}, paint);
    case NodeKind::Logit:
        return canvas.polygon({{c.x - w, c.y},
                               {c.x - w + 13, c.y - h},
                               {c.x + w - 13, c.y - h},
                               {c.x + w, c.y},
                               {c.x + w - 13, c.y + h},
                               {c.x - w + 13, c.y + h}},
                              paint);
    default:
        return canvas.rectangle({c.x - w, c.y - h}, size, node.kind == NodeKind::Feature ? 8 : 0, paint);
    }
}

void drawLabel(GraphCanvas &canvas, const GraphNode &node, const Point &c) {
    const std::vector<std::string> lines = labelLines(node);
    const Colours colours = coloursOf(node.node);
    switch (node.node.kind) {
    case NodeKind::Error:
        canvas.text(c, lines.front(), {.colour = colours.text, .bold = true});
        if (lines.size() > 1)
            canvas.text({c.x, c.y + 28}, lines.back(), {.colour = colours.border, .bold = true});
        return;
    case NodeKind::Token:
        return canvas.text(c, lines.front(), {.mono = true, .size = 12, .colour = ink});
    case NodeKind::Position:
        return canvas.text(c, lines.front(), {.mono = true, .colour = ink});
    case NodeKind::Bias:
        return canvas.text({c.x + 24, c.y + 6}, lines.front(), {.colour = ink2, .anchor = TextPaint::Anchor::Start});
    case NodeKind::Logit:
        canvas.text({c.x, c.y - 7}, lines.front(), {.mono = true, .size = 12, .colour = colours.text, .bold = true});
        return canvas.text({c.x, c.y + 9}, lines.back(), {.mono = true, .colour = colours.text});
    default:
        break;
    }
    for (size_t i = 0; i < lines.size(); ++i)
        canvas.text({c.x, c.y + (lines.size() == 1 ? 0 : i == 0 ? -7 : 7)}, lines[i], {.colour = ink});
}

/// "×4" of a supernode and "pinned", above the right corner.
void drawMarks(GraphCanvas &canvas, const GraphNode &node, const Point &c, const Size &size) {
    std::string marks = node.members.empty() ? "" : "×" + std::to_string(node.members.size());
    if (node.pinned)
        marks += marks.empty() ? "pinned" : " pinned";
    if (!marks.empty())
        canvas.text({c.x + size.width / 2, c.y - size.height / 2 - 9}, marks, {.size = 10, .colour = ink2});
}

void drawNode(GraphCanvas &canvas, const GraphNode &node, const Point &centre, const Size &size) {
    const std::string kind = node.members.empty() ? kindName(node.node.kind) : "supernode";
    canvas.open("class=\"node\" id=\"" + xmlId(node.node) + "\" data-kind=\"" + kind + "\" data-node=\"" +
                    nodeId(node.node) + "\"" + (node.pinned ? " data-pinned=\"true\"" : ""),
                nodeTooltip(node));
    if (!node.members.empty())
        drawShape(canvas, node.node, {centre.x + 3, centre.y - 3}, size);
    drawShape(canvas, node.node, centre, size);
    drawLabel(canvas, node, centre);
    drawMarks(canvas, node, centre, size);
    canvas.close();
}

void drawEdge(GraphCanvas &canvas, const AttributionGraph &graph, const GraphEdge &edge,
              const std::vector<Point> &spline, double largest) {
    const std::string source = nodeId(graph.nodes[static_cast<size_t>(edge.source)].node);
    const std::string target = nodeId(graph.nodes[static_cast<size_t>(edge.target)].node);
    const double scaled = largest > 0 ? 5.9 * std::abs(edge.weight) / largest : 0;
    canvas.curve(spline, edge.weight < 0 ? lowers : raises, std::min(6.0, 1 + std::pow(scaled, 0.9)), edge.weight < 0,
                 "class=\"edge\" data-source=\"" + source + "\" data-target=\"" + target + "\" data-weight=\"" +
                     exactNumber(edge.weight) + "\"",
                 source + " → " + target + "\n" + exactNumber(edge.weight));
}

/// Bands of the ranks that hold nodes, over the whole width, with their names.
void drawBands(GraphCanvas &canvas, const GraphLayout &layout, double width) {
    for (size_t r = 0; r < layout.rankTop.size(); ++r) {
        const double y = layout.rankTop[r] + headerHeight, height = layout.rankBottom[r] - layout.rankTop[r];
        if (height <= 0)
            continue;
        const std::string name = r == 0                           ? "Inputs"
                                 : r + 1 == layout.rankTop.size() ? "Logits"
                                                                  : "Layer " + std::to_string(r - 1);
        canvas.rectangle({0, y}, {width, height}, 0, {"#F3F4F6", ""});
        canvas.text({16, y + 14}, name, {.size = 12, .colour = ink2, .anchor = TextPaint::Anchor::Start});
    }
}

void drawHeader(GraphCanvas &canvas, const AttributionGraph &graph, double width) {
    const std::string prompt = elided(visibleText(graph.prompt, Spaces::Keep), static_cast<int>((width - 32) / 9));
    std::string line = graph.gpt;
    if (!graph.transcoder.empty())
        line += (line.empty() ? "" : " · ") + graph.transcoder;
    line += (line.empty() ? "" : " · ") + std::to_string(graph.nodes.size()) + " of " + std::to_string(graph.allNodes) +
            " nodes, " + std::to_string(graph.edges.size()) + " of " + std::to_string(graph.allEdges) +
            " edges · replacement " + fixedNumber(graph.scores.replacement, 2) + " · completeness " +
            fixedNumber(graph.scores.completeness, 2);
    line = elided(visibleText(line, Spaces::Keep), static_cast<int>((width - 32) / 7));
    canvas.text({16, 22}, prompt, {.size = 15, .colour = ink, .anchor = TextPaint::Anchor::Start, .bold = true});
    canvas.text({16, 46}, line, {.size = 12, .colour = ink2, .anchor = TextPaint::Anchor::Start});
}

void drawKey(GraphCanvas &canvas, double y) {
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
    const auto word = [&](double x, const std::string &text) {
        canvas.text({x, y}, text, {.size = 12, .colour = ink2, .anchor = TextPaint::Anchor::Start});
    };
    for (const Entry &entry : entries) {
        drawShape(canvas, {.kind = entry.kind}, {entry.x, y}, entry.size);
        word(entry.x + 24, kindName(entry.kind));
    }
    const auto line = [&](double x, const char *colour, bool dashed, const char *name) {
        canvas.curve({{x, y}, {x + 10, y}, {x + 21, y}, {x + 32, y}}, colour, 3, dashed, {}, {});
        word(x + 40, name);
    };
    line(550, raises, false, "raises");
    line(650, lowers, true, "lowers");
}

} // namespace

Size pictureSize(const GraphLayout &layout) {
    return {std::max(layout.width, leastWidth), layout.height + headerHeight + keyHeight};
}

void drawGraph(const TracedGraph &traced, GraphCanvas &canvas) {
    const AttributionGraph &graph = traced.graph;
    const GraphLayout &layout = traced.layout;
    requireFinite(graph);
    if (layout.centres.size() != graph.nodes.size() || layout.sizes.size() != graph.nodes.size() ||
        layout.splines.size() != graph.edges.size() ||
        std::any_of(layout.splines.begin(), layout.splines.end(), [](const auto &s) { return s.size() < 4; }))
        throw Error("The layout belongs to another graph.", Error::Kind::Usage);
    const Size sheet = pictureSize(layout);
    canvas.rectangle({0, 0}, sheet, 0, {"#FFFFFF", ""});
    canvas.open("class=\"bands\"", {});
    drawBands(canvas, layout, sheet.width);
    canvas.close();
    canvas.open("class=\"header\"", {});
    drawHeader(canvas, graph, sheet.width);
    canvas.close();
    const double aside = (sheet.width - layout.width) / 2;
    const auto placed = [aside](const Point &p) { return Point{p.x + aside, p.y + headerHeight}; };
    double largest = 0;
    for (const GraphEdge &edge : graph.edges)
        largest = std::max(largest, std::abs(edge.weight));
    canvas.open("class=\"edges\" fill=\"none\"", {});
    for (size_t i = graph.edges.size(); i-- > 0;) { // the strongest last, on top
        std::vector<Point> spline;
        std::transform(layout.splines[i].begin(), layout.splines[i].end(), std::back_inserter(spline), placed);
        drawEdge(canvas, graph, graph.edges[i], spline, largest);
    }
    canvas.close();
    canvas.open("class=\"nodes\"", {});
    for (size_t n = 0; n < graph.nodes.size(); ++n)
        drawNode(canvas, graph.nodes[n], placed(layout.centres[n]), layout.sizes[n]);
    canvas.close();
    canvas.open("class=\"key\"", {});
    drawKey(canvas, sheet.height - keyHeight / 2);
    canvas.close();
}

} // namespace tt
