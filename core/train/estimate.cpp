#include "core/train/estimate.h"

#include "core/nn/device.h"
#include "core/nn/gpt_forward.h"
#include "core/text/corpus.h"
#include "core/train/activation_cache.h"
#include "core/train/calibration_impl.h"
#include "core/train/corpus_statistics_impl.h"
#include "core/train/evaluation_sizes_impl.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr int64_t scratchEvery = 3;       ///< steps between the scratch run's measurements
constexpr int64_t scratchHeldOut = 4'096; ///< tokens of one; the figure is scaled to what the run will use
constexpr double timedSeconds = 1.5;      ///< of steps
constexpr int64_t mostScratchSteps = 40;
constexpr int64_t scratchTranscoderSteps = 15;
constexpr double longestStep = 4;        ///< seconds; a longer one is measured at a smaller batch
constexpr double slowestProducts = 60e9; ///< FLOP/s of a core: decides only which batch is measured
constexpr double bytesOfPoint = 260;     ///< of a line of metrics.jsonl
constexpr double bytesPerToken = 4;      ///< of story text
constexpr double heldOutShare = 0.02;
constexpr double memoryToTry = 0.8; ///< of what is free: more is not tried
constexpr int forwardWindows = 16;
constexpr const char *gptName = "scratch";

double count(int64_t number) {
    return static_cast<double>(number);
}

std::string gigabytes(double bytes) {
    char text[32];
    std::snprintf(text, sizeof text, bytes < 1e9 ? "%.0f MB" : "%.1f GB", bytes < 1e9 ? bytes / 1e6 : bytes / 1e9);
    return text;
}

/// Random ids: what a step costs does not depend on what it learns.
TokenCache randomTokens(int vocabSize, int64_t train, int64_t heldOut, uint64_t seed) {
    Random random(seed);
    std::vector<int32_t> tokens(static_cast<size_t>(train + heldOut));
    for (int32_t &token : tokens)
        token = static_cast<int32_t>(random.below(static_cast<uint64_t>(vocabSize)));
    return TokenCache::fromTokens(std::move(tokens), train, 4 * heldOut, vocabSize);
}

/// About how many tokens of the corpus are held out.
int64_t heldOutTokens(const Workspace &workspace, const std::string &corpus) {
    std::error_code error;
    const auto bytes = fs::file_size(workspace.corpusText(corpus), error);
    return error ? gptEvaluation.final
                 : std::max<int64_t>(1, std::llround(static_cast<double>(bytes) * heldOutShare / bytesPerToken));
}

void refuse(const std::vector<Problem> &problems) {
    if (!problems.empty())
        throw Error(problems.front().text, Error::Kind::Usage);
}

/// What stays the same when only the length of a run or what it learns from changes.
template <class Config>
std::string shapeKey(Config config) {
    const Config usual;
    if constexpr (requires { config.preset; })
        config.preset = usual.preset;
    if constexpr (requires { config.cache; }) {
        config.cache = usual.cache;
        config.cacheMemory = usual.cacheMemory;
        config.cacheDisk = usual.cacheDisk;
        config.snapshots = usual.snapshots;
    }
    config.corpus.clear();
    config.steps = 1;
    config.evalEvery = usual.evalEvery;
    config.checkpointEvery = usual.checkpointEvery;
    config.learningRate = usual.learningRate;
    config.warmup = usual.warmup;
    config.seed = 0;
    return toJson(config);
}

/// Weights, gradients and two moments, then what a step of `tokens` keeps of every layer.
double roughMemory(const GptConfig &model, double tokens) {
    const double d = model.dModel, attention = 2.0 * model.heads * model.context;
    return 16 * count(model.parameters()) + 4 * tokens * (model.layers * (20 * d + attention) + 6 * d);
}

double transcoderParameters(const TranscoderTrainingConfig &config, const GptConfig &gpt) {
    const TranscoderConfig shape{.kind = config.kind, .layers = gpt.layers};
    double rows = 0; // encoder and decoder rows of a feature
    for (int layer = 0; layer < gpt.layers; ++layer)
        rows += 1 + shape.decodersOf(layer);
    return rows * config.features * gpt.dModel;
}

/// Adds what will not suffice.
void warn(TrainingEstimate &estimate) {
    if (estimate.memoryBytes > estimate.freeMemory)
        estimate.warnings.push_back("It needs about " + gigabytes(estimate.memoryBytes) + " of memory; " +
                                    gigabytes(estimate.freeMemory) +
                                    " are free. A smaller batch, model or dictionary needs less.");
    if (estimate.diskPeakBytes > estimate.freeDisk)
        estimate.warnings.push_back("It needs about " + gigabytes(estimate.diskPeakBytes) + " on the disk; " +
                                    gigabytes(estimate.freeDisk) + " are free. Free some space first.");
}

TrainingEstimate withMachine(TrainingEstimate estimate, const Workspace &workspace, int threads) {
    estimate.freeMemory = freeMemory();
    estimate.freeDisk = freeDisk(workspace.folder());
    estimate.threads = threads;
    estimate.hardwareThreads = hardwareThreads();
    warn(estimate);
    return estimate;
}

/// Of a shape that is too large to be tried: no time.
TrainingEstimate untried(double memory, double parameters, const TrainingLength &length) {
    TrainingEstimate estimate;
    estimate.memoryBytes = memory;
    estimate.diskBytes = 12 * parameters + bytesOfPoint * count(length.steps);
    estimate.diskPeakBytes = estimate.diskBytes + 12 * parameters;
    return estimate;
}

/// The calibration of `key`, made by `calibrate` where it is not known yet; its times as they are alone.
TrainingCalibration knownOr(TrainingCalibrations &known, const std::string &key, int threads,
                            const std::function<TrainingCalibration()> &calibrate) {
    if (const auto found = known.byShape.find(key); found != known.byShape.end())
        return found->second;
    TrainingCalibration made = calibrate();
    const double slowdown = slowdownBeside(threads, known.otherThreads, hardwareThreads());
    for (double *seconds :
         {&made.startSeconds, &made.stepSeconds, &made.evaluationSeconds, &made.checkpointSeconds, &made.endSeconds})
        *seconds /= slowdown;
    return known.byShape.emplace(key, made).first->second;
}

bool fits(double memory, double disk, const Workspace &workspace) {
    return memory < memoryToTry * freeMemory() && disk < freeDisk(workspace.folder());
}

TrainingCalibration calibrate(const Workspace &workspace, GptTrainingConfig config, const std::stop_token &stop,
                              const ProgressSink &progress) {
    const int wantedBatch = config.batch;
    const double work = 6.0 * count(config.model.parameters()) * wantedBatch * config.model.context;
    const double rough = work / (slowestProducts * config.threads);
    config.batch = std::clamp(static_cast<int>(wantedBatch * longestStep / rough), 1, wantedBatch);
    config.corpus = gptName;
    config.steps = std::max(config.steps, 2 * mostScratchSteps);
    config.evalEvery = config.checkpointEvery = scratchEvery;
    const int64_t window = config.model.context + 1, heldOut = std::max(scratchHeldOut, 2 * window);
    const TokenCache tokens = randomTokens(config.model.vocabSize, window * config.batch * 4, heldOut, 1);
    const ScratchWorkspace scratch(workspace);
    StepWatch watch(scratchEvery, timedSeconds, mostScratchSteps, stop, progress);
    AllocationWatch memory;
    trainGpt(scratch.workspace(), gptName, config, tokens, watch.stop(), watch.sink());
    throwIfStopped(stop);
    TrainingCalibration measured = watch.result();
    measured.evaluationSeconds /= count((heldOut - 1) / config.model.context * config.model.context);
    const double larger = wantedBatch / static_cast<double>(config.batch);
    const double fixed = 16 * count(config.model.parameters()), most = memory.most();
    measured.stepSeconds *= larger;
    measured.memoryBytes = larger > 1 ? fixed + std::max(0.0, most - fixed) * larger : most;
    measured.checkpointBytes = bytesBelow(scratch.workspace().gpt(gptName));
    return measured;
}
double seconds(const std::function<void()> &work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Seconds that the GPT takes for the activations of a token, as far as its last MLP.
double activationSeconds(const GptWeights<float> &gpt, const TokenCache &tokens, bool bfloat16) {
    std::vector<int32_t> windows(static_cast<size_t>(forwardWindows * gpt.config.context));
    tokens.read(0, windows);
    GptActivations<float> activations;
    std::optional<RoundedProducts> rounded;
    if (bfloat16)
        rounded.emplace(gpt);
    const auto run = [&] {
        if (rounded)
            forward(gpt, *rounded, windows, forwardWindows, activations, gpt.config.layers);
        else
            forward<float>(gpt, windows, forwardWindows, activations, gpt.config.layers);
    };
    run(); // makes room and the products' code
    return seconds(run) / static_cast<double>(windows.size());
}

/// What is known of the corpus and the disk without tokenising.
ActivationRoom roomFor(const Workspace &workspace, const TranscoderTrainingConfig &config, const GptConfig &model,
                       const std::stop_token &stop, const ProgressSink &progress) {
    if (fs::exists(workspace.tokens(config.corpus, model.tokenizer)))
        return activationRoom(workspace, config,
                              TokenCache::openOrBuild(workspace, config.corpus, model.tokenizer, stop, progress));
    std::error_code error;
    const auto bytes = fs::file_size(workspace.corpusText(config.corpus), error);
    const double tokens = error ? 0 : static_cast<double>(bytes) * (1 - heldOutShare) / bytesPerToken;
    return {.trainTokens = std::llround(tokens), .diskFree = std::llround(freeDisk(workspace.folder()))};
}

/// Of a plan's bytes, those that have to be computed first.
double missingBytes(const ActivationPlan &plan, const ActivationRoom &room) {
    const int64_t there = plan.source == ActivationSource::Disk ? std::min(room.cachedBytes, plan.bytes) : 0;
    return count(plan.bytes - there);
}

/// The time they take: before the first step where they are kept, else with every step.
void addActivations(TrainingCalibration &calibration, const ActivationPlan &plan, const ActivationRoom &room,
                    int batch) {
    if (plan.source == ActivationSource::Recompute)
        calibration.stepSeconds += calibration.recomputeSeconds * batch;
    else
        calibration.startSeconds += calibration.activationSeconds * count(plan.rows) * missingBytes(plan, room) /
                                    count(std::max<int64_t>(1, plan.bytes));
}

void addActivations(TrainingEstimate &estimate, const ActivationPlan &plan, const ActivationRoom &room) {
    if (plan.source == ActivationSource::Memory)
        estimate.memoryBytes += count(plan.bytes);
    if (plan.source == ActivationSource::Disk) {
        estimate.diskBytes += missingBytes(plan, room);
        estimate.diskPeakBytes += missingBytes(plan, room);
    }
    estimate.activations = plan;
    if (!plan.possible)
        estimate.warnings.push_back(plan.why);
}

TrainingCalibration calibrate(const Workspace &workspace, TranscoderTrainingConfig config, const GptConfig &model,
                              const std::stop_token &stop, const ProgressSink &progress) {
    config.corpus = gptName;
    config.cache = ActivationSource::Recompute; // of a few random tokens; what the real ones take is added
    config.steps = std::max(config.steps, 2 * mostScratchSteps);
    config.evalEvery = config.checkpointEvery = scratchEvery;
    config.snapshots = 0; // counted where they are asked for
    const int64_t window = model.context, heldOut = std::max(scratchHeldOut, 2 * window);
    const TokenCache tokens = randomTokens(
        model.vocabSize, std::max<int64_t>(forwardWindows * window, transcoderStatistics.live), heldOut, 1);
    const ScratchWorkspace scratch(workspace);
    fs::create_directories(scratch.workspace().gpt(config.gptRun).parent_path());
    fs::create_directory_symlink(fs::absolute(workspace.gpt(config.gptRun)), scratch.workspace().gpt(config.gptRun));
    // The first of these steps fills the buffer, no other does: what filling costs is measured by itself below.
    StepWatch watch(scratchEvery, timedSeconds, scratchTranscoderSteps, stop, progress);
    AllocationWatch memory;
    trainTranscoder(scratch.workspace(), gptName, config, tokens, watch.stop(), watch.sink());
    throwIfStopped(stop);
    TrainingCalibration measured = watch.result();
    measured.memoryBytes = memory.most();
    measured.evaluationSeconds /= count((heldOut - 1) / window * window);
    measured.checkpointBytes = bytesBelow(scratch.workspace().transcoder(gptName));
    const GptWeights<float> gpt = loadGpt(workspace.gpt(config.gptRun));
    measured.activationSeconds = activationSeconds(gpt, tokens, false);
    measured.recomputeSeconds = config.bfloat16 ? activationSeconds(gpt, tokens, true) : measured.activationSeconds;
    throwIfStopped(stop);
    const TranscoderWeights<float> transcoder = loadTranscoder(scratch.workspace().transcoder(gptName));
    const double statistics = seconds([&] { corpusStatistics(gpt, transcoder, tokens, transcoderStatistics.live); });
    measured.endSeconds = statistics / count(transcoderStatistics.live); // a token; scaled by whoever asks
    return measured;
}
} // namespace

TrainingEstimate estimateTraining(const TrainingCalibration &c, const TrainingLength &length) {
    const double steps = count(length.steps);
    // A measurement comes every evalEvery steps and at the end, a checkpoint every checkpointEvery and at the end.
    const double evaluations = std::ceil(steps / count(length.evalEvery));
    const double checkpoints = std::ceil(steps / count(length.checkpointEvery)) - 1;
    TrainingEstimate estimate;
    estimate.seconds = c.startSeconds + steps * c.stepSeconds + evaluations * c.evaluationSeconds +
                       checkpoints * c.checkpointSeconds + c.endSeconds;
    const double learning = steps * c.stepSeconds + evaluations * c.evaluationSeconds;
    estimate.tokensPerSecond = learning > 0 ? steps * count(length.tokensPerStep) / learning : 0;
    estimate.memoryBytes = c.memoryBytes;
    estimate.diskBytes = c.checkpointBytes + bytesOfPoint * steps;
    estimate.diskPeakBytes = estimate.diskBytes + c.checkpointBytes;
    return estimate;
}

double slowdownBeside(int ownThreads, int otherThreads, int hardwareThreads) {
    return std::max(1.0, static_cast<double>(ownThreads + otherThreads) / hardwareThreads);
}

TrainingEstimate estimateGptTraining(const Workspace &workspace, const GptTrainingConfig &wanted,
                                     TrainingCalibrations &known, std::stop_token stop, const ProgressSink &progress) {
    GptTrainingConfig config = wanted;
    refuse(config.validate());
    if (config.threads == 0)
        config.threads = hardwareThreads();
    const TrainingLength length{.steps = config.steps,
                                .evalEvery = config.evalEvery,
                                .checkpointEvery = config.checkpointEvery,
                                .tokensPerStep = int64_t{config.batch} * config.model.context};
    const auto parameters = count(config.model.parameters());
    const double rough = roughMemory(config.model, count(length.tokensPerStep));
    if (!fits(rough, 24 * parameters, workspace))
        return withMachine(untried(rough, parameters, length), workspace, config.threads);
    const std::string key = shapeKey(config);
    TrainingCalibration calibration =
        knownOr(known, key, config.threads, [&] { return calibrate(workspace, config, stop, progress); });
    const int64_t heldOut = heldOutTokens(workspace, config.corpus);
    const double perToken = calibration.evaluationSeconds;
    calibration.evaluationSeconds = perToken * count(std::min(heldOut, gptEvaluation.live));
    calibration.endSeconds = calibration.checkpointSeconds + perToken * count(std::min(heldOut, gptEvaluation.final));
    return withMachine(estimateTraining(calibration, length), workspace, config.threads);
}

TrainingEstimate estimateTranscoderTraining(const Workspace &workspace, const TranscoderTrainingConfig &wanted,
                                            TrainingCalibrations &known, std::stop_token stop,
                                            const ProgressSink &progress) {
    TranscoderTrainingConfig config = wanted;
    refuse(config.validate());
    if (config.threads == 0)
        config.threads = hardwareThreads();
    const TrainingLength length{.steps = config.steps,
                                .evalEvery = config.evalEvery,
                                .checkpointEvery = config.checkpointEvery,
                                .tokensPerStep = config.batch};
    const GptConfig model = gptConfigFromJson(readFile(workspace.gpt(config.gptRun) / "config.json"));
    const double parameters = transcoderParameters(config, model);
    // Weights, gradients, two moments and the raw weights that are saved; activations of a buffer.
    const double rough = 20 * parameters + 64.0 * config.batch * model.dModel * model.layers;
    if (!fits(rough, 32 * parameters, workspace))
        return withMachine(untried(rough, parameters, length), workspace, config.threads);
    const std::string key = shapeKey(config);
    TrainingCalibration calibration =
        knownOr(known, key, config.threads, [&] { return calibrate(workspace, config, model, stop, progress); });
    const int64_t heldOut = heldOutTokens(workspace, config.corpus);
    const double perToken = calibration.evaluationSeconds, statistics = calibration.endSeconds;
    calibration.evaluationSeconds = perToken * count(std::min(heldOut, transcoderEvaluation.live));
    calibration.endSeconds = calibration.checkpointSeconds +
                             perToken * count(std::min(heldOut, transcoderEvaluation.final)) +
                             statistics * count(transcoderStatistics.final - transcoderStatistics.live);
    const ActivationRoom room = roomFor(workspace, config, model, stop, progress);
    const ActivationPlan plan = planActivations(config, model, room);
    addActivations(calibration, plan, room, config.batch);
    TrainingEstimate estimate = estimateTraining(calibration, length);
    const int64_t states = (config.steps + config.checkpointEvery - 1) / config.checkpointEvery + 1;
    const double snapshots = count(std::min<int64_t>(config.snapshots, states));
    estimate.diskBytes += 4 * parameters * snapshots;
    estimate.diskPeakBytes += 4 * parameters * snapshots;
    addActivations(estimate, plan, room);
    return withMachine(estimate, workspace, config.threads);
}

} // namespace tt
