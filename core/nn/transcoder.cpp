#include "core/nn/transcoder.h"

#include "core/nn/gemm.h"
#include "core/nn/kernels.h"
#include "core/nn/sparse_encoding.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tt {

namespace {
constexpr double inputNormEpsilon = 1e-5; // of torch.nn.functional.layer_norm

/// Each row less its mean, over the root of its variance: LN without γ and β.
template <class T>
std::vector<T> layerNormed(std::span<const T> rows, int64_t d) {
    std::vector<T> normed(rows.size());
    for (size_t row = 0; row < rows.size(); row += static_cast<size_t>(d)) {
        const auto x = rows.subspan(row, static_cast<size_t>(d));
        double mean = 0, variance = 0;
        for (const T value : x)
            mean += static_cast<double>(value) / static_cast<double>(d);
        for (const T value : x)
            variance +=
                (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean) / static_cast<double>(d);
        const double scale = 1 / std::sqrt(variance + inputNormEpsilon);
        for (size_t i = 0; i < x.size(); ++i)
            normed[row + i] = static_cast<T>((static_cast<double>(x[i]) - mean) * scale);
    }
    return normed;
}

/// The k largest pre-activations of each row, ties to the smaller feature.
template <class T>
SparseActivations<T> signedTopK(const EncoderView<T> &encoder, std::span<const T> input, int k) {
    constexpr int64_t rowsAtOnce = 64;
    const int64_t rows = std::ssize(input) / encoder.d;
    std::vector<T> pre(static_cast<size_t>(std::min(rows, rowsAtOnce) * encoder.features));
    std::vector<int32_t> order(static_cast<size_t>(encoder.features));
    SparseActivations<T> active;
    for (int64_t first = 0; first < rows; first += rowsAtOnce) {
        const int64_t count = std::min(rowsAtOnce, rows - first);
        linear<T>(input.data() + first * encoder.d, encoder.weights, pre.data(), count, encoder.d, encoder.features);
        for (int64_t r = 0; r < count; ++r) {
            T *u = pre.data() + r * encoder.features;
            for (int64_t f = 0; f < encoder.features; ++f)
                u[f] += encoder.bias[f];
            std::iota(order.begin(), order.end(), 0);
            std::nth_element(order.begin(), order.begin() + (k - 1), order.end(),
                             [u](int32_t a, int32_t b) { return u[a] != u[b] ? u[a] > u[b] : a < b; });
            std::sort(order.begin(), order.begin() + k);
            for (int i = 0; i < k; ++i) {
                active.features.push_back(order[static_cast<size_t>(i)]);
                active.values.push_back(u[order[static_cast<size_t>(i)]]);
            }
            active.offsets.push_back(std::ssize(active.features));
        }
    }
    return active;
}
} // namespace

template <class T>
SparseActivations<T> encode(const TranscoderWeights<T> &weights, int layerIndex, std::span<const T> ln2) {
    using Rule = typename Selection<T>::Rule;
    std::vector<T> normed;
    if (!weights.config.writesMlpOutput())
        normed = layerNormed(ln2, weights.config.dModel);
    const std::span<const T> input = normed.empty() ? ln2 : std::span<const T>(normed);
    const TranscoderConfig &config = weights.config;
    const TranscoderLayer<T> &layer = weights.layers[static_cast<size_t>(layerIndex)];
    const EncoderView<T> encoder{layer.encoder.data(), layer.encoderBias.data(), config.features, config.dModel};
    if (config.activation == Activation::SignedTopK)
        return signedTopK(encoder, input, config.k);
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
