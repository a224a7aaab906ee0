#include "core/train/gpt_learner_impl.h"

#include "core/io/safetensors.h"
#include "core/nn/kernels.h"
#include "core/train/training_loop_impl.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tt {

namespace {
constexpr double adamBeta1 = 0.9;

std::string checkpointName(const char *what, int64_t step) {
    return std::string(what) + "-" + std::to_string(step) + ".safetensors";
}

using Step = std::variant<GptStep<float>, GptStep<float, BFloat16>, TorchGptStep>;
Step makeStep(const GptTrainingConfig &config) {
    if (config.device != "cpu")
        return TorchGptStep(config.model, config.batch, config.model.context, config.device);
    if (config.precision == "bf16")
        return GptStep<float, BFloat16>(config.model, config.batch, config.model.context);
    return GptStep<float>(config.model, config.batch, config.model.context);
}

/// Matrices decay, the embeddings only where everything does.
bool decays(const GptTrainingConfig &config, const GptLayout::Tensor &tensor) {
    return config.decayEverything || (tensor.shape.size() == 2 && !tensor.name.ends_with("embedding.weight")) ||
           tensor.name == "unembedding.weight";
}
} // namespace

GptLearner::GptLearner(const GptTrainingConfig &config, const TokenCache &tokens)
    : config_(config), layout_(config.model), sampler_(tokens, config.model.context + 1, config.seed),
      step_(makeStep(config)), window_(static_cast<size_t>(config.model.context) + 1) {
    for (auto *array : {&parameters_, &gradients_, &first_, &second_})
        array->resize(static_cast<size_t>(layout_.parameters()));
    for (auto *ids : {&inputs_, &targets_})
        ids->resize(static_cast<size_t>(config.batch) * static_cast<size_t>(config.model.context));
    for (const GptLayout::Tensor &tensor : layout_.tensors()) {
        const double decay = decays(config_, tensor) ? config_.weightDecay : 0;
        if (ranges_.empty() || ranges_.back().decay != decay)
            ranges_.push_back({tensor.offset, 0, decay});
        ranges_.back().count += tensor.size;
    }
}

void GptLearner::initialise() {
    Random random(mixSeed(config_.seed, 0x696e6974));
    const GptWeights<float> weights = initialWeights(config_.model, random, config_.scaleResidualInit);
    auto at = parameters_.begin();
    forEachTensor(weights, [&](const std::string &, const std::vector<float> &values, const auto &) {
        at = std::copy(values.begin(), values.end(), at);
    });
}

GptWeights<float> GptLearner::weights() const {
    return unflatten<float>(config_.model, parameters_);
}

void GptLearner::load(const RunFolder &folder, const RunFolder::State &state) {
    const SafetensorsFile model(folder.file(checkpointName("model", state.step)));
    const SafetensorsFile optimizer(folder.file(checkpointName("optimizer", state.step)));
    for (const GptLayout::Tensor &tensor : layout_.tensors()) {
        const auto read = [&](const SafetensorsFile &file, const char *prefix, std::vector<float> &into) {
            const std::vector<float> values = file.floats(prefix + tensor.name, tensor.shape);
            std::copy(values.begin(), values.end(), into.begin() + tensor.offset);
        };
        read(model, "", parameters_);
        read(optimizer, "first.", first_);
        read(optimizer, "second.", second_);
    }
}

void GptLearner::save(const RunFolder &folder, int64_t step, double seconds, bool finished) const {
    const std::string model = checkpointName("model", step), optimizer = checkpointName("optimizer", step);
    const auto tensorsOf = [&](const char *prefix, const std::vector<float> &from, std::vector<TensorToWrite> &list) {
        for (const GptLayout::Tensor &tensor : layout_.tensors())
            list.push_back(floatTensor(
                prefix + tensor.name, tensor.shape,
                std::span(from).subspan(static_cast<size_t>(tensor.offset), static_cast<size_t>(tensor.size))));
    };
    std::vector<TensorToWrite> weights, moments;
    tensorsOf("", parameters_, weights);
    tensorsOf("first.", first_, moments);
    tensorsOf("second.", second_, moments);
    writeSafetensors(folder.file(model), weights, {{"format", "pt"}});
    writeSafetensors(folder.file(optimizer), moments);
    folder.link(model, "model.safetensors");
    folder.commit({.step = step,
                   .seconds = seconds,
                   .finished = finished,
                   .training = toJson(config_),
                   .files = {model, optimizer}});
}

void GptLearner::readBatch(int64_t step) {
    const auto length = static_cast<std::ptrdiff_t>(config_.model.context);
    for (int b = 0; b < config_.batch; ++b) {
        sampler_.read(step * config_.batch + b, window_);
        std::copy_n(window_.begin(), length, inputs_.begin() + b * length);
        std::copy_n(window_.begin() + 1, length, targets_.begin() + b * length);
    }
}

void GptLearner::update(int64_t step, double rate, double gradientScale) {
    const auto t = static_cast<double>(step + 1);
    AdamStep adam{.learningRate = rate,
                  .beta1 = adamBeta1,
                  .beta2 = config_.beta2,
                  .correction1 = 1 - std::pow(adamBeta1, t),
                  .correction2 = 1 - std::pow(config_.beta2, t),
                  .gradientScale = gradientScale};
    for (const Range &range : ranges_) {
        adam.weightDecay = range.decay;
        kernels<float>().adam(parameters_.data() + range.offset, gradients_.data() + range.offset,
                              first_.data() + range.offset, second_.data() + range.offset, range.count, adam);
    }
}

std::vector<std::pair<std::string, double>> GptLearner::learn(int64_t step, const std::stop_token &stop) {
    readBatch(step);
    const uint64_t dropoutSeed = mixSeed(config_.seed + 1, static_cast<uint64_t>(step));
    const double loss = std::visit(
        [&](auto &gpt) { return gpt.lossAndGradients(parameters_, inputs_, targets_, dropoutSeed, gradients_, stop); },
        step_);
    const double norm = std::sqrt(kernels<float>().sumOfSquares(gradients_.data(), layout_.parameters()));
    const double rate = scheduledRate(config_.learningRate, step, config_.steps, config_.warmup, [&](double through) {
        return config_.schedule == "constant" ? 1.0 : 0.1 + 0.45 * (1 + std::cos(std::numbers::pi * through));
    });
    if (std::isfinite(loss) && std::isfinite(norm))
        update(step, rate, config_.clip > 0 && norm > config_.clip ? config_.clip / norm : 1.0);
    return {{"train_loss", loss}, {"learning_rate", rate}, {"gradient_norm", norm}};
}

} // namespace tt
