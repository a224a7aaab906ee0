#include "core/train/gpt_learner_impl.h"

#include "core/io/safetensors.h"
#include "core/nn/kernels.h"
#include "core/train/training_loop_impl.h"

#include <cmath>
#include <numbers>

namespace tt {

namespace {
constexpr double adamBeta1 = 0.9;

std::string checkpointName(const char *what, int64_t step) {
    return std::string(what) + "-" + std::to_string(step) + ".safetensors";
}

template <class Weights, class Visit>
void forEachNamed(Weights &weights, const std::string &prefix, Visit &&visit) {
    forEachTensor(weights, [&](const std::string &name, auto &values, const std::vector<int64_t> &shape) {
        visit(prefix + name, values, shape);
    });
}
} // namespace

GptLearner::GptLearner(const GptTrainingConfig &config, const TokenCache &tokens)
    : config_(config), sampler_(tokens, config.model.context + 1, config.seed), weights_(config.model),
      gradients_(config.model), first_(config.model), second_(config.model),
      window_(static_cast<size_t>(config.model.context) + 1) {}

void GptLearner::initialise() {
    Random random(mixSeed(config_.seed, 0x696e6974));
    weights_ = initialWeights(config_.model, random, config_.scaleResidualInit);
}

void GptLearner::load(const RunFolder &folder, const RunFolder::State &state) {
    const SafetensorsFile model(folder.file(checkpointName("model", state.step)));
    const SafetensorsFile optimizer(folder.file(checkpointName("optimizer", state.step)));
    const auto read = [](const SafetensorsFile &file) {
        return [&file](const std::string &name, std::vector<float> &values, const std::vector<int64_t> &shape) {
            values = file.floats(name, shape);
        };
    };
    forEachNamed(weights_, "", read(model));
    forEachNamed(first_, "first.", read(optimizer));
    forEachNamed(second_, "second.", read(optimizer));
}

void GptLearner::save(const RunFolder &folder, int64_t step, double seconds, bool finished) const {
    const std::string model = checkpointName("model", step), optimizer = checkpointName("optimizer", step);
    saveGptWeights(folder.file(model), weights_);
    std::vector<TensorToWrite> tensors;
    const auto add = [&](const std::string &name, const std::vector<float> &values, const std::vector<int64_t> &shape) {
        tensors.push_back(floatTensor(name, shape, values));
    };
    forEachNamed(first_, "first.", add);
    forEachNamed(second_, "second.", add);
    writeSafetensors(folder.file(optimizer), tensors);
    folder.link(model, "model.safetensors");
    folder.commit({.step = step,
                   .seconds = seconds,
                   .finished = finished,
                   .training = toJson(config_),
                   .files = {model, optimizer}});
}

void GptLearner::update(int64_t step, double rate, double gradientScale) {
    const auto t = static_cast<double>(step + 1);
    AdamStep adam{.learningRate = rate,
                  .beta1 = adamBeta1,
                  .beta2 = config_.beta2,
                  .correction1 = 1 - std::pow(adamBeta1, t),
                  .correction2 = 1 - std::pow(config_.beta2, t),
                  .gradientScale = gradientScale};
    std::vector<std::vector<float> *> gradients, first, second;
    const auto collect = [](auto &list) {
        return [&list](const std::string &, std::vector<float> &values, const auto &) { list.push_back(&values); };
    };
    forEachTensor(gradients_, collect(gradients));
    forEachTensor(first_, collect(first));
    forEachTensor(second_, collect(second));
    size_t i = 0;
    forEachTensor(weights_,
                  [&](const std::string &name, std::vector<float> &values, const std::vector<int64_t> &shape) {
                      const bool matrix = shape.size() == 2 && !name.ends_with("embedding.weight");
                      const bool unembedding = name == "unembedding.weight";
                      adam.weightDecay = config_.decayEverything || matrix || unembedding ? config_.weightDecay : 0;
                      kernels<float>().adam(values.data(), gradients[i]->data(), first[i]->data(), second[i]->data(),
                                            static_cast<int64_t>(values.size()), adam);
                      ++i;
                  });
}

std::vector<std::pair<std::string, double>> GptLearner::learn(int64_t step, const std::stop_token &stop) {
    const auto length = static_cast<size_t>(config_.model.context);
    inputs_.clear();
    targets_.clear();
    for (int b = 0; b < config_.batch; ++b) {
        sampler_.read(step * config_.batch + b, window_);
        inputs_.insert(inputs_.end(), window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(length));
        targets_.insert(targets_.end(), window_.begin() + 1, window_.end());
    }
    const double loss = lossAndGradients<float>(weights_, inputs_, targets_, config_.batch,
                                                mixSeed(config_.seed + 1, static_cast<uint64_t>(step)), activations_,
                                                buffers_, gradients_, stop);
    double squares = 0;
    forEachTensor(gradients_, [&](const std::string &, const std::vector<float> &values, const auto &) {
        squares += kernels<float>().sumOfSquares(values.data(), static_cast<int64_t>(values.size()));
    });
    const double norm = std::sqrt(squares);
    const double rate = scheduledRate(config_.learningRate, step, config_.steps, config_.warmup, [&](double through) {
        return config_.schedule == "constant" ? 1.0 : 0.1 + 0.45 * (1 + std::cos(std::numbers::pi * through));
    });
    if (std::isfinite(loss) && std::isfinite(norm))
        update(step, rate, config_.clip > 0 && norm > config_.clip ? config_.clip / norm : 1.0);
    return {{"train_loss", loss}, {"learning_rate", rate}, {"gradient_norm", norm}};
}

} // namespace tt
