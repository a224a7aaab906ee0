#include "core/circuits/graph.h"
#include "core/circuits/graph_export.h"
#include "hand_made_attribution.h"
#include "reference_model.h"

#include <QTest>

#include <limits>
#include <map>
#include <set>

using namespace tt;
using namespace handmade;

namespace {

std::set<std::string> nodeNames(const AttributionGraph &graph) {
    std::set<std::string> names;
    for (const GraphNode &node : graph.nodes)
        names.insert(nodeId(node.node));
    return names;
}

std::map<std::string, double> edgeNames(const AttributionGraph &graph) {
    std::map<std::string, double> names;
    for (const GraphEdge &edge : graph.edges)
        names[nodeId(graph.nodes[static_cast<size_t>(edge.source)].node) + " > " +
              nodeId(graph.nodes[static_cast<size_t>(edge.target)].node)] = edge.weight;
    return names;
}

const GraphNode &named(const AttributionGraph &graph, const std::string &name) {
    for (const GraphNode &node : graph.nodes)
        if (nodeId(node.node) == name)
            return node;
    throw Error("The graph has no node " + name);
}

bool near(double a, double b) {
    return std::abs(a - b) < 1e-12;
}

} // namespace

class TestPrune : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void influence_is_what_the_targets_hand_down();
    void scores_are_the_shares_that_do_not_come_from_errors();
    void pruning_keeps_the_nodes_and_edges_that_carry_the_shares();
    void loose_ends_are_dropped_until_none_is_left();
    void without_pruning_everything_stays();
    void edges_shown_and_pruned_and_bias_sum_to_the_preactivation_data();
    void edges_shown_and_pruned_and_bias_sum_to_the_preactivation();
    void influence_is_the_sum_of_all_powers();
    void a_feature_target_stays_though_nothing_reads_it();
    void edges_are_sorted_by_strength();
    void a_graph_without_influence_is_still_a_graph();
    void thresholds_outside_the_unit_interval_are_refused();
    void a_weight_that_is_not_finite_is_named();
};

void TestPrune::influence_is_what_the_targets_hand_down() {
    const std::vector<double> influence = nodeInfluence(handMade());
    const std::vector<double> expected{360, 276, 464, 0, 58, 0, 144, 429, 329, 0, 0, 0, 0, 0};
    QCOMPARE(influence.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i)
        QVERIFY(near(influence[i], expected[i] / 1280));
}

void TestPrune::scores_are_the_shares_that_do_not_come_from_errors() {
    const GraphScores s = scores(handMade());
    // tokens 429 + 329 = 758, errors 58 + 144 = 202
    QVERIFY(near(s.replacement, 758.0 / 960));
    // I + w: A 360, B 276, C 464, X 640, Y 320, inputs 960: 3020. Shares from errors: C 1/8, X 1/10, Y 1/4.
    QVERIFY(near(s.completeness, (3020.0 - 464.0 / 8 - 640.0 / 10 - 320.0 / 4) / 3020));
}

void TestPrune::pruning_keeps_the_nodes_and_edges_that_carry_the_shares() {
    // Nodes: C 464, t0 893, A 1253, t1 1582, B 1858 of 2060: 0.8 is first reached at B, so both errors go.
    // What is left, Σ: A 2, B 4, C 7, X 9, Y 3; I': C 1/2·6/9 + 1/4·1/3 = 5/12, A 1/9 + 5/12·4/7 = 22/63,
    // B 1/6 + 5/12·2/7 = 2/7. Edge scores in 1/252: A←t0 88, X←C 84, C←A 60, B←t1 54, Y←B 42, C←B 30, X←A 28, Y←C 21,
    // B←t0 18, C←t1 15, X←t1 14, sum 454: 0.9 (408.6) is first reached at 425 with 18.
    // Bias as a source, cut-off 18/252 = 0.071: A 0.5/2·22/63 = 0.087, X 2/9·1/2 = 0.111 stay; B 0.036 and C 0.060 go.
    const AttributionGraph graph = buildGraph(handMade(), {.nodeThreshold = 0.8, .edgeThreshold = 0.9});
    const std::map<std::string, double> expected{
        {"token 0 > 0/3@0", 3},   {"position 0 > 0/3@0", -1}, {"1/2@1 > logit 12", 6}, {"0/3@0 > 1/2@1", 4},
        {"token 1 > 0/5@1", 4},   {"position 1 > 0/5@1", -1}, {"0/5@1 > logit 4", 2},  {"0/5@1 > 1/2@1", -2},
        {"0/3@0 > logit 12", -2}, {"1/2@1 > logit 4", -1},    {"token 0 > 0/5@1", 1},  {"bias > 0/3@0", 0.5},
        {"bias > logit 12", 2}};
    QCOMPARE(edgeNames(graph), expected);
    QCOMPARE(graph.edges.size(), expected.size());
    QCOMPARE(nodeNames(graph), (std::set<std::string>{"0/3@0", "0/5@1", "1/2@1", "token 0", "token 1", "position 0",
                                                      "position 1", "bias", "logit 12", "logit 4"}));
    QCOMPARE(graph.allNodes, int64_t{14});
    QCOMPARE(graph.allEdges, int64_t{21}); // 2 + 3 + 4 + 5 + 3 in the matrix, 4 of the bias
    QVERIFY(near(named(graph, "1/2@1").prunedEdges, 1 - 1));
    QVERIFY(near(named(graph, "logit 12").prunedEdges, -1 + 2 - 1));
    QVERIFY(near(named(graph, "logit 4").prunedEdges, 1));
    QVERIFY(near(named(graph, "1/2@1").biasEdge, 1));
    QVERIFY(near(named(graph, "1/2@1").influence, 464.0 / 1280));
    QVERIFY(near(named(graph, "1/2@1").cumulative, 464.0 / 2060));
    QVERIFY(near(named(graph, "token 0").cumulative, 893.0 / 2060));
    QVERIFY(near(named(graph, "position 0").cumulative, 893.0 / 2060));
    QVERIFY(near(named(graph, "0/5@1").cumulative, 1858.0 / 2060));
    QCOMPARE(named(graph, "logit 12").cumulative, 0.0);
    QVERIFY(near(graph.scores.replacement, 758.0 / 960));
    // An exact share is reached by the node that completes it: 1858/2060 keeps B, no error.
    QCOMPARE(buildGraph(handMade(), {.nodeThreshold = 1858.0 / 2060, .edgeThreshold = 0.9}).nodes.size(), size_t{10});
}

void TestPrune::loose_ends_are_dropped_until_none_is_left() {
    // 0.6 of 454 is reached at 286 with 54: A←t0, X←C, C←A, B←t1. B leads nowhere and goes with its edge.
    const AttributionGraph graph = buildGraph(handMade(), {.nodeThreshold = 0.8, .edgeThreshold = 0.6});
    QVERIFY(!nodeNames(graph).contains("0/5@1"));
    QVERIFY(!edgeNames(graph).contains("token 1 > 0/5@1"));
    QVERIFY(nodeNames(graph).contains("token 1")); // tokens and logits always stay
    QVERIFY(nodeNames(graph).contains("logit 4"));
    QVERIFY(!nodeNames(graph).contains("position 1"));
    // 0.3 is reached at 172 with 84: A←t0, X←C. A leads nowhere, C comes from nowhere: both go.
    const AttributionGraph bare = buildGraph(handMade(), {.nodeThreshold = 0.8, .edgeThreshold = 0.3});
    for (const GraphNode &node : bare.nodes)
        QVERIFY(node.node.kind != NodeKind::Feature);
    for (const GraphEdge &edge : bare.edges)
        QVERIFY(bare.nodes[static_cast<size_t>(edge.source)].node.kind == NodeKind::Bias);
}

void TestPrune::without_pruning_everything_stays() {
    const AttributionGraph graph = buildGraph(handMade(), {.prune = false});
    QCOMPARE(static_cast<int64_t>(graph.nodes.size()), graph.allNodes);
    QCOMPARE(static_cast<int64_t>(graph.edges.size()), graph.allEdges);
    for (const GraphNode &node : graph.nodes)
        QCOMPARE(node.prunedEdges, 0.0);
}

void TestPrune::edges_shown_and_pruned_and_bias_sum_to_the_preactivation_data() {
    QTest::addColumn<double>("nodes");
    QTest::addColumn<double>("edges");
    for (const double nodes : {0.0, 0.5, 0.8, 1.0})
        for (const double edges : {0.0, 0.5, 0.98, 1.0})
            QTest::addRow("%g %g", nodes, edges) << nodes << edges;
}

namespace {

Attribution<double> traced(const Targets &targets = {}) {
    const reference::Model model =
        reference::makeModel({.layers = 3, .length = 6, .features = 30, .k = 5, .skip = true}, 5);
    const reference::Pass pass = reference::run(model);
    return attribute<double>(model.gpt, model.transcoder, model.ids, pass.activations,
                             reference::activeFeatures(model, pass), targets, {});
}

} // namespace

void TestPrune::edges_shown_and_pruned_and_bias_sum_to_the_preactivation() {
    QFETCH(double, nodes);
    QFETCH(double, edges);
    const AttributionGraph graph = buildGraph(traced(), {.nodeThreshold = nodes, .edgeThreshold = edges});
    std::vector<double> sum(graph.nodes.size());
    for (size_t n = 0; n < graph.nodes.size(); ++n)
        sum[n] = graph.nodes[n].biasEdge + graph.nodes[n].prunedEdges;
    std::vector<int> in(graph.nodes.size()), out(graph.nodes.size());
    for (const GraphEdge &edge : graph.edges) {
        if (graph.nodes[static_cast<size_t>(edge.source)].node.kind != NodeKind::Bias) {
            sum[static_cast<size_t>(edge.target)] += edge.weight;
            ++in[static_cast<size_t>(edge.target)];
        }
        ++out[static_cast<size_t>(edge.source)];
    }
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
        const Node &node = graph.nodes[n].node;
        if (node.kind == NodeKind::Feature || node.kind == NodeKind::Logit)
            QVERIFY(std::abs(sum[n] - node.preactivation) < 1e-10);
        if (node.kind == NodeKind::Feature)
            QVERIFY(in[n] > 0 && out[n] > 0);
        if (node.kind == NodeKind::Error)
            QVERIFY(out[n] > 0);
    }
}

void TestPrune::influence_is_the_sum_of_all_powers() {
    // wᵀ(Ã + Ã² + …) with dense products over all nodes, as method.md writes it.
    const Attribution<double> a = traced();
    const size_t n = a.nodes.size(), sources = static_cast<size_t>(a.sources);
    size_t tokens = 0, places = 0;
    while (a.nodes[tokens].kind != NodeKind::Token)
        ++tokens;
    while (a.nodes[tokens + places].kind == NodeKind::Token)
        ++places;
    std::vector<std::vector<double>> matrix(n, std::vector<double>(n));
    for (size_t r = 0; r < a.rowNode.size(); ++r) {
        std::vector<double> &row = matrix[static_cast<size_t>(a.rowNode[r])];
        double sum = 0;
        for (size_t c = 0; c < tokens + places; ++c) {
            row[c] = std::abs(a.matrix[r * sources + c] + (c < tokens ? 0 : a.matrix[r * sources + c + places]));
            sum += row[c];
        }
        for (double &value : row)
            value /= sum;
    }
    std::vector<double> handed(n), influence(n);
    for (size_t t = 0; t < a.targetRows.size(); ++t)
        handed[static_cast<size_t>(a.rowNode[static_cast<size_t>(a.targetRows[t])])] = a.targetWeights[t];
    for (int power = 0; power < 6; ++power) {
        std::vector<double> next(n);
        for (size_t i = 0; i < n; ++i)
            for (size_t j = 0; j < n; ++j)
                next[j] += handed[i] * matrix[i][j];
        for (size_t j = 0; j < n; ++j)
            influence[j] += next[j];
        handed = next;
    }
    const std::vector<double> found = nodeInfluence(a);
    for (size_t i = 0; i < n; ++i)
        QVERIFY(near(found[i], influence[i]));
}

void TestPrune::a_feature_target_stays_though_nothing_reads_it() {
    const Attribution<double> whole = traced();
    const auto target = std::find_if(whole.nodes.begin(), whole.nodes.end(),
                                     [](const Node &n) { return n.layer == 2 && n.position == 4; });
    const AttributionGraph graph = buildGraph(
        traced({.kind = Targets::Kind::Feature, .tokens = {}, .layer = 2, .position = 4, .feature = target->id}),
        PruneSettings{});
    const GraphNode &node = named(graph, nodeId(*target));
    QCOMPARE(node.influence, 0.0);
    QCOMPARE(node.cumulative, 0.0); // the slider never hides it
    QVERIFY(graph.edges.size() > 5);
}

void TestPrune::edges_are_sorted_by_strength() {
    const AttributionGraph graph = buildGraph(traced(), {.prune = false});
    for (size_t i = 1; i < graph.edges.size(); ++i)
        QVERIFY(std::abs(graph.edges[i - 1].weight) >= std::abs(graph.edges[i].weight));
}

void TestPrune::a_graph_without_influence_is_still_a_graph() {
    Attribution<double> a = handMade();
    std::fill(a.matrix.begin(), a.matrix.end(), 0.0);
    const AttributionGraph graph = buildGraph(a, PruneSettings{});
    QCOMPARE(graph.scores.replacement, 0.0);
    QVERIFY(std::isfinite(graph.scores.completeness));
    for (const std::string name : {"token 0", "token 1", "logit 12", "logit 4"})
        QVERIFY(nodeNames(graph).contains(name));
}

void TestPrune::thresholds_outside_the_unit_interval_are_refused() {
    for (const double bad : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
        QVERIFY_EXCEPTION_THROWN((void)buildGraph(handMade(), {.nodeThreshold = bad}), Error);
        QVERIFY_EXCEPTION_THROWN((void)buildGraph(handMade(), {.edgeThreshold = bad}), Error);
    }
}

void TestPrune::a_weight_that_is_not_finite_is_named() {
    Attribution<double> a = handMade();
    a.matrix[2 * 11 + E01] = std::numeric_limits<double>::quiet_NaN();
    try {
        (void)buildGraph(a, PruneSettings{});
        QFAIL("a NaN was accepted");
    } catch (const Error &e) {
        QVERIFY(QString::fromUtf8(e.what()).contains("from error 0@1 to 1/2@1"));
    }
}

QTEST_APPLESS_MAIN(TestPrune)
#include "test_prune.moc"
