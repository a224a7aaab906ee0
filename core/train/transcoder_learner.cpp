#include "core/train/transcoder_learner_impl.h"

#include "core/nn/gemm.h"
#include "core/nn/sparse_kernels.h"

#include <algorithm>
#include <cmath>

namespace tt {

namespace {
constexpr double decoderDeviation = 0.02;  // of the decoder's first values, times 1/√d
constexpr double startingSparsity = 4;     // times k: features active at the start with JumpReLU and ReLU
constexpr double densityTokens = 131'072;  // over which the density's moving average reaches back
constexpr double thresholdDecay = 0.99;    // of BatchTopK's moving average, a step
constexpr float smallestThreshold = 1e-3f; // JumpReLU's at the start
} // namespace

TranscoderLearner::TranscoderLearner(const TranscoderConfig &shape, const TranscoderTrainingConfig &config)
    : shape_(shape), config_(config), features_(shape.features), d_(shape.dModel), stride_(shape.layers * d_),
      layers_(static_cast<size_t>(shape.layers)) {
    const auto features = static_cast<size_t>(features_), d = static_cast<size_t>(d_);
    for (size_t i = 0; i < layers_.size(); ++i) {
        Layer &layer = layers_[i];
        for (auto *group : {&layer.weights, &layer.gradients, &layer.first, &layer.second}) {
            (*group)[Encoder].assign(features * d, 0);
            (*group)[EncoderBias].assign(features, 0);
            (*group)[Decoder].assign(features * static_cast<size_t>(width(i)), 0);
            (*group)[DecoderBias].assign(d, 0);
            (*group)[LogThreshold].assign(thresholded() ? features : 0, 0);
            (*group)[Skip].assign(config.skip ? d * d : 0, 0);
        }
        layer.density.assign(features, static_cast<float>(shape.k) / static_cast<float>(features_));
        layer.threshold.assign(thresholded() ? features : 0, 0);
        layer.batchThreshold.assign(1, -1);
        layer.touched.assign(features, 0);
        layer.moving.assign(features, 0);
        layer.squares.assign(features, 0);
    }
}

int64_t TranscoderLearner::width(size_t layer) const {
    return shape_.decodersOf(static_cast<int>(layer)) * d_;
}

const std::vector<float> &TranscoderLearner::gradientOf(int layer, Which which) const {
    return layers_[static_cast<size_t>(layer)].gradients[which];
}

const std::vector<float> &TranscoderLearner::weightsOf(int layer, Which which) const {
    return layers_[static_cast<size_t>(layer)].weights[which];
}

void TranscoderLearner::initialise(Random &random, const std::vector<LayerBatch> &batch) {
    const double deviation = 1 / std::sqrt(static_cast<double>(d_)); // pre-activations of unit variance
    for (size_t i = 0; i < layers_.size(); ++i) {
        for (float &value : layers_[i].weights[Encoder])
            value = static_cast<float>(random.normal() * deviation);
        for (float &value : layers_[i].weights[Decoder])
            value = static_cast<float>(random.normal() * deviation * decoderDeviation);
        if (thresholded() || shape_.activation == Activation::Relu)
            setStartingSparsity(layers_[i], batch[i].input);
    }
}

void TranscoderLearner::setStartingSparsity(Layer &layer, std::span<const float> input) {
    const auto wanted = std::min(features_, static_cast<int64_t>(startingSparsity * shape_.k));
    const auto active = encodeSparse(encoder(layer), input, {.rule = Selection<float>::Rule::BatchTopK, .k = wanted});
    const float smallest = active.values.empty() ? 0 : *std::min_element(active.values.begin(), active.values.end());
    if (thresholded())
        std::fill(layer.weights[LogThreshold].begin(), layer.weights[LogThreshold].end(),
                  std::log(std::max(smallest, smallestThreshold)));
    else
        std::fill(layer.weights[EncoderBias].begin(), layer.weights[EncoderBias].end(), -smallest);
}

EncoderView<float> TranscoderLearner::encoder(const Layer &layer) const {
    return {layer.weights[Encoder].data(), layer.weights[EncoderBias].data(), features_, d_};
}

/// JumpReLU keeps what lies within the estimator's reach below the threshold too: the threshold learns from it.
void TranscoderLearner::encode(Layer &layer, std::span<const float> input) {
    using Rule = Selection<float>::Rule;
    std::vector<float> bounds;
    Selection<float> selection{.rule = Rule::Above};
    if (shape_.activation == Activation::TopK || shape_.activation == Activation::BatchTopK)
        selection = {.rule = shape_.activation == Activation::TopK ? Rule::TopK : Rule::BatchTopK, .k = shape_.k};
    if (thresholded()) {
        for (size_t f = 0; f < layer.threshold.size(); ++f) {
            layer.threshold[f] = std::exp(layer.weights[LogThreshold][f]);
            bounds.push_back(layer.threshold[f] - static_cast<float>(config_.bandwidth / 2));
        }
        selection.bounds = bounds.data();
    }
    layer.active.byToken = config_.bfloat16 ? encodeSparseBFloat16(encoder(layer), input, selection, rounded_)
                                            : encodeSparse(encoder(layer), input, selection);
    layer.active.group(features_);
    const auto &values = layer.active.byToken.values;
    if (shape_.activation == Activation::BatchTopK && !values.empty()) {
        const float smallest = *std::min_element(values.begin(), values.end());
        float &average = layer.batchThreshold.front();
        average = average < 0 ? smallest
                              : static_cast<float>(thresholdDecay * static_cast<double>(average) +
                                                   (1 - thresholdDecay) * static_cast<double>(smallest));
    }
}

/// AuxK's: the largest positive pre-activations among the dead features alone.
void TranscoderLearner::encodeDead(Layer &layer, std::span<const float> input) {
    layer.revived = {};
    std::vector<int32_t> dead;
    for (int64_t f = 0; f < features_; ++f)
        if (static_cast<double>(layer.density[static_cast<size_t>(f)]) < config_.deadDensity)
            dead.push_back(static_cast<int32_t>(f));
    if (dead.empty() || config_.auxk == 0)
        return;
    std::vector<float> weights, bias;
    for (const int32_t f : dead) {
        const float *row = layer.weights[Encoder].data() + f * d_;
        weights.insert(weights.end(), row, row + d_);
        bias.push_back(layer.weights[EncoderBias][static_cast<size_t>(f)]);
    }
    layer.revived.byToken = encodeSparse<float>({weights.data(), bias.data(), static_cast<int64_t>(dead.size()), d_},
                                                input, {.rule = Selection<float>::Rule::TopK, .k = config_.auxk});
    for (int32_t &feature : layer.revived.byToken.features)
        feature = dead[static_cast<size_t>(feature)];
    layer.revived.group(features_);
}

/// By a counting sort.
void TranscoderLearner::Entries::group(int64_t features) {
    const size_t count = byToken.values.size();
    offsets.assign(static_cast<size_t>(features) + 1, 0);
    for (const int32_t feature : byToken.features)
        ++offsets[static_cast<size_t>(feature) + 1];
    for (size_t f = 0; f < static_cast<size_t>(features); ++f)
        offsets[f + 1] += offsets[f];
    tokens.resize(count);
    values.resize(count);
    std::vector<int64_t> next(offsets.begin(), offsets.end() - 1);
    for (int64_t r = 0; r < byToken.rows(); ++r)
        for (auto i = static_cast<size_t>(byToken.offsets[static_cast<size_t>(r)]);
             i < static_cast<size_t>(byToken.offsets[static_cast<size_t>(r) + 1]); ++i) {
            const auto to = static_cast<size_t>(next[static_cast<size_t>(byToken.features[i])]++);
            tokens[to] = static_cast<int32_t>(r);
            values[to] = byToken.values[i];
        }
}

void TranscoderLearner::followDensities(Layer &layer) const {
    const double rate = std::min(1.0, static_cast<double>(rows_) / densityTokens);
    layer.firings = 0;
    for (size_t f = 0; f < layer.density.size(); ++f) {
        int64_t fired = layer.active.offsets[f + 1] - layer.active.offsets[f];
        if (thresholded()) {
            const auto begin = layer.active.values.begin();
            fired = std::count_if(begin + layer.active.offsets[f], begin + layer.active.offsets[f + 1],
                                  [bound = layer.threshold[f]](float u) { return u > bound; });
        }
        layer.firings += fired;
        const double share = static_cast<double>(fired) / static_cast<double>(rows_);
        layer.density[f] += static_cast<float>(rate * (share - static_cast<double>(layer.density[f])));
    }
}

TranscoderLearner::Progress TranscoderLearner::gradient(const std::vector<LayerBatch> &batch,
                                                        std::span<const double> penalties) {
    rows_ = static_cast<int64_t>(batch.front().input.size()) / d_;
    Progress progress{.layers = std::vector<LayerProgress>(layers_.size())};
    for (size_t i = 0; i < layers_.size(); ++i) {
        encode(layers_[i], batch[i].input);
        const auto dead = std::count_if(layers_[i].density.begin(), layers_[i].density.end(), [&](float density) {
            return static_cast<double>(density) < config_.deadDensity;
        });
        progress.layers[i].dead = static_cast<double>(dead) / static_cast<double>(features_);
    }
    predict(batch);
    residuals(batch, progress);
    revive(batch, progress);
    for (size_t i = 0; i < layers_.size(); ++i) {
        progress.penalty += featureGradients(i, batch[i].input, penalties[i]);
        denseGradients(i, batch[i].input);
        followDensities(layers_[i]);
        progress.layers[i].l0 = static_cast<double>(layers_[i].firings) / static_cast<double>(rows_);
    }
    return progress;
}

double TranscoderLearner::gradientSquares() const {
    double sum = 0;
    for (const Layer &layer : layers_) {
        for (const double squares : layer.squares)
            sum += squares;
        for (const Which which : {DecoderBias, Skip})
            sum += kernels<float>().sumOfSquares(layer.gradients[which].data(),
                                                 static_cast<int64_t>(layer.gradients[which].size()));
    }
    return sum;
}

void TranscoderLearner::scaleThresholds(size_t layer, double factor) {
    const auto shift = static_cast<float>(std::log(factor));
    for (float &logThreshold : layers_[layer].weights[LogThreshold])
        logThreshold += shift;
}

/// A row without a gradient moves on by its moments; one that never had any stays as it is, which is the same.
void TranscoderLearner::update(const AdamStep &step) {
    const SparseKernels<float> &k = sparseKernels<float>();
    for (size_t i = 0; i < layers_.size(); ++i) {
        Layer &layer = layers_[i];
        const auto move = [&](Which which, int64_t at, int64_t count, bool hasGradient) {
            k.adam(layer.weights[which].data() + at, hasGradient ? layer.gradients[which].data() + at : nullptr,
                   layer.first[which].data() + at, layer.second[which].data() + at, count, step);
        };
#pragma omp parallel for schedule(static)
        for (int64_t f = 0; f < features_; ++f) {
            const bool touched = layer.touched[static_cast<size_t>(f)] != 0;
            if (!touched && layer.moving[static_cast<size_t>(f)] == 0)
                continue;
            layer.moving[static_cast<size_t>(f)] = 1;
            move(Encoder, f * d_, d_, touched);
            move(Decoder, f * width(i), width(i), touched);
        }
        for (const Which which : {EncoderBias, DecoderBias, LogThreshold, Skip})
            move(which, 0, static_cast<int64_t>(layer.weights[which].size()), true);
    }
}

std::vector<TranscoderLearner::Named> TranscoderLearner::state() {
    static constexpr std::array<const char *, Count> names{"encoder",      "encoder_bias",  "decoder",
                                                           "decoder_bias", "log_threshold", "skip"};
    std::vector<Named> named;
    for (size_t i = 0; i < layers_.size(); ++i) {
        Layer &layer = layers_[i];
        const std::string prefix = "layers." + std::to_string(i) + ".";
        for (auto [kind, group] : {std::pair{"weights.", &layer.weights}, std::pair{"first.", &layer.first},
                                   std::pair{"second.", &layer.second}})
            for (size_t which = 0; which < Count; ++which) {
                const auto size = static_cast<int64_t>((*group)[which].size());
                if (size > 0)
                    named.push_back({prefix + kind + names[which], {size}, &(*group)[which]});
            }
        named.push_back({prefix + "density", {features_}, &layer.density});
        named.push_back({prefix + "batch_threshold", {1}, &layer.batchThreshold});
    }
    return named;
}

void TranscoderLearner::restored() {
    for (Layer &layer : layers_)
        std::fill(layer.moving.begin(), layer.moving.end(), 1); // a row that never moved has moments of 0: no change
}

TranscoderWeights<float> TranscoderLearner::fold(const std::vector<Normalisation> &in,
                                                 const std::vector<Normalisation> &out) const {
    TranscoderWeights<float> folded{.config = shape_, .layers = {}};
    const Kernels<float> &k = kernels<float>();
    for (size_t i = 0; i < layers_.size(); ++i) {
        const auto &weights = layers_[i].weights;
        const float inverse = 1 / in[i].scale;
        TranscoderLayer<float> layer{.encoder = weights[Encoder],
                                     .encoderBias = weights[EncoderBias],
                                     .decoder = weights[Decoder],
                                     .decoderBias = weights[DecoderBias],
                                     .threshold = {},
                                     .skip = weights[Skip]};
        for (int64_t f = 0; f < features_; ++f)
            layer.encoderBias[static_cast<size_t>(f)] -=
                k.dot(weights[Encoder].data() + f * d_, in[i].mean.data(), d_) * inverse;
        for (float &value : layer.encoder)
            value *= inverse;
        for (size_t at = 0; at < layer.decoder.size(); ++at) // (F, layers written to, d)
            layer.decoder[at] *= out[i + at % static_cast<size_t>(width(i)) / static_cast<size_t>(d_)].scale;
        for (float &value : layer.skip)
            value *= out[i].scale * inverse;
        for (size_t at = 0; at < layer.decoderBias.size(); ++at) {
            layer.decoderBias[at] = out[i].scale * layer.decoderBias[at] + out[i].mean[at];
            if (config_.skip)
                layer.decoderBias[at] -=
                    k.dot(layer.skip.data() + static_cast<int64_t>(at) * d_, in[i].mean.data(), d_);
        }
        for (const float logThreshold : weights[LogThreshold])
            layer.threshold.push_back(std::exp(logThreshold));
        if (shape_.activation == Activation::BatchTopK)
            layer.threshold.assign(static_cast<size_t>(features_), std::max(0.0f, layers_[i].batchThreshold.front()));
        folded.layers.push_back(std::move(layer));
    }
    return folded;
}

} // namespace tt
