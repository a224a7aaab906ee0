// A transcoder's encode and decode, and its normalisation, against plain LibTorch.

#include "core/nn/transcoder.h"
#include "core/train/normalisation_impl.h"

#include <torch/torch.h>

#include <QtTest>

#include <cmath>

using namespace tt;

namespace {

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
    void normalised_rows_have_mean_0_and_unit_variance();
    void encode_and_decode_equal_plain_torch_data();
    void encode_and_decode_equal_plain_torch();
};

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
