// The hand-written training step of every kind of transcoder against autograd.

#include "torch_transcoder.h"

#include <QtTest>

#include <cmath>
#include <functional>
#include <map>

using namespace tt;
using tt::test::asTensor;
using tt::test::TorchTranscoder;

namespace {

constexpr int features = 40, k = 4;
constexpr int64_t d = 12, rows = 64;
using Learner = TranscoderLearner;

std::vector<float> normals(int64_t count, Random &random, double scale = 1) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float &value : values)
        value = static_cast<float>(scale * random.normal());
    return values;
}

double relativeError(const torch::Tensor &expected, std::span<const float> actual) {
    const auto wide = expected.detach().reshape({-1});
    const auto ours = asTensor(actual, {static_cast<int64_t>(actual.size())});
    return ((wide - ours).abs().max() / wide.abs().max().clamp_min(1e-12)).item<double>();
}

/// Inputs and targets of two layers; the second target needs the first layer's input too.
struct Task {
    std::vector<std::vector<float>> input, target;
    std::vector<LayerBatch> batch() const { return {{input[0], target[0]}, {input[1], target[1]}}; }
    std::vector<torch::Tensor> x() const { return tensors(input); }
    std::vector<torch::Tensor> y() const { return tensors(target); }
    static std::vector<torch::Tensor> tensors(const std::vector<std::vector<float>> &all) {
        return {asTensor(all[0], {rows, d}), asTensor(all[1], {rows, d})};
    }
};

Task makeTask(uint64_t seed) {
    Random random(seed), fixed(99);
    Task task{{normals(rows * d, random), normals(rows * d, random)}, {}};
    torch::Tensor hiddenBefore;
    for (size_t i = 0; i < 2; ++i) {
        const auto in = asTensor(normals(d * 10, fixed), {10, d}), out = asTensor(normals(10 * d, fixed, 0.3), {d, 10});
        const auto hidden = torch::relu(torch::linear(asTensor(task.input[i], {rows, d}), in));
        auto y = torch::linear(hidden, out);
        if (i == 1)
            y = y + torch::linear(hiddenBefore, asTensor(normals(10 * d, fixed, 0.2), {d, 10}));
        hiddenBefore = hidden;
        y = y.to(torch::kFloat).contiguous();
        task.target.emplace_back(y.data_ptr<float>(), y.data_ptr<float>() + y.numel());
    }
    return task;
}

struct Case {
    TranscoderConfig shape;
    TranscoderTrainingConfig config;
    std::vector<double> penalties;
};

Case makeCase() {
    QFETCH_GLOBAL(int, kind);
    QFETCH_GLOBAL(int, activation);
    QFETCH_GLOBAL(int, form);
    QFETCH_GLOBAL(bool, skip);
    QFETCH_GLOBAL(bool, auxk);
    Case made;
    made.shape = {.kind = static_cast<TranscoderKind>(kind),
                  .activation = static_cast<Activation>(activation),
                  .k = k,
                  .features = features,
                  .layers = 2,
                  .dModel = d};
    made.config.skip = skip;
    made.config.penaltyForm = static_cast<PenaltyForm>(form);
    made.config.bandwidth = 0.3;
    made.config.auxk = auxk ? 3 : 0;
    made.config.deadDensity = 0.03;
    made.penalties = {0.02, 0.03};
    return made;
}

std::vector<float> *find(Learner &learner, const std::string &name) {
    for (const auto &[each, shape, values] : learner.state())
        if (each == name)
            return values;
    qFatal("no array %s", name.c_str());
}

/// A third of the features count as dead, in layer 0 more than in layer 1.
std::vector<torch::Tensor> randomDensities(Learner &learner, Random &random) {
    std::vector<torch::Tensor> densities;
    for (const auto &[name, largest] : {std::pair{"layers.0.density", 0.06}, std::pair{"layers.1.density", 0.1}}) {
        std::vector<float> &density = *find(learner, name);
        for (float &value : density)
            value = static_cast<float>(random.uniform() * largest);
        densities.push_back(asTensor(density, {features}));
    }
    return densities;
}

/// Called with the FVU of a step and layer: the learner's and the oracle's in float32.
using Curve = std::function<void(int step, size_t layer, double fvu, double torchs)>;

/// 200 steps of the learner and of LibTorch's Adam from the same weights on the same batches.
void follow(const Case &c, const Curve &curve) {
    Learner learner(c.shape, c.config);
    Random random(3);
    learner.initialise(random, makeTask(999).batch());
    const auto densities = randomDensities(learner, random);
    TorchTranscoder oracle(c.shape, c.config, learner);
    oracle.density = densities;
    torch::optim::Adam optimiser(oracle.leaves(), torch::optim::AdamOptions(2e-3).betas({0.9, 0.999}).eps(1e-8));
    for (int step = 1; step <= 200; ++step) {
        const Task task = makeTask(static_cast<uint64_t>(1000 + step % 20));
        const Learner::Progress progress = learner.gradient(task.batch(), c.penalties);
        learner.update(
            {.learningRate = 2e-3, .correction1 = 1 - std::pow(0.9, step), .correction2 = 1 - std::pow(0.999, step)});
        optimiser.zero_grad();
        const auto loss = oracle.loss(task.x(), task.y(), c.penalties);
        loss.total.backward();
        optimiser.step();
        for (size_t i = 0; i < 2; ++i)
            curve(step, i, progress.layers[i].fvu, loss.fvu[i]);
    }
}

} // namespace

class TestTranscoderLearner : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void initTestCase() { torch::set_num_threads(1); }
    void gradients_equal_autograd();
    void two_hundred_steps_follow_torchs_adam();
    void two_hundred_steps_with_bfloat16_products_follow_it_too();
    void folding_predicts_the_same_in_raw_units();
    void one_row_a_constant_target_and_a_k_of_every_feature_work();
};

void TestTranscoderLearner::initTestCase_data() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("activation");
    QTest::addColumn<int>("form");
    QTest::addColumn<bool>("skip");
    QTest::addColumn<bool>("auxk");
    for (const auto kind : {TranscoderKind::PerLayer, TranscoderKind::CrossLayer})
        for (const auto activation : {Activation::TopK, Activation::BatchTopK, Activation::JumpRelu, Activation::Relu})
            for (const auto form : {PenaltyForm::L0, PenaltyForm::Tanh})
                for (const bool skip : {false, true})
                    for (const bool auxk : {false, true}) {
                        if (activation != Activation::JumpRelu && form == PenaltyForm::Tanh)
                            continue;
                        const std::string name = toString(kind) + " " + toString(activation) +
                                                 (form == PenaltyForm::Tanh ? " tanh" : "") + (skip ? " skip" : "") +
                                                 (auxk ? " auxk" : "");
                        QTest::newRow(name.c_str()) << static_cast<int>(kind) << static_cast<int>(activation)
                                                    << static_cast<int>(form) << skip << auxk;
                    }
}

void TestTranscoderLearner::gradients_equal_autograd() {
    const Case c = makeCase();
    Learner learner(c.shape, c.config);
    Random random(1);
    for (const auto &[name, shape, values] : learner.state())
        if (name.find("weights.") != std::string::npos)
            *values = normals(static_cast<int64_t>(values->size()), random, 0.4);
    const auto densities = randomDensities(learner, random);
    TorchTranscoder oracle(c.shape, c.config, learner);
    oracle.density = densities;
    const Task task = makeTask(2);
    const Learner::Progress progress = learner.gradient(task.batch(), c.penalties);
    const auto loss = oracle.loss(task.x(), task.y(), c.penalties);
    loss.total.backward();
    double squares = 0;
    for (int i = 0; i < 2; ++i) {
        for (int which = 0; which < Learner::Count; ++which) {
            const auto &parameter = oracle.layers[static_cast<size_t>(i)][static_cast<size_t>(which)];
            if (!parameter.defined())
                continue;
            const double error =
                relativeError(parameter.grad(), learner.gradientOf(i, static_cast<Learner::Which>(which)));
            QVERIFY2(error < 1e-5, qPrintable(QString("layer %1, parameter %2: %3").arg(i).arg(which).arg(error)));
            squares += parameter.grad().square().sum().item<double>();
        }
        const auto &layer = progress.layers[static_cast<size_t>(i)];
        QVERIFY(std::abs(layer.fvu / loss.fvu[static_cast<size_t>(i)] - 1) < 1e-5);
        QVERIFY(std::abs(layer.l0 - loss.l0[static_cast<size_t>(i)]) < 1e-9);
        if (c.config.auxk > 0)
            QVERIFY(std::abs(layer.auxk / loss.auxk[static_cast<size_t>(i)] - 1) < 1e-5);
        const auto dead = densities[static_cast<size_t>(i)].lt(c.config.deadDensity).to(torch::kDouble).mean();
        QVERIFY(std::abs(layer.dead - dead.item<double>()) < 1e-9);
    }
    QVERIFY(std::abs(learner.gradientSquares() / squares - 1) < 1e-5);
    QVERIFY(std::abs(progress.penalty - loss.penalty) < 1e-5 * std::abs(loss.penalty) + 1e-12);
}

void TestTranscoderLearner::two_hundred_steps_follow_torchs_adam() {
    std::map<int, double> sums; // of FVU over the layers, by step
    follow(makeCase(), [&](int step, size_t layer, double fvu, double torchs) {
        QVERIFY2(std::abs(fvu / torchs - 1) < 0.01,
                 qPrintable(QString("step %1, layer %2: %3, %4").arg(step).arg(layer).arg(fvu).arg(torchs)));
        sums[step] += torchs;
    });
    QVERIFY2(sums[200] < 0.8 * sums[1], qPrintable(QString("%1 → %2").arg(sums[1]).arg(sums[200]))); // it does learn
}

/// Which of two almost equal features is chosen may differ, so single steps may: the curve over all the batches
/// doesn't.
void TestTranscoderLearner::two_hundred_steps_with_bfloat16_products_follow_it_too() {
    Case c = makeCase();
    c.config.bfloat16 = true;
    std::map<std::pair<int, size_t>, std::pair<double, double>> sums; // over 20 steps: both FVU
    follow(c, [&](int step, size_t layer, double fvu, double torchs) {
        auto &[mine, expected] = sums[{(step - 1) / 20, layer}];
        mine += fvu;
        expected += torchs;
    });
    for (const auto &[where, sum] : sums)
        QVERIFY2(std::abs(sum.first / sum.second - 1) < 0.01, qPrintable(QString("steps from %1, layer %2: %3, %4")
                                                                             .arg(where.first * 20 + 1)
                                                                             .arg(where.second)
                                                                             .arg(sum.first / 20)
                                                                             .arg(sum.second / 20)));
}

void TestTranscoderLearner::folding_predicts_the_same_in_raw_units() {
    const Case c = makeCase();
    Learner learner(c.shape, c.config);
    Random random(6);
    for (const auto &[name, shape, values] : learner.state())
        if (name.find("weights.") != std::string::npos)
            *values = normals(static_cast<int64_t>(values->size()), random, 0.4);
        else if (name.find("batch_threshold") != std::string::npos)
            values->front() = 0.6f;
    TorchTranscoder oracle(c.shape, c.config, learner);
    const std::vector<Normalisation> in{{normals(d, random, 2), 1.7f}, {normals(d, random), 0.6f}},
        out{{normals(d, random, 3), 0.3f}, {normals(d, random), 2.1f}};
    const TranscoderWeights<float> folded = learner.fold(in, out);
    std::vector<SparseActivations<float>> active;
    std::vector<torch::Tensor> expectedActive;
    for (size_t i = 0; i < 2; ++i) {
        const auto raw = normals(rows * d, random, 2);
        const auto x = (asTensor(raw, {rows, d}) - asTensor(in[i].mean, {d})) / static_cast<double>(in[i].scale);
        const auto u = torch::linear(x, oracle.layers[i][Learner::Encoder], oracle.layers[i][Learner::EncoderBias]);
        expectedActive.push_back(c.shape.activation == Activation::BatchTopK ? u * u.gt(0.6) : oracle.activate(u, i));
        auto expected = oracle.decode(expectedActive, i) + oracle.layers[i][Learner::DecoderBias];
        if (c.config.skip)
            expected = expected + torch::linear(x, oracle.layers[i][Learner::Skip]);
        expected = expected * static_cast<double>(out[i].scale) + asTensor(out[i].mean, {d});
        active.push_back(encode<float>(folded, static_cast<int>(i), raw));
        std::vector<float> prediction(raw.size());
        decode<float>(folded, static_cast<int>(i), active, raw, prediction);
        const double error = relativeError(expected, prediction);
        QVERIFY2(error < 1e-5, qPrintable(QString("layer %1: %2").arg(i).arg(error)));
    }
}

void TestTranscoderLearner::one_row_a_constant_target_and_a_k_of_every_feature_work() {
    Case c = makeCase();
    c.shape.features = c.shape.k = 4;
    c.shape.dModel = 3;
    Learner learner(c.shape, c.config);
    Random random(4);
    const std::vector<float> input{1, 2, 3}, zero(3), target{0.5f, -1, 2};
    learner.initialise(random, {{input, target}, {input, zero}});
    for (const auto &second : {target, zero}) {
        const auto progress = learner.gradient({{input, target}, {input, second}}, c.penalties);
        QVERIFY(std::isfinite(learner.gradientSquares()) && std::isfinite(progress.penalty));
        for (const auto &layer : progress.layers)
            QVERIFY(std::isfinite(layer.fvu) && std::isfinite(layer.auxk));
        learner.update({.learningRate = 1e-2, .correction1 = 0.1, .correction2 = 0.001});
        for (const auto &[name, shape, values] : learner.state())
            for (const float value : *values)
                QVERIFY(std::isfinite(value));
    }
}

QTEST_APPLESS_MAIN(TestTranscoderLearner)
#include "test_transcoder_learner_torch.moc"
