#include "core/circuits/edge_split.h"
#include "traced_model.h"

#include <cmath>

using namespace tt;
using reference::Shape;

namespace {

/// Largest |split's sum − edge| over every edge of the complete graph, relative to Σ|edges| + |bias| of the row.
double worstSum(const TracedModel &t, const Attribution<double> &a) {
    double worst = 0;
    for (size_t r = 0; r < a.rowNode.size(); ++r) {
        const Node &target = a.nodes[static_cast<size_t>(a.rowNode[r])];
        double size = std::abs(a.bias[r]);
        for (int64_t c = 0; c < a.sources; ++c)
            size += std::abs(a.matrix[r * static_cast<size_t>(a.sources) + static_cast<size_t>(c)]);
        for (int64_t c = 0; c < a.sources; ++c) {
            const double edge = a.matrix[r * static_cast<size_t>(a.sources) + static_cast<size_t>(c)];
            const EdgeSplit split = splitEdge(t.inputs(), a.nodes[static_cast<size_t>(c)], target);
            worst = std::max(worst, std::abs(split.sum() - edge) / size);
        }
    }
    return worst;
}

const Node &firstOf(const Attribution<double> &a, NodeKind kind) {
    return *std::find_if(a.nodes.begin(), a.nodes.end(), [kind](const Node &n) { return n.kind == kind; });
}

} // namespace

class TestEdgeSplit : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void residual_and_head_shares_sum_to_every_edge_data() { addModelShapes(); }
    void residual_and_head_shares_sum_to_every_edge() {
        QFETCH(Shape, shape);
        const TracedModel t(shape);
        QVERIFY(worstSum(t, t.attribute()) <= 1e-10);
    }

    void the_split_of_all_inputs_sums_to_the_preactivation_without_the_bias_data() { addModelShapes(); }
    void the_split_of_all_inputs_sums_to_the_preactivation_without_the_bias() {
        QFETCH(Shape, shape);
        const TracedModel t(shape);
        const Attribution<double> a = t.attribute();
        for (size_t r = 0; r < a.rowNode.size(); ++r) {
            const Node &target = a.nodes[static_cast<size_t>(a.rowNode[r])];
            const double sum = splitInputs(t.inputs(), target).sum() + a.bias[r];
            QVERIFY(std::abs(sum - target.preactivation) <= 1e-9 * (1 + std::abs(target.preactivation)));
        }
    }

    /// One layer, so that one head's share is A · (W_O W_V LN1-push(E)) · gradient, here in plain loops.
    void a_share_is_what_the_head_carries() {
        const TracedModel t({.layers = 1, .length = 4});
        const Attribution<double> a = t.attribute();
        const Node &logit = firstOf(a, NodeKind::Logit), &token = firstOf(a, NodeKind::Token);
        const EdgeSplit split = splitEdge(t.inputs(), token, logit);
        const auto &c = t.model.gpt.config;
        const auto &weights = t.model.gpt.blocks[0];
        const auto &seen = t.pass.activations.blocks[0];
        const std::vector<double> direction = logitDirection(t.model.gpt, logit);
        const double *x = t.model.gpt.tokenEmbedding.data() + reference::at(token.id, 0, c.dModel);
        std::vector<double> normed(static_cast<size_t>(c.dModel));
        double mean = 0;
        for (int i = 0; i < c.dModel; ++i)
            mean += x[i] / c.dModel;
        for (size_t i = 0; i < normed.size(); ++i)
            normed[i] = weights.ln1.weight[i] * (x[i] - mean) / seen.ln1Sigma[0];
        const auto value = reference::times(weights.value, normed.data(), c.attentionWidth(), c.dModel);
        for (int h = 0; h < c.heads; ++h) {
            std::vector<double> only(value.size()); // this head's values, weighted by its pattern
            for (int i = h * c.headSize; i < (h + 1) * c.headSize; ++i)
                only[static_cast<size_t>(i)] =
                    seen.attention[reference::at(h * 4 + 3, 0, 4)] * value[static_cast<size_t>(i)];
            const auto out = reference::times(weights.attentionOutput, only.data(), c.dModel, c.attentionWidth());
            double outMean = 0, share = 0;
            for (const double v : out)
                outMean += v / c.dModel;
            for (size_t i = 0; i < out.size(); ++i)
                share += direction[i] * t.model.gpt.finalNorm.weight[i] * (out[i] - outMean) /
                         t.pass.activations.finalSigma[3];
            const auto found = std::find_if(split.heads.begin(), split.heads.end(),
                                            [h](const HeadShare &s) { return s.head == h && s.position == 0; });
            QVERIFY(found != split.heads.end());
            QVERIFY(std::abs(found->weight - share) < 1e-12);
        }
        QCOMPARE(split.residual, 0.0); // the token stands at another place than the target
    }

    void shares_are_sorted_and_none_is_zero() {
        const TracedModel t({.layers = 3});
        const Attribution<double> a = t.attribute();
        const EdgeSplit split = splitInputs(t.inputs(), firstOf(a, NodeKind::Logit));
        QVERIFY(!split.heads.empty());
        for (size_t i = 0; i < split.heads.size(); ++i) {
            QVERIFY(split.heads[i].weight != 0);
            if (i > 0) {
                const HeadShare &x = split.heads[i - 1], &y = split.heads[i];
                QVERIFY(std::tuple(x.layer, x.head, x.position) < std::tuple(y.layer, y.head, y.position));
            }
        }
    }

    void what_has_no_edge_is_refused() {
        const TracedModel t(Shape{});
        const Attribution<double> a = t.attribute();
        const Node &logit = firstOf(a, NodeKind::Logit), &token = firstOf(a, NodeKind::Token);
        QVERIFY_EXCEPTION_THROWN(splitEdge(t.inputs(), token, token), Error);
        QVERIFY_EXCEPTION_THROWN(splitEdge(t.inputs(), logit, logit), Error);
        QVERIFY_EXCEPTION_THROWN(splitEdge(t.inputs(), Node{.kind = NodeKind::Bias}, logit), Error);
        QVERIFY_EXCEPTION_THROWN(splitEdge(t.inputs(), token, Node{.kind = NodeKind::Logit, .id = 1000}), Error);
        QVERIFY_EXCEPTION_THROWN(splitEdge(t.inputs(), Node{.kind = NodeKind::Token, .position = 99}, logit), Error);
    }
};

QTEST_APPLESS_MAIN(TestEdgeSplit)
#include "test_edge_split.moc"
