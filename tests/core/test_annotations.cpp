#include "core/circuits/annotations.h"
#include "core/circuits/graph_export.h"
#include "core/circuits/layout_plan.h"
#include "core/circuits/prune.h"
#include "hand_made_attribution.h"
#include "traced_model.h"

#include <cmath>

using namespace tt;
using namespace handmade;

namespace {

AttributionGraph whole() {
    return buildGraph(handMade(), {.prune = false});
}

const GraphNode &named(const AttributionGraph &graph, const std::string &id) {
    for (const GraphNode &node : graph.nodes)
        if (nodeId(node.node) == id)
            return node;
    throw Error("The graph has no node " + id);
}

double edge(const AttributionGraph &graph, const std::string &source, const std::string &target) {
    for (const GraphEdge &e : graph.edges)
        if (nodeId(graph.nodes[static_cast<size_t>(e.source)].node) == source &&
            nodeId(graph.nodes[static_cast<size_t>(e.target)].node) == target)
            return e.weight;
    return 0;
}

/// Every node's edges, pruned rest and bias sum to its pre-activation.
bool sumsAreExact(const AttributionGraph &graph) {
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
        const GraphNode &node = graph.nodes[n];
        double sum = node.biasEdge + node.prunedEdges;
        for (const GraphEdge &e : graph.edges)
            if (e.target == static_cast<int>(n) &&
                graph.nodes[static_cast<size_t>(e.source)].node.kind != NodeKind::Bias)
                sum += e.weight;
        const bool has = node.node.kind == NodeKind::Feature || node.node.kind == NodeKind::Logit;
        if (has && std::abs(sum - node.node.preactivation) > 1e-9)
            return false;
    }
    return true;
}

} // namespace

class TestAnnotations : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_supernode_sums_its_members() {
        const AttributionGraph graph =
            annotated(whole(), {.supernodes = {{.label = "both", .members = {"0/3@0", "0/5@1"}}}});
        const GraphNode &group = named(graph, "group 1");
        QCOMPARE(group.label, std::string("both"));
        QCOMPARE(group.members.size(), size_t{2});
        QCOMPARE(group.node.preactivation, 6.0);              // 2.5 + 3.5
        QCOMPARE(edge(graph, "group 1", "1/2@1"), 2.0);       // 4 − 2
        QCOMPARE(edge(graph, "group 1", "logit 12"), -2.0);   // A alone
        QCOMPARE(edge(graph, "token 0", "group 1"), 4.0);     // 3 + 1
        QCOMPARE(edge(graph, "position 1", "group 1"), -1.0); // B alone
        QVERIFY(sumsAreExact(graph));
        for (size_t i = 1; i < graph.edges.size(); ++i)
            QVERIFY(std::abs(graph.edges[i].weight) <= std::abs(graph.edges[i - 1].weight));
        for (const GraphNode &node : graph.nodes)
            QVERIFY(nodeId(node.node) != "0/3@0" && nodeId(node.node) != "0/5@1");
    }

    void a_supernode_over_layers_keeps_its_inner_edges_as_pruned() {
        const AttributionGraph graph =
            annotated(whole(), {.supernodes = {{.label = "chain", .members = {"0/3@0", "1/2@1"}}}});
        const GraphNode &group = named(graph, "group 1");
        QCOMPARE(group.node.layer, 1);
        QCOMPARE(group.node.position, 1);
        QCOMPARE(group.prunedEdges, 4.0); // A → C
        QVERIFY(sumsAreExact(graph));
        const GraphLayout layout = layoutGraph(graph, nodeSizes(graph), {});
        QCOMPARE(layout.centres.size(), graph.nodes.size());
        for (const auto &spline : layout.splines)
            QVERIFY(spline.size() >= 4);
    }

    void a_group_of_one_shown_node_stays_that_node() {
        const AttributionGraph graph =
            annotated(whole(), {.supernodes = {{.label = "rest", .members = {"0/3@0", "7/7@7"}}}});
        QCOMPARE(nodeId(named(graph, "0/3@0").node), std::string("0/3@0"));
    }

    void names_and_pins_are_carried() {
        const AttributionGraph graph = annotated(whole(), {.pinned = {"1/2@1"}, .names = {{"1/2@1", "the verb"}}});
        QVERIFY(named(graph, "1/2@1").pinned);
        QVERIFY(!named(graph, "0/3@0").pinned);
        QCOMPARE(named(graph, "1/2@1").label, std::string("the verb"));
    }

    void hidden_nodes_leave_and_sums_stay_exact() {
        const AttributionGraph graph = withoutHidden(whole(), {.hidden = {"0/3@0", "token 1"}});
        QVERIFY(sumsAreExact(graph));
        QCOMPARE(named(graph, "1/2@1").prunedEdges, 3.0); // 4 from A, −1 from the token
        QCOMPARE(graph.nodes.size(), whole().nodes.size() - 2);
    }

    void pinned_nodes_stay_under_any_threshold() {
        const Attribution<double> a = handMade();
        const PruneBasis<double> basis = pruneBasis(a);
        const PruneSettings strict{.nodeThreshold = 0, .edgeThreshold = 0};
        const auto held = heldNodes(a.nodes, {.pinned = {"0/5@1"}});
        QCOMPARE(held, std::vector<int>{B});
        const AttributionGraph graph = buildGraph(a, basis, strict, held);
        QCOMPARE(named(graph, "0/5@1").node.id, 5);
        QVERIFY(sumsAreExact(graph));
    }

    /// Only C is pinned. A (0/3@0) joins error 0@0, B (0/5@1) joins error 0@1, with their signs:
    ///   C ← error 0@0 4, error 0@1 −2 + 1, t1 −1          |Σ| 6
    ///   X ← C 6, error 0@0 −2, error 1@1 −1, t1 1         |Σ| 10
    ///   Y ← C −1, error 0@1 2, error 1@1 1                |Σ| 4
    /// C = 1/2·6/10 + 1/4·1/4 = 29/80. Errors: 29/80·5/6 + 1/2·3/10 + 1/4·3/4 = 307/480;
    /// token 1: 29/80·1/6 + 1/20 = 53/480; together 3/4 = w.
    void the_pinned_subgraph_counts_the_others_as_errors() {
        const GraphScores scores = pinnedScores(handMade(), {C});
        QVERIFY(std::abs(scores.replacement - 53.0 / 360) < 1e-12);
        // (I + w) of what is not an error's share: C 29/80·(1 − 5/6), X 1/2·7/10, Y 1/4·1/4, tokens 53/480, errors
        // 307/480 (they have no inputs), over the sum of all 29/80 + 3/4 + 3/4.
        const double explained = 29.0 / 480 + 0.35 + 1.0 / 16 + 53.0 / 480 + 307.0 / 480;
        QVERIFY(std::abs(scores.completeness - explained / (29.0 / 80 + 1.5)) < 1e-12);
    }

    void pinning_everything_gives_the_graphs_own_scores() {
        const TracedModel t({.layers = 3, .kind = TranscoderKind::CrossLayer});
        const Attribution<double> a = t.attribute();
        std::vector<int> all;
        for (size_t n = 0; n < a.nodes.size(); ++n)
            if (a.nodes[n].kind == NodeKind::Feature)
                all.push_back(static_cast<int>(n));
        const GraphScores every = pinnedScores(a, all), own = scores(a);
        QVERIFY(std::abs(every.replacement - own.replacement) < 1e-12);
        QVERIFY(std::abs(every.completeness - own.completeness) < 1e-12);
    }

    void features_with_the_same_signed_edges_are_proposed_together() {
        AttributionGraph graph;
        graph.layers = 1;
        const auto feature = [](int id, double influence) {
            return GraphNode{.node = {.kind = NodeKind::Feature, .layer = 0, .position = 0, .id = id},
                             .label = "f" + std::to_string(id),
                             .influence = influence,
                             .members = {}};
        };
        graph.nodes = {feature(0, 0.1), feature(1, 0.3), feature(2, 0.2), feature(3, 0.1)};
        graph.nodes.push_back({.node = {.kind = NodeKind::Token, .position = 0, .id = 1}, .members = {}});
        graph.nodes.push_back({.node = {.kind = NodeKind::Logit, .position = 0, .id = 2}, .members = {}});
        graph.nodes.push_back({.node = {.kind = NodeKind::Logit, .position = 0, .id = 3}, .members = {}});
        // 0 and 1 raise the first logit in proportion, 2 lowers it, 3 raises the other.
        graph.edges = {{0, 5, 2}, {0, 6, 1}, {1, 5, 4}, {1, 6, 2}, {2, 5, -4}, {2, 6, -2}, {3, 6, 3}};
        for (int f = 0; f < 4; ++f)
            graph.edges.push_back({4, f, 1});
        const auto proposals = proposeSupernodes(graph, {.similarity = 0.9});
        QCOMPARE(proposals.size(), size_t{1});
        QCOMPARE(proposals[0].label, std::string("f1"));
        QCOMPARE(proposals[0].members, (std::vector<std::string>{"0/1@0", "0/0@0"}));
        QVERIFY(proposeSupernodes({}).empty());
    }

    void annotations_that_contradict_themselves_are_named() {
        QVERIFY(GraphAnnotations{}.validate().empty());
        const std::vector<std::string> two{"0/1@0", "0/2@0"};
        QCOMPARE((GraphAnnotations{.supernodes = {{"a", two}, {"b", {"0/2@0", "0/3@0"}}}}.validate().size()),
                 size_t{1});
        QVERIFY(!(GraphAnnotations{.supernodes = {{"", two}}}.validate().empty()));
        QVERIFY(!(GraphAnnotations{.supernodes = {{"a", {"0/1@0", "0/1@0"}}}}.validate().empty()));
    }

    void where_nodes_only_leave_the_layout_stays() {
        const AttributionGraph graph = whole();
        const std::vector<Size> sizes = nodeSizes(graph);
        const GraphLayout layout = layoutGraph(graph, sizes, {});
        const AttributionGraph fewer = withoutHidden(graph, {.hidden = {"0/3@0"}});
        const auto kept = keptLayout(fewer, nodeSizes(fewer), graph, layout);
        QVERIFY(kept.has_value());
        for (size_t n = 0; n < fewer.nodes.size(); ++n)
            for (size_t m = 0; m < graph.nodes.size(); ++m)
                if (nodeId(fewer.nodes[n].node) == nodeId(graph.nodes[m].node))
                    QCOMPARE(kept->centres[n], layout.centres[m]);
        QCOMPARE(kept->splines.size(), fewer.edges.size());
        QVERIFY(!keptLayout(graph, sizes, fewer, *kept).has_value()); // a node came back
        std::vector<Size> wider = nodeSizes(fewer);
        wider[0].width += 10;
        QVERIFY(!keptLayout(fewer, wider, graph, layout).has_value());
    }
};

QTEST_APPLESS_MAIN(TestAnnotations)
#include "test_annotations.moc"
