// The boundary to Graphviz: graphs as pruning leaves them, with any texts and numbers, are laid out, drawn and
// exported.
#include "core/circuits/graph_export.h"
#include "fuzz/target.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

using namespace tt;

namespace {

/// Takes values off the front; zeros when there is nothing left.
class Bytes {
public:
    Bytes(const uint8_t *data, size_t size) : data_(data), size_(size) {}
    unsigned byte() {
        if (size_ == 0)
            return 0;
        --size_;
        return *data_++;
    }
    int below(unsigned bound) { return static_cast<int>(byte() % bound); }
    double number() {
        uint64_t bits = 0;
        for (int i = 0; i < 8; ++i)
            bits = bits << 8 | byte();
        return std::bit_cast<double>(bits);
    }
    /// Most are ordinary, a few are anything at all.
    double weight() { return byte() % 8 == 0 ? number() : (static_cast<int>(byte()) - 128) / 16.0; }
    std::string text() {
        const size_t length = std::min<size_t>(byte() % 24, size_);
        std::string taken(reinterpret_cast<const char *>(data_), length);
        data_ += length;
        size_ -= length;
        return taken;
    }

private:
    const uint8_t *data_;
    size_t size_;
};

int layerOf(const Node &node, int layers) {
    return node.kind == NodeKind::Logit ? layers : node.layer;
}

AttributionGraph graphOf(Bytes &in) {
    AttributionGraph graph;
    graph.layers = 1 + in.below(4);
    const auto places = 1 + static_cast<unsigned>(in.below(5));
    graph.tokens.assign(places, in.text());
    graph.ids.assign(places, 7);
    graph.prompt = in.text();
    graph.gpt = in.text();
    const auto add = [&](Node node) {
        node.activation = in.weight();
        node.preactivation = in.weight();
        graph.nodes.push_back(
            {.node = node, .label = in.text(), .influence = in.weight(), .pinned = in.byte() % 9 == 0});
    };
    for (int n = in.below(24); n > 0; --n)
        add({.kind = in.byte() % 4 == 0 ? NodeKind::Error : NodeKind::Feature,
             .layer = in.below(static_cast<unsigned>(graph.layers)),
             .position = in.below(places),
             .id = n});
    for (unsigned p = 0; p < places; ++p)
        add({.kind = p % 2 == 0 ? NodeKind::Token : NodeKind::Position, .position = static_cast<int>(p), .id = 7});
    add({.kind = NodeKind::Bias});
    add({.kind = NodeKind::Logit, .position = static_cast<int>(places) - 1, .id = 7});
    for (unsigned e = in.byte(); e > 0; --e) {
        const int source = in.below(static_cast<unsigned>(graph.nodes.size())),
                  target = in.below(static_cast<unsigned>(graph.nodes.size()));
        if (layerOf(graph.nodes[static_cast<size_t>(source)].node, graph.layers) <
            layerOf(graph.nodes[static_cast<size_t>(target)].node, graph.layers))
            graph.edges.push_back({source, target, in.weight()});
    }
    return graph;
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Bytes in(data, size);
    const bool paint = in.byte() % 16 == 0;
    TracedGraph traced{.graph = graphOf(in)};
    const AttributionGraph &graph = traced.graph;
    try {
        traced.layout = layoutGraph(graph, nodeSizes(graph), {});
        const GraphLayout &layout = traced.layout;
        fuzz::require(layout.centres.size() == graph.nodes.size(), "every node has a place");
        for (const Point &centre : layout.centres)
            fuzz::require(centre.x >= 0 && centre.x <= layout.width && centre.y >= 0 && centre.y <= layout.height,
                          "within the picture");
        fuzz::require(layout.splines.size() == graph.edges.size(), "every edge has a curve");
        for (const auto &spline : layout.splines)
            fuzz::require(spline.size() >= 4 && spline.size() % 3 == 1, "of cubic pieces");
        fuzz::require(graphSvg(traced).ends_with("</svg>\n"), "the picture is whole");
        fuzz::require(!graphDot(traced).empty() && !graphJson(traced).empty(), "so are the other files");
        fuzz::require(!graphCsv(graph).empty(), "and the table");
        if (paint) {
            fuzz::require(graphPdf(traced).starts_with("%PDF"), "cairo draws it on a page");
            fuzz::require(graphPng(traced, 0.2).starts_with("\x89PNG"), "and as pixels");
        }
    } catch (const Error &error) {
        const auto wild = [](const GraphEdge &edge) { return !std::isfinite(edge.weight); };
        const bool finite = std::none_of(graph.edges.begin(), graph.edges.end(), wild) &&
                            std::all_of(graph.nodes.begin(), graph.nodes.end(), [](const GraphNode &node) {
                                return std::isfinite(node.node.activation) && std::isfinite(node.node.preactivation) &&
                                       std::isfinite(node.influence);
                            });
        fuzz::require(!finite, error.what()); // only what is no number is refused
    }
    return 0;
}
