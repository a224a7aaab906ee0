#include "core/circuits/attribution.h"
#include "core/circuits/verify.h"
#include "reference_float.h"
#include "traced_model.h"

#include <QTest>

#include <limits>
#include <numeric>

using namespace tt;
using reference::Shape;
using reference::toFloat;

namespace {

using Traced = TracedModel;

double meanOf(const std::vector<double> &values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The value a row explains, read from a pass that the reference computed.
double explained(const reference::Pass &pass, const Node &node, int features) {
    if (node.kind == NodeKind::Feature)
        return pass.pre[static_cast<size_t>(node.layer)][reference::at(node.position, node.id, features)];
    const double base = node.minus >= 0 ? pass.logits[static_cast<size_t>(node.minus)] : meanOf(pass.logits);
    return pass.logits[static_cast<size_t>(node.id)] - base;
}

/// A frozen pass in which one source is doubled.
reference::Frozen doubling(const Traced &t, const Node &source) {
    const auto d = static_cast<size_t>(t.model.gpt.config.dModel), p = static_cast<size_t>(source.position);
    const size_t size = t.model.ids.size() * d;
    reference::Frozen frozen{&t.pass, std::vector<std::vector<double>>(t.model.gpt.blocks.size()), {}};
    const auto add = [&](std::vector<double> &where, const double *row, double factor) {
        where.resize(size);
        for (size_t i = 0; i < d; ++i)
            where[p * d + i] += factor * row[i];
    };
    const auto l = static_cast<size_t>(source.layer), id = static_cast<size_t>(source.id);
    if (source.kind == NodeKind::Feature) {
        for (int j = 0; j < t.model.transcoder.config.decodersOf(source.layer); ++j)
            add(frozen.mlp[l + static_cast<size_t>(j)],
                t.model.transcoder.decoderRow(source.layer, source.id, source.layer + j).data(), source.activation);
    } else if (source.kind == NodeKind::Error) {
        add(frozen.mlp[l], t.pass.activations.blocks[l].mlpOutput.data() + p * d, 1);
        add(frozen.mlp[l], reference::prediction(t.model, t.pass, t.active, l, p).data(), -1);
    } else if (source.kind == NodeKind::Token) {
        add(frozen.embedding, t.model.gpt.tokenEmbedding.data() + id * d, 1);
    } else {
        add(frozen.embedding, t.model.gpt.positionEmbedding.data() + p * d, 1);
    }
    return frozen;
}

} // namespace

class TestAttribution : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void edges_and_bias_sum_to_the_preactivation_data() { addModelShapes(); }
    void edges_and_bias_sum_to_the_preactivation();
    void an_edge_is_the_effect_of_doubling_its_source_with_all_else_frozen_data() { addModelShapes(); }
    void an_edge_is_the_effect_of_doubling_its_source_with_all_else_frozen();
    void the_forward_push_agrees_with_the_edges_data() { addModelShapes(); }
    void the_forward_push_agrees_with_the_edges();
    void single_precision_agrees_with_double_data() { addModelShapes(); }
    void single_precision_agrees_with_double();
    void targets_are_the_fewest_tokens_that_reach_the_share();
    void a_difference_explains_the_difference_of_two_logits();
    void a_feature_target_has_only_what_lies_upstream();
    void nodes_carry_activation_probability_and_error_share();
    void many_features_at_one_place_are_cut_into_blocks();
    void what_does_not_exist_is_refused();
    void numbers_that_are_not_finite_are_named();
    void a_wrong_edge_fails_verification();
    void a_stop_ends_the_trace();
};

void TestAttribution::edges_and_bias_sum_to_the_preactivation() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    const Attribution<double> a = t.attribute();
    size_t active = 0;
    for (const auto &layer : t.active)
        active += layer.features.size();
    QCOMPARE(a.rowNode.size(), active + a.targetRows.size());
    QVERIFY(active > 0);
    for (size_t r = 0; r < a.rowNode.size(); ++r) {
        double sum = a.bias[r];
        for (int64_t c = 0; c < a.sources; ++c)
            sum += a.matrix[r * static_cast<size_t>(a.sources) + static_cast<size_t>(c)];
        const Node &node = a.nodes[static_cast<size_t>(a.rowNode[r])];
        QVERIFY2(std::abs(sum - explained(t.pass, node, shape.features)) < 1e-10, qPrintable(QString::number(r)));
        QVERIFY(std::abs(sum - node.preactivation) < 1e-10);
    }
    QVERIFY(a.maxResidual < 1e-12);
}

void TestAttribution::an_edge_is_the_effect_of_doubling_its_source_with_all_else_frozen() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    const Attribution<double> a = t.attribute();
    for (int64_t c = 0; c < a.sources; ++c) {
        const reference::Pass changed = reference::run(t.model, doubling(t, a.nodes[static_cast<size_t>(c)]));
        for (size_t r = 0; r < a.rowNode.size(); ++r) {
            const Node &node = a.nodes[static_cast<size_t>(a.rowNode[r])];
            const double effect = explained(changed, node, shape.features) - explained(t.pass, node, shape.features);
            QVERIFY(std::abs(effect - a.matrix[r * static_cast<size_t>(a.sources) + static_cast<size_t>(c)]) < 1e-10);
        }
    }
}

void TestAttribution::the_forward_push_agrees_with_the_edges() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    const Attribution<double> a = t.attribute();
    Random random(3);
    const Verification v = verify<double>(t.model.gpt, t.model.transcoder, t.pass.activations, a, 1000, random, {});
    QVERIFY(v.pass);
    QVERIFY(v.maxAbsError < 1e-10);
    size_t active = 0;
    for (const auto &layer : t.active)
        active += layer.features.size();
    QCOMPARE(v.checked, static_cast<int64_t>(active * a.rowNode.size()));
}

void TestAttribution::single_precision_agrees_with_double() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    const Attribution<double> exact = t.attribute();
    std::vector<SparseActivations<float>> active;
    for (const auto &layer : t.active)
        active.push_back({layer.offsets, layer.features, reference::convert<float>(layer.values)});
    const Attribution<float> a = attribute<float>(toFloat(t.model.gpt), toFloat(t.model.transcoder), t.model.ids,
                                                  toFloat(t.pass.activations), active, {}, {});
    QCOMPARE(a.matrix.size(), exact.matrix.size());
    QVERIFY(a.maxResidual < 1e-4);
    const auto sources = static_cast<size_t>(a.sources);
    for (size_t r = 0; r < a.rowNode.size(); ++r) {
        double size = std::abs(exact.bias[r]);
        for (size_t c = 0; c < sources; ++c)
            size += std::abs(exact.matrix[r * sources + c]);
        for (size_t c = 0; c < sources; ++c)
            QVERIFY(std::abs(static_cast<double>(a.matrix[r * sources + c]) - exact.matrix[r * sources + c]) <
                    1e-4 * size);
    }
}

void TestAttribution::targets_are_the_fewest_tokens_that_reach_the_share() {
    const Traced t(Shape{});
    std::vector<double> p;
    for (const double logit : t.pass.logits)
        p.push_back(std::exp(logit));
    const double sum = std::accumulate(p.begin(), p.end(), 0.0);
    for (double &v : p)
        v /= sum;
    for (const double share : {0.3, 0.6, 0.95}) {
        const Attribution<double> a = t.attribute({.cumulative = share, .maximum = 10, .tokens = {}});
        double reached = 0, last = 1;
        for (size_t i = 0; i < a.targetRows.size(); ++i) {
            const Node &node = a.nodes[static_cast<size_t>(a.rowNode[static_cast<size_t>(a.targetRows[i])])];
            QVERIFY(std::abs(node.activation - p[static_cast<size_t>(node.id)]) < 1e-12);
            QCOMPARE(a.targetWeights[i], node.activation);
            QVERIFY(node.activation <= last);
            QVERIFY(reached < share);
            last = node.activation;
            reached += last;
        }
        QVERIFY(reached >= share);
        QVERIFY(*std::max_element(p.begin(), p.end()) < share + last || a.targetRows.size() == 1);
    }
    QCOMPARE(t.attribute({.cumulative = 1, .maximum = 3, .tokens = {}}).targetRows.size(), size_t{3});
    const Attribution<double> chosen = t.attribute({.kind = Targets::Kind::Tokens, .tokens = {4, 2, 4}});
    QCOMPARE(chosen.targetRows.size(), size_t{2});
    QCOMPARE(chosen.nodes.back().id, 2);
}

void TestAttribution::a_difference_explains_the_difference_of_two_logits() {
    const Traced t(Shape{.layers = 3, .kind = TranscoderKind::CrossLayer, .skip = true});
    const Attribution<double> a = t.attribute({.kind = Targets::Kind::Difference, .tokens = {3, 8}});
    QCOMPARE(a.targetRows.size(), size_t{1});
    QCOMPARE(a.targetWeights, std::vector<double>{1.0});
    const Node &node = a.nodes.back();
    QCOMPARE(node.id, 3);
    QCOMPARE(node.minus, 8);
    const auto r = static_cast<size_t>(a.targetRows.front());
    double sum = a.bias[r];
    for (int64_t c = 0; c < a.sources; ++c)
        sum += a.matrix[r * static_cast<size_t>(a.sources) + static_cast<size_t>(c)];
    QVERIFY(std::abs(sum - (t.pass.logits[3] - t.pass.logits[8])) < 1e-10);
    Random random(1);
    QVERIFY(verify<double>(t.model.gpt, t.model.transcoder, t.pass.activations, a, 1000, random, {}).maxAbsError <
            1e-10);
}

void TestAttribution::a_feature_target_has_only_what_lies_upstream() {
    const Traced t(Shape{.layers = 3, .kind = TranscoderKind::CrossLayer, .skip = true});
    const int position = 3, feature = t.active[1].features[static_cast<size_t>(t.active[1].offsets[3])];
    const Attribution<double> a = t.attribute(
        {.kind = Targets::Kind::Feature, .tokens = {}, .layer = 1, .position = position, .feature = feature});
    QCOMPARE(a.targetRows.size(), size_t{1});
    QCOMPARE(a.targetWeights, std::vector<double>{1.0});
    const Node &target = a.nodes[static_cast<size_t>(a.rowNode[static_cast<size_t>(a.targetRows.front())])];
    QCOMPARE(target.id, feature);
    QCOMPARE(target.position, position);
    for (const Node &node : a.nodes) {
        QVERIFY(node.position <= position);
        QVERIFY(node == target || node.layer < 1);
        QVERIFY(node.kind != NodeKind::Logit);
    }
    // The same row of the whole graph holds the same edges.
    const Attribution<double> whole = t.attribute();
    size_t row = 0;
    while (!(whole.nodes[static_cast<size_t>(whole.rowNode[row])] == target))
        ++row;
    for (size_t c = 0; c < static_cast<size_t>(a.sources); ++c) {
        size_t same = 0;
        while (!(whole.nodes[same] == a.nodes[c]))
            ++same;
        QVERIFY(std::abs(a.matrix[static_cast<size_t>(a.targetRows.front()) * static_cast<size_t>(a.sources) + c] -
                         whole.matrix[row * static_cast<size_t>(whole.sources) + same]) < 1e-12);
    }
    QVERIFY(a.maxResidual < 1e-12);
}

void TestAttribution::nodes_carry_activation_probability_and_error_share() {
    const Traced t(Shape{.kind = TranscoderKind::CrossLayer, .skip = true});
    const Attribution<double> a = t.attribute();
    const auto d = static_cast<size_t>(t.model.gpt.config.dModel);
    int last = -1;
    for (const Node &node : a.nodes) {
        QVERIFY(static_cast<int>(node.kind) >= last); // features, errors, tokens, positions, bias, logits
        last = static_cast<int>(node.kind);
        const auto p = static_cast<size_t>(node.position), l = static_cast<size_t>(node.layer);
        if (node.kind == NodeKind::Feature)
            QVERIFY(std::abs(node.activation - t.pass.pre[l][reference::at(node.position, node.id, 14)]) < 1e-12);
        if (node.kind == NodeKind::Token)
            QCOMPARE(node.id, t.model.ids[p]);
        if (node.kind != NodeKind::Error)
            continue;
        const std::vector<double> y = reference::prediction(t.model, t.pass, t.active, l, p);
        double error = 0, whole = 0;
        for (size_t i = 0; i < d; ++i) {
            const double real = t.pass.activations.blocks[l].mlpOutput[p * d + i];
            error += (real - y[i]) * (real - y[i]);
            whole += real * real;
        }
        QVERIFY(std::abs(node.activation - error / whole) < 1e-10);
    }
    QCOMPARE(std::count_if(a.nodes.begin(), a.nodes.end(), [](const Node &n) { return n.kind == NodeKind::Bias; }), 1);
}

void TestAttribution::many_features_at_one_place_are_cut_into_blocks() {
    Shape shape{.length = 3, .features = 2600, .activation = Activation::Relu};
    const Traced t(shape); // about 1,300 active features a place: more than one block of rows
    QVERIFY(t.active[1].offsets[1] > 1024);
    QVERIFY(t.attribute().maxResidual < 1e-12);
}

void TestAttribution::what_does_not_exist_is_refused() {
    const Traced t(Shape{});
    const auto refused = [&](const Targets &targets) {
        try {
            (void)t.attribute(targets);
        } catch (const Error &e) {
            return e.kind() == Error::Kind::Usage;
        }
        return false;
    };
    QVERIFY(refused({.kind = Targets::Kind::Tokens, .tokens = {11}}));
    QVERIFY(refused({.kind = Targets::Kind::Tokens, .tokens = {-1}}));
    QVERIFY(refused({.kind = Targets::Kind::Tokens, .tokens = {}}));
    QVERIFY(refused({.kind = Targets::Kind::Difference, .tokens = {3}}));
    QVERIFY(refused({.kind = Targets::Kind::Difference, .tokens = {3, 3}}));
    QVERIFY(refused({.kind = Targets::Kind::Feature, .tokens = {}, .layer = 2, .position = 0, .feature = 0}));
    QVERIFY(refused({.kind = Targets::Kind::Feature, .tokens = {}, .layer = 0, .position = 5, .feature = 0}));
    QVERIFY(refused({.kind = Targets::Kind::Feature, .tokens = {}, .layer = 0, .position = 0, .feature = 14}));
    int inactive = 0;
    while (t.pass.pre[1][static_cast<size_t>(inactive)] > 0)
        ++inactive;
    QVERIFY(refused({.kind = Targets::Kind::Feature, .tokens = {}, .layer = 1, .position = 0, .feature = inactive}));
}

void TestAttribution::numbers_that_are_not_finite_are_named() {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto message = [](const Traced &t) {
        try {
            (void)t.attribute();
        } catch (const Error &e) {
            return QString::fromUtf8(e.what());
        }
        return QString();
    };
    Traced mlp((Shape()));
    mlp.pass.activations.blocks[1].mlpOutput[3] = nan;
    QVERIFY(message(mlp).contains("MLP outputs of layer 1"));
    Traced pattern((Shape()));
    pattern.pass.activations.blocks[0].attention[0] = std::numeric_limits<double>::infinity();
    QVERIFY(message(pattern).contains("attention patterns of layer 0"));
    Traced values((Shape()));
    values.active[0].values[0] = nan;
    QVERIFY(message(values).contains("feature activations of layer 0"));
    Traced decoder((Shape()));
    for (double &v : decoder.model.transcoder.layers[0].decoder)
        v = nan;
    QVERIFY(message(decoder).contains("not finite"));
    Traced unembedding((Shape()));
    unembedding.model.gpt.unembedding[5] = nan;
    QVERIFY(message(unembedding).contains("logits"));
}

void TestAttribution::a_wrong_edge_fails_verification() {
    const Traced t(Shape{});
    Attribution<double> a = t.attribute();
    const size_t wrong = static_cast<size_t>(a.targetRows.front()) * static_cast<size_t>(a.sources) + 5;
    a.matrix[wrong] += 0.001;
    Random random(3);
    const Verification v = verify<double>(t.model.gpt, t.model.transcoder, t.pass.activations, a, 1000, random, {});
    QVERIFY(!v.pass);
    QVERIFY(std::abs(v.maxAbsError - 0.001) < 1e-10);
    QCOMPARE(v.worstSource.id, a.nodes[5].id);
    QVERIFY(v.worstTarget.kind == NodeKind::Logit);
    a.matrix[0] = std::numeric_limits<double>::quiet_NaN(); // the first edge checked must not be forgotten
    const Verification nan = verify<double>(t.model.gpt, t.model.transcoder, t.pass.activations, a, 1000, random, {});
    QVERIFY(!nan.pass);
    QVERIFY(std::isinf(nan.maxAbsError));
}

void TestAttribution::a_stop_ends_the_trace() {
    const Traced t(Shape{});
    std::stop_source source;
    source.request_stop();
    try {
        (void)attribute<double>(t.model.gpt, t.model.transcoder, t.model.ids, t.pass.activations, t.active, {},
                                source.get_token());
        QFAIL("the stop was not seen");
    } catch (const Error &e) {
        QVERIFY(e.kind() == Error::Kind::Cancelled);
    }
}

QTEST_APPLESS_MAIN(TestAttribution)
#include "test_attribution.moc"
