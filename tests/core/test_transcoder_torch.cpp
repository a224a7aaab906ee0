// The transcoder's hand-written training step, and encode and decode, against plain LibTorch.

#include "core/train/transcoder_learner_impl.h"

#include <torch/torch.h>

#include <QtTest>

#include <cmath>

using namespace tt;

namespace {

using Learner = TranscoderLayerLearner;
constexpr int features = 96, k = 6;
constexpr int64_t d = 20, rows = 50;

std::vector<float> normals(int64_t count, Random &random, double scale = 1) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float &value : values)
        value = static_cast<float>(scale * random.normal());
    return values;
}

torch::Tensor tensor(std::span<const float> values, std::vector<int64_t> shape) {
    return torch::from_blob(const_cast<float *>(values.data()), shape, torch::kFloat).clone();
}

double relativeError(const torch::Tensor &expected, std::span<const float> actual) {
    const auto wide = expected.detach().to(torch::kDouble).reshape({-1});
    const auto ours = tensor(actual, {static_cast<int64_t>(actual.size())}).to(torch::kDouble);
    return ((wide - ours).abs().max() / wide.abs().max()).item<double>();
}

/// A learner with every parameter at random, biases too.
Learner randomLearner(uint64_t seed) {
    Learner learner(features, k, d);
    Random random(seed);
    for (const auto &[name, shape, values] : learner.state())
        if (name.starts_with("weights."))
            *values = normals(static_cast<int64_t>(values->size()), random, 0.4);
    return learner;
}

std::vector<torch::Tensor> leavesOf(const Learner &learner) {
    return {tensor(learner.weightsOf(Learner::Encoder), {features, d}).set_requires_grad(true),
            tensor(learner.weightsOf(Learner::EncoderBias), {features}).set_requires_grad(true),
            tensor(learner.weightsOf(Learner::Decoder), {features, d}).set_requires_grad(true),
            tensor(learner.weightsOf(Learner::DecoderBias), {d}).set_requires_grad(true)};
}

/// Prediction (N, d): ReLU, the k largest, their decoder rows.
torch::Tensor predict(const std::vector<torch::Tensor> &w, const torch::Tensor &input) {
    const auto active = torch::relu(torch::linear(input, w[0], w[1]));
    const auto [values, indices] = torch::topk(active, k, 1);
    return torch::matmul(torch::zeros_like(active).scatter(1, indices, values), w[2]) + w[3];
}

/// y = act(x) of a fixed small network, so that there is something to learn.
struct Task {
    std::vector<float> input, target;
};
Task makeTask(uint64_t seed, int64_t count) {
    Random random(seed), fixed(99);
    Task task{normals(count * d, random), {}};
    const auto hidden = tensor(normals(d * 12, fixed), {12, d}), out = tensor(normals(12 * d, fixed, 0.3), {d, 12});
    const auto y = torch::linear(torch::relu(torch::linear(tensor(task.input, {count, d}), hidden)), out).contiguous();
    task.target.assign(y.data_ptr<float>(), y.data_ptr<float>() + y.numel());
    return task;
}

TranscoderWeights<float> randomTranscoder(TranscoderKind kind, Activation activation, bool skip) {
    Random random(5);
    TranscoderWeights<float> weights{
        .config = {.kind = kind, .activation = activation, .k = k, .features = features, .layers = 3, .dModel = d},
        .layers = {}};
    for (int i = 0; i < weights.config.layers; ++i) {
        TranscoderLayer<float> layer{.encoder = normals(features * d, random, 0.3),
                                     .encoderBias = normals(features, random, 0.3),
                                     .decoder = normals(features * weights.config.decodersOf(i) * d, random, 0.3),
                                     .decoderBias = normals(d, random),
                                     .threshold = {},
                                     .skip = {}};
        if (activation == Activation::JumpRelu || activation == Activation::BatchTopK)
            layer.threshold = normals(features, random, 0.7); // below 0 too: then 0 is the threshold
        if (skip)
            layer.skip = normals(d * d, random, 0.3);
        weights.layers.push_back(std::move(layer));
    }
    return weights;
}

/// Activations (N, F) by the definition.
torch::Tensor torchEncode(const TranscoderWeights<float> &weights, int layer, const torch::Tensor &input) {
    const auto &own = weights.layers[static_cast<size_t>(layer)];
    const auto pre = torch::linear(input, tensor(own.encoder, {features, d}), tensor(own.encoderBias, {features}));
    if (weights.config.activation == Activation::Relu)
        return torch::relu(pre);
    if (weights.config.activation != Activation::TopK)
        return pre * pre.gt(tensor(own.threshold, {features}).clamp_min(0));
    const auto [values, indices] = torch::topk(torch::relu(pre), k, 1);
    return torch::zeros_like(pre).scatter(1, indices, values);
}

torch::Tensor dense(const SparseActivations<float> &active) {
    std::vector<float> values(static_cast<size_t>(active.rows() * features));
    for (int64_t r = 0; r < active.rows(); ++r)
        for (auto i = static_cast<size_t>(active.offsets[static_cast<size_t>(r)]);
             i < static_cast<size_t>(active.offsets[static_cast<size_t>(r) + 1]); ++i)
            values[static_cast<size_t>(r * features + active.features[i])] = active.values[i];
    return tensor(values, {active.rows(), features});
}

} // namespace

class TestTranscoder : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { torch::set_num_threads(1); }
    void gradients_equal_autograd();
    void two_hundred_steps_follow_torchs_adam();
    void a_batch_of_one_row_and_a_k_of_every_feature_work();
    void folding_predicts_the_same_in_raw_units();
    void normalised_rows_have_mean_0_and_unit_variance();
    void encode_and_decode_equal_plain_torch_data();
    void encode_and_decode_equal_plain_torch();
};

void TestTranscoder::gradients_equal_autograd() {
    Learner learner = randomLearner(1);
    const Task task = makeTask(2, rows);
    const double fvu = learner.gradient(task.input, task.target);
    auto leaves = leavesOf(learner);
    const auto target = tensor(task.target, {rows, d});
    const auto loss = (predict(leaves, tensor(task.input, {rows, d})) - target).square().mean();
    loss.backward();
    double squares = 0;
    for (int i = 0; i < Learner::Count; ++i) {
        const double error = relativeError(leaves[static_cast<size_t>(i)].grad(), learner.gradientOf(i));
        QVERIFY2(error < 1e-5, qPrintable(QString("parameter %1: %2").arg(i).arg(error)));
        squares += leaves[static_cast<size_t>(i)].grad().square().sum().item<double>();
    }
    QVERIFY(std::abs(learner.gradientSquares() / squares - 1) < 1e-5);
    const double expected = loss.item<double>() / target.square().mean().item<double>();
    QVERIFY(std::abs(fvu / expected - 1) < 1e-5);
}

void TestTranscoder::two_hundred_steps_follow_torchs_adam() {
    Learner learner(features, k, d);
    Random random(3);
    learner.initialise(random);
    auto leaves = leavesOf(learner);
    torch::optim::Adam optimiser(leaves, torch::optim::AdamOptions(2e-3).betas({0.9, 0.999}).eps(1e-8));
    double first = 0, last = 0;
    for (int step = 1; step <= 200; ++step) {
        const Task task = makeTask(static_cast<uint64_t>(1000 + step), rows);
        const double fvu = learner.gradient(task.input, task.target);
        learner.update(
            {.learningRate = 2e-3, .correction1 = 1 - std::pow(0.9, step), .correction2 = 1 - std::pow(0.999, step)});
        const auto target = tensor(task.target, {rows, d});
        optimiser.zero_grad();
        const auto loss = (predict(leaves, tensor(task.input, {rows, d})) - target).square().mean();
        loss.backward();
        optimiser.step();
        last = loss.item<double>() / target.square().mean().item<double>();
        first = step == 1 ? last : first;
        QVERIFY2(std::abs(fvu / last - 1) < 0.01, qPrintable(QString("step %1: %2, %3").arg(step).arg(fvu).arg(last)));
    }
    QVERIFY2(last < 0.7 * first, qPrintable(QString("%1 → %2").arg(first).arg(last))); // it does learn
}

void TestTranscoder::a_batch_of_one_row_and_a_k_of_every_feature_work() {
    Learner learner(4, 4, 3);
    Random random(4);
    learner.initialise(random);
    const std::vector<float> input{1, 2, 3}, target{0.5f, -1, 2}, zero(3);
    QVERIFY(std::isfinite(learner.gradient(input, target)));
    QVERIFY(std::isfinite(learner.gradient(input, zero))); // a target without variance
    for (int i = 0; i < Learner::Count; ++i)
        for (const float value : learner.gradientOf(i))
            QVERIFY(std::isfinite(value));
}

void TestTranscoder::folding_predicts_the_same_in_raw_units() {
    const Learner learner = randomLearner(6);
    Random random(7);
    const Normalisation in{.mean = normals(d, random, 2), .scale = 1.7f},
        out{.mean = normals(d, random, 3), .scale = 0.3f};
    const auto raw = normals(rows * d, random, 2);
    std::vector<float> normalised = raw;
    normaliseRows(in, normalised);
    const auto expected = predict(leavesOf(learner), tensor(normalised, {rows, d})) * out.scale + tensor(out.mean, {d});
    const TranscoderWeights<float> folded{.config = {.k = k, .features = features, .layers = 1, .dModel = d},
                                          .layers = {learner.fold(in, out)}};
    const std::vector active{encode<float>(folded, 0, raw)};
    std::vector<float> prediction(raw.size());
    decode<float>(folded, 0, active, raw, prediction);
    const double error = relativeError(expected, prediction);
    QVERIFY2(error < 1e-4, qPrintable(QString::number(error)));
}

void TestTranscoder::normalised_rows_have_mean_0_and_unit_variance() {
    Random random(8);
    auto values = normals(2000 * d, random, 3);
    for (size_t i = 0; i < values.size(); ++i)
        values[i] += static_cast<float>(i % d) * 10; // a mean of its own for each dimension
    const Normalisation normalisation = measureNormalisation(values, d);
    const auto plain = tensor(values, {2000, d}).to(torch::kDouble);
    QVERIFY(relativeError(plain.mean(0), normalisation.mean) < 1e-6);
    const double scale = (plain - plain.mean(0)).square().mean().sqrt().item<double>();
    QVERIFY(std::abs(normalisation.scale / scale - 1) < 1e-6);
    normaliseRows(normalisation, values);
    QVERIFY(std::abs(tensor(values, {2000, d}).square().mean().item<double>() - 1) < 1e-4);
    const std::vector<float> constant(4 * d, 5.0f);
    QCOMPARE(measureNormalisation(constant, d).scale, 1.0f); // nothing is divided by 0
}

void TestTranscoder::encode_and_decode_equal_plain_torch_data() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("activation");
    QTest::addColumn<bool>("skip");
    for (const auto kind : {TranscoderKind::PerLayer, TranscoderKind::CrossLayer})
        for (const auto activation : {Activation::TopK, Activation::JumpRelu, Activation::BatchTopK, Activation::Relu})
            for (const bool skip : {false, true})
                QTest::newRow((toString(kind) + " " + toString(activation) + (skip ? " skip" : "")).c_str())
                    << static_cast<int>(kind) << static_cast<int>(activation) << skip;
}

void TestTranscoder::encode_and_decode_equal_plain_torch() {
    QFETCH(int, kind);
    QFETCH(int, activation);
    QFETCH(bool, skip);
    const auto weights = randomTranscoder(static_cast<TranscoderKind>(kind), static_cast<Activation>(activation), skip);
    Random random(9);
    std::vector<SparseActivations<float>> active;
    std::vector<torch::Tensor> expectedActive;
    for (int layer = 0; layer < 3; ++layer) {
        const auto &own = weights.layers[static_cast<size_t>(layer)];
        const auto input = normals(rows * d, random);
        const auto x = tensor(input, {rows, d});
        active.push_back(encode<float>(weights, layer, input));
        expectedActive.push_back(torchEncode(weights, layer, x));
        QVERIFY((dense(active.back()) - expectedActive.back()).abs().max().item<double>() < 1e-5);
        auto expected = tensor(own.decoderBias, {d}).expand({rows, d});
        if (skip)
            expected = expected + torch::linear(x, tensor(own.skip, {d, d}));
        const bool cross = weights.config.kind == TranscoderKind::CrossLayer;
        for (int from = cross ? 0 : layer; from <= layer; ++from) {
            const auto decoders = tensor(weights.layers[static_cast<size_t>(from)].decoder,
                                         {features, weights.config.decodersOf(from), d});
            const auto row = decoders.select(1, cross ? layer - from : 0);
            expected = expected + torch::matmul(expectedActive[static_cast<size_t>(from)], row);
        }
        std::vector<float> prediction(input.size(), -7.0f); // overwritten whole
        decode<float>(weights, layer, active, input, prediction);
        QVERIFY(relativeError(expected, prediction) < 1e-5);
    }
}

QTEST_APPLESS_MAIN(TestTranscoder)
#include "test_transcoder_torch.moc"
