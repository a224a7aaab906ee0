// Interventions against a plain forward pass whose MLP outputs are patched, in double precision.
#include "core/circuits/intervention_effects.h"
#include "core/circuits/intervention_steering.h"
#include "core/nn/generate.h"
#include "reference_float.h"

#include <QTest>

#include <limits>

using namespace tt;
using reference::Shape;

Q_DECLARE_METATYPE(Shape)
Q_DECLARE_METATYPE(InterventionMode)

namespace {

using Changes = std::vector<PlacedChange>;
constexpr auto set = InterventionAction::Set, ablate = InterventionAction::Ablate,
               multiply = InterventionAction::Multiply, add = InterventionAction::Add;

struct Traced {
    reference::Model model;
    reference::Pass pass;
    std::vector<SparseActivations<double>> active;

    explicit Traced(const Shape &shape, uint64_t seed = 7)
        : model(reference::makeModel(shape, seed)), pass(reference::run(model)),
          active(reference::activeFeatures(model, pass)) {}

    [[nodiscard]] TracedPrompt<double> prompt() const {
        return {model.gpt, model.transcoder, model.ids, pass.activations, active};
    }
    [[nodiscard]] int length() const { return static_cast<int>(model.ids.size()); }
    /// The n-th active feature of a place.
    [[nodiscard]] int activeAt(int layer, int position, int n = 0) const {
        const auto &a = active[static_cast<size_t>(layer)];
        return a.features.at(static_cast<size_t>(a.offsets[static_cast<size_t>(position)] + n));
    }
    [[nodiscard]] double activation(const PlacedChange &c) const {
        return activationIn(active[static_cast<size_t>(c.layer)], c.position, c.feature);
    }
    [[nodiscard]] std::vector<double> changed(const Changes &changes, InterventionMode mode,
                                              PassOutput output = PassOutput::EveryPosition) const {
        return changedFinalNorm<double>(prompt(), std::vector<Changes>{changes}, mode, output, {});
    }
};

/// Writes Δ·d of a change into the MLP outputs it decodes to.
void write(const reference::Model &m, const PlacedChange &c, double delta, std::vector<std::vector<double>> &mlp) {
    const auto d = static_cast<size_t>(m.gpt.config.dModel);
    mlp.resize(m.gpt.blocks.size());
    for (int to = c.layer; to < c.layer + m.transcoder.config.decodersOf(c.layer); ++to) {
        auto &values = mlp[static_cast<size_t>(to)];
        values.resize(m.ids.size() * d);
        const auto row = m.transcoder.decoderRow(c.layer, c.feature, to);
        for (size_t i = 0; i < d; ++i)
            values[static_cast<size_t>(c.position) * d + i] += delta * row[i];
    }
}

/// The plain pass: block after block, each MLP output patched with what the changes up to there write.
std::vector<double> patched(const Traced &t, const Changes &changes, bool heldPatterns) {
    const GptConfig &c = t.model.gpt.config;
    reference::Pass pass;
    std::vector<std::vector<double>> mlp(t.model.gpt.blocks.size());
    std::vector<double> x = t.pass.activations.blocks[0].residPre, out, sigma;
    for (size_t l = 0; l < t.model.gpt.blocks.size(); ++l) {
        BlockActivations<double> &b = pass.activations.blocks.emplace_back();
        b.residPre = x;
        BlockActivations<double> held;
        held.attention = t.pass.activations.blocks[l].attention;
        reference::norm(x, t.model.gpt.blocks[l].ln1, c.layerNormEps, nullptr, out, held.ln1Sigma);
        reference::runAttention(c, t.model.gpt.blocks[l], t.length(), heldPatterns ? &held : nullptr, b);
        reference::runMlp(t.model, l, {}, b);
        const TranscoderLayer<double> &layer = t.model.transcoder.layers[l];
        auto &pre = pass.pre.emplace_back(
            reference::rowsTimes(layer.encoder, b.ln2, static_cast<int>(layer.encoderBias.size()), c.dModel));
        for (size_t i = 0; i < pre.size(); ++i)
            pre[i] += layer.encoderBias[i % layer.encoderBias.size()];
        const auto active = reference::activeFeatures(t.model, pass);
        for (const PlacedChange &change : changes)
            if (change.layer == static_cast<int>(l)) {
                const double a = activationIn(active[l], change.position, change.feature);
                write(t.model, change, changedActivation(change, a) - a, mlp);
            }
        for (size_t i = 0; i < x.size(); ++i)
            x[i] = b.residMid[i] + b.mlpOutput[i] + (mlp[l].empty() ? 0 : mlp[l][i]);
    }
    reference::norm(x, t.model.gpt.finalNorm, c.layerNormEps, nullptr, out, sigma);
    return out;
}

/// Everything held, all changes at once.
std::vector<double> heldPass(const Traced &t, const Changes &changes) {
    reference::Frozen frozen{&t.pass, std::vector<std::vector<double>>(t.model.gpt.blocks.size()), {}};
    for (const PlacedChange &c : changes)
        write(t.model, c, changedActivation(c, t.activation(c)) - t.activation(c), frozen.mlp);
    return reference::run(t.model, frozen).activations.finalNorm;
}

double distance(const std::vector<double> &a, const std::vector<double> &b) {
    if (a.size() != b.size())
        return std::numeric_limits<double>::infinity();
    double largest = 0;
    for (size_t i = 0; i < a.size(); ++i)
        largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
}

/// Several features over layers and positions, active and inactive, with every action.
Changes mixedChanges(const Traced &t) {
    const int layers = t.model.gpt.config.layers, last = t.length() - 1;
    Changes changes;
    for (int layer = 0; layer < layers; ++layer) {
        changes.push_back({layer, last / 2, t.activeAt(layer, last / 2), multiply, 2.5});
        changes.push_back({layer, last, 13, set, 0.8 + layer});
        changes.push_back({layer, last, t.activeAt(layer, last) == 13 ? 0 : t.activeAt(layer, last), add, -0.7});
        if (last > 1)
            changes.push_back({layer, 1, t.activeAt(layer, 1), ablate, 0});
    }
    return changes;
}

void addShapes() {
    QTest::addColumn<Shape>("shape");
    const auto cross = TranscoderKind::CrossLayer;
    QTest::newRow("per-layer top-k") << Shape{};
    QTest::newRow("per-layer relu, four layers") << Shape{.layers = 4, .activation = Activation::Relu};
    QTest::newRow("per-layer jumprelu with skip")
        << Shape{.layers = 3, .activation = Activation::JumpRelu, .skip = true};
    QTest::newRow("cross-layer relu") << Shape{.kind = cross, .activation = Activation::Relu};
    QTest::newRow("cross-layer top-k with skip, three layers")
        << Shape{.layers = 3, .length = 7, .kind = cross, .skip = true};
    QTest::newRow("cross-layer jumprelu, four layers")
        << Shape{.layers = 4, .kind = cross, .activation = Activation::JumpRelu};
    QTest::newRow("one layer, one token") << Shape{.layers = 1, .length = 1};
}

} // namespace

class TestInterventions : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_free_pass_is_the_plain_pass_with_patched_mlp_outputs_data() { addShapes(); }
    void a_free_pass_is_the_plain_pass_with_patched_mlp_outputs();
    void frozen_attention_holds_the_patterns_only_data() { addShapes(); }
    void frozen_attention_holds_the_patterns_only();
    void the_direct_pass_holds_everything_data() { addShapes(); }
    void the_direct_pass_holds_everything();
    void doubling_a_feature_directly_moves_the_logits_by_its_edges_data() { addShapes(); }
    void doubling_a_feature_directly_moves_the_logits_by_its_edges();
    void a_feature_set_to_its_own_value_changes_no_bit_data() { addShapes(); }
    void a_feature_set_to_its_own_value_changes_no_bit();
    void variants_side_by_side_are_each_computed_alone_data() { addShapes(); }
    void variants_side_by_side_are_each_computed_alone();
    void the_last_position_is_the_same_without_the_others();
    void single_precision_stays_close();
    void steering_is_the_free_pass_at_every_position_data() { addShapes(); }
    void steering_is_the_free_pass_at_every_position();
    void generation_with_cache_equals_generation_without();
    void total_influence_is_the_linear_answer_of_all_active_features_data() { addShapes(); }
    void total_influence_is_the_linear_answer_of_all_active_features();
    void the_scan_measures_what_single_ablations_do_data() { addShapes(); }
    void the_scan_measures_what_single_ablations_do();
    void a_stop_ends_the_pass();
};

void TestInterventions::a_free_pass_is_the_plain_pass_with_patched_mlp_outputs() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    const Changes changes = mixedChanges(t);
    const std::vector<double> expected = patched(t, changes, false);
    QVERIFY(distance(expected, t.pass.activations.finalNorm) > 1e-3);
    QVERIFY(distance(t.changed(changes, InterventionMode::Free), expected) < 1e-10);
}

void TestInterventions::frozen_attention_holds_the_patterns_only() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    const Changes changes = mixedChanges(t);
    const std::vector<double> expected = patched(t, changes, true);
    if (shape.layers > 1)
        QVERIFY(distance(expected, patched(t, changes, false)) > 1e-6);
    QVERIFY(distance(t.changed(changes, InterventionMode::FrozenAttention), expected) < 1e-10);
}

void TestInterventions::the_direct_pass_holds_everything() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    const Changes changes = mixedChanges(t);
    const std::vector<double> expected = heldPass(t, changes);
    QVERIFY(distance(expected, t.pass.activations.finalNorm) > 1e-3);
    QVERIFY(distance(t.changed(changes, InterventionMode::Direct), expected) < 1e-10);
}

void TestInterventions::doubling_a_feature_directly_moves_the_logits_by_its_edges() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    const Attribution<double> a =
        attribute<double>(t.model.gpt, t.model.transcoder, t.model.ids, t.pass.activations, t.active, {}, {});
    const LogitTargets<double> logits = collectLogits(t.prompt(), {});
    const auto d = static_cast<size_t>(t.model.gpt.config.dModel);
    const double *own = t.pass.activations.finalNorm.data() + static_cast<size_t>(t.length() - 1) * d;
    for (int64_t column = 0; column < a.sources; ++column) {
        const Node &source = a.nodes[static_cast<size_t>(column)];
        if (source.kind != NodeKind::Feature)
            break;
        const auto after = t.changed({{source.layer, source.position, source.id, multiply, 2}},
                                     InterventionMode::Direct, PassOutput::LastPosition);
        for (size_t target = 0; target < a.targetRows.size(); ++target) {
            double change = 0;
            for (size_t i = 0; i < d; ++i)
                change += logits.directions[target * d + i] * (after[i] - own[i]);
            const double edge = a.matrix[static_cast<size_t>(a.targetRows[target] * a.sources + column)];
            QVERIFY(std::abs(change - edge) < 1e-10);
        }
    }
}

void TestInterventions::a_feature_set_to_its_own_value_changes_no_bit() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    for (const auto mode : {InterventionMode::Free, InterventionMode::FrozenAttention, InterventionMode::Direct}) {
        Changes own;
        for (PlacedChange c : mixedChanges(t)) {
            c.action = set;
            c.value = t.activation(c);
            own.push_back(c);
        }
        QCOMPARE(t.changed(own, mode), t.pass.activations.finalNorm);
        QCOMPARE(t.changed({}, mode), t.pass.activations.finalNorm);
    }
}

void TestInterventions::variants_side_by_side_are_each_computed_alone() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    std::vector<Changes> variants{mixedChanges(t), {}};
    for (const PlacedChange &c : mixedChanges(t))
        variants.push_back({c});
    for (const auto mode : {InterventionMode::Free, InterventionMode::FrozenAttention, InterventionMode::Direct}) {
        std::vector<double> alone;
        for (const Changes &changes : variants) {
            const auto one = t.changed(changes, mode);
            alone.insert(alone.end(), one.begin(), one.end());
        }
        QVERIFY(distance(changedFinalNorm<double>(t.prompt(), variants, mode, PassOutput::EveryPosition, {}), alone) <
                1e-10);
    }
}

void TestInterventions::the_last_position_is_the_same_without_the_others() {
    for (const int layers : {1, 2, 4}) {
        const Traced t(Shape{.layers = layers, .kind = TranscoderKind::CrossLayer});
        const auto d = static_cast<std::ptrdiff_t>(t.model.gpt.config.dModel);
        for (const auto mode : {InterventionMode::Free, InterventionMode::FrozenAttention, InterventionMode::Direct}) {
            const auto all = t.changed(mixedChanges(t), mode);
            const auto last = t.changed(mixedChanges(t), mode, PassOutput::LastPosition);
            QVERIFY(distance(last, {all.end() - d, all.end()}) < 1e-10);
        }
    }
}

void TestInterventions::single_precision_stays_close() {
    const Traced t(Shape{.layers = 3, .kind = TranscoderKind::CrossLayer, .activation = Activation::Relu});
    const auto gpt = reference::toFloat(t.model.gpt);
    const auto transcoder = reference::toFloat(t.model.transcoder);
    GptActivations<float> activations;
    forward<float>(gpt, t.model.ids, 1, activations);
    std::vector<SparseActivations<float>> active;
    for (int l = 0; l < 3; ++l)
        active.push_back(encode<float>(transcoder, l, activations.blocks[static_cast<size_t>(l)].ln2));
    const TracedPrompt<float> prompt{gpt, transcoder, t.model.ids, activations, active};
    for (const auto mode : {InterventionMode::Free, InterventionMode::FrozenAttention, InterventionMode::Direct}) {
        const auto single =
            changedFinalNorm<float>(prompt, std::vector<Changes>{mixedChanges(t)}, mode, PassOutput::EveryPosition, {});
        QVERIFY(distance(std::vector<double>(single.begin(), single.end()), t.changed(mixedChanges(t), mode)) < 5e-4);
    }
}

void TestInterventions::steering_is_the_free_pass_at_every_position() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    const int active = t.activeAt(0, 0);
    const std::vector<Intervention> rows{
        {.layer = 0, .feature = active, .places = {InterventionPlaces::Kind::All, {}}, .action = add, .value = 1.5},
        {.layer = shape.layers - 1,
         .feature = 3,
         .places = {InterventionPlaces::Kind::Last, {}},
         .action = set,
         .value = 2}};
    Steering<double> steering(t.model.transcoder, rows, t.length());
    GptActivations<double> activations;
    forward<double>(
        t.model.gpt, t.model.ids, 1, activations, -1,
        [&](int layer, std::span<const double> ln2, std::span<double> mlp) { steering.apply(layer, 0, ln2, mlp); });
    const Changes changes = placeInterventions(rows, t.model.transcoder.config, t.length(), 0, t.length() - 1);
    QVERIFY(distance(activations.finalNorm, patched(t, changes, false)) < 1e-10);
}

/// Both past the context, so that the cache is thrown away in between.
void TestInterventions::generation_with_cache_equals_generation_without() {
    for (const auto kind : {TranscoderKind::PerLayer, TranscoderKind::CrossLayer}) {
        const Traced t(Shape{.vocab = 40, .layers = 3, .kind = kind});
        const auto gpt = reference::toFloat(t.model.gpt);
        const auto transcoder = reference::toFloat(t.model.transcoder);
        const std::vector<int32_t> prompt(t.model.ids.begin(), t.model.ids.begin() + 3);
        const std::vector<Intervention> rows{
            {.layer = 0, .feature = 2, .places = {InterventionPlaces::Kind::All, {}}, .action = set, .value = 3},
            {.layer = 1, .feature = 5, .places = {InterventionPlaces::Kind::Last, {}}, .action = add, .value = 4},
            {.layer = 2, .feature = 7, .places = {InterventionPlaces::Kind::Generated, {}}, .action = set, .value = 5}};
        Steering<float> steering(transcoder, rows, 3);
        IncrementalDecoder decoder(gpt, [&](int layer, int64_t first, std::span<const float> ln2,
                                            std::span<float> mlp) { steering.apply(layer, first, ln2, mlp); });
        std::vector<int32_t> all = prompt;
        std::span<const float> cached = decoder.read(prompt);
        for (int step = 0; step < 20; ++step) {
            const auto first = static_cast<int64_t>(all.size() - decoder.window().size());
            Steering<float> anew(transcoder, rows, 3);
            GptActivations<float> activations;
            forward<float>(gpt, decoder.window(), 1, activations, -1,
                           [&](int layer, std::span<const float> ln2, std::span<float> mlp) {
                               anew.apply(layer, first, ln2, mlp);
                           });
            std::vector<float> expected(static_cast<size_t>(gpt.config.vocabSize));
            logits<float>(gpt,
                          std::span<const float>(activations.finalNorm).last(static_cast<size_t>(gpt.config.dModel)),
                          expected);
            for (size_t v = 0; v < expected.size(); ++v)
                QVERIFY(std::abs(expected[v] - cached[v]) < 1e-4f);
            const auto best =
                static_cast<int32_t>(std::max_element(expected.begin(), expected.end()) - expected.begin());
            all.push_back(best);
            cached = decoder.read(std::span(&best, 1));
        }
        QVERIFY(all.size() > 2 * static_cast<size_t>(gpt.config.context));
        // The same through generate(), and other than without steering.
        Random random(1), other(1);
        const SamplingConfig greedy{.tokens = 20, .temperature = 0, .stopAtEndOfText = false};
        Steering<float> again(transcoder, rows, 3);
        const auto steered = generate(gpt, prompt, -1, greedy, random, {}, {},
                                      [&](int layer, int64_t first, std::span<const float> ln2, std::span<float> mlp) {
                                          again.apply(layer, first, ln2, mlp);
                                      });
        QCOMPARE(steered, std::vector<int32_t>(all.begin() + 3, all.end()));
        QVERIFY(steered != generate(gpt, prompt, -1, greedy, other, {}, {}));
    }
}

/// Naive: with everything else held, each active feature passes the change of its pre-activation on.
void TestInterventions::total_influence_is_the_linear_answer_of_all_active_features() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    const Targets target{.kind = Targets::Kind::Tokens, .tokens = {4}};
    const Attribution<double> a =
        attribute<double>(t.model.gpt, t.model.transcoder, t.model.ids, t.pass.activations, t.active, target, {});
    const std::vector<double> total = totalInfluence(a, a.targetRows.front());
    const auto explained = [&](const reference::Pass &pass) {
        double mean = 0;
        for (const double logit : pass.logits)
            mean += logit / static_cast<double>(pass.logits.size());
        return pass.logits[4] - mean;
    };
    for (int64_t column = 0; column < a.sources; ++column) {
        const Node &source = a.nodes[static_cast<size_t>(column)];
        if (source.kind != NodeKind::Feature)
            break;
        reference::Frozen frozen{&t.pass, std::vector<std::vector<double>>(t.model.gpt.blocks.size()), {}};
        write(t.model, {source.layer, source.position, source.id, set, 0}, -source.activation, frozen.mlp);
        for (int layer = source.layer + 1; layer < shape.layers; ++layer) {
            const reference::Pass pass = reference::run(t.model, frozen);
            const auto l = static_cast<size_t>(layer);
            for (int p = 0; p < t.length(); ++p)
                for (auto i = t.active[l].offsets[static_cast<size_t>(p)];
                     i < t.active[l].offsets[static_cast<size_t>(p) + 1]; ++i) {
                    const int f = t.active[l].features[static_cast<size_t>(i)];
                    const size_t cell = reference::at(p, f, shape.features);
                    write(t.model, {layer, p, f, set, 0}, pass.pre[l][cell] - t.pass.pre[l][cell], frozen.mlp);
                }
        }
        const double change = explained(reference::run(t.model, frozen)) - explained(t.pass);
        QVERIFY(std::abs(change + total[static_cast<size_t>(column)]) < 1e-9 * std::max(1.0, std::abs(change)));
    }
}

void TestInterventions::the_scan_measures_what_single_ablations_do() {
    QFETCH(Shape, shape);
    const Traced t(shape);
    const Targets target{.kind = Targets::Kind::Difference, .tokens = {4, 2}};
    const Attribution<double> a =
        attribute<double>(t.model.gpt, t.model.transcoder, t.model.ids, t.pass.activations, t.active, target, {});
    const auto d = static_cast<size_t>(t.model.gpt.config.dModel), last = static_cast<size_t>(t.length()) - 1;
    const auto difference = [&](const std::vector<double> &finalNorm) {
        double sum = 0;
        for (size_t i = 0; i < d; ++i)
            sum += (t.model.gpt.unembedding[4 * d + i] - t.model.gpt.unembedding[2 * d + i]) * finalNorm[last * d + i];
        return sum;
    };
    const EffectScan scan = scanEffects<double>(t.prompt(), a, target, InterventionMode::Free, {}, {});
    const double before = difference(t.pass.activations.finalNorm);
    size_t features = 0;
    for (const auto &layer : t.active)
        features += layer.features.size();
    QCOMPARE(scan.effects.size() + static_cast<size_t>(scan.unreachable), features);
    double largest = std::numeric_limits<double>::infinity();
    for (const FeatureEffect &e : scan.effects) {
        const double alone = difference(patched(t, {{e.layer, e.position, e.feature, ablate, 0}}, false)) - before;
        QVERIFY(std::abs(e.measured - alone) < 1e-10);
        QVERIFY(std::abs(e.measured) <= largest);
        largest = std::abs(e.measured);
    }
    const EffectScan direct = scanEffects<double>(t.prompt(), a, target, InterventionMode::Direct, {}, {});
    for (const FeatureEffect &e : direct.effects)
        QVERIFY(std::abs(e.measured - e.direct) < 1e-10);
    if (direct.effects.size() > 1)
        QVERIFY(std::abs(direct.directCorrelation - 1) < 1e-9);
    for (int position = 0; position + 1 < t.length(); ++position) { // those left out do nothing
        const int feature = t.activeAt(shape.layers - 1, position);
        QCOMPARE(difference(patched(t, {{shape.layers - 1, position, feature, ablate, 0}}, false)), before);
    }
}

void TestInterventions::a_stop_ends_the_pass() {
    const Traced t(Shape{});
    std::stop_source source;
    source.request_stop();
    for (const auto mode : {InterventionMode::Free, InterventionMode::Direct})
        QVERIFY_EXCEPTION_THROWN((void)changedFinalNorm<double>(t.prompt(), std::vector<Changes>{mixedChanges(t)}, mode,
                                                                PassOutput::LastPosition, source.get_token()),
                                 Error);
}

QTEST_APPLESS_MAIN(TestInterventions)
#include "test_interventions.moc"
