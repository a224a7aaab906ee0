#include "core/nn/transcoder.h"

#include "core/nn/gemm.h"
#include "core/nn/kernels.h"
#include "core/nn/sparse_encoding.h"

#include <algorithm>

namespace tt {

std::vector<Problem> TranscoderConfig::validate() const {
    std::vector<Problem> problems;
    if (features < 1 || features > 1'000'000)
        problems.push_back({"features", "The number of features must be 1 to 1,000,000."});
    if (k < 1)
        problems.push_back({"k", "k must be at least 1."});
    else if (k > features && (activation == Activation::TopK || activation == Activation::BatchTopK))
        problems.push_back({"k", "k must be at most the number of features, " + std::to_string(features) + "."});
    if (layers < 1 || layers > 64)
        problems.push_back({"layers", "The number of layers must be 1 to 64."});
    if (dModel < 1 || dModel > 16'384)
        problems.push_back({"d_model", "The width d must be 1 to 16,384."});
    return problems;
}

template <class T>
SparseActivations<T> encode(const TranscoderWeights<T> &weights, int layerIndex, std::span<const T> input) {
    using Rule = typename Selection<T>::Rule;
    const TranscoderConfig &config = weights.config;
    const TranscoderLayer<T> &layer = weights.layers[static_cast<size_t>(layerIndex)];
    const EncoderView<T> encoder{layer.encoder.data(), layer.encoderBias.data(), config.features, config.dModel};
    if (config.activation == Activation::TopK)
        return encodeSparse(encoder, input, {.rule = Rule::TopK, .k = config.k});
    std::vector<T> bounds = layer.threshold; // empty for ReLU
    for (T &bound : bounds)
        bound = std::max(T{0}, bound);
    return encodeSparse(encoder, input, {.rule = Rule::Above, .bounds = bounds.empty() ? nullptr : bounds.data()});
}

template <class T>
void decode(const TranscoderWeights<T> &weights, int layer, std::span<const SparseActivations<T>> active,
            std::span<const T> input, std::span<T> out) {
    const int64_t d = weights.config.dModel, rows = static_cast<int64_t>(out.size()) / d;
    const TranscoderLayer<T> &own = weights.layers[static_cast<size_t>(layer)];
    const Kernels<T> &k = kernels<T>();
    for (int64_t r = 0; r < rows; ++r)
        std::copy(own.decoderBias.begin(), own.decoderBias.end(), out.begin() + static_cast<std::ptrdiff_t>(r * d));
    if (!own.skip.empty())
        linear<T>(input.data(), own.skip.data(), out.data(), rows, d, d, 1);
    const int from = weights.config.kind == TranscoderKind::CrossLayer ? 0 : layer;
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < rows; ++r)
        for (int source = from; source <= layer; ++source) {
            const SparseActivations<T> &a = active[static_cast<size_t>(source)];
            for (auto i = static_cast<size_t>(a.offsets[static_cast<size_t>(r)]);
                 i < static_cast<size_t>(a.offsets[static_cast<size_t>(r) + 1]); ++i)
                k.axpy(a.values[i], weights.decoderRow(source, a.features[i], layer).data(), out.data() + r * d, d);
        }
}

TranscoderWeights<double> toDouble(const TranscoderWeights<float> &weights) {
    const auto widen = [](const std::vector<float> &values) {
        return std::vector<double>(values.begin(), values.end());
    };
    TranscoderWeights<double> wide{.config = weights.config, .layers = {}};
    for (const TranscoderLayer<float> &layer : weights.layers)
        wide.layers.push_back({.encoder = widen(layer.encoder),
                               .encoderBias = widen(layer.encoderBias),
                               .decoder = widen(layer.decoder),
                               .decoderBias = widen(layer.decoderBias),
                               .threshold = widen(layer.threshold),
                               .skip = widen(layer.skip)});
    return wide;
}

template SparseActivations<float> encode<float>(const TranscoderWeights<float> &, int, std::span<const float>);
template SparseActivations<double> encode<double>(const TranscoderWeights<double> &, int, std::span<const double>);
template void decode<float>(const TranscoderWeights<float> &, int, std::span<const SparseActivations<float>>,
                            std::span<const float>, std::span<float>);
template void decode<double>(const TranscoderWeights<double> &, int, std::span<const SparseActivations<double>>,
                             std::span<const double>, std::span<double>);

} // namespace tt
