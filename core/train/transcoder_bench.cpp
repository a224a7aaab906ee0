#include "core/train/transcoder_bench.h"

#include "core/nn/device.h"
#include "core/nn/gpt_forward.h"
#include "core/train/transcoder_learner_impl.h"

#include <chrono>
#include <cmath>
#include <optional>

namespace tt {

namespace {
constexpr int64_t batchesInMemory = 4;
constexpr int64_t windowsAtOnce = 16; // sequences a forward pass, as when a transcoder is trained

/// Normalised activations of one batch, for each layer (N, d).
struct Activations {
    std::vector<std::vector<float>> input, target;
    [[nodiscard]] std::vector<LayerBatch> batch() const {
        std::vector<LayerBatch> layers;
        for (size_t i = 0; i < input.size(); ++i)
            layers.push_back({input[i], target[i]});
        return layers;
    }
};

class Bench {
public:
    Bench(const TranscoderTrainingConfig &config, const GptConfig &model)
        : config_(config), random_(config.seed), gpt_(initialWeights(model, random_, true)),
          learner_({.kind = config.kind,
                    .activation = config.activation,
                    .k = config.k,
                    .features = config.features,
                    .layers = model.layers,
                    .dModel = model.dModel},
                   config),
          penalties_(static_cast<size_t>(model.layers), config.penalty) {
        if (config.bfloat16)
            rounded_.emplace(gpt_);
        for (int64_t i = 0; i < batchesInMemory; ++i) {
            kept_.emplace_back();
            compute(kept_.back());
        }
        learner_.initialise(random_, kept_.front().batch());
    }

    void cachedStep(int64_t step) { learn(kept_[static_cast<size_t>(step % batchesInMemory)], step); }
    void uncachedStep(int64_t step) {
        compute(fresh_);
        learn(fresh_, step);
    }
    [[nodiscard]] double loss() const { return loss_; }

private:
    void compute(Activations &out) {
        const GptConfig &model = gpt_.config;
        const int64_t windows = config_.batch / model.context, d = model.dModel;
        out.input.resize(static_cast<size_t>(model.layers));
        out.target.resize(out.input.size());
        for (size_t i = 0; i < out.input.size(); ++i) {
            out.input[i].resize(static_cast<size_t>(config_.batch * d));
            out.target[i].resize(out.input[i].size());
        }
        for (int64_t first = 0; first < windows; first += windowsAtOnce) {
            const int64_t count = std::min(windowsAtOnce, windows - first);
            std::vector<int32_t> tokens(static_cast<size_t>(count * model.context));
            for (int32_t &token : tokens)
                token = static_cast<int32_t>(random_.below(static_cast<uint64_t>(model.vocabSize)));
            if (rounded_)
                forward(gpt_, *rounded_, tokens, static_cast<int>(count), activations_, model.layers);
            else
                forward<float>(gpt_, tokens, static_cast<int>(count), activations_, model.layers);
            for (size_t i = 0; i < out.input.size(); ++i) {
                const auto at = static_cast<std::ptrdiff_t>(first * model.context * d);
                const BlockActivations<float> &block = activations_.blocks[i];
                std::copy(block.ln2.begin(), block.ln2.end(), out.input[i].begin() + at);
                std::copy(block.mlpOutput.begin(), block.mlpOutput.end(), out.target[i].begin() + at);
            }
        }
        if (in_.empty())
            for (size_t i = 0; i < out.input.size(); ++i) {
                in_.push_back(measureNormalisation(out.input[i], d));
                out_.push_back(measureNormalisation(out.target[i], d));
            }
        for (size_t i = 0; i < out.input.size(); ++i) {
            normaliseRows(in_[i], out.input[i]);
            normaliseRows(out_[i], out.target[i]);
        }
    }

    void learn(const Activations &activations, int64_t step) {
        const TranscoderLearner::Progress progress = learner_.gradient(activations.batch(), penalties_);
        const double norm = std::sqrt(learner_.gradientSquares());
        AdamStep adam{.learningRate = config_.learningRate,
                      .gradientScale = config_.clip > 0 && norm > config_.clip ? config_.clip / norm : 1.0};
        adam.correction1 = 1 - std::pow(adam.beta1, static_cast<double>(step + 1));
        adam.correction2 = 1 - std::pow(adam.beta2, static_cast<double>(step + 1));
        learner_.update(adam);
        loss_ = 0;
        for (const auto &layer : progress.layers)
            loss_ += layer.fvu / static_cast<double>(progress.layers.size());
    }

    TranscoderTrainingConfig config_;
    Random random_;
    GptWeights<float> gpt_;
    std::optional<RoundedProducts> rounded_;
    TranscoderLearner learner_;
    std::vector<double> penalties_;
    std::vector<Normalisation> in_, out_;
    std::vector<Activations> kept_;
    Activations fresh_;
    GptActivations<float> activations_;
    double loss_ = 0;
};
} // namespace

TranscoderStepTimes timeTranscoderSteps(const TranscoderTrainingConfig &config, const GptConfig &model, int warmup,
                                        int steps, bool cachedOnly, std::stop_token stop,
                                        const ProgressSink &progress) {
    if (const auto problems = config.validate(); !problems.empty())
        throw Error(problems.front().text, Error::Kind::Usage);
    if (config.batch % model.context != 0)
        throw Error("The batch must be a multiple of the context, " + std::to_string(model.context) + " tokens.",
                    Error::Kind::Usage);
    useThreads(config.threads == 0 ? hardwareThreads() : config.threads);
    Bench bench(config, model);
    TranscoderStepTimes times;
    times.flops = 2.0 * config.batch * config.features * model.dModel * model.layers;
    int64_t step = 0;
    const double total = (warmup + steps) * (cachedOnly ? 1 : 2);
    const auto run = [&](std::vector<double> &seconds, const auto &work) {
        for (int i = 0; i < warmup + steps; ++i, ++step) {
            throwIfStopped(stop);
            const auto start = std::chrono::steady_clock::now();
            work(step);
            if (i >= warmup)
                seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
            if (progress)
                progress(
                    {.what = "Timing steps", .done = static_cast<double>(step + 1), .total = total, .unit = "steps"});
        }
    };
    run(times.cached, [&](int64_t at) { bench.cachedStep(at); });
    if (!cachedOnly)
        run(times.uncached, [&](int64_t at) { bench.uncachedStep(at); });
    times.loss = bench.loss();
    return times;
}

} // namespace tt
