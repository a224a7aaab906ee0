#include "core/train/gpt_bench.h"

#include "core/nn/device.h"
#include "core/train/gpt_learner_impl.h"

#include <chrono>

namespace tt {

namespace {
TokenCache randomTokens(const GptConfig &model, int64_t count, uint64_t seed) {
    Random random(seed);
    std::vector<int32_t> tokens(static_cast<size_t>(count));
    for (int32_t &token : tokens)
        token = static_cast<int32_t>(random.below(static_cast<uint64_t>(model.vocabSize)));
    return TokenCache::fromTokens(std::move(tokens), count, 0, model.vocabSize);
}
} // namespace

double trainingFlops(const GptConfig &model, int batch) {
    const double rows = static_cast<double>(batch) * model.context, d = model.dModel;
    const double attention = (3 + 1) * d * model.attentionWidth() + model.context / 2.0 * 2 * model.attentionWidth();
    const double forward = model.layers * (attention + 2 * d * model.mlpWidth()) + d * model.vocabSize;
    return 3 * 2 * rows * forward; // the backward pass has two products for each of the forward's
}

GptStepTimes timeGptSteps(const GptTrainingConfig &config, int warmup, int steps, std::stop_token stop,
                          const ProgressSink &progress) {
    if (const auto problems = config.validate(); !problems.empty())
        throw Error(problems.front().text, Error::Kind::Usage);
    useThreads(config.threads == 0 ? hardwareThreads() : config.threads);
    const int64_t windows = int64_t{config.batch} * 4;
    GptLearner learner(config, randomTokens(config.model, windows * (config.model.context + 1), config.seed));
    learner.initialise();
    GptStepTimes times{.seconds = {}, .flops = trainingFlops(config.model, config.batch)};
    for (int step = 0; step < warmup + steps; ++step) {
        const auto start = std::chrono::steady_clock::now();
        const auto values = learner.learn(step, stop);
        if (step >= warmup)
            times.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        times.loss = values.front().second;
        if (progress)
            progress({.what = "Timing steps", .done = step + 1.0, .total = warmup + steps + 0.0, .unit = "steps"});
    }
    return times;
}

} // namespace tt
