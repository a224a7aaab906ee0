#include "core/random_models.h"
#include "core/torch_gpt.h"

#include "core/nn/generate.h"
#include "core/nn/gpt_backward.h"

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

/// Largest difference of our gradients from autograd's, relative to the largest gradient of the tensor.
template <class T>
double gradientError(const GptConfig &config, int batch, int length) {
    const auto weights = randomGpt<T>(config, 5, 0.4);
    const auto tokens = randomTokens(int64_t{batch} * length, config.vocabSize, 6);
    const auto targets = randomTokens(int64_t{batch} * length, config.vocabSize, 7);
    GptActivations<T> activations;
    GptBackwardBuffers<T> buffers;
    GptWeights<T> gradients(config);
    const double loss = lossAndGradients<T>(weights, tokens, targets, batch, 0, activations, buffers, gradients);

    auto oracle = torchWeights(weights, true);
    const auto expected =
        torch::cross_entropy_loss(torchForward(config, oracle, asTensor(tokens, batch)).reshape({-1, config.vocabSize}),
                                  asTensor(targets, batch).reshape({-1}));
    expected.backward();
    double worst = std::abs(loss - expected.template item<double>());
    forEachTensor(gradients, [&](const std::string &name, const std::vector<T> &values, const auto &) {
        const auto &gradient = oracle.at(name).grad();
        worst = std::max(worst, largestDifference(gradient, values) / gradient.abs().max().template item<double>());
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
    void gradients_with_dropout_equal_finite_differences();
    void a_later_token_changes_nothing_before_it();
    void cached_generation_gives_the_logits_of_a_plain_forward();
    void past_the_context_logits_equal_a_plain_forward_on_the_window();
    void sampling_follows_the_temperature_and_top_k();
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
    QVERIFY(
        gradientError<float>({.vocabSize = 300, .dModel = 64, .heads = 4, .headSize = 16, .layers = 2, .context = 32},
                             4, 32) < 1e-4);
}

void TestGpt::gradients_with_dropout_equal_finite_differences() {
    GptConfig config = oddConfig();
    config.dropout = 0.3;
    auto weights = randomGpt<double>(config, 8, 0.4);
    const auto tokens = randomTokens(2 * 8, config.vocabSize, 9), targets = randomTokens(2 * 8, config.vocabSize, 10);
    GptActivations<double> activations;
    GptBackwardBuffers<double> buffers;
    GptWeights<double> gradients(config), scratch(config);
    const auto loss = [&](GptWeights<double> &into) {
        return lossAndGradients<double>(weights, tokens, targets, 2, 77, activations, buffers, into);
    };
    const double withMasks = loss(gradients);
    config.dropout = weights.config.dropout = 0;
    QVERIFY(std::abs(loss(scratch) - withMasks) > 1e-3); // the masks do something
    weights.config.dropout = 0.3;
    constexpr double step = 1e-6;
    for (auto [values, gradient] : {std::pair{&weights.blocks[0].query, &gradients.blocks[0].query},
                                    std::pair{&weights.blocks[1].value, &gradients.blocks[1].value},
                                    std::pair{&weights.blocks[2].mlpIn, &gradients.blocks[2].mlpIn},
                                    std::pair{&weights.tokenEmbedding, &gradients.tokenEmbedding}}) {
        const auto at = static_cast<size_t>(tokens[0] * config.dModel) % values->size();
        const double before = (*values)[at];
        (*values)[at] = before + step;
        const double above = loss(scratch);
        (*values)[at] = before - step;
        const double below = loss(scratch);
        (*values)[at] = before;
        QVERIFY(std::abs((above - below) / (2 * step) - (*gradient)[at]) < 1e-6);
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

void TestGpt::tokens_outside_the_vocabulary_are_refused() {
    const auto weights = randomGpt<float>(oddConfig(), 1);
    GptActivations<float> activations;
    for (const std::vector<int32_t> &tokens : {std::vector<int32_t>{23}, {-1}, {}, {0, 0, 0, 0, 0, 0, 0, 0, 0}})
        QVERIFY_EXCEPTION_THROWN(forward(weights, std::span<const int32_t>(tokens), 1, activations), Error);
}

QTEST_APPLESS_MAIN(TestGpt)
#include "test_gpt_torch.moc"
