#pragma once

#include "core/features/prompt_features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <tuple>

/// Graphs and features made by hand: known nodes, edges and sums, laid out in straight rows.
namespace sample {

using namespace tt;

/// Straight rows, one a rank, each edge a curve from the lower middle of its target to the upper middle of its source.
inline GraphLayout rowLayout(const AttributionGraph &graph) {
    GraphLayout layout;
    std::vector<double> right(static_cast<size_t>(graph.layers) + 2, 40);
    const auto rankOf = [&](const Node &node) {
        if (node.kind == NodeKind::Feature || node.kind == NodeKind::Error)
            return node.layer + 1;
        return node.kind == NodeKind::Logit ? graph.layers + 1 : 0;
    };
    const double rowHeight = 148, bottom = 40 + rowHeight * (graph.layers + 1);
    for (const GraphNode &node : graph.nodes) {
        constexpr std::array<Size, 6> sizes{Size{80, 36}, {38, 38}, {56, 28}, {28, 28}, {40, 36}, {84, 40}};
        const Size size = sizes[static_cast<size_t>(node.node.kind)];
        const int rank = rankOf(node.node);
        double &x = right[static_cast<size_t>(rank)];
        layout.sizes.push_back(size);
        layout.centres.push_back({x + size.width / 2, bottom - rank * rowHeight});
        x += size.width + 24;
    }
    layout.width = *std::max_element(right.begin(), right.end()) + 40;
    layout.height = bottom + 40;
    for (int rank = 0; rank < graph.layers + 2; ++rank) {
        layout.rankTop.push_back(bottom - rank * rowHeight - 34);
        layout.rankBottom.push_back(bottom - rank * rowHeight + 34);
    }
    for (const GraphEdge &edge : graph.edges) {
        const auto source = static_cast<size_t>(edge.source), target = static_cast<size_t>(edge.target);
        const Point from{layout.centres[source].x, layout.centres[source].y - layout.sizes[source].height / 2};
        const Point to{layout.centres[target].x, layout.centres[target].y + layout.sizes[target].height / 2};
        const double bend = (from.y - to.y) / 3;
        layout.splines.push_back({from, {from.x, from.y - bend}, {to.x, to.y + bend}, to});
    }
    return layout;
}

inline GraphNode feature(int layer, int position, int id, const std::string &label, double activation,
                         double influence) {
    GraphNode node;
    node.node = {NodeKind::Feature, layer, position, id, -1, activation, activation};
    node.label = label;
    node.influence = influence;
    return node;
}

inline GraphNode other(NodeKind kind, int layer, int position, int id, const std::string &label, double activation,
                       double influence) {
    GraphNode node = feature(layer, position, id, label, activation, influence);
    node.node.kind = kind;
    node.node.preactivation = 0;
    return node;
}

/// "Once upon a": two logits, nine features in two layers, three errors (one dominant), tokens, positions, the bias.
/// Node 0 (0/312 at 1) → node 5 (1/1184 at 2) is the strongest input of the strongest path; its inputs with pruned
/// +0.18 and bias −0.76 sum to its pre-activation 6.42.
inline TracedGraph onceUponA() {
    TracedGraph traced;
    AttributionGraph &graph = traced.graph;
    graph.prompt = "Once upon a";
    graph.tokens = {"Once", " upon", " a"};
    graph.ids = {11, 12, 13};
    graph.gpt = "stories-tiny";
    graph.transcoder = "plt-k16";
    graph.layers = 2;
    graph.scores = {.replacement = 0.74, .completeness = 0.89};
    graph.maxResidual = 3e-7;
    graph.allNodes = 111;
    graph.allEdges = 2164;
    graph.nodes = {feature(0, 1, 312, " upon", 5.84, 0.12),
                   feature(0, 2, 2950, " time", 5.10, 0.09),
                   feature(0, 0, 1407, " Once", 6.20, 0.05),
                   feature(0, 1, 3821, " upon", 3.31, 0.04),
                   feature(0, 2, 77, " little", 4.62, 0.03),
                   feature(1, 2, 1184, " time", 6.42, 0.31),
                   feature(1, 2, 2051, " little", 2.94, 0.08),
                   feature(1, 1, 640, " time", 2.18, 0.06),
                   feature(1, 0, 3377, " there", 1.71, 0.02),
                   other(NodeKind::Error, 0, 0, -1, "error", 0.57, 0.03),
                   other(NodeKind::Error, 0, 2, -1, "error", 0.21, 0.02),
                   other(NodeKind::Error, 1, 2, -1, "error", 0.12, 0.01),
                   other(NodeKind::Token, -1, 0, 11, "Once", 0, 0.06),
                   other(NodeKind::Token, -1, 1, 12, " upon", 0, 0.11),
                   other(NodeKind::Token, -1, 2, 13, " a", 0, 0.14),
                   other(NodeKind::Position, -1, 0, 0, "0", 0, 0.01),
                   other(NodeKind::Position, -1, 1, 1, "1", 0, 0.01),
                   other(NodeKind::Position, -1, 2, 2, "2", 0, 0.02),
                   other(NodeKind::Bias, -1, -1, -1, "bias", 0, 0),
                   other(NodeKind::Logit, -1, 2, 640, " time", 0.938, 0),
                   other(NodeKind::Logit, -1, 2, 641, " little", 0.014, 0)};
    graph.edges = {{5, 19, 5.87},  {0, 5, 2.61},  {1, 5, 1.94},  {18, 5, -0.76},  {14, 5, 0.96},  {2, 5, 0.88},
                   {12, 2, 4.10},  {13, 0, 3.90}, {14, 1, 3.30}, {14, 4, 2.80},   {13, 3, 2.10},  {6, 20, 1.20},
                   {6, 19, -0.70}, {7, 19, 0.60}, {13, 5, 0.58}, {3, 5, 0.47},    {5, 20, -0.44}, {4, 5, -0.42},
                   {8, 19, 0.40},  {10, 5, 0.31}, {4, 6, 1.60},  {1, 6, 0.70},    {9, 5, -0.14},  {0, 7, 1.10},
                   {13, 7, 0.50},  {12, 8, 0.90}, {2, 8, 0.80},  {11, 19, -0.20}, {15, 2, 0.20},  {16, 0, -0.15},
                   {17, 1, 0.30},  {17, 4, 0.25}, {16, 3, 0.10}, {9, 7, 0.12},    {10, 6, -0.3}};
    std::stable_sort(graph.edges.begin(), graph.edges.end(),
                     [](const GraphEdge &a, const GraphEdge &b) { return std::abs(a.weight) > std::abs(b.weight); });
    graph.nodes[5].biasEdge = -0.76;
    graph.nodes[5].prunedEdges = 0.18;
    // 2.61 + 1.94 + 0.96 + 0.88 + 0.58 + 0.47 − 0.42 + 0.31 − 0.14 + 0.18 − 0.76
    graph.nodes[5].node.preactivation = 6.61;
    graph.nodes[5].node.activation = 6.61;
    graph.nodes[19].node.preactivation = 9.4;
    graph.nodes[19].prunedEdges = 9.4 - (5.87 - 0.70 + 0.60 + 0.40 - 0.20);
    traced.layout = rowLayout(graph);
    return traced;
}

/// A random graph of many nodes and edges in four layers, the same for the same numbers.
inline TracedGraph random(int nodes, int edges) {
    TracedGraph traced;
    AttributionGraph &graph = traced.graph;
    std::mt19937 generator(7);
    graph.prompt = "random";
    graph.layers = 4;
    graph.allNodes = nodes;
    graph.allEdges = edges;
    for (int i = 0; i < nodes; ++i)
        graph.nodes.push_back(feature(i * 4 / nodes, i % 40, i, " word", 1 + i % 7, 1.0 / (1 + i)));
    for (int i = 0; i < edges; ++i) {
        const int target = nodes / 4 + static_cast<int>(generator() % static_cast<unsigned>(nodes * 3 / 4));
        const int below = target * 4 / nodes * nodes / 4;
        const int source = static_cast<int>(generator() % static_cast<unsigned>(below));
        graph.edges.push_back({source, target, (i % 3 ? 1.0 : -1.0) * 5 / (1 + i * 0.01)});
    }
    traced.layout = rowLayout(graph);
    return traced;
}

/// Features of "Once upon a time": 16 active in each layer at each of four positions, values falling from 6.4.
inline PromptFeatures promptFeatures() {
    PromptFeatures features;
    features.prompt = "Once upon a time";
    features.gpt = "stories-tiny";
    features.transcoder = "plt-k16";
    features.tokens = {"Once", " upon", " a", " time"};
    features.ids = {11, 12, 13, 640};
    features.layers = 2;
    features.features = 4096;
    for (size_t i = 0; i < features.tokens.size(); ++i)
        features.next.push_back({{650, ",", 0.71, 9.1}, {651, " there", 0.17, 7.7}, {652, ".", 0.08, 6.9}});
    const std::array<std::string, 8> words{" time", " little", " big", " girl", " lot", " boy", " day", " new"};
    for (int position = 0; position < 4; ++position)
        for (int layer = 0; layer < 2; ++layer)
            for (int i = 0; i < 16; ++i) {
                ActiveFeature active;
                active.position = position;
                active.layer = layer;
                // Every fourth feature is shared by all positions.
                active.feature = i % 4 == 0 ? 100 * layer + i : 1000 + 500 * position + 37 * i + layer;
                active.activation = static_cast<float>(6.4 / (1 + 0.6 * i) + 0.1 * ((position + i) % 4));
                active.maximum = active.activation * static_cast<float>(1.05 + 0.3 * (i % 4));
                active.density = 0.0007F * static_cast<float>(i + 1);
                active.promoted = words[static_cast<size_t>(i + layer) % words.size()];
                features.active.push_back(active);
            }
    std::stable_sort(
        features.active.begin(), features.active.end(), [](const ActiveFeature &a, const ActiveFeature &b) {
            return std::tie(a.position, a.layer, b.activation) < std::tie(b.position, b.layer, a.activation);
        });
    for (ActiveFeature &active : features.active)
        for (const ActiveFeature &same : features.active)
            if (same.layer == active.layer && same.feature == active.feature)
                active.maximum = std::max(active.maximum, same.maximum);
    return features;
}

} // namespace sample
