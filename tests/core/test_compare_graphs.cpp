#include "core/circuits/compare_graphs.h"
#include "core/circuits/graph_export.h"
#include "traced_model.h"

#include <cmath>

using namespace tt;
using reference::Shape;

class TestCompareGraphs : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void positions_follow_the_common_tokens_data() {
        QTest::addColumn<std::vector<int32_t>>("first");
        QTest::addColumn<std::vector<int32_t>>("second");
        QTest::addColumn<std::vector<int>>("expected");
        using Ids = std::vector<int32_t>;
        using Places = std::vector<int>;
        QTest::newRow("the same") << Ids{1, 2, 3} << Ids{1, 2, 3} << Places{0, 1, 2};
        QTest::newRow("one word changed") << Ids{1, 2, 3} << Ids{1, 9, 3} << Places{0, 1, 2};
        QTest::newRow("one word more") << Ids{1, 3} << Ids{1, 9, 3} << Places{0, 2};
        QTest::newRow("two for one") << Ids{1, 7, 3} << Ids{1, 8, 9, 3} << Places{0, -1, 3};
        QTest::newRow("last word changed") << Ids{1, 2, 4} << Ids{1, 2, 5} << Places{0, 1, 2};
        QTest::newRow("nothing in common, one longer") << Ids{1, 2} << Ids{3} << Places{-1, -1};
    }
    void positions_follow_the_common_tokens() {
        QFETCH(std::vector<int32_t>, first);
        QFETCH(std::vector<int32_t>, second);
        QFETCH(std::vector<int>, expected);
        QCOMPARE(alignPositions(first, second), expected);
    }

    void a_graph_equals_itself() {
        const TracedModel t(Shape{});
        const Attribution<double> a = t.attribute();
        const AttributionGraph shown = buildGraph(a, PruneSettings{});
        const GraphComparison same = compareGraphs(a, shown, a, shown, true);
        QCOMPARE(same.shared, static_cast<int>(shown.nodes.size()));
        QCOMPARE(same.onlyFirst + same.onlySecond, 0);
        QCOMPARE(same.edges.size(), shown.edges.size());
        for (const AlignedEdge &edge : same.edges)
            QCOMPARE(edge.difference(), 0.0);
    }

    void differences_are_those_of_the_complete_graphs() {
        const TracedModel first(Shape{.length = 4});
        TracedModel second(Shape{.length = 4});
        second.model.ids[1] = (second.model.ids[1] + 1) % 11;
        second.pass = reference::run(second.model);
        second.active = reference::activeFeatures(second.model, second.pass);
        const Attribution<double> a = first.attribute({.kind = Targets::Kind::Tokens, .tokens = {3}});
        const Attribution<double> b = second.attribute({.kind = Targets::Kind::Tokens, .tokens = {3}});
        const AttributionGraph shownA = buildGraph(a, PruneSettings{}), shownB = buildGraph(b, PruneSettings{});
        const GraphComparison compared = compareGraphs(a, shownA, b, shownB, true);
        const auto weightOf = [](const Attribution<double> &at, const Node &source, const Node &target) {
            for (size_t r = 0; r < at.rowNode.size(); ++r)
                for (int64_t c = 0; c <= at.sources; ++c)
                    if (nodeId(at.nodes[static_cast<size_t>(at.rowNode[r])]) == nodeId(target) &&
                        nodeId(at.nodes[static_cast<size_t>(c)]) == nodeId(source))
                        return c == at.sources
                                   ? at.bias[r]
                                   : at.matrix[r * static_cast<size_t>(at.sources) + static_cast<size_t>(c)];
            return 0.0;
        };
        QVERIFY(!compared.edges.empty());
        for (size_t e = 0; e < compared.edges.size(); ++e) {
            const AlignedEdge &edge = compared.edges[e];
            QCOMPARE(edge.first, weightOf(a, edge.source, edge.target));
            QCOMPARE(edge.second, weightOf(b, edge.otherSource, edge.otherTarget));
            QVERIFY(e == 0 || std::abs(edge.difference()) <= std::abs(compared.edges[e - 1].difference()));
        }
    }

    void features_of_two_dictionaries_are_never_paired() {
        const TracedModel first(Shape{}), second(Shape{.kind = TranscoderKind::CrossLayer});
        const Attribution<double> a = first.attribute(), b = second.attribute();
        const GraphComparison compared =
            compareGraphs(a, buildGraph(a, PruneSettings{}), b, buildGraph(b, PruneSettings{}), false);
        for (const AlignedEdge &edge : compared.edges)
            QVERIFY(edge.source.kind != NodeKind::Feature && edge.target.kind != NodeKind::Feature);
    }
};

QTEST_APPLESS_MAIN(TestCompareGraphs)
#include "test_compare_graphs.moc"
