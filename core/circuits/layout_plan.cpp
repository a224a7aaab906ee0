#include "core/circuits/layout_plan.h"

#include "core/circuits/graph_export.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

namespace tt {
namespace {

constexpr size_t mostDotEdges = 1000;
constexpr size_t dotEdgesPerNode =
    2;                             ///< each edge over several ranks takes room in every rank between: more make it wide
constexpr double gap = 18;         ///< between the nodes of a rank
constexpr double archHeight = 48;  ///< of an edge within a rank
constexpr double bandPadding = 14; ///< of a rank's band above and below its nodes
constexpr double left = 88, right = 60, top = 30, bottom = 30; ///< margins: names of ranks, the bias' caption

int rankOf(const Node &node, int layers) {
    switch (node.kind) {
    case NodeKind::Feature:
    case NodeKind::Error:
        return node.layer + 1;
    case NodeKind::Logit:
        return layers + 1;
    default:
        return 0;
    }
}

const char *shapeOf(NodeKind kind) {
    switch (kind) {
    case NodeKind::Error:
        return "diamond";
    case NodeKind::Position:
        return "circle";
    case NodeKind::Bias:
        return "triangle";
    case NodeKind::Logit:
        return "hexagon";
    default:
        return "box";
    }
}

void checkGraph(const AttributionGraph &graph, const std::vector<Size> &sizes) {
    if (sizes.size() != graph.nodes.size())
        throw Error("A graph of " + std::to_string(graph.nodes.size()) + " nodes cannot be laid out with " +
                        std::to_string(sizes.size()) + " sizes.",
                    Error::Kind::Usage);
    for (size_t n = 0; n < sizes.size(); ++n)
        if (!(sizes[n].width > 0 && sizes[n].height > 0 && std::isfinite(sizes[n].width + sizes[n].height)))
            throw Error("The size of node " + nodeId(graph.nodes[n].node) + " is not a positive number.",
                        Error::Kind::Usage);
    const int nodes = static_cast<int>(graph.nodes.size());
    for (const GraphEdge &edge : graph.edges) {
        if (edge.source < 0 || edge.target < 0 || edge.source >= nodes || edge.target >= nodes)
            throw Error("An edge of the graph names a node that does not exist.");
        if (!std::isfinite(edge.weight))
            throw Error("The edge from " + nodeId(graph.nodes[static_cast<size_t>(edge.source)].node) + " to " +
                        nodeId(graph.nodes[static_cast<size_t>(edge.target)].node) +
                        " has a weight that is not finite.");
    }
}

std::vector<std::vector<int>> ranksOf(const AttributionGraph &graph) {
    int layers = graph.layers;
    for (const GraphNode &n : graph.nodes)
        if (n.node.kind != NodeKind::Logit)
            layers = std::max(layers, n.node.layer + 1);
    std::vector<std::vector<int>> ranks(static_cast<size_t>(layers) + 2);
    for (size_t n = 0; n < graph.nodes.size(); ++n)
        ranks[static_cast<size_t>(rankOf(graph.nodes[n].node, layers))].push_back(static_cast<int>(n));
    const auto key = [&](int n) {
        const Node &node = graph.nodes[static_cast<size_t>(n)].node;
        const int position = node.kind == NodeKind::Bias ? std::numeric_limits<int>::max() : node.position;
        return std::tuple(position, node.kind, n); // nodes of one kind and place already ascend
    };
    for (std::vector<int> &rank : ranks)
        std::sort(rank.begin(), rank.end(), [&](int a, int b) { return key(a) < key(b); });
    return ranks;
}

/// Indices of the edges for dot, ascending: first each node's strongest, then the strongest of all. The bias reaches
/// nearly every node; its edges would only push the others aside. Supernodes of several layers may have edges within a
/// rank or downwards: dot would move its ranks for them.
std::vector<size_t> chooseEdges(const AttributionGraph &graph) {
    const size_t most = std::min(mostDotEdges, dotEdgesPerNode * graph.nodes.size());
    std::vector<size_t> order, chosen;
    for (size_t i = 0; i < graph.edges.size(); ++i)
        if (const Node &source = graph.nodes[static_cast<size_t>(graph.edges[i].source)].node,
            &target = graph.nodes[static_cast<size_t>(graph.edges[i].target)].node;
            source.kind != NodeKind::Bias && rankOf(source, graph.layers) < rankOf(target, graph.layers))
            order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        return std::abs(graph.edges[a].weight) > std::abs(graph.edges[b].weight);
    });
    std::vector<char> connected(graph.nodes.size()), taken(graph.edges.size());
    for (const bool connecting : {true, false})
        for (const size_t i : order) {
            const GraphEdge &e = graph.edges[i];
            char &source = connected[static_cast<size_t>(e.source)], &target = connected[static_cast<size_t>(e.target)];
            if (chosen.size() >= most || taken[i] || (connecting && source && target))
                continue;
            source = target = taken[i] = 1;
            chosen.push_back(i);
        }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

/// The node of `rank` whose place is nearest to that of `node`.
int nearest(const AttributionGraph &graph, const std::vector<int> &rank, int node) {
    const int position = graph.nodes[static_cast<size_t>(node)].node.position;
    return *std::min_element(rank.begin(), rank.end(), [&](int a, int b) {
        const auto distance = [&](int n) {
            return std::abs(graph.nodes[static_cast<size_t>(n)].node.position - position);
        };
        return distance(a) < distance(b);
    });
}

/// A node that no edge holds from below, or none from above, leaves its place in the order chain (seen with dot 2.42),
/// so each gets an invisible edge from the rank below or to the one above.
void holdLooseNodes(const AttributionGraph &graph, DotPlan &plan) {
    std::vector<char> in(graph.nodes.size()), out(graph.nodes.size());
    for (const DotEdge &edge : plan.edges)
        out[static_cast<size_t>(edge.from)] = in[static_cast<size_t>(edge.to)] = 1;
    const std::vector<int> *below = nullptr;
    for (const std::vector<int> &rank : plan.ranks) {
        if (rank.empty())
            continue;
        for (const int node : rank)
            if (below != nullptr && !in[static_cast<size_t>(node)]) {
                const int from = nearest(graph, *below, node);
                out[static_cast<size_t>(from)] = 1;
                plan.edges.push_back({from, node});
            }
        if (below != nullptr)
            for (const int node : *below)
                if (!out[static_cast<size_t>(node)])
                    plan.edges.push_back({node, nearest(graph, rank, node)});
        below = &rank;
    }
}

} // namespace

DotPlan planLayout(const AttributionGraph &graph, const std::vector<Size> &sizes) {
    checkGraph(graph, sizes);
    DotPlan plan{.sizes = sizes, .shapes = {}, .ranks = ranksOf(graph), .edges = {}};
    for (const GraphNode &node : graph.nodes)
        plan.shapes.push_back(shapeOf(node.node.kind));
    double largest = 0;
    for (const GraphEdge &edge : graph.edges)
        largest = std::max(largest, std::abs(edge.weight));
    for (const size_t i : chooseEdges(graph)) {
        const GraphEdge &edge = graph.edges[i];
        const int weight = 1 + static_cast<int>(std::lround(largest > 0 ? 9 * std::abs(edge.weight) / largest : 0));
        plan.edges.push_back({edge.source, edge.target, static_cast<int>(i), weight});
    }
    holdLooseNodes(graph, plan);
    return plan;
}

namespace {

/// Moves what stands in the wrong order or on its neighbour; marks what was moved.
std::vector<char> setInOrder(const DotPlan &plan, std::vector<Point> &centres) {
    std::vector<char> moved(centres.size());
    for (const std::vector<int> &rank : plan.ranks) {
        const auto leftEdge = [&](int n) {
            return centres[static_cast<size_t>(n)].x - plan.sizes[static_cast<size_t>(n)].width / 2;
        };
        const auto rightEdge = [&](int n) { return leftEdge(n) + plan.sizes[static_cast<size_t>(n)].width; };
        bool inOrder = true;
        for (size_t i = 1; i < rank.size(); ++i)
            inOrder = inOrder && leftEdge(rank[i]) > rightEdge(rank[i - 1]);
        if (inOrder)
            continue;
        double x = leftEdge(
            *std::min_element(rank.begin(), rank.end(), [&](int a, int b) { return leftEdge(a) < leftEdge(b); }));
        for (const int n : rank) {
            const double width = plan.sizes[static_cast<size_t>(n)].width;
            centres[static_cast<size_t>(n)].x = x + width / 2;
            moved[static_cast<size_t>(n)] = 1;
            x += width + gap;
        }
    }
    return moved;
}

/// From the middle of the source's upper border to the middle of the target's lower one; within a rank or downwards in
/// an arch over both.
std::vector<Point> plainCurve(const GraphLayout &layout, const GraphEdge &edge) {
    const auto s = static_cast<size_t>(edge.source), t = static_cast<size_t>(edge.target);
    const Point from{layout.centres[s].x, layout.centres[s].y - layout.sizes[s].height / 2};
    Point to{layout.centres[t].x, layout.centres[t].y + layout.sizes[t].height / 2};
    if (to.y > from.y) {
        to.y = layout.centres[t].y - layout.sizes[t].height / 2;
        const double crown = std::min(from.y, to.y) - archHeight;
        return {from, {from.x, crown}, {to.x, crown}, to};
    }
    const double bend = 0.45 * (to.y - from.y);
    return {from, {from.x, from.y + bend}, {to.x, to.y - bend}, to};
}

void setBands(const DotPlan &plan, GraphLayout &layout) {
    const size_t ranks = plan.ranks.size();
    layout.rankTop.assign(ranks, 0);
    layout.rankBottom.assign(ranks, 0);
    double above = layout.height - bottom; // the y at which a rank without nodes lies: a band of no height
    for (size_t r = 0; r < ranks; ++r) {
        double upper = above, lower = above;
        for (size_t i = 0; i < plan.ranks[r].size(); ++i) {
            const auto n = static_cast<size_t>(plan.ranks[r][i]);
            const double half = layout.sizes[n].height / 2 + bandPadding, y = layout.centres[n].y;
            upper = i == 0 ? y - half : std::min(upper, y - half);
            lower = i == 0 ? y + half : std::max(lower, y + half);
        }
        layout.rankTop[r] = above = upper;
        layout.rankBottom[r] = lower;
    }
}

/// Cubic points of dot's spline in pixels, from the source's border to the target's. A dominant error is wider than its
/// diamond, because a caption stands below, so there the end is drawn in to the diamond's border.
std::vector<Point> orientated(std::vector<Point> spline, const Point &source, const Node &node, const Size &size) {
    const auto distance = [&](const Point &p) { return std::hypot(p.x - source.x, p.y - source.y); };
    if (distance(spline.front()) > distance(spline.back()))
        std::reverse(spline.begin(), spline.end());
    Point &end = spline.front();
    const double reach = std::abs(end.x - source.x) + std::abs(end.y - source.y); // of a diamond through the end
    if (node.kind == NodeKind::Error && size.width > size.height && reach > 0)
        end = {source.x + (end.x - source.x) * size.height / 2 / reach,
               source.y + (end.y - source.y) * size.height / 2 / reach};
    return spline;
}

} // namespace

std::optional<GraphLayout> keptLayout(const AttributionGraph &graph, const std::vector<Size> &sizes,
                                      const AttributionGraph &laidOut, const GraphLayout &layout) {
    std::map<std::string, size_t> at;
    for (size_t n = 0; n < laidOut.nodes.size(); ++n)
        at[nodeId(laidOut.nodes[n].node)] = n;
    GraphLayout out = layout;
    out.centres.clear();
    out.splines.clear();
    out.sizes = sizes;
    std::vector<size_t> place;
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
        const auto found = at.find(nodeId(graph.nodes[n].node));
        if (found == at.end() || !(layout.sizes[found->second] == sizes[n]))
            return std::nullopt;
        place.push_back(found->second);
        out.centres.push_back(layout.centres[found->second]);
    }
    std::map<std::pair<size_t, size_t>, size_t> drawn;
    for (size_t e = 0; e < laidOut.edges.size(); ++e)
        drawn[{static_cast<size_t>(laidOut.edges[e].source), static_cast<size_t>(laidOut.edges[e].target)}] = e;
    for (const GraphEdge &edge : graph.edges) {
        const auto found =
            drawn.find({place[static_cast<size_t>(edge.source)], place[static_cast<size_t>(edge.target)]});
        out.splines.push_back(found == drawn.end() ? plainCurve(out, edge) : layout.splines[found->second]);
    }
    return out;
}

GraphLayout finishLayout(const AttributionGraph &graph, const DotPlan &plan, DotResult result) {
    GraphLayout layout;
    layout.sizes = plan.sizes;
    const std::vector<char> moved = setInOrder(plan, result.centres);
    const auto kept = [&](const DotEdge &e) {
        return !moved[static_cast<size_t>(e.from)] && !moved[static_cast<size_t>(e.to)];
    };
    double minX = 0, maxX = 0, minY = 0, maxY = 0;
    bool first = true;
    const auto extend = [&](const Point &p, double halfWidth, double halfHeight) {
        minX = first ? p.x - halfWidth : std::min(minX, p.x - halfWidth);
        maxX = first ? p.x + halfWidth : std::max(maxX, p.x + halfWidth);
        minY = first ? p.y - halfHeight : std::min(minY, p.y - halfHeight);
        maxY = first ? p.y + halfHeight : std::max(maxY, p.y + halfHeight);
        first = false;
    };
    for (size_t n = 0; n < result.centres.size(); ++n)
        extend(result.centres[n], plan.sizes[n].width / 2, plan.sizes[n].height / 2);
    for (size_t i = 0; i < plan.edges.size(); ++i)
        if (plan.edges[i].edge >= 0 && kept(plan.edges[i]))
            for (const Point &p : result.splines[i])
                extend(p, 0, 0);
    const auto pixel = [&](const Point &p) { return Point{p.x - minX + left, maxY - p.y + top}; };
    for (const Point &centre : result.centres)
        layout.centres.push_back(pixel(centre));
    layout.width = maxX - minX + left + right;
    layout.height = maxY - minY + top + bottom;
    setBands(plan, layout);

    layout.splines.resize(graph.edges.size());
    for (size_t i = 0; i < plan.edges.size(); ++i) {
        const DotEdge &edge = plan.edges[i];
        if (edge.edge < 0 || result.splines[i].size() < 4 || !kept(edge))
            continue;
        std::vector<Point> &spline = layout.splines[static_cast<size_t>(edge.edge)];
        for (const Point &p : result.splines[i])
            spline.push_back(pixel(p));
        spline =
            orientated(std::move(spline), layout.centres[static_cast<size_t>(edge.from)],
                       graph.nodes[static_cast<size_t>(edge.from)].node, plan.sizes[static_cast<size_t>(edge.from)]);
    }
    for (size_t i = 0; i < layout.splines.size(); ++i)
        if (layout.splines[i].empty())
            layout.splines[i] = plainCurve(layout, graph.edges[i]);
    return layout;
}

} // namespace tt
