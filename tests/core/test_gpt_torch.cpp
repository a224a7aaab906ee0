#include "core/count_allocations.h"
#include "core/random_models.h"
#include "core/torch_gpt.h"

#include "core/nn/gemm.h"
#include "core/nn/generate.h"
#include "core/nn/gpt_forward.h"
#include "core/nn/gpt_step.h"
#include "core/nn/torch_step.h"

#include <QtTest>

using namespace tt;
using namespace tt::test;

namespace {
torch::Tensor asTensor(const std::vector<int32_t> &tokens, int batch) {
    return torch::from_blob(const_cast<int32_t *>(tokens.data()), {batch, static_cast<int64_t>(tokens.size()) / batch},
                            torch::kInt)
        .to(torch::kLong);
}

template <class T>
double largestDifference(const torch::Tensor &expected, const std::vector<T> &actual) {
    const auto type = sizeof(T) == 8 ? torch::kDouble : torch::kFloat;
    const auto ours = torch::from_blob(const_cast<T *>(actual.data()), {static_cast<int64_t>(actual.size())}, type);
    return (expected.detach().reshape({-1}) - ours).abs().max().template item<double>();
}

template <class T>
std::vector<T> allLogits(const GptWeights<T> &weights, const std::vector<int32_t> &tokens, int batch) {
    GptActivations<T> activations;
    forward(weights, std::span<const int32_t>(tokens), batch, activations);
    std::vector<T> out(tokens.size() * static_cast<size_t>(weights.config.vocabSize));
    logits<T>(weights, activations.finalNorm, out);
    return out;
}

template <class T, class F>
struct StepResult {
    double loss = 0;
    GptWeights<T> gradients;
};

template <class T, class F = T>
StepResult<T, F> stepOf(const GptWeights<T> &weights, const std::vector<int32_t> &tokens,
                        const std::vector<int32_t> &targets, int batch, uint64_t dropoutSeed = 0) {
    GptStep<T, F> step(weights.config, batch, static_cast<int>(tokens.size()) / batch);
    std::vector<T> gradients(static_cast<size_t>(weights.config.parameters()), T(1e30)); // overwritten
    const double loss = step.lossAndGradients(flatten(weights), tokens, targets, dropoutSeed, gradients);
    return {loss, unflatten<T>(weights.config, gradients)};
}

enum class Measure { Largest, Norm };

/// How far our gradients are from autograd's in double precision, the worst tensor: the largest difference relative to
/// its largest gradient, or the norm of the difference relative to its norm. The losses count too.
template <class T, class F = T>
double gradientError(const GptConfig &config, int batch, int length, double scale = 0.4,
                     Measure measure = Measure::Largest) {
    const auto weights = randomGpt<T>(config, 5, scale);
    const auto tokens = randomTokens(int64_t{batch} * length, config.vocabSize, 6);
    const auto targets = randomTokens(int64_t{batch} * length, config.vocabSize, 7);
    const auto ours = stepOf<T, F>(weights, tokens, targets, batch);

    GptWeights<double> exact;
    if constexpr (std::is_same_v<T, double>)
        exact = weights;
    else
        exact = toDouble(weights);
    auto oracle = torchWeights(exact, true);
    const auto expected =
        torch::cross_entropy_loss(torchForward(config, oracle, asTensor(tokens, batch)).reshape({-1, config.vocabSize}),
                                  asTensor(targets, batch).reshape({-1}));
    expected.backward();
    double worst = std::abs(ours.loss / expected.template item<double>() - 1);
    forEachTensor(ours.gradients, [&](const std::string &name, const std::vector<T> &values, const auto &) {
        const auto &gradient = oracle.at(name).grad();
        const auto narrow = torch::tensor(std::vector<double>(values.begin(), values.end()), torch::kDouble);
        const auto difference = gradient.reshape({-1}) - narrow;
        const auto relative = measure == Measure::Largest ? difference.abs().max() / gradient.abs().max()
                                                          : difference.norm() / gradient.norm();
        const double error = relative.template item<double>();
        if (!(error < 1e-1))
            qDebug() << name.c_str() << error;
        worst = std::max(worst, error);
    });
    return worst;
}
} // namespace

class TestGpt : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { torch::set_num_threads(1); }
    void forward_equals_the_plain_libtorch_model();
    void gradients_equal_autograd_in_double_precision();
    void gradients_equal_autograd_in_float();
    void gradients_in_bfloat16_are_as_near_as_its_rounding();
    void a_logit_far_above_the_others_keeps_the_loss_right();
    void a_steady_step_allocates_no_buffer();
    void the_step_through_libtorchs_operators_equals_ours();
    void gradients_with_dropout_equal_finite_differences();
    void a_later_token_changes_nothing_before_it();
    void cached_generation_gives_the_logits_of_a_plain_forward();
    void past_the_context_logits_equal_a_plain_forward_on_the_window();
    void sampling_follows_the_temperature_and_top_k();
    void top_p_draws_from_the_fewest_that_hold_its_share();
    void every_token_comes_with_the_models_probability();
    void tokens_outside_the_vocabulary_are_refused();
};

void TestGpt::forward_equals_the_plain_libtorch_model() {
    const GptConfig config = oddConfig();
    const auto wide = randomGpt<double>(config, 1);
    const auto tokens = randomTokens(2 * 7, config.vocabSize, 2);
    auto oracle = torchWeights(wide, false);
    QVERIFY(largestDifference(torchForward(config, oracle, asTensor(tokens, 2)), allLogits(wide, tokens, 2)) < 1e-11);

    const auto narrow = randomGpt<float>(config, 1);
    auto narrowOracle = torchWeights(narrow, false);
    QVERIFY(largestDifference(torchForward(config, narrowOracle, asTensor(tokens, 2)), allLogits(narrow, tokens, 2)) <
            1e-4);
}

void TestGpt::gradients_equal_autograd_in_double_precision() {
    QVERIFY(gradientError<double>(oddConfig(), 3, 8) < 1e-11);
    QVERIFY(gradientError<double>(
                {.vocabSize = 40, .dModel = 16, .heads = 4, .headSize = 4, .layers = 2, .context = 12}, 2, 5) < 1e-11);
}

void TestGpt::gradients_equal_autograd_in_float() {
    const GptConfig config{.vocabSize = 300, .dModel = 64, .heads = 4, .headSize = 16, .layers = 2, .context = 32};
    QVERIFY(gradientError<float>(config, 4, 32, 0.1) < 1e-5);
    // More rows than a block of the loss, more tokens than a tile of the vocabulary, a head size that no vector fits.
    const GptConfig wide{.vocabSize = 1100, .dModel = 33, .heads = 3, .headSize = 11, .layers = 1, .context = 40};
    QVERIFY(gradientError<float>(wide, 60, 37, 0.1) < 1e-5);
}

void TestGpt::gradients_in_bfloat16_are_as_near_as_its_rounding() {
    const GptConfig config{.vocabSize = 300, .dModel = 64, .heads = 4, .headSize = 16, .layers = 2, .context = 32};
    const double error = gradientError<float, BFloat16>(config, 4, 32, 0.1, Measure::Norm);
    // A factor is off by up to 2⁻⁹, which takes about as large a share of the MLP's units across ReLU's corner; a share
    // f of units switched is √f, 4 to 7 %, of a gradient's norm.
    QVERIFY2(error < 1e-1 && error > 1e-5, qPrintable(QString::number(error)));
}

void TestGpt::a_logit_far_above_the_others_keeps_the_loss_right() {
    GptConfig config{.vocabSize = 1500, .dModel = 16, .heads = 2, .headSize = 8, .layers = 1, .context = 8};
    auto weights = randomGpt<float>(config, 5, 0.1);
    weights.unembeddingBias[1200] = 300; // behind the first tile, where e^300 would overflow
    const std::vector<int32_t> tokens{1, 2, 3, 4, 5, 6, 7, 8}, targets{1200, 5, 1200, 1200, 1200, 1200, 1200, 1200};
    auto oracle = torchWeights(toDouble(weights), true);
    const auto expected = torch::cross_entropy_loss(
        torchForward(config, oracle, asTensor(tokens, 1)).reshape({-1, config.vocabSize}), asTensor(targets, 1)[0]);
    expected.backward();
    const auto ours = stepOf<float>(weights, tokens, targets, 1);
    QVERIFY(std::abs(ours.loss / expected.item<double>() - 1) < 1e-6); // 300 / 8
    const auto &bias = oracle.at("unembedding.bias").grad();
    const auto &gradient = ours.gradients.unembeddingBias;
    QVERIFY(largestDifference(bias, std::vector<double>(gradient.begin(), gradient.end())) < 1e-6);
}

void TestGpt::a_steady_step_allocates_no_buffer() {
    const GptConfig config{
        .vocabSize = 3000, .dModel = 64, .heads = 4, .headSize = 16, .layers = 2, .context = 32, .dropout = 0.1};
    const auto parameters = flatten(randomGpt<float>(config, 5, 0.1));
    const auto tokens = randomTokens(32 * 32, config.vocabSize, 6);
    std::vector<float> gradients(parameters.size());
    const auto measure = [&](auto &step) {
        for (int i = 0; i < 2; ++i)
            step.lossAndGradients(parameters, tokens, tokens, 1, gradients);
        const Allocations before = allocations();
        for (int i = 0; i < 3; ++i)
            step.lossAndGradients(parameters, tokens, tokens, 2, gradients);
        return allocations() - before;
    };
    GptStep<float> step(config, 32, 32);
    const Allocations plain = measure(step);
    qDebug("float32: %lld large of %lld", static_cast<long long>(plain.large), static_cast<long long>(plain.all));
    QCOMPARE(plain.large, int64_t{0});
    if (hasFastBFloat16()) {
        GptStep<float, BFloat16> narrow(config, 32, 32);
        QCOMPARE(measure(narrow).large, int64_t{0});
    }
}

void TestGpt::the_step_through_libtorchs_operators_equals_ours() {
    GptConfig config{.vocabSize = 300, .dModel = 33, .heads = 3, .headSize = 11, .layers = 2, .context = 16};
    const auto weights = randomGpt<float>(config, 5, 0.1);
    const auto parameters = flatten(weights);
    const auto tokens = randomTokens(4 * 16, config.vocabSize, 6), targets = randomTokens(4 * 16, config.vocabSize, 7);
    const auto torchStep = [&](uint64_t seed) {
        TorchGptStep step(config, 4, 16, "cpu");
        std::vector<float> gradients(parameters.size());
        const double loss = step.lossAndGradients(parameters, tokens, targets, seed, gradients);
        return std::pair{loss, gradients};
    };
    const auto ours = stepOf<float>(weights, tokens, targets, 4);
    const auto [loss, gradients] = torchStep(1);
    QVERIFY(std::abs(loss / ours.loss - 1) < 1e-6);
    const auto flat = flatten(ours.gradients);
    const GptLayout layout(config);
    for (const GptLayout::Tensor &tensor : layout.tensors()) {
        const auto slice = [&](const std::vector<float> &from) {
            return torch::tensor(from).narrow(0, tensor.offset, tensor.size);
        };
        const double error =
            ((slice(flat) - slice(gradients)).abs().max() / slice(gradients).abs().max()).item<double>();
        QVERIFY2(error < 1e-5, qPrintable(QString("%1 %2").arg(tensor.name.c_str()).arg(error)));
    }
    config.dropout = 0.2;
    const auto first = torchStep(1), same = torchStep(1), other = torchStep(2);
    QVERIFY(first == same && first.first != other.first && first.first != loss);
    if (!torch::cuda::is_available())
        QVERIFY_EXCEPTION_THROWN(TorchGptStep(config, 4, 16, "cuda"), Error);
}

void TestGpt::gradients_with_dropout_equal_finite_differences() {
    GptConfig config = oddConfig();
    config.dropout = 0.3;
    auto weights = randomGpt<double>(config, 8, 0.4);
    const auto tokens = randomTokens(2 * 8, config.vocabSize, 9), targets = randomTokens(2 * 8, config.vocabSize, 10);
    const auto ours = stepOf<double>(weights, tokens, targets, 2, 77);
    const auto &gradients = ours.gradients;
    weights.config.dropout = 0;
    QVERIFY(std::abs(stepOf<double>(weights, tokens, targets, 2, 77).loss - ours.loss) >
            1e-3); // the masks do something
    weights.config.dropout = 0.3;
    constexpr double difference = 1e-6;
    for (auto [values, gradient] : {std::pair{&weights.blocks[0].query, &gradients.blocks[0].query},
                                    std::pair{&weights.blocks[1].value, &gradients.blocks[1].value},
                                    std::pair{&weights.blocks[1].attentionOutput, &gradients.blocks[1].attentionOutput},
                                    std::pair{&weights.blocks[2].mlpIn, &gradients.blocks[2].mlpIn},
                                    std::pair{&weights.tokenEmbedding, &gradients.tokenEmbedding}}) {
        const auto at = static_cast<size_t>(tokens[0] * config.dModel) % values->size();
        const double before = (*values)[at];
        (*values)[at] = before + difference;
        const double above = stepOf<double>(weights, tokens, targets, 2, 77).loss;
        (*values)[at] = before - difference;
        const double below = stepOf<double>(weights, tokens, targets, 2, 77).loss;
        (*values)[at] = before;
        QVERIFY(std::abs((above - below) / (2 * difference) - (*gradient)[at]) < 1e-6);
    }
}

void TestGpt::a_later_token_changes_nothing_before_it() {
    const auto weights = randomGpt<double>(oddConfig(), 3);
    auto tokens = randomTokens(6, 23, 4);
    const auto before = allLogits(weights, tokens, 1);
    tokens[4] = (tokens[4] + 1) % 23;
    const auto after = allLogits(weights, tokens, 1);
    QVERIFY(std::equal(before.begin(), before.begin() + 4 * 23, after.begin()));
    QVERIFY(!std::equal(before.begin() + 4 * 23, before.end(), after.begin() + 4 * 23));
}

void TestGpt::cached_generation_gives_the_logits_of_a_plain_forward() {
    const auto weights = randomGpt<float>(oddConfig(), 11);
    const auto tokens = randomTokens(8, 23, 12);
    const auto expected = allLogits(weights, tokens, 1);
    IncrementalDecoder decoder(weights);
    decoder.read(std::span(tokens).first(3));
    for (size_t i = 3; i < tokens.size(); ++i) {
        const auto row = decoder.read(std::span(&tokens[i], 1));
        for (size_t v = 0; v < row.size(); ++v)
            QVERIFY(std::abs(row[v] - expected[i * 23 + v]) < 1e-3f);
    }
}

void TestGpt::past_the_context_logits_equal_a_plain_forward_on_the_window() {
    const auto weights = randomGpt<float>(oddConfig(), 13);
    const auto tokens = randomTokens(21, 23, 14);
    IncrementalDecoder decoder(weights);
    size_t longest = 0;
    for (const int32_t token : tokens) {
        const auto row = decoder.read(std::span(&token, 1));
        const auto &window = decoder.window();
        longest = std::max(longest, window.size());
        const auto expected = allLogits(weights, window, 1);
        for (size_t v = 0; v < row.size(); ++v)
            QVERIFY(std::abs(row[v] - expected[(window.size() - 1) * 23 + v]) < 1e-3f);
    }
    QCOMPARE(longest, size_t{8});
    QVERIFY(std::equal(decoder.window().rbegin(), decoder.window().rend(), tokens.rbegin()));
}

void TestGpt::sampling_follows_the_temperature_and_top_k() {
    const std::vector<float> row{0.0f, 2.0f, 1.0f, -5.0f};
    Random random(1);
    QCOMPARE(sample(row, {.temperature = 0}, random).id, 1);
    std::array<int, 4> counts{};
    for (int i = 0; i < 20000; ++i)
        ++counts[static_cast<size_t>(sample(row, {.temperature = 0.5, .topK = 2}, random).id)];
    QCOMPARE(counts[0] + counts[3], 0);
    const double expected = 1 / (1 + std::exp(-2.0)); // softmax of (2, 1) / 0.5
    QVERIFY(std::abs(counts[1] / 20000.0 - expected) < 0.02);
}

void TestGpt::top_p_draws_from_the_fewest_that_hold_its_share() {
    const std::vector<float> row{std::log(0.1f), std::log(0.5f), std::log(0.3f), std::log(0.1f)};
    Random random(1);
    const auto drawn = [&](double topP) {
        std::array<int, 4> counts{};
        for (int i = 0; i < 20000; ++i)
            ++counts[static_cast<size_t>(sample(row, {.topP = topP}, random).id)];
        return counts;
    };
    const auto half = drawn(0.45), most = drawn(0.75), all = drawn(1);
    QCOMPARE(half[1], 20000);
    QVERIFY(most[0] + most[3] == 0 && std::abs(most[1] / 20000.0 - 0.5 / 0.8) < 0.02);
    QVERIFY(std::abs(all[0] / 20000.0 - 0.1) < 0.02 && std::abs(all[2] / 20000.0 - 0.3) < 0.02);
}

void TestGpt::every_token_comes_with_the_models_probability() {
    const auto weights = randomGpt<float>(oddConfig(), 13);
    const auto prompt = randomTokens(3, 23, 14);
    std::vector<int32_t> read = prompt;
    IncrementalDecoder decoder(weights);
    const std::span<const float> first = decoder.read(prompt);
    std::vector<float> row(first.begin(), first.end());
    int seen = 0;
    Random random(5);
    const auto ids = generate(weights, prompt, -1, {.tokens = 20, .temperature = 0.7, .topK = 5, .topP = 0.9}, random,
                              [&](const GeneratedToken &token) {
                                  softmax<float>(row);
                                  if (std::abs(double(row[static_cast<size_t>(token.id)]) - token.probability) < 1e-5)
                                      ++seen;
                                  const std::span<const float> next = decoder.read(std::span(&token.id, 1));
                                  row.assign(next.begin(), next.end());
                                  return seen < 15; // and stops where it is told to
                              },
                              {});
    QCOMPARE(ids.size(), size_t{15});
    QCOMPARE(seen, 15);
}

void TestGpt::tokens_outside_the_vocabulary_are_refused() {
    const auto weights = randomGpt<float>(oddConfig(), 1);
    GptActivations<float> activations;
    for (const std::vector<int32_t> &tokens : {std::vector<int32_t>{23}, {-1}, {}, {0, 0, 0, 0, 0, 0, 0, 0, 0}})
        QVERIFY_EXCEPTION_THROWN(forward(weights, std::span<const int32_t>(tokens), 1, activations), Error);
}

QTEST_APPLESS_MAIN(TestGpt)
#include "test_gpt_torch.moc"
