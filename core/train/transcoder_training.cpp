#include "core/train/transcoder_training.h"

#include "core/features/explained_model.h"
#include "core/io/safetensors.h"
#include "core/nn/device.h"
#include "core/train/activation_cache_impl.h"
#include "core/train/activation_stream_impl.h"
#include "core/train/corpus_statistics_impl.h"
#include "core/train/evaluation_sizes_impl.h"
#include "core/train/penalties_impl.h"
#include "core/train/run_files.h"
#include "core/train/run_folder_impl.h"
#include "core/train/training_loop_impl.h"
#include "core/train/transcoder_learner_impl.h"
#include "core/train/transcoder_snapshots.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

namespace tt {

namespace {
constexpr double decayStart = 0.6; // the last two fifths of a run go down to 0

std::string checkpointName(int64_t step) {
    return "optimizer-" + std::to_string(step) + ".safetensors";
}

/// The learner with the normalisations of a run, and one step of it.
class TranscoderTrainer {
public:
    TranscoderTrainer(const TranscoderTrainingConfig &config, const TranscoderConfig &shape,
                      const GptWeights<float> &gpt, const TokenCache &tokens);
    TranscoderTrainer(const TranscoderTrainer &) = delete;
    TranscoderTrainer &operator=(const TranscoderTrainer &) = delete;
    void initialise();
    void load(const RunFolder &folder, const RunFolder::State &state);
    void save(const RunFolder &folder, int64_t step, double seconds, bool finished);
    /// Stored rows instead of recomputing, where there are some.
    void drawFrom(std::shared_ptr<const ActivationRows> rows) {
        if (rows)
            stream_.drawFrom(std::move(rows));
    }
    std::vector<std::pair<std::string, double>> learn(int64_t step);
    [[nodiscard]] TranscoderWeights<float> weights() const { return learner_.fold(in_, out_); }

private:
    [[nodiscard]] AdamStep adamStep(int64_t step, double rate, double gradientScale) const;
    [[nodiscard]] std::vector<std::pair<std::string, double>> values(const TranscoderLearner::Progress &progress,
                                                                     std::span<const double> penalties) const;
    std::vector<TranscoderLearner::Named> state();

    TranscoderTrainingConfig config_;
    const GptWeights<float> &gpt_;
    TokenCache tokens_;
    ActivationStream stream_;
    TranscoderLearner learner_;
    Penalties penalties_;
    std::vector<Normalisation> in_, out_;
};

TranscoderTrainer::TranscoderTrainer(const TranscoderTrainingConfig &config, const TranscoderConfig &shape,
                                     const GptWeights<float> &gpt, const TokenCache &tokens)
    : config_(config), gpt_(gpt), tokens_(tokens), stream_(gpt, tokens, config.batch, config.seed, config.bfloat16),
      learner_(shape, config), penalties_(config_, shape.layers) {
    const Normalisation none{.mean = std::vector<float>(static_cast<size_t>(shape.dModel))};
    in_.assign(static_cast<size_t>(shape.layers), none);
    out_ = in_;
}

void TranscoderTrainer::initialise() {
    const std::vector<LayerBatch> &raw = stream_.firstBuffer();
    for (size_t i = 0; i < raw.size(); ++i) {
        in_[i] = measureNormalisation(raw[i].input, gpt_.config.dModel);
        out_[i] = measureNormalisation(raw[i].target, gpt_.config.dModel);
    }
    stream_.setNormalisations(in_, out_);
    Random random(mixSeed(config_.seed, 0x696e6974));
    learner_.initialise(random, stream_.batch(0));
}

/// Everything a checkpoint keeps, by name.
std::vector<TranscoderLearner::Named> TranscoderTrainer::state() {
    std::vector<TranscoderLearner::Named> all = learner_.state();
    const auto layers = static_cast<int64_t>(penalties_.weights().size());
    all.push_back({"penalties", {layers}, &penalties_.weights()});
    all.push_back({"penalty_integrals", {layers}, &penalties_.integrals()});
    return all;
}

void TranscoderTrainer::load(const RunFolder &folder, const RunFolder::State &state) {
    const SafetensorsFile file(folder.file(checkpointName(state.step)));
    for (const auto &[name, shape, values] : this->state())
        if (values == &penalties_.integrals() && !file.find(name)) // of a version that had none
            *values = penalties_.weights();
        else
            *values = file.floats(name, shape);
    learner_.restored();
    const int64_t d = gpt_.config.dModel;
    for (size_t i = 0; i < in_.size(); ++i) {
        const std::string prefix = "layers." + std::to_string(i) + ".";
        in_[i] = {file.floats(prefix + "input.mean", {d}), file.floats(prefix + "input.scale", {1}).front()};
        out_[i] = {file.floats(prefix + "output.mean", {d}), file.floats(prefix + "output.scale", {1}).front()};
    }
    stream_.setNormalisations(in_, out_);
}

/// Weights in raw units for everybody, and those in training units with the moments for going on: folding is not
/// invertible bit for bit.
void TranscoderTrainer::save(const RunFolder &folder, int64_t step, double seconds, bool finished) {
    std::vector<TensorToWrite> tensors;
    for (const auto &[name, shape, values] : state())
        tensors.push_back(floatTensor(name, shape, *values));
    const int64_t d = gpt_.config.dModel;
    for (size_t i = 0; i < in_.size(); ++i)
        for (const auto &[name, normalisation] : {std::pair{".input", &in_[i]}, std::pair{".output", &out_[i]}}) {
            const std::string prefix = "layers." + std::to_string(i) + name;
            tensors.push_back(floatTensor(prefix + ".mean", {d}, normalisation->mean));
            tensors.push_back(floatTensor(prefix + ".scale", {1}, std::span(&normalisation->scale, 1)));
        }
    writeSafetensors(folder.file(checkpointName(step)), tensors);
    const TranscoderWeights<float> raw = weights();
    saveTranscoderWeights(folder.file(""), raw, std::to_string(step));
    writeStatistics(
        folder.file("statistics.safetensors"),
        corpusStatistics(gpt_, raw, tokens_, finished ? transcoderStatistics.final : transcoderStatistics.live));
    folder.commit({.step = step,
                   .seconds = seconds,
                   .finished = finished,
                   .training = toJson(config_),
                   .files = {checkpointName(step)}});
    keepSnapshot(folder.file(""), raw, step, config_.snapshots);
}

AdamStep TranscoderTrainer::adamStep(int64_t step, double rate, double gradientScale) const {
    AdamStep adam{.learningRate = rate, .gradientScale = gradientScale};
    adam.correction1 = 1 - std::pow(adam.beta1, static_cast<double>(step + 1));
    adam.correction2 = 1 - std::pow(adam.beta2, static_cast<double>(step + 1));
    return adam;
}

/// As TrainingPoint names them.
std::vector<std::pair<std::string, double>> TranscoderTrainer::values(const TranscoderLearner::Progress &progress,
                                                                      std::span<const double> penalties) const {
    std::vector<std::pair<std::string, double>> values;
    for (size_t i = 0; i < progress.layers.size(); ++i) {
        const auto &layer = progress.layers[i];
        const std::string name = "_" + std::to_string(i);
        values.emplace_back("train_fvu" + name, layer.fvu);
        values.emplace_back("train_l0" + name, layer.l0);
        values.emplace_back("train_dead" + name, layer.dead);
        if (config_.auxk > 0)
            values.emplace_back("auxk_loss" + name, layer.auxk);
        if (penalties_.used())
            values.emplace_back("penalty" + name, penalties[i]);
    }
    if (penalties_.used())
        values.emplace_back("penalty_loss", progress.penalty);
    return values;
}

std::vector<std::pair<std::string, double>> TranscoderTrainer::learn(int64_t step) {
    const std::vector<double> penalties = penalties_.at(step);
    const TranscoderLearner::Progress progress = learner_.gradient(stream_.batch(step), penalties);
    auto measured = values(progress, penalties);
    const double norm = std::sqrt(learner_.gradientSquares());
    const double rate = scheduledRate(config_.learningRate, step, config_.steps, config_.warmup, [](double through) {
        return through < decayStart ? 1.0 : (1 - through) / (1 - decayStart);
    });
    const bool finite = std::isfinite(norm) && std::all_of(measured.begin(), measured.end(),
                                                           [](const auto &v) { return std::isfinite(v.second); });
    if (finite)
        learner_.update(adamStep(step, rate, config_.clip > 0 && norm > config_.clip ? config_.clip / norm : 1.0));
    for (size_t i = 0; i < progress.layers.size(); ++i)
        learner_.scaleThresholds(i, penalties_.follow(step, i, progress.layers[i].l0));
    measured.emplace_back("learning_rate", rate);
    measured.emplace_back("gradient_norm", norm);
    return measured;
}

std::vector<std::pair<std::string, double>> asValues(const TranscoderMetrics &metrics) {
    std::vector<std::pair<std::string, double>> values;
    for (size_t i = 0; i < metrics.layers.size(); ++i) {
        const std::string layer = std::to_string(i);
        values.emplace_back("fvu_" + layer, metrics.layers[i].fvu);
        values.emplace_back("l0_" + layer, metrics.layers[i].l0);
        values.emplace_back("dead_" + layer, metrics.layers[i].dead);
        for (size_t bin = 0; bin < DensityHistogram::bins; ++bin)
            values.emplace_back("density_" + layer + "_" + std::to_string(bin), metrics.layers[i].density.share[bin]);
    }
    values.emplace_back("ce_recovered", metrics.ceRecovered);
    return values;
}

/// A run's own: what it trains, on what, and who listens.
struct Run {
    const Workspace &workspace;
    std::string name;
    TranscoderTrainingConfig config;
    TranscoderConfig shape;
    const GptWeights<float> &gpt;
    const TokenCache &tokens;
    std::stop_token stop;
    const TrainingSink &sink;
    const ProgressSink &progress;
    LiveTranscoder *live = nullptr;

    [[nodiscard]] RunFolder folder() const { return RunFolder(workspace.transcoder(name)); }
    [[nodiscard]] TranscoderMetrics evaluate(const TranscoderTrainer &trainer, int64_t maximum,
                                             const std::stop_token &until) const {
        return evaluateTranscoder(gpt, trainer.weights(), tokens, tokens.trainTokens(), tokens.size(), maximum, until,
                                  {});
    }
    void keep(const TranscoderMetrics &metrics, int64_t step) const {
        writeEvaluation(workspace.transcoder(name), {.metrics = metrics, .step = step, .corpus = config.corpus});
    }
};

/// A stop while the cache is filled is one before the first step.
PreparedActivations prepare(const Run &run) {
    try {
        return prepareActivations(run.workspace, run.config, run.shape.gptSha256, run.gpt, run.tokens, run.stop,
                                  run.progress);
    } catch (const Error &error) {
        if (error.kind() != Error::Kind::Cancelled)
            throw;
        return {};
    }
}

TranscoderTrainingResult train(const Run &run, TranscoderTrainer &trainer) {
    const RunFolder folder = run.folder();
    const RunFolder::State from = folder.read();
    const auto start = std::chrono::steady_clock::now();
    const bool finished = from.step >= run.config.steps; // then there is nothing to prepare
    const PreparedActivations activations = finished ? PreparedActivations() : prepare(run);
    trainer.drawFrom(activations.rows);
    const std::chrono::duration<double> preparing = std::chrono::steady_clock::now() - start;
    std::optional<TranscoderMetrics> measured;
    const TrainingSteps steps{.name = run.name,
                              .firstStep = from.step,
                              .steps = run.config.steps,
                              .tokensPerStep = run.config.batch,
                              .evalEvery = run.config.evalEvery,
                              .checkpointEvery = run.config.checkpointEvery,
                              .secondsBefore = from.seconds + (finished ? 0 : preparing.count()),
                              .learn =
                                  [&](int64_t step) {
                                      auto values = trainer.learn(step);
                                      if (run.live)
                                          run.live->offer(step + 1, [&] { return trainer.weights(); });
                                      return values;
                                  },
                              .evaluate =
                                  [&](int64_t) {
                                      measured = run.evaluate(trainer, transcoderEvaluation.live, run.stop);
                                      return asValues(*measured);
                                  },
                              .save =
                                  [&](int64_t done, double seconds, bool last) {
                                      trainer.save(folder, done, seconds, last);
                                      if (measured)
                                          run.keep(*measured, done);
                                  }};
    const TrainingOutcome outcome = runTraining(steps, folder, run.stop, run.sink);
    const TranscoderMetrics heldOut =
        run.evaluate(trainer, outcome.stopped ? transcoderEvaluation.stopped : transcoderEvaluation.final, {});
    if (!outcome.stopped || !measured)
        run.keep(heldOut, outcome.step);
    return {.name = run.name,
            .steps = outcome.step,
            .tokens = outcome.step * run.config.batch,
            .heldOut = heldOut,
            .tokensPerSecond = outcome.tokensPerSecond,
            .seconds = outcome.seconds,
            .stopped = outcome.stopped,
            .activations = activations.plan,
            .notice = activations.notice};
}

TranscoderConfig shapeOf(const Workspace &workspace, const TranscoderTrainingConfig &config, const GptConfig &gpt) {
    return {.kind = config.kind,
            .activation = config.activation,
            .k = config.k,
            .features = config.features,
            .layers = gpt.layers,
            .dModel = gpt.dModel,
            .gptRun = config.gptRun,
            .gptSha256 = sha256OfFile(workspace.gpt(config.gptRun) / "model.safetensors")};
}

void check(const TranscoderTrainingConfig &config, const GptConfig &gpt, const TokenCache &tokens) {
    if (const auto problems = config.validate(); !problems.empty())
        throw Error(problems.front().text, Error::Kind::Usage);
    if (tokens.vocabSize() != gpt.vocabSize)
        throw Error("The GPT " + config.gptRun + " reads another tokenizer than the corpus was cut with.",
                    Error::Kind::Usage);
    if (tokens.heldOutTokens() < 2)
        throw Error("The corpus is too short to hold any story out for measuring. Import or generate more stories.");
}
} // namespace

TranscoderTrainingResult trainTranscoder(const Workspace &workspace, const std::string &name,
                                         const TranscoderTrainingConfig &wanted, const TokenCache &tokens,
                                         std::stop_token stop, const TrainingSink &sink, const ProgressSink &progress,
                                         LiveTranscoder *live) {
    workspace.requireWritable();
    checkName(name, "transcoder");
    TranscoderTrainingConfig config = wanted;
    if (config.threads == 0)
        config.threads = hardwareThreads();
    useThreads(config.threads);
    const GptWeights<float> gpt = loadGpt(workspace.gpt(config.gptRun));
    check(config, gpt.config, tokens);
    const ActivationPlan plan = planActivations(config, gpt.config, activationRoom(workspace, config, tokens));
    if (!plan.possible)
        throw Error(plan.why, Error::Kind::Usage);
    config.cache = plan.source; // stays what it is when the run is resumed: the same batches again
    const Run run{workspace, name,     config, shapeOf(workspace, config, gpt.config), gpt, tokens, stop,
                  sink,      progress, live};
    TranscoderTrainer trainer(config, run.shape, gpt, tokens);
    const auto lock = run.folder().create("transcoder", toJson(run.shape));
    trainer.initialise();
    trainer.save(run.folder(), 0, 0, false);
    return train(run, trainer);
}

TranscoderTrainingResult resumeTranscoder(const Workspace &workspace, const std::string &name, const TokenCache &tokens,
                                          std::stop_token stop, const TrainingSink &sink, const ProgressSink &progress,
                                          LiveTranscoder *live) {
    workspace.requireWritable();
    const RunFolder folder(workspace.transcoder(name));
    const auto lock = folder.lock();
    const RunFolder::State state = folder.read();
    refuseImported(name, state.importedFrom);
    const TranscoderTrainingConfig config = transcoderTrainingConfigFromJson(state.training);
    useThreads(config.threads);
    const TranscoderConfig shape = transcoderConfigFromJson(readFile(folder.file("config.json")));
    checkBelongsTo(shape, name, workspace.gpt(config.gptRun));
    const GptWeights<float> gpt = loadGpt(workspace.gpt(config.gptRun));
    check(config, gpt.config, tokens);
    const Run run{workspace, name, config, shape, gpt, tokens, stop, sink, progress, live};
    TranscoderTrainer trainer(config, shape, gpt, tokens);
    trainer.load(folder, state);
    folder.tidy(state);
    folder.truncateMetrics(state.step);
    return train(run, trainer);
}

TranscoderRunState readTranscoderRun(const Workspace &workspace, const std::string &name) {
    const RunFolder folder(workspace.transcoder(name));
    const RunFolder::State state = folder.read();
    if (!state.importedFrom.empty()) {
        const TranscoderConfig shape = transcoderConfigFromJson(readFile(folder.file("config.json")));
        return {.config = {.gptRun = shape.gptRun,
                           .corpus = {},
                           .kind = shape.kind,
                           .activation = shape.activation,
                           .features = shape.features,
                           .k = shape.k,
                           .steps = 0},
                .finished = true,
                .importedFrom = state.importedFrom};
    }
    return {.config = transcoderTrainingConfigFromJson(state.training),
            .step = state.step,
            .seconds = state.seconds,
            .finished = state.finished,
            .importedFrom = {}};
}

} // namespace tt
