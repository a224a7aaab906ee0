#include "core/circuits/graph_layout.h"
#include "core/circuits/layout_plan.h"
#include "core/random.h"

#include <QTest>

#include <clocale>
#include <limits>
#include <set>
#include <thread>

using namespace tt;

namespace {

/// A graph as pruning leaves it: `perPlace` features and one error a layer and place, tokens, positions, bias, two
/// logits.
AttributionGraph makeGraph(int layers, int places, int perPlace, size_t edges, uint64_t seed) {
    Random random(seed);
    AttributionGraph graph;
    graph.layers = layers;
    const auto add = [&](Node node, const std::string &label) {
        graph.nodes.push_back({.node = node, .label = label});
    };
    for (int l = 0; l < layers; ++l)
        for (int p = 0; p < places; ++p)
            for (int f = 0; f < perPlace; ++f)
                add({.kind = NodeKind::Feature, .layer = l, .position = p, .id = f * 7},
                    std::string(random.below(30), 'x') + " y");
    for (int l = 0; l < layers; ++l)
        for (int p = 0; p < places; ++p)
            add({.kind = NodeKind::Error, .layer = l, .position = p, .activation = random.uniform()}, "error");
    for (int p = 0; p < places; ++p)
        add({.kind = NodeKind::Token, .position = p, .id = p}, " token");
    for (int p = 0; p < places; ++p)
        add({.kind = NodeKind::Position, .position = p, .id = p}, std::to_string(p));
    add({.kind = NodeKind::Bias}, "bias");
    for (int i = 0; i < 2; ++i)
        add({.kind = NodeKind::Logit, .position = places - 1, .id = i, .activation = 0.4}, " time");
    const auto layerOf = [&](const Node &n) {
        return n.kind == NodeKind::Logit                                  ? layers
               : n.kind == NodeKind::Feature || n.kind == NodeKind::Error ? n.layer
                                                                          : -1;
    };
    std::set<std::pair<int, int>> seen;
    for (size_t tries = 0; graph.edges.size() < edges && tries < 100 * edges; ++tries) {
        const int s = static_cast<int>(random.below(graph.nodes.size()));
        const int t = static_cast<int>(random.below(graph.nodes.size()));
        const Node &source = graph.nodes[static_cast<size_t>(s)].node,
                   &target = graph.nodes[static_cast<size_t>(t)].node;
        const bool reads = target.kind == NodeKind::Feature || target.kind == NodeKind::Logit;
        if (reads && layerOf(source) < layerOf(target) && source.position <= target.position &&
            seen.insert({s, t}).second)
            graph.edges.push_back({s, t, random.normal()});
    }
    std::sort(graph.edges.begin(), graph.edges.end(),
              [](const GraphEdge &a, const GraphEdge &b) { return std::abs(a.weight) > std::abs(b.weight); });
    return graph;
}

struct Box {
    double left, right, top, bottom;
};

Box boxOf(const GraphLayout &layout, size_t n) {
    const Point &c = layout.centres[n];
    const Size &s = layout.sizes[n];
    return {c.x - s.width / 2, c.x + s.width / 2, c.y - s.height / 2, c.y + s.height / 2};
}

size_t rankOf(const AttributionGraph &graph, const Node &node) {
    if (node.kind == NodeKind::Logit)
        return static_cast<size_t>(graph.layers) + 1;
    return node.kind == NodeKind::Feature || node.kind == NodeKind::Error ? static_cast<size_t>(node.layer) + 1 : 0;
}

bool onBorder(const Box &box, const Point &p) {
    const double slack = 1.5;
    return p.x > box.left - slack && p.x < box.right + slack && p.y > box.top - slack && p.y < box.bottom + slack;
}

GraphLayout layout(const AttributionGraph &graph) {
    return layoutGraph(graph, nodeSizes(graph), {});
}

} // namespace

class TestGraphLayout : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ranks_rise_and_positions_run_from_left_to_right_data();
    void ranks_rise_and_positions_run_from_left_to_right();
    void nodes_do_not_overlap_data() { ranks_rise_and_positions_run_from_left_to_right_data(); }
    void nodes_do_not_overlap();
    void edges_run_from_border_to_border_data() { ranks_rise_and_positions_run_from_left_to_right_data(); }
    void edges_run_from_border_to_border();
    void dot_keeps_the_order_and_draws_the_edges();
    void a_rank_in_the_wrong_order_is_set_in_order();
    void the_same_graph_gives_the_same_picture();
    void an_empty_graph_and_a_single_node_have_a_layout();
    void a_graph_without_edges_keeps_its_order();
    void a_weight_that_is_not_finite_is_named();
    void wrong_sizes_are_refused();
    void a_stop_ends_the_wait();
    void many_threads_may_ask_at_once();
    void a_locale_with_decimal_commas_changes_nothing();
    void labels_have_at_most_two_lines_that_fit();
};

void TestGraphLayout::ranks_rise_and_positions_run_from_left_to_right_data() {
    QTest::addColumn<int>("layers");
    QTest::addColumn<int>("places");
    QTest::addColumn<int>("perPlace");
    QTest::addColumn<int>("edges");
    QTest::newRow("small") << 2 << 3 << 2 << 30;
    QTest::newRow("sparse: many nodes without inputs") << 2 << 10 << 3 << 12;
    QTest::newRow("four layers") << 4 << 6 << 3 << 150;
    QTest::newRow("more edges than dot is given") << 2 << 12 << 6 << 2500;
    QTest::newRow("one layer, one place") << 1 << 1 << 1 << 5;
}

void TestGraphLayout::ranks_rise_and_positions_run_from_left_to_right() {
    QFETCH(int, layers);
    QFETCH(int, places);
    QFETCH(int, perPlace);
    QFETCH(int, edges);
    const AttributionGraph graph = makeGraph(layers, places, perPlace, static_cast<size_t>(edges), 3);
    const GraphLayout l = layout(graph);
    QCOMPARE(l.rankTop.size(), static_cast<size_t>(layers) + 2);
    for (size_t r = 1; r < l.rankTop.size(); ++r)
        QVERIFY(l.rankBottom[r] <= l.rankTop[r - 1]);
    for (size_t a = 0; a < graph.nodes.size(); ++a) {
        const Node &first = graph.nodes[a].node;
        const size_t rank = rankOf(graph, first);
        const Box box = boxOf(l, a);
        QVERIFY(box.top >= l.rankTop[rank] && box.bottom <= l.rankBottom[rank]);
        QVERIFY(box.left >= 0 && box.right <= l.width && box.top >= 0 && box.bottom <= l.height);
        for (size_t b = 0; b < graph.nodes.size(); ++b) {
            const Node &second = graph.nodes[b].node;
            if (rankOf(graph, second) != rank || second.kind == NodeKind::Bias)
                continue;
            const bool before =
                first.kind != NodeKind::Bias && (first.position != second.position ? first.position < second.position
                                                 : first.kind != second.kind       ? first.kind < second.kind
                                                                                   : a < b);
            if (before)
                QVERIFY2(l.centres[a].x < l.centres[b].x, qPrintable(QString("%1 %2").arg(a).arg(b)));
            if (first.kind == NodeKind::Bias) // it reads from no place: at the end
                QVERIFY(l.centres[a].x > l.centres[b].x);
        }
    }
}

void TestGraphLayout::nodes_do_not_overlap() {
    QFETCH(int, layers);
    QFETCH(int, places);
    QFETCH(int, perPlace);
    QFETCH(int, edges);
    const AttributionGraph graph = makeGraph(layers, places, perPlace, static_cast<size_t>(edges), 4);
    const GraphLayout l = layout(graph);
    for (size_t a = 0; a < graph.nodes.size(); ++a)
        for (size_t b = a + 1; b < graph.nodes.size(); ++b) {
            const Box x = boxOf(l, a), y = boxOf(l, b);
            QVERIFY(x.right <= y.left || y.right <= x.left || x.bottom <= y.top || y.bottom <= x.top);
        }
}

void TestGraphLayout::edges_run_from_border_to_border() {
    QFETCH(int, layers);
    QFETCH(int, places);
    QFETCH(int, perPlace);
    QFETCH(int, edges);
    const AttributionGraph graph = makeGraph(layers, places, perPlace, static_cast<size_t>(edges), 5);
    const GraphLayout l = layout(graph);
    QCOMPARE(l.splines.size(), graph.edges.size());
    for (size_t e = 0; e < graph.edges.size(); ++e) {
        const std::vector<Point> &spline = l.splines[e];
        QVERIFY(spline.size() >= 4 && spline.size() % 3 == 1);
        const Box source = boxOf(l, static_cast<size_t>(graph.edges[e].source));
        const Box target = boxOf(l, static_cast<size_t>(graph.edges[e].target));
        QVERIFY(onBorder(source, spline.front()));
        QVERIFY(onBorder(target, spline.back()));
        QVERIFY(spline.front().y > spline.back().y); // upwards
    }
}

void TestGraphLayout::dot_keeps_the_order_and_draws_the_edges() {
    // dot gets the strongest edges, two a node. Were a rank out of order, they too would be plain curves, which leave
    // and arrive vertically.
    for (const size_t edges : {20, 200, 800}) {
        const AttributionGraph graph = makeGraph(2, 10, 4, edges, 6);
        const GraphLayout l = layout(graph);
        const auto drawn = std::count_if(l.splines.begin(), l.splines.end(), [](const std::vector<Point> &s) {
            return s.size() != 4 || s[0].x != s[1].x || s[2].x != s[3].x;
        });
        const auto given = static_cast<int64_t>(std::min(edges, 2 * graph.nodes.size()));
        QVERIFY2(drawn * 10 >= given * 9, qPrintable(QString::number(drawn)));
    }
}

void TestGraphLayout::a_rank_in_the_wrong_order_is_set_in_order() {
    const AttributionGraph graph = makeGraph(1, 3, 1, 8, 2);
    const DotPlan plan = planLayout(graph, nodeSizes(graph));
    DotResult scrambled;
    scrambled.splines.resize(plan.edges.size(), {{0, 0}, {1, 1}, {2, 2}, {3, 3}});
    for (size_t n = 0; n < graph.nodes.size(); ++n)
        scrambled.centres.push_back(
            {-20.0 * static_cast<double>(n), 100.0 * static_cast<double>(rankOf(graph, graph.nodes[n].node))});
    const GraphLayout l = finishLayout(graph, plan, scrambled);
    for (const std::vector<int> &rank : plan.ranks)
        for (size_t i = 1; i < rank.size(); ++i)
            QVERIFY(boxOf(l, static_cast<size_t>(rank[i - 1])).right < boxOf(l, static_cast<size_t>(rank[i])).left);
    for (size_t e = 0; e < graph.edges.size(); ++e) {
        QVERIFY(onBorder(boxOf(l, static_cast<size_t>(graph.edges[e].source)), l.splines[e].front()));
        QVERIFY(onBorder(boxOf(l, static_cast<size_t>(graph.edges[e].target)), l.splines[e].back()));
    }
}

void TestGraphLayout::the_same_graph_gives_the_same_picture() {
    const AttributionGraph graph = makeGraph(3, 6, 3, 120, 9);
    const GraphLayout first = layout(graph);
    (void)layout(makeGraph(2, 4, 2, 40, 1)); // what was laid out in between does not show
    const GraphLayout second = layout(graph);
    QCOMPARE(first.centres, second.centres);
    QCOMPARE(first.splines, second.splines);
    QCOMPARE(first.rankTop, second.rankTop);
    QCOMPARE(first.width, second.width);
}

void TestGraphLayout::an_empty_graph_and_a_single_node_have_a_layout() {
    AttributionGraph graph;
    graph.layers = 2;
    const GraphLayout empty = layout(graph);
    QVERIFY(empty.centres.empty() && empty.splines.empty());
    QVERIFY(empty.width > 0 && empty.height > 0);
    graph.nodes.push_back({.node = {.kind = NodeKind::Token, .position = 0, .id = 5}, .label = "Once"});
    const GraphLayout single = layout(graph);
    QCOMPARE(single.centres.size(), size_t{1});
    const Box box = boxOf(single, 0);
    QVERIFY(box.left >= 0 && box.right <= single.width && box.top >= 0 && box.bottom <= single.height);
}

void TestGraphLayout::a_graph_without_edges_keeps_its_order() {
    AttributionGraph graph = makeGraph(2, 5, 2, 0, 1);
    const GraphLayout l = layout(graph);
    for (size_t n = 1; n < graph.nodes.size(); ++n)
        if (graph.nodes[n].node.kind == graph.nodes[n - 1].node.kind &&
            graph.nodes[n].node.layer == graph.nodes[n - 1].node.layer)
            QVERIFY(l.centres[n].x > l.centres[n - 1].x);
}

void TestGraphLayout::a_weight_that_is_not_finite_is_named() {
    AttributionGraph graph = makeGraph(2, 3, 2, 20, 1);
    graph.edges[3].weight = std::numeric_limits<double>::quiet_NaN();
    try {
        (void)layout(graph);
        QFAIL("a NaN was accepted");
    } catch (const Error &e) {
        QVERIFY(QString::fromUtf8(e.what()).contains("not finite"));
    }
}

void TestGraphLayout::wrong_sizes_are_refused() {
    const AttributionGraph graph = makeGraph(2, 3, 2, 20, 1);
    std::vector<Size> sizes = nodeSizes(graph);
    sizes[2].width = std::numeric_limits<double>::infinity();
    QVERIFY_EXCEPTION_THROWN((void)layoutGraph(graph, sizes, {}), Error);
    sizes.pop_back();
    QVERIFY_EXCEPTION_THROWN((void)layoutGraph(graph, sizes, {}), Error);
}

void TestGraphLayout::a_stop_ends_the_wait() {
    const AttributionGraph large = makeGraph(3, 40, 4, 990, 2), small = makeGraph(2, 3, 2, 20, 1);
    const auto cancelled = [](const AttributionGraph &graph, const std::stop_token &stop) {
        try {
            (void)layoutGraph(graph, nodeSizes(graph), stop);
        } catch (const Error &e) {
            return e.kind() == Error::Kind::Cancelled;
        }
        return false;
    };
    std::stop_source before;
    before.request_stop();
    QVERIFY(cancelled(small, before.get_token()));
    // One job keeps Graphviz busy; the caller behind it leaves, then the next one is still served.
    std::stop_source source;
    bool first = false, second = false;
    std::jthread busy([&] { first = cancelled(large, source.get_token()); });
    std::jthread queued([&] { second = cancelled(large, source.get_token()); });
    source.request_stop();
    busy.join();
    queued.join();
    QVERIFY(first && second);
    QCOMPARE(layout(small).centres.size(), small.nodes.size());
}

void TestGraphLayout::many_threads_may_ask_at_once() {
    const AttributionGraph graph = makeGraph(2, 4, 2, 40, 8);
    const GraphLayout expected = layout(graph);
    std::vector<GraphLayout> found(6);
    {
        std::vector<std::jthread> threads;
        for (GraphLayout &result : found)
            threads.emplace_back([&] { result = layout(graph); });
    }
    for (const GraphLayout &result : found) {
        QCOMPARE(result.centres, expected.centres);
        QCOMPARE(result.splines, expected.splines);
    }
}

void TestGraphLayout::a_locale_with_decimal_commas_changes_nothing() {
    const AttributionGraph graph = makeGraph(2, 4, 2, 40, 8);
    const GraphLayout expected = layout(graph);
    const char *name = nullptr;
    for (const char *candidate : {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8"})
        if (name == nullptr)
            name = std::setlocale(LC_NUMERIC, candidate);
    if (name == nullptr)
        QSKIP("no locale with decimal commas is installed");
    const GraphLayout found = layout(graph);
    std::setlocale(LC_NUMERIC, "C");
    QCOMPARE(found.centres, expected.centres);
}

void TestGraphLayout::labels_have_at_most_two_lines_that_fit() {
    const auto lines = [](const Node &node, const std::string &label) {
        return labelLines({.node = node, .label = label});
    };
    using Lines = std::vector<std::string>;
    const Node feature{.kind = NodeKind::Feature, .layer = 1, .position = 2, .id = 1184};
    QCOMPARE(lines(feature, ""), Lines{"1/1184"});
    QCOMPARE(lines(feature, " time"), Lines{"time"});
    QCOMPARE(lines(feature, "once upon a → time"), (Lines{"once upon a →", "time"}));
    QCOMPARE(lines(feature, "opening of a story that never ends"), (Lines{"opening of a", "story that ne…"}));
    QCOMPARE(lines(feature, "abcdefghijklmnopqrstuvwxyz1234567890"), (Lines{"abcdefghijklmn", "opqrstuvwxyz1…"}));
    QCOMPARE(lines(feature, "  "), Lines{"␣␣"});
    QCOMPARE(lines({.kind = NodeKind::Token, .position = 0}, " a\n"), Lines{"␣a↵"});
    QCOMPARE(lines({.kind = NodeKind::Token, .position = 0}, "\xE2\x80"), Lines{"⟨E2 80⟩"});
    QCOMPARE(lines({.kind = NodeKind::Token, .position = 0}, "\x01"), Lines{"⟨01⟩"});
    QCOMPARE(lines({.kind = NodeKind::Error, .layer = 0, .position = 0, .activation = 0.2}, ""), Lines{"e"});
    QCOMPARE(lines({.kind = NodeKind::Error, .layer = 0, .position = 0, .activation = 0.574}, ""),
             (Lines{"!", "57 % error"}));
    QCOMPARE(lines({.kind = NodeKind::Logit, .position = 2, .id = 4, .activation = 0.938}, " time"),
             (Lines{"␣time", "0.938"}));
    AttributionGraph graph;
    graph.nodes = {{.node = feature, .label = "a"}, {.node = feature, .label = "opening of a story that never ends"}};
    const std::vector<Size> sizes = nodeSizes(graph);
    QCOMPARE(sizes[0].width, 48.0);
    QVERIFY(sizes[1].width <= 112 && sizes[1].width > 100);
    QCOMPARE(sizes[0].height, 36.0);
}

QTEST_APPLESS_MAIN(TestGraphLayout)
#include "test_graph_layout.moc"
