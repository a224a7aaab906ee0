#include "core/circuits/paths.h"
#include "traced_model.h"

#include <cmath>
#include <numeric>
#include <set>

using namespace tt;
using reference::Shape;

namespace {

/// Everything, however weak, so that identities can be summed.
PathSettings exhaustive(int depth) {
    return {.depth = depth, .branches = 10'000, .capped = false};
}

double sumOf(const std::vector<GreedyPath> &paths) {
    return std::accumulate(paths.begin(), paths.end(), 0.0,
                           [](double sum, const GreedyPath &path) { return sum + path.contribution; });
}

} // namespace

class TestPaths : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void direct_contributors_and_constants_sum_to_the_target_data() { addModelShapes(); }
    void direct_contributors_and_constants_sum_to_the_target() {
        QFETCH(Shape, shape);
        const TracedModel t(shape);
        const Attribution<double> a = t.attribute();
        for (const int n : a.rowNode) {
            const Node &target = a.nodes[static_cast<size_t>(n)];
            const Contributors found = directContributors(t.inputs(), target);
            double sum = found.constants, size = std::abs(found.constants);
            for (const PathStep &step : found.steps) {
                sum += step.contribution;
                size += std::abs(step.contribution);
            }
            QVERIFY2(std::abs(sum - target.preactivation) <= 1e-12 * size + 1e-12,
                     qPrintable(QStringLiteral("%1 against %2").arg(sum).arg(target.preactivation)));
        }
    }

    /// Every way from a source to the target, summed over the heads and skips between, is the graph's edge.
    void paths_without_a_feature_between_sum_to_the_edge_data() {
        QTest::addColumn<Shape>("shape");
        QTest::newRow("per-layer") << Shape{.layers = 2, .length = 3, .k = 2};
        QTest::newRow("per-layer with skip") << Shape{.heads = 2, .layers = 2, .length = 2, .k = 2, .skip = true};
        QTest::newRow("cross-layer") << Shape{.layers = 2, .length = 3, .k = 2, .kind = TranscoderKind::CrossLayer};
    }
    void paths_without_a_feature_between_sum_to_the_edge() {
        QFETCH(Shape, shape);
        const TracedModel t(shape);
        const Attribution<double> a = t.attribute();
        const size_t row = a.rowNode.size() - 1;
        // At most: head, skip, head, skip, then what ends the path.
        const auto paths = greedyPaths(t.inputs(), a.nodes[static_cast<size_t>(a.rowNode[row])], exhaustive(6), {});
        QVERIFY(paths.size() < 10'000);
        std::map<std::string, double> ways;
        for (const GreedyPath &path : paths) {
            const bool direct = std::none_of(path.steps.begin() + 1, path.steps.end() - 1,
                                             [](const PathStep &s) { return s.kind == PathStep::Kind::Feature; });
            if (direct && path.steps.back().isNode())
                ways[stepId(path.steps.back())] += path.contribution;
        }
        for (int64_t c = 0; c < a.sources; ++c) {
            const Node &source = a.nodes[static_cast<size_t>(c)];
            if (source.kind == NodeKind::Feature)
                continue; // its paths went on; errors, tokens and positions are complete
            const double edge = a.matrix[row * static_cast<size_t>(a.sources) + static_cast<size_t>(c)];
            const std::string id = stepId({.kind = source.kind == NodeKind::Error   ? PathStep::Kind::Error
                                                   : source.kind == NodeKind::Token ? PathStep::Kind::Token
                                                                                    : PathStep::Kind::Position,
                                           .layer = source.layer,
                                           .position = source.position,
                                           .id = source.id});
            QVERIFY2(std::abs(ways[id] - edge) < 1e-10, id.c_str());
        }
    }

    /// What comes into a feature on the path, handed on, is what the feature hands on less its constants' part.
    void each_hop_expands_the_paths_own_end() {
        const TracedModel t({.layers = 3, .activation = Activation::Relu});
        const Attribution<double> a = t.attribute();
        const Node &target = a.nodes[static_cast<size_t>(a.rowNode.back())];
        const auto one = greedyPaths(t.inputs(), target, exhaustive(1), {});
        const auto two = greedyPaths(t.inputs(), target, exhaustive(2), {});
        int features = 0;
        for (const GreedyPath &path : one) {
            const PathStep &end = path.steps.back();
            if (end.kind != PathStep::Kind::Feature)
                continue;
            ++features;
            const Node &feature = *std::find_if(a.nodes.begin(), a.nodes.end(), [&](const Node &n) {
                return n.kind == NodeKind::Feature && n.layer == end.layer && n.position == end.position &&
                       n.id == end.id;
            });
            double through = 0;
            for (const GreedyPath &longer : two)
                if (longer.steps.size() == 3 && stepId(longer.steps[1]) == stepId(end))
                    through += longer.contribution;
            const double constants = directContributors(t.inputs(), feature).constants;
            const double handedOn = path.contribution / feature.activation; // of a unit of its pre-activation
            QVERIFY(std::abs(through - handedOn * (feature.preactivation - constants)) < 1e-10);
        }
        QVERIFY(features > 0);
    }

    void a_feature_of_layer_0_has_its_own_layers_heads_and_other_places() {
        const TracedModel t({.layers = 2, .length = 4});
        const Attribution<double> a = t.attribute();
        const Node &feature = *std::find_if(a.nodes.begin(), a.nodes.end(), [](const Node &n) {
            return n.kind == NodeKind::Feature && n.layer == 0 && n.position == 3;
        });
        std::set<int> heads, places;
        for (const PathStep &step : directContributors(t.inputs(), feature).steps) {
            QVERIFY(step.kind != PathStep::Kind::Feature && step.kind != PathStep::Kind::Error);
            if (step.kind == PathStep::Kind::Head) {
                QCOMPARE(step.layer, 0);
                heads.insert(step.id);
                places.insert(step.position);
            }
        }
        QCOMPARE(heads, (std::set<int>{0, 1, 2}));
        QCOMPARE(places, (std::set<int>{0, 1, 2, 3}));
    }

    void the_strongest_are_kept_by_size_and_keep_their_sign() {
        const TracedModel t({.layers = 2, .activation = Activation::Relu});
        const Attribution<double> a = t.attribute();
        const Node &target = a.nodes[static_cast<size_t>(a.rowNode.back())];
        const auto all = greedyPaths(t.inputs(), target, exhaustive(1), {});
        const auto few = greedyPaths(t.inputs(), target, {.depth = 1, .branches = 7, .capped = false}, {});
        QCOMPARE(few.size(), size_t{7});
        QVERIFY(std::equal(few.begin(), few.end(), all.begin()));
        bool negative = false;
        for (size_t i = 0; i < all.size(); ++i) {
            negative = negative || all[i].contribution < 0;
            QVERIFY(i == 0 || std::abs(all[i].contribution) <= std::abs(all[i - 1].contribution));
        }
        QVERIFY(negative);
        QVERIFY(std::isfinite(sumOf(all)));
    }

    void the_cap_is_what_ablating_the_feature_takes_away() {
        const TracedModel t({.layers = 3, .activation = Activation::Relu});
        const Attribution<double> a = t.attribute();
        const Node &target = a.nodes[static_cast<size_t>(a.rowNode.back())];
        const auto raw = greedyPaths(t.inputs(), target, exhaustive(2), {});
        PathSettings settings = exhaustive(2);
        settings.capped = true;
        std::map<std::string, double> rawOf;
        const auto name = [](const GreedyPath &path) {
            std::string id;
            for (const PathStep &step : path.steps)
                id += stepId(step) + " < ";
            return id;
        };
        for (const GreedyPath &path : raw)
            rawOf[name(path)] = path.contribution;
        int capped = 0;
        for (const GreedyPath &path : greedyPaths(t.inputs(), target, settings, {})) {
            const double uncut = rawOf.at(name(path));
            if (path.steps.size() == 3 && path.steps[1].kind == PathStep::Kind::Feature) {
                const double whole = path.steps[1].contribution; // all that the feature hands on
                const bool raisesIt = uncut * whole > 0;
                const double expected = raisesIt && std::abs(uncut) > std::abs(whole) ? whole : uncut;
                QVERIFY(std::abs(path.contribution - expected) < 1e-12);
                capped += expected != uncut;
            } else {
                QCOMPARE(path.contribution, uncut);
            }
        }
        QVERIFY(capped > 0);
    }

    void what_makes_no_sense_is_refused() {
        const TracedModel t(Shape{});
        const Attribution<double> a = t.attribute();
        const Node &logit = a.nodes.back();
        QVERIFY_EXCEPTION_THROWN(greedyPaths(t.inputs(), Node{.kind = NodeKind::Bias}, {}, {}), Error);
        QVERIFY_EXCEPTION_THROWN(greedyPaths(t.inputs(), logit, {.depth = 0}, {}), Error);
        QVERIFY_EXCEPTION_THROWN(greedyPaths(t.inputs(), logit, {.branches = 0}, {}), Error);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY_EXCEPTION_THROWN(greedyPaths(t.inputs(), logit, {}, stop.get_token()), Error);
    }
};

QTEST_APPLESS_MAIN(TestPaths)
#include "test_paths.moc"
