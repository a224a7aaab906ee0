// 200 steps of training on stories follow the loss curve of plain LibTorch: autograd and its AdamW.

#include "core/torch_gpt.h"

#include "core/io/file.h"
#include "core/text/corpus.h"
#include "core/text/story_generator.h"
#include "core/text/tokenizer.h"
#include "core/train/gpt_learner_impl.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace tt;
using namespace tt::test;
namespace fs = std::filesystem;

namespace {
constexpr int vocab = 512, steps = 200;
constexpr size_t storyBytes = 200'000;

/// Real stories where they are at hand, else the generator's.
std::vector<std::string> stories() {
    const fs::path real = fs::path(qEnvironmentVariable("TT_TEST_DATA").toStdString()) / "tinystories" / "train.txt";
    std::vector<std::string> all;
    size_t bytes = 0;
    if (fs::exists(real)) {
        forEachStory(real, [&](std::string_view story) {
            bytes += all.emplace_back(story).size();
            return bytes < storyBytes;
        });
        return all;
    }
    const StoryGenerator generator(1);
    for (uint64_t i = 0; bytes < storyBytes; ++i)
        bytes += all.emplace_back(generator.story(i)).size();
    return all;
}

TokenCache tokensOf(const std::vector<std::string> &texts) {
    const QTemporaryDir folder;
    std::string whole;
    for (const std::string &text : texts)
        whole += text + "\n<|endoftext|>\n";
    const fs::path file = folder.filePath("stories.txt").toStdString();
    writeFileAtomically(file, whole);
    const Tokenizer tokenizer = trainTokenizer(file, vocab, {}, {});
    std::vector<int32_t> tokens;
    for (const std::string &text : texts) {
        const auto ids = tokenizer.encode(text);
        tokens.insert(tokens.end(), ids.begin(), ids.end());
        tokens.push_back(tokenizer.endOfText());
    }
    const auto size = static_cast<int64_t>(tokens.size());
    return TokenCache::fromTokens(std::move(tokens), size, 0, tokenizer.vocabSize());
}

GptTrainingConfig configuration(int vocabulary) {
    GptTrainingConfig config;
    config.model = {
        .vocabSize = vocabulary, .dModel = 64, .heads = 4, .headSize = 16, .layers = 2, .context = 32, .tokenizer = {}};
    config.batch = 16;
    config.steps = steps;
    config.warmup = 20;
    config.learningRate = 3e-3;
    config.schedule = "constant";
    config.threads = 1;
    return config;
}

/// Loss of each step, by our learner.
std::vector<double> ourCurve(GptTrainingConfig config, const TokenCache &tokens, const char *precision) {
    config.precision = precision;
    GptLearner learner(config, tokens);
    learner.initialise();
    std::vector<double> losses;
    for (int64_t step = 0; step < steps; ++step)
        losses.push_back(learner.learn(step, {}).front().second);
    return losses;
}

/// The same by autograd, clip_grad_norm_ and AdamW, from the same weights on the same batches.
std::vector<double> torchCurve(const GptTrainingConfig &config, const TokenCache &tokens) {
    GptLearner start(config, tokens);
    start.initialise();
    TensorMap weights = torchWeights(start.weights(), true);
    std::vector<torch::Tensor> all, decayed, plain;
    for (const auto &[name, tensor] : weights) {
        all.push_back(tensor);
        const bool decays = tensor.dim() == 2 && name.find("embedding.weight") == std::string::npos;
        (decays || name == "unembedding.weight" ? decayed : plain).push_back(tensor);
    }
    using Options = torch::optim::AdamWOptions;
    const auto options = [&](double decay) {
        return std::make_unique<Options>(Options(config.learningRate).betas({0.9, config.beta2}).weight_decay(decay));
    };
    torch::optim::AdamW optimiser({{decayed, options(config.weightDecay)}, {plain, options(0)}}, Options(1));
    WindowSampler sampler(tokens, config.model.context + 1, config.seed);
    std::vector<int32_t> window(static_cast<size_t>(config.model.context) + 1);
    std::vector<double> losses;
    for (int64_t step = 0; step < steps; ++step) {
        auto batch = torch::empty({config.batch, config.model.context + 1}, torch::kLong);
        for (int b = 0; b < config.batch; ++b) {
            sampler.read(step * config.batch + b, window);
            batch[b] = torch::tensor(window).to(torch::kLong);
        }
        const auto logits = torchForward(config.model, weights, batch.slice(1, 0, config.model.context));
        const auto loss =
            torch::cross_entropy_loss(logits.reshape({-1, config.model.vocabSize}), batch.slice(1, 1).reshape({-1}));
        optimiser.zero_grad();
        loss.backward();
        torch::nn::utils::clip_grad_norm_(all, config.clip);
        const double rate = config.learningRate * std::min(1.0, double(step + 1) / double(config.warmup));
        for (auto &group : optimiser.param_groups())
            static_cast<Options &>(group.options()).lr(rate);
        optimiser.step();
        losses.push_back(loss.item<double>());
    }
    return losses;
}

/// Largest relative distance of the curves, each step.
double distance(const std::vector<double> &ours, const std::vector<double> &theirs) {
    double worst = 0;
    for (size_t i = 0; i < theirs.size(); ++i)
        worst = std::max(worst, std::abs(ours[i] / theirs[i] - 1));
    return worst;
}
} // namespace

class TestGptCurve : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void steps_on_stories_follow_libtorchs_loss_curve();
};

void TestGptCurve::steps_on_stories_follow_libtorchs_loss_curve() {
    torch::set_num_threads(1);
    const TokenCache tokens = tokensOf(stories());
    const GptTrainingConfig config = configuration(tokens.vocabSize());
    const auto theirs = torchCurve(config, tokens);
    QVERIFY(theirs.back() < 0.8 * theirs.front()); // it learns
    const double plain = distance(ourCurve(config, tokens, "fp32"), theirs),
                 narrow = distance(ourCurve(config, tokens, "bf16"), theirs);
    qDebug("float32 %.5f %%, bfloat16 %.5f %% at most", 100 * plain, 100 * narrow);
    QVERIFY2(plain < 0.01, qPrintable(QString::number(plain)));
    QVERIFY2(narrow < 0.02 && narrow > plain, qPrintable(QString::number(narrow)));
}

QTEST_APPLESS_MAIN(TestGptCurve)
#include "test_gpt_curve_torch.moc"
