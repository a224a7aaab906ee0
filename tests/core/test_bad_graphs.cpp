// Graphs at the edges of what is possible, and requests that make no sense: a sentence, and the next graph works.
#include "core/circuits/annotations.h"
#include "core/circuits/graph_canvas.h"
#include "core/circuits/graph_export.h"
#include "core/circuits/paths.h"
#include "traced_model.h"

using namespace tt;
using reference::Shape;

namespace {

TracedGraph placed(const AttributionGraph &graph) {
    return {.graph = graph, .layout = layoutGraph(graph, nodeSizes(graph), {})};
}

/// A prompt in which no feature fires: every encoder bias is far below.
TracedModel silent() {
    TracedModel t(Shape{.layers = 3});
    for (auto &layer : t.model.transcoder.layers)
        std::fill(layer.encoderBias.begin(), layer.encoderBias.end(), -1000.0);
    t.pass = reference::run(t.model);
    t.active = reference::activeFeatures(t.model, t.pass);
    return t;
}

} // namespace

class TestBadGraphs : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void without_an_active_feature_errors_and_tokens_are_the_graph() {
        const TracedModel t = silent();
        const Attribution<double> a = t.attribute();
        for (const Node &node : a.nodes)
            QVERIFY(node.kind != NodeKind::Feature);
        QVERIFY(a.maxResidual <= 1e-10);
        const TracedGraph graph = placed(buildGraph(a, PruneSettings{}));
        QVERIFY(!graph.graph.edges.empty());
        QVERIFY(graph.graph.scores.completeness >= 0 && graph.graph.scores.completeness <= 1);
        QVERIFY(!graphSvg(graph).empty());
        QVERIFY(proposeSupernodes(graph.graph).empty());
        QVERIFY(!greedyPaths(t.inputs(), a.nodes.back(), {}, {}).empty());
    }

    void thresholds_0_and_1_are_graphs_data() {
        QTest::addColumn<double>("nodes");
        QTest::addColumn<double>("edges");
        for (const double nodes : {0.0, 1.0})
            for (const double edges : {0.0, 1.0})
                QTest::addRow("%g %g", nodes, edges) << nodes << edges;
    }
    void thresholds_0_and_1_are_graphs() {
        QFETCH(double, nodes);
        QFETCH(double, edges);
        const TracedModel t(Shape{.layers = 3});
        const Attribution<double> a = t.attribute();
        const AttributionGraph graph = buildGraph(a, {.nodeThreshold = nodes, .edgeThreshold = edges});
        const auto has = [&](NodeKind kind) {
            return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                               [kind](const GraphNode &n) { return n.node.kind == kind; });
        };
        QVERIFY(has(NodeKind::Logit) && has(NodeKind::Token));
        if (nodes == 1 && edges == 1) // everything that has any influence
            for (const GraphNode &node : graph.nodes)
                QVERIFY(node.node.kind != NodeKind::Feature || std::abs(node.prunedEdges) < 1e-9);
        QVERIFY(!graphSvg(placed(graph)).empty());
    }

    void one_token_is_a_prompt() {
        const TracedModel t(Shape{.layers = 2, .length = 1});
        const Attribution<double> a = t.attribute();
        const TracedGraph graph = placed(buildGraph(a, PruneSettings{}));
        QVERIFY(!graph.graph.edges.empty());
        QVERIFY(!graphPdf(graph).empty());
    }

    void a_target_that_is_no_token_is_a_sentence() {
        const TracedModel t(Shape{});
        for (const int token : {-1, 1000})
            try {
                (void)t.attribute({.kind = Targets::Kind::Tokens, .tokens = {token}});
                QFAIL("it was accepted");
            } catch (const Error &error) {
                QCOMPARE(error.kind(), Error::Kind::Usage);
                QVERIFY(QString::fromUtf8(error.what()).endsWith(u'.'));
            }
    }

    void what_graphviz_refuses_is_a_sentence_and_the_next_graph_works() {
        try {
            (void)renderXdot("c 7 -#000000 ", {10, 10}, "no-such-format", 1);
            QFAIL("Graphviz drew an unknown format");
        } catch (const Error &error) {
            QVERIFY(QString::fromUtf8(error.what()).contains("Graphviz"));
        }
        const TracedModel t(Shape{});
        const TracedGraph graph = placed(buildGraph(t.attribute(), PruneSettings{}));
        QVERIFY(graph.layout.width > 0);
    }
};

QTEST_APPLESS_MAIN(TestBadGraphs)
#include "test_bad_graphs.moc"
