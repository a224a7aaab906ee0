// The hot loops against LibTorch, and every instruction set against the plainest.

#include "core/instruction_sets.h"

#include "core/nn/step_kernels.h"
#include "core/random.h"

#include <omp.h>
#include <torch/torch.h>

#include <QtTest>

namespace tt {
namespace generic {
extern const Kernels<float> floatKernels;
extern const StepKernels<float, float> floatStepKernels;
} // namespace generic
#if defined(__x86_64__)
namespace avx2 {
extern const Kernels<float> floatKernels;
extern const StepKernels<float, float> floatStepKernels;
} // namespace avx2
namespace avx512 {
extern const Kernels<float> floatKernels;
extern const StepKernels<float, float> floatStepKernels;
} // namespace avx512
#endif
} // namespace tt

using namespace tt;

namespace {

torch::Tensor tensor(const std::vector<float> &values, std::vector<int64_t> shape) {
    return torch::from_blob(const_cast<float *>(values.data()), shape, torch::kFloat).clone();
}

/// Largest difference relative to the largest expected value.
double relativeError(const torch::Tensor &expected, const std::vector<float> &actual) {
    const auto wide = expected.detach().to(torch::kDouble).reshape({-1});
    const auto ours = tensor(actual, {static_cast<int64_t>(actual.size())}).to(torch::kDouble);
    return ((wide - ours).abs().max() / wide.abs().max().clamp_min(1e-30)).item<double>();
}

std::vector<int32_t> targetsOf(int64_t n, int64_t vocab) {
    std::vector<int32_t> targets;
    for (int64_t i = 0; i < n; ++i)
        targets.push_back(static_cast<int32_t>(i * 7 % vocab));
    return targets;
}

torch::Tensor asLong(std::vector<int32_t> ids) {
    return torch::from_blob(ids.data(), {static_cast<int64_t>(ids.size())}, torch::kInt).to(torch::kLong);
}

} // namespace

class TestKernels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void initTestCase() { torch::set_num_threads(1); }
    void adam_with_decay_and_clipping_equals_torchs_adamw();
    void cross_entropy_and_its_gradient_equal_torchs();
    void cross_entropy_survives_extreme_logits();
    void divergence_equals_its_definition();
    void layer_norm_and_its_gradients_equal_torchs();
    void bias_relu_and_sums_equal_torchs();
    void attention_and_its_gradients_equal_torchs();
    void dropout_drops_the_same_values_on_every_processor();

private:
    [[nodiscard]] static const Kernels<float> &kernelsOf();
    [[nodiscard]] static const StepKernels<float, float> &stepKernelsOf();
};

/// Every test runs with each instruction set this processor has.
void TestKernels::initTestCase_data() {
    addInstructionSets();
}

const Kernels<float> &TestKernels::kernelsOf() {
    QFETCH_GLOBAL(QString, set);
#if defined(__x86_64__)
    if (set == "avx512")
        return avx512::floatKernels;
    if (set == "avx2")
        return avx2::floatKernels;
#endif
    return set == "generic" ? generic::floatKernels : kernels<float>();
}

const StepKernels<float, float> &TestKernels::stepKernelsOf() {
    QFETCH_GLOBAL(QString, set);
#if defined(__x86_64__)
    if (set == "avx512")
        return avx512::floatStepKernels;
    if (set == "avx2")
        return avx2::floatStepKernels;
#endif
    return set == "generic" ? generic::floatStepKernels : stepKernels<float, float>();
}

void TestKernels::adam_with_decay_and_clipping_equals_torchs_adamw() {
    constexpr int64_t n = 1003;
    constexpr double rate = 3e-3, beta1 = 0.9, beta2 = 0.95, decay = 0.1, clip = 1;
    auto weights = normals(n, 1);
    std::vector<float> first(n), second(n);
    auto oracle = tensor(weights, {n}).to(torch::kDouble).set_requires_grad(true);
    torch::optim::AdamW optimiser({oracle},
                                  torch::optim::AdamWOptions(rate).betas({beta1, beta2}).eps(1e-8).weight_decay(decay));
    for (int step = 1; step <= 20; ++step) {
        const auto gradient = normals(n, 100 + static_cast<uint64_t>(step), step % 2 ? 0.3 : 0.001);
        oracle.mutable_grad() = tensor(gradient, {n}).to(torch::kDouble);
        torch::nn::utils::clip_grad_norm_({oracle}, clip);
        optimiser.step();
        const double norm = std::sqrt(kernelsOf().sumOfSquares(gradient.data(), n));
        const AdamStep adam{.learningRate = rate,
                            .beta1 = beta1,
                            .beta2 = beta2,
                            .weightDecay = decay,
                            .correction1 = 1 - std::pow(beta1, step),
                            .correction2 = 1 - std::pow(beta2, step),
                            .gradientScale = norm > clip ? clip / norm : 1};
        kernelsOf().adam(weights.data(), gradient.data(), first.data(), second.data(), n, adam);
    }
    const double error = relativeError(oracle, weights);
    QVERIFY2(error < 1e-6, qPrintable(QString::number(error)));
}

void TestKernels::cross_entropy_and_its_gradient_equal_torchs() {
    constexpr int64_t n = 5, vocab = 301;
    auto rows = normals(n * vocab, 2, 4);
    const auto targets = targetsOf(n, vocab);
    auto oracle = tensor(rows, {n, vocab}).to(torch::kDouble).set_requires_grad(true);
    const auto expected = torch::nll_loss(torch::log_softmax(oracle, 1), asLong(targets), {}, at::Reduction::None);
    (expected.sum() * 0.25).backward();
    std::vector<double> loss(n), plain(n), sums(n);
    kernelsOf().crossEntropy(rows.data(), targets.data(), n, vocab, plain.data());
    // In two tiles, transposed; the bias is a part of the logits.
    constexpr int64_t split = 200;
    const auto bias = normals(vocab, 3);
    const auto shifted = tensor(rows, {n, vocab}) - tensor(bias, {vocab});
    const auto transposed = shifted.t().contiguous();
    std::vector<float> e(n * vocab), reference(n), targetLogit(n), rowScale(n);
    const LossRows<float> block{n, targets.data(), reference.data(), targetLogit.data(), sums.data()};
    const float *tile = transposed.data_ptr<float>();
    stepKernelsOf().raiseReference(tile, bias.data(), split, false, block);
    stepKernelsOf().exponentials(tile, bias.data(), 0, split, block, e.data());
    stepKernelsOf().exponentials(tile + split * n, bias.data() + split, split, vocab - split, block,
                                 e.data() + split * n);
    stepKernelsOf().finishLoss(block, 4, e.data(), rowScale.data(), loss.data());
    std::vector<float> sumsOfBias(vocab, 1.0f);
    stepKernelsOf().rowSums(e.data(), rowScale.data(), vocab, n, true, sumsOfBias.data());
    QVERIFY(relativeError(oracle.grad().sum(0) + 1, sumsOfBias) < 1e-6);
    for (int64_t r = 0; r < n; ++r)
        for (int64_t v = 0; v < vocab; ++v)
            rows[static_cast<size_t>(r * vocab + v)] =
                e[static_cast<size_t>(v * n + r)] * rowScale[static_cast<size_t>(r)];
    for (int64_t i = 0; i < n; ++i) {
        QVERIFY(std::abs(loss[static_cast<size_t>(i)] - expected[i].item<double>()) < 1e-5);
        QVERIFY(std::abs(plain[static_cast<size_t>(i)] - expected[i].item<double>()) < 1e-5);
    }
    QVERIFY(relativeError(oracle.grad(), rows) < 1e-5);
}

void TestKernels::cross_entropy_survives_extreme_logits() {
    std::vector<float> rows{1e4f, -1e4f, 0.0f, -1e4f, 1e4f, 0.0f};
    const std::vector<int32_t> targets{0, 0};
    std::vector<double> loss(2);
    kernelsOf().crossEntropy(rows.data(), targets.data(), 2, 3, loss.data());
    QVERIFY(std::abs(loss[0]) < 1e-6);
    QVERIFY(std::abs(loss[1] - 2e4) < 1e-1);
    rows[1] = std::nanf("");
    kernelsOf().crossEntropy(rows.data(), targets.data(), 1, 3, loss.data());
    QVERIFY(std::isnan(loss[0])); // damage is seen, not hidden
}

void TestKernels::divergence_equals_its_definition() {
    constexpr int64_t n = 4, vocab = 517;
    const auto p = normals(n * vocab, 3, 3), q = normals(n * vocab, 4, 3);
    const auto logP = torch::log_softmax(tensor(p, {n, vocab}).to(torch::kDouble), 1),
               logQ = torch::log_softmax(tensor(q, {n, vocab}).to(torch::kDouble), 1);
    const auto expected = (logP.exp() * (logP - logQ)).sum(1);
    std::vector<double> divergence(n), none(n);
    kernelsOf().klDivergence(p.data(), q.data(), n, vocab, divergence.data());
    kernelsOf().klDivergence(p.data(), p.data(), n, vocab, none.data());
    for (int64_t i = 0; i < n; ++i) {
        QVERIFY(std::abs(divergence[static_cast<size_t>(i)] / expected[i].item<double>() - 1) < 1e-5);
        QVERIFY(std::abs(none[static_cast<size_t>(i)]) < 1e-6);
    }
}

void TestKernels::layer_norm_and_its_gradients_equal_torchs() {
    constexpr int64_t n = 37, d = 45;
    const auto x = normals(n * d, 5, 2), gamma = normals(d, 6), beta = normals(d, 7), dOut = normals(n * d, 8);
    auto tx = tensor(x, {n, d}).to(torch::kDouble).set_requires_grad(true);
    auto tg = tensor(gamma, {d}).to(torch::kDouble).set_requires_grad(true);
    auto tb = tensor(beta, {d}).to(torch::kDouble).set_requires_grad(true);
    const auto expected = torch::layer_norm(tx, {d}, tg, tb, 1e-5);
    expected.backward(tensor(dOut, {n, d}).to(torch::kDouble));
    std::vector<float> out(n * d), sigma(n), dx(n * d, 1.0f), dGamma(d), dBeta(d), mean(n), inverse(n);
    std::vector<float> halved = dOut, twice(n, 2.0f), parts(StepKernels<float, float>::sumParts * 2 * d), again(n * d);
    for (float &value : halved)
        value /= 2;
    kernelsOf().layerNorm(x.data(), gamma.data(), beta.data(), 1e-5, n, d, out.data(), sigma.data());
    stepKernelsOf().layerNorm(x.data(), gamma.data(), beta.data(), 1e-5, n, d, again.data(), mean.data(),
                              inverse.data());
    stepKernelsOf().layerNormBackward(halved.data(), twice.data(), x.data(), gamma.data(), mean.data(), inverse.data(),
                                      n, d, dx.data(), dGamma.data(), dBeta.data(), parts.data());
    QVERIFY(relativeError(expected, again) < 1e-6);
    QVERIFY(relativeError(expected, out) < 1e-6);
    QVERIFY(relativeError(tx.grad() + 1, dx) < 1e-6); // added to what is there
    QVERIFY(relativeError(tg.grad(), dGamma) < 1e-6);
    QVERIFY(relativeError(tb.grad(), dBeta) < 1e-6);
    QVERIFY(relativeError((tx.detach().var(1, false) + 1e-5).sqrt(), sigma) < 1e-6);
}

void TestKernels::bias_relu_and_sums_equal_torchs() {
    constexpr int64_t n = 19, width = 131;
    auto rows = normals(n * width, 11);
    const auto bias = normals(width, 12), upstream = normals(n * width, 13);
    const auto expected = torch::relu(tensor(rows, {n, width}) + tensor(bias, {width}));
    kernelsOf().addBiasRelu(rows.data(), bias.data(), n, width);
    QVERIFY(torch::equal(expected, tensor(rows, {n, width})));
    auto gradient = upstream, again = normals(n * width, 11);
    stepKernelsOf().biasRelu(again.data(), bias.data(), n, width, again.data());
    QVERIFY(again == rows);
    std::vector<float> sums(width), parts(StepKernels<float, float>::sumParts * 2 * width);
    stepKernelsOf().reluBackward(gradient.data(), rows.data(), n, width, gradient.data(), sums.data(), parts.data());
    const auto masked = tensor(upstream, {n, width}) * expected.gt(0);
    QVERIFY(relativeError(masked, gradient) == 0);
    QVERIFY(relativeError(masked.to(torch::kDouble).sum(0), sums) < 1e-6);
}

void TestKernels::attention_and_its_gradients_equal_torchs() {
    constexpr int64_t batch = 2, length = 11, heads = 3, size = 7, width = heads * size, n = batch * length;
    const auto q = normals(n * width, 14), k = normals(n * width, 15), v = normals(n * width, 16),
               dOut = normals(n * width, 17);
    std::vector<torch::Tensor> leaves;
    for (const auto *each : {&q, &k, &v})
        leaves.push_back(tensor(*each, {n, width}).to(torch::kDouble).set_requires_grad(true));
    const auto split = [&](int which) {
        return leaves[static_cast<size_t>(which)].view({batch, length, heads, size}).transpose(1, 2);
    };
    const auto mask = torch::ones({length, length}, torch::kBool).tril();
    const auto scores = torch::matmul(split(0), split(1).transpose(-1, -2)) / std::sqrt(double(size));
    const auto expectedPattern = torch::softmax(scores.masked_fill(~mask, -INFINITY), -1);
    const auto expected = torch::matmul(expectedPattern, split(2)).transpose(1, 2).reshape({n, width});
    expected.backward(tensor(dOut, {n, width}).to(torch::kDouble));
    const AttentionShape shape{batch, length, heads, size};
    std::vector<float> pattern(batch * heads * length * length), out(n * width), again(pattern.size());
    kernelsOf().attention(q.data(), k.data(), v.data(), shape, pattern.data(), out.data());
    QVERIFY(relativeError(expectedPattern, pattern) < 1e-6);
    QVERIFY(relativeError(expected, out) < 1e-6);

    const auto qkv = torch::cat({tensor(q, {n, width}), tensor(k, {n, width}), tensor(v, {n, width})}, 1).contiguous();
    std::vector<float> dQkv(3 * n * width),
        scratch(static_cast<size_t>(stepKernelsOf().attentionScratch(shape) * omp_get_max_threads()));
    stepKernelsOf().attention(qkv.data_ptr<float>(), shape, {}, again.data(), out.data(), scratch.data());
    stepKernelsOf().attentionBackward(qkv.data_ptr<float>(), again.data(), dOut.data(), shape, {}, dQkv.data(),
                                      scratch.data());
    QVERIFY(relativeError(expectedPattern, again) < 1e-6);
    QVERIFY(relativeError(expected, out) < 1e-6);
    QVERIFY(relativeError(torch::cat({leaves[0].grad(), leaves[1].grad(), leaves[2].grad()}, 1), dQkv) < 2e-6);
}

void TestKernels::dropout_drops_the_same_values_on_every_processor() {
    constexpr int64_t n = 100, width = 103;
    const DropoutStream stream{.seed = 7, .rate = 0.3f};
    const std::vector<float> ones(n * width, 1.0f), none(width), zeros(n * width);
    std::vector<float> rows(n * width), plain(n * width), back(n * width), sums(width),
        parts(StepKernels<float, float>::sumParts * 2 * width);
    stepKernelsOf().addToResidual(ones.data(), none.data(), zeros.data(), n, width, stream, rows.data());
    generic::floatStepKernels.addToResidual(ones.data(), none.data(), zeros.data(), n, width, stream, plain.data());
    QVERIFY(rows == plain);
    stepKernelsOf().dropoutBackward(ones.data(), n, width, stream, back.data(), sums.data(), parts.data());
    QVERIFY(rows == back); // the same mask on the way back
    const double dropped = static_cast<double>(std::count(rows.begin(), rows.end(), 0.0f)) / (n * width);
    QVERIFY(std::abs(dropped - 0.3) < 0.02); // 4.4 standard deviations
    QVERIFY(std::all_of(rows.begin(), rows.end(), [](float x) { return x == 0 || std::abs(x - 1 / 0.7f) < 1e-6f; }));
}

QTEST_APPLESS_MAIN(TestKernels)
#include "test_kernels_torch.moc"
