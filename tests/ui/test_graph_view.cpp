#include "core/circuits/graph_export.h"
#include "fail_on_warning.h"
#include "sample_graph.h"
#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/circuits/node_panel.h"
#include "ui/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QElapsedTimer>
#include <QGraphicsScene>
#include <QScrollBar>
#include <QSignalSpy>
#include <QSlider>
#include <QTableView>
#include <QtTest>

#include <set>

using namespace tt;

class TestGraphView : public QObject {
    Q_OBJECT

    FailOnWarning guard_;
    static constexpr int strongest = 5, its_source = 0, logit = 19;

    static void show(GraphView &view, const TracedGraph &traced) {
        view.resize(848, 520);
        view.show();
        view.setGraph(traced);
    }
    static QPoint placeOf(const GraphView &view, int node) { return view.mapFromScene(view.nodeItem(node)->pos()); }
    static void click(GraphView &view, QPoint at) { QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, at); }

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void there_is_one_item_per_node_and_edge() {
        GraphView view;
        show(view, sample::onceUponA());
        int nodes = 0, edges = 0;
        for (const QGraphicsItem *item : view.scene()->items()) {
            nodes += item->type() == NodeItem::Type;
            edges += item->type() == EdgeItem::Type;
        }
        QCOMPARE(nodes, 21);
        QCOMPARE(edges, 35);
    }

    void the_description_sums_the_graph_up() {
        GraphView view;
        show(view, sample::onceUponA());
        QCOMPARE(view.accessibleName(), "Attribution graph");
        // From ␣time down: 5.87 from 1/1184, 2.61 from 0/312, 3.90 from the token ␣upon.
        QCOMPARE(view.accessibleDescription(), "21 nodes, 35 edges; strongest path ␣upon at 1 → ␣upon (0/312 at 1) → "
                                               "␣time (1/1184 at 2) → ␣time p 0.938");
    }

    void a_click_selects_and_lights_inputs_and_outputs() {
        GraphView view;
        const TracedGraph traced = sample::onceUponA();
        show(view, traced);
        QSignalSpy selected(&view, &GraphView::nodeSelected);
        click(view, placeOf(view, strongest));
        QCOMPARE(selected.size(), 1);
        QCOMPARE(view.selectedNode(), strongest);
        QVERIFY(view.nodeItem(strongest)->isChosen());
        std::set<int> lit{strongest};
        for (size_t e = 0; e < traced.graph.edges.size(); ++e) {
            const GraphEdge &edge = traced.graph.edges[e];
            const bool touches = edge.source == strongest || edge.target == strongest;
            QCOMPARE(view.edgeItem(static_cast<int>(e))->highlight(), touches ? Highlight::Lit : Highlight::Dimmed);
            if (touches)
                lit.insert({edge.source, edge.target});
        }
        for (int node = 0; node < 21; ++node)
            QCOMPARE(view.nodeItem(node)->highlight(), lit.count(node) ? Highlight::Lit : Highlight::Dimmed);
        QTest::keyClick(&view, Qt::Key_Escape);
        QVERIFY(!view.selectedNode());
        QCOMPARE(view.edgeItem(0)->highlight(), Highlight::None);
    }

    void a_click_on_the_ground_clears_and_on_an_edge_does_not() {
        GraphView view;
        show(view, sample::onceUponA());
        view.selectNode(strongest);
        const EdgeItem *edge = view.edgeItem(0); // from 1/1184 to ␣time
        const QPointF middle = (view.nodeItem(strongest)->pos() + view.nodeItem(logit)->pos()) / 2;
        QVERIFY(edge->shape().contains(middle));
        click(view, view.mapFromScene(middle));
        QCOMPARE(view.selectedNode(), strongest);
        click(view, QPoint(3, 3));
        QVERIFY(!view.selectedNode());
    }

    void an_edge_is_hit_on_its_line_and_not_in_its_belly() {
        const EdgeItem edge(0, {0, 1, 1.0}, {{0, 0}, {100, 0}, {100, 200}, {0, 200}}, 0.1);
        QVERIFY(edge.shape().contains(QPointF(75, 100)));
        QVERIFY(edge.shape().contains(QPointF(72, 100)));
        QVERIFY(!edge.shape().contains(QPointF(40, 100)));
    }

    void edges_differ_by_sign_and_weight_and_stay_below_nodes() {
        GraphView view;
        const TracedGraph traced = sample::onceUponA();
        show(view, traced);
        QVERIFY(std::abs(view.edgeItem(0)->pen().widthF() - (1 + std::pow(5.9, 0.9))) < 1e-9);
        for (size_t e = 0; e < traced.graph.edges.size(); ++e) {
            const EdgeItem *item = view.edgeItem(static_cast<int>(e));
            const bool lowers = traced.graph.edges[e].weight < 0;
            QCOMPARE(item->pen().style(), lowers ? Qt::CustomDashLine : Qt::SolidLine);
            QCOMPARE(item->pen().color(), lowers ? theme().edgeLowers : theme().edgeRaises);
            QVERIFY(item->zValue() < view.nodeItem(0)->zValue());
            if (lowers) // 6 on, 3 off in pixels
                QVERIFY(std::abs(item->pen().dashPattern().at(0) * item->pen().widthF() - 6) < 1e-9);
        }
        view.selectNode(2);
        QVERIFY(view.edgeItem(0)->pen().widthF() <= 1.6);
        QCOMPARE(view.edgeItem(0)->pen().color(), theme().edgeUnlit);
    }

    void arrows_walk_along_the_strongest_edges_and_in_the_rank() {
        GraphView view;
        show(view, sample::onceUponA());
        QTest::keyClick(&view, Qt::Key_Up); // nothing selected: begins with the most influential
        QCOMPARE(view.selectedNode(), strongest);
        QTest::keyClick(&view, Qt::Key_Up);
        QCOMPARE(view.selectedNode(), logit);
        QTest::keyClick(&view, Qt::Key_Down);
        QCOMPARE(view.selectedNode(), strongest);
        QTest::keyClick(&view, Qt::Key_Down);
        QCOMPARE(view.selectedNode(), its_source);
        QTest::keyClick(&view, Qt::Key_Left); // the first of its rank
        QCOMPARE(view.selectedNode(), its_source);
        QTest::keyClick(&view, Qt::Key_Right);
        QCOMPARE(view.selectedNode(), 1);
        QTest::keyClick(&view, Qt::Key_Tab); // by influence: 0.31, 0.14, 0.12, 0.11, 0.09, 0.08
        QCOMPARE(view.selectedNode(), 6);
    }

    void a_new_layout_keeps_the_selected_node_where_it_was() {
        GraphView view;
        const TracedGraph before = sample::onceUponA();
        show(view, before);
        view.selectNode(strongest);
        const QPoint place = placeOf(view, strongest);
        TracedGraph after = before;
        for (Point &centre : after.layout.centres)
            centre = {centre.x * 1.4 + 90, centre.y * 1.2 - 7};
        after.layout.width *= 1.4;
        after.layout.height *= 1.2;
        // The node has another index now: it is found by its id.
        std::swap(after.graph.nodes[5], after.graph.nodes[6]);
        std::swap(after.layout.centres[5], after.layout.centres[6]);
        view.setGraph(after);
        QVERIFY(view.selectedNode());
        QCOMPARE(nodeId(view.graph().nodes[static_cast<size_t>(*view.selectedNode())].node), "1/1184@2");
        QVERIFY((placeOf(view, *view.selectedNode()) - place).manhattanLength() <= 2);
    }

    void a_first_graph_is_fitted_and_a_hidden_kind_takes_its_edges_along() {
        GraphView view;
        show(view, sample::onceUponA());
        for (int node = 0; node < 21; ++node)
            QVERIFY(view.viewport()->rect().contains(placeOf(view, node)));
        view.setKindVisible(NodeKind::Error, false);
        QVERIFY(!view.nodeItem(9)->isVisible());
        for (int e = 0; e < 35; ++e) {
            const GraphEdge &edge = view.edgeItem(e)->edge();
            const bool touchesError = edge.source >= 9 && edge.source <= 11;
            QCOMPARE(view.edgeItem(e)->isVisible(), !touchesError);
        }
    }

    void inputs_and_bias_sum_to_the_preactivation() {
        const TracedGraph traced = sample::onceUponA();
        const GraphIndex index(traced.graph, traced.layout);
        const auto sum = NodePanel::sumOfInputs(traced.graph, index, strongest);
        QVERIFY(std::abs(sum.sum - 6.61) < 1e-9);
        QVERIFY(sum.exact);
        TracedGraph wrong = traced;
        wrong.graph.nodes[strongest].prunedEdges += 0.01;
        QVERIFY(!NodePanel::sumOfInputs(wrong.graph, index, strongest).exact);
    }

    void the_place_says_what_to_trace_and_follows_a_row() {
        CircuitsPlace place;
        place.resize(1184, 640);
        place.show();
        QSignalSpy traces(&place, &CircuitsPlace::traceRequested),
            thresholds(&place, &CircuitsPlace::arrangementChanged);
        place.setTranscoders({{}});
        place.setPromptFeatures(sample::promptFeatures());
        place.traceFeature(1, 2, 1184);
        QCOMPARE(traces.size(), 1);
        const auto settings = traces[0][0].value<TraceSettings>();
        QCOMPARE(settings.targets.kind, Targets::Kind::Feature);
        QCOMPARE(settings.targets.feature, 1184);
        QVERIFY(place.commandLine().contains("--name plt-k16 --prompt 'Once upon a time' --target feature:1/2/1184"));
        place.setGraph(sample::onceUponA());
        place.view()->selectNode(strongest);
        auto *inputs = place.findChild<QTableView *>("Inputs");
        QVERIFY(inputs);
        // Sorted by |weight|, the bias stands in the sum instead.
        QCOMPARE(inputs->model()->rowCount(), 9);
        QCOMPARE(inputs->model()->index(0, 2).data().toString(), "+2.61");
        QCOMPARE(inputs->model()->index(6, 2).data().toString(), "−0.42");
        QTest::mouseClick(inputs->viewport(), Qt::LeftButton, {},
                          inputs->visualRect(inputs->model()->index(0, 0)).center());
        QCOMPARE(place.view()->selectedNode(), its_source);
        for (QSlider *slider : place.findChildren<QSlider *>())
            if (slider->accessibleName() == "Node threshold")
                slider->setValue(60);
        QTRY_COMPARE(thresholds.size(), 1);
        QCOMPARE(thresholds[0][0].value<PruneSettings>().nodeThreshold, 0.6);
    }

    void repaint_is_measured_data() {
        QTest::addColumn<int>("nodes");
        QTest::addColumn<int>("edges");
        QTest::newRow("ordinary") << 100 << 300;
        QTest::newRow("large") << 500 << 2000;
    }
    void repaint_is_measured() {
        QFETCH(int, nodes);
        QFETCH(int, edges);
        GraphView view;
        show(view, sample::random(nodes, edges));
        view.zoomBy(1.0 / view.zoom());
        QTest::qWait(300); // the picture for movement is dropped
        const auto millisecondsOf = [](int times, const auto &work) {
            QElapsedTimer timer;
            timer.start();
            for (int i = 0; i < times; ++i)
                work(i);
            return static_cast<double>(timer.nsecsElapsed()) / 1e6 / times;
        };
        QScrollBar *across = view.horizontalScrollBar();
        view.centerOn(view.nodeItem(nodes / 2)->pos());
        const double still = millisecondsOf(5, [&](int) { view.viewport()->repaint(); });
        const double pan = millisecondsOf(30, [&](int i) {
            QWheelEvent wheel({400, 200}, view.viewport()->mapToGlobal(QPointF(400, 200)), {}, {0, i % 2 ? 120 : -120},
                              {}, {}, Qt::NoScrollPhase, false);
            QApplication::sendEvent(view.viewport(), &wheel);
            across->setValue(across->value() + 7);
            view.viewport()->repaint();
        });
        QTest::qWait(300);
        const double choose = millisecondsOf(10, [&](int i) {
            view.selectNode(nodes / 2 + 2 * i);
            view.viewport()->repaint();
        });
        view.selectNode(std::nullopt);
        view.fit();
        const double whole = millisecondsOf(5, [&](int) { view.viewport()->repaint(); });
        const double chooseWhole = millisecondsOf(10, [&](int i) {
            view.selectNode(nodes / 2 + 2 * i);
            view.viewport()->repaint();
        });
        qInfo("%d nodes, %d edges at 100 %%: repaint %.1f ms, panning %.1f ms a frame, selecting %.1f ms; fitted: "
              "repaint %.1f ms, selecting %.1f ms",
              nodes, edges, still, pan, choose, whole, chooseWhole);
    }
};

QTEST_MAIN(TestGraphView)
#include "test_graph_view.moc"
