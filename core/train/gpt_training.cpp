#include "core/train/gpt_training.h"

#include "core/nn/device.h"
#include "core/train/evaluation_sizes_impl.h"
#include "core/train/gpt_bench.h"
#include "core/train/gpt_learner_impl.h"
#include "core/train/run_files.h"
#include "core/train/training_loop_impl.h"

#include <chrono>
#include <map>
#include <mutex>

namespace tt {

namespace {
constexpr int64_t probeTokens = 1'024; // of the training tokens, before a checkpoint

/// FLOP/s of a large product of that precision on that many threads, measured once for all runs of the program.
double measuredPeak(int threads, bool bf16) {
    static std::mutex mutex;
    static std::map<std::pair<int, bool>, double> known;
    const std::lock_guard lock(mutex);
    if (const auto found = known.find({threads, bf16}); found != known.end())
        return found->second;
    double rate = bf16 ? measureGemm(true) : 0;
    if (rate <= 0) // also where the processor has no fast bf16 product: such a run is computed in float32's time
        rate = measureGemm(false);
    return known.emplace(std::pair(threads, bf16), rate * 1e9).first->second;
}

HeldOutLoss measure(const GptWeights<float> &weights, const TokenCache &tokens, int64_t maximumTokens,
                    const std::stop_token &stop = {}) {
    return heldOutLoss(weights, tokens, tokens.trainTokens(), tokens.size(), tokens.heldOutBytes(), maximumTokens,
                       stop);
}

GptTrainingResult run(GptLearner &learner, const RunFolder &folder, const std::string &name,
                      const GptTrainingConfig &config, const RunFolder::State &from, const TokenCache &tokens,
                      std::stop_token stop, const TrainingSink &sink) {
    const double flops = trainingFlops(config.model, config.batch),
                 peak = measuredPeak(config.threads, config.precision == "bf16");
    const TrainingSteps steps{
        .name = name,
        .firstStep = from.step,
        .steps = config.steps,
        .tokensPerStep = int64_t{config.batch} * config.model.context,
        .evalEvery = config.evalEvery,
        .checkpointEvery = config.checkpointEvery,
        .secondsBefore = from.seconds,
        .learn =
            [&](int64_t step) {
                const auto start = std::chrono::steady_clock::now();
                auto values = learner.learn(step, stop);
                const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
                values.emplace_back("flop_utilisation", flops / spent.count() / peak);
                return values;
            },
        .watched = "train_loss",
        .probe =
            [&] { return heldOutLoss(learner.weights(), tokens, 0, tokens.trainTokens(), 0, probeTokens, {}).loss; },
        .evaluate =
            [&](int64_t) {
                return std::vector<std::pair<std::string, double>>{
                    {"val_loss", measure(learner.weights(), tokens, gptEvaluation.live, stop).loss}};
            },
        .save = [&](int64_t done, double seconds, bool finished) { learner.save(folder, done, seconds, finished); }};
    const TrainingOutcome outcome = runTraining(steps, folder, stop, sink);
    const HeldOutLoss heldOut =
        measure(learner.weights(), tokens, outcome.stopped ? gptEvaluation.stopped : gptEvaluation.final);
    double trainLoss = 0;
    for (const TrainingPoint &point : outcome.lastPoints)
        trainLoss += point.value("train_loss").value_or(0) / static_cast<double>(outcome.lastPoints.size());
    return {.run = name,
            .steps = outcome.step,
            .tokens = outcome.step * steps.tokensPerStep,
            .trainLoss = trainLoss,
            .validationLoss = heldOut.loss,
            .validationBitsPerByte = heldOut.bitsPerByte,
            .tokensPerSecond = outcome.tokensPerSecond,
            .seconds = outcome.seconds,
            .stopped = outcome.stopped};
}

void check(const GptTrainingConfig &config, const TokenCache &tokens) {
    if (const auto problems = config.validate(); !problems.empty())
        throw Error(problems.front().text, Error::Kind::Usage);
    if (tokens.vocabSize() != config.model.vocabSize)
        throw Error("The tokenizer has " + std::to_string(tokens.vocabSize()) + " tokens, the model " +
                        std::to_string(config.model.vocabSize) + ". Choose the tokenizer that the model is for.",
                    Error::Kind::Usage);
    if (tokens.heldOutTokens() < 2)
        throw Error("The corpus is too short to hold any story out for measuring. Import or generate more stories.");
}
} // namespace

GptTrainingResult trainGpt(const Workspace &workspace, const std::string &runName, const GptTrainingConfig &wanted,
                           const TokenCache &tokens, std::stop_token stop, const TrainingSink &sink) {
    workspace.requireWritable();
    checkName(runName, "GPT");
    GptTrainingConfig config = wanted;
    if (config.threads == 0)
        config.threads = hardwareThreads();
    check(config, tokens);
    useThreads(config.threads);
    GptLearner learner(config, tokens);
    const RunFolder folder(workspace.gpt(runName));
    const auto lock = folder.create("GPT", toJson(config.model));
    learner.initialise();
    learner.save(folder, 0, 0, false);
    return run(learner, folder, runName, config, folder.read(), tokens, stop, sink);
}

GptTrainingResult resumeGpt(const Workspace &workspace, const std::string &runName, const TokenCache &tokens,
                            std::stop_token stop, const TrainingSink &sink) {
    workspace.requireWritable();
    const RunFolder folder(workspace.gpt(runName));
    const auto lock = folder.lock();
    const RunFolder::State state = folder.read();
    refuseImported(runName, state.importedFrom);
    const GptTrainingConfig config = gptTrainingConfigFromJson(state.training);
    check(config, tokens);
    useThreads(config.threads);
    GptLearner learner(config, tokens);
    learner.load(folder, state);
    folder.tidy(state);
    folder.truncateMetrics(state.step);
    return run(learner, folder, runName, config, state, tokens, stop, sink);
}

GptRunState readGptRun(const Workspace &workspace, const std::string &runName) {
    const RunFolder folder(workspace.gpt(runName));
    const RunFolder::State state = folder.read();
    if (!state.importedFrom.empty())
        return {.config = {.preset = "imported",
                           .model = gptConfigFromJson(readFile(folder.file("config.json"))),
                           .corpus = {},
                           .steps = 0},
                .finished = true,
                .importedFrom = state.importedFrom};
    return {.config = gptTrainingConfigFromJson(state.training),
            .step = state.step,
            .seconds = state.seconds,
            .finished = state.finished,
            .importedFrom = {}};
}

} // namespace tt
