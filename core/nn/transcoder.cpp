#include "core/nn/transcoder.h"

#include "core/nn/gemm.h"
#include "core/nn/kernels.h"

#include <algorithm>

namespace tt {

namespace {
constexpr int64_t encodeBlockValues = int64_t{1} << 21; // pre-activations at a time: 8 MB of floats

template <class T>
bool usesThreshold(const TranscoderConfig &config) {
    return config.activation == Activation::JumpRelu || config.activation == Activation::BatchTopK;
}

/// Appends the features of one row of pre-activations without bias.
template <class T>
void appendAbove(const TranscoderLayer<T> &layer, bool threshold, const T *row, int64_t features,
                 SparseActivations<T> &out) {
    for (int64_t f = 0; f < features; ++f) {
        const auto i = static_cast<size_t>(f);
        const T u = row[f] + layer.encoderBias[i];
        if (u > (threshold ? std::max(T{0}, layer.threshold[i]) : T{0})) {
            out.features.push_back(static_cast<int32_t>(f));
            out.values.push_back(u);
        }
    }
    out.offsets.push_back(static_cast<int64_t>(out.values.size()));
}

template <class T>
void appendTopK(const TranscoderLayer<T> &layer, const T *rows, int64_t count, int64_t features, int64_t k,
                SparseActivations<T> &out) {
    std::vector<int32_t> indices(static_cast<size_t>(count * k)), counts(static_cast<size_t>(count));
    std::vector<T> values(static_cast<size_t>(count * k));
    kernels<T>().topK(rows, layer.encoderBias.data(), count, features, k, indices.data(), values.data(), counts.data());
    for (int64_t r = 0; r < count; ++r) {
        const auto first = static_cast<std::ptrdiff_t>(r * k), last = first + counts[static_cast<size_t>(r)];
        out.features.insert(out.features.end(), indices.begin() + first, indices.begin() + last);
        out.values.insert(out.values.end(), values.begin() + first, values.begin() + last);
        out.offsets.push_back(static_cast<int64_t>(out.values.size()));
    }
}
} // namespace

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
    const TranscoderLayer<T> &layer = weights.layers[static_cast<size_t>(layerIndex)];
    const int64_t d = weights.config.dModel, features = weights.config.features;
    const auto rows = static_cast<int64_t>(input.size()) / d;
    const int64_t blockRows = std::clamp<int64_t>(encodeBlockValues / features, 1, std::max<int64_t>(rows, 1));
    std::vector<T> block(static_cast<size_t>(blockRows * features));
    SparseActivations<T> out;
    for (int64_t first = 0; first < rows; first += blockRows) {
        const int64_t count = std::min(blockRows, rows - first);
        linear<T>(input.data() + first * d, layer.encoder.data(), block.data(), count, d, features);
        if (weights.config.activation == Activation::TopK) {
            appendTopK(layer, block.data(), count, features, weights.config.k, out);
            continue;
        }
        for (int64_t r = 0; r < count; ++r)
            appendAbove(layer, usesThreshold<T>(weights.config), block.data() + r * features, features, out);
    }
    return out;
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
