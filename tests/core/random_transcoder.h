#pragma once

#include "core/nn/transcoder.h"
#include "random_models.h"

#include <algorithm>
#include <numeric>

namespace tt::test {

/// A transcoder of any kind with every weight drawn at random. Thresholds let about a third of the positive
/// pre-activations through.
inline TranscoderWeights<float> randomTranscoder(const GptConfig &gpt, TranscoderKind kind, Activation activation,
                                                 int features, int k, bool skip, uint64_t seed) {
    TranscoderWeights<float> weights;
    weights.config = {.kind = kind,
                      .activation = activation,
                      .k = k,
                      .features = features,
                      .layers = gpt.layers,
                      .dModel = gpt.dModel};
    Random random(seed);
    const auto fill = [&random](std::vector<float> &values, int64_t size, double scale) {
        values.resize(static_cast<size_t>(size));
        for (float &value : values)
            value = static_cast<float>(scale * random.normal());
    };
    const int64_t d = gpt.dModel;
    for (int layer = 0; layer < gpt.layers; ++layer) {
        TranscoderLayer<float> &made = weights.layers.emplace_back();
        fill(made.encoder, features * d, 0.4);
        fill(made.encoderBias, features, 0.2);
        fill(made.decoder, features * weights.config.decodersOf(layer) * d, 0.3);
        fill(made.decoderBias, d, 0.2);
        if (activation == Activation::JumpRelu || activation == Activation::BatchTopK) {
            fill(made.threshold, features, 0.5);
            for (float &threshold : made.threshold)
                threshold = 1 + std::abs(threshold);
        }
        if (skip)
            fill(made.skip, d * d, 0.2);
    }
    return weights;
}

/// The activation function on one row of pre-activations (F), as transcoders are defined.
template <class T>
std::vector<double> activate(const TranscoderConfig &config, const TranscoderLayer<T> &layer, std::vector<double> u) {
    for (size_t f = 0; f < u.size(); ++f)
        if (u[f] <= (layer.threshold.empty() ? 0.0 : static_cast<double>(layer.threshold[f])))
            u[f] = 0;
    if (config.activation == Activation::TopK) {
        std::vector<size_t> order(u.size());
        std::iota(order.begin(), order.end(), size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return u[a] > u[b]; });
        for (size_t i = static_cast<size_t>(config.k); i < order.size(); ++i)
            u[order[i]] = 0;
    }
    return u;
}

} // namespace tt::test
