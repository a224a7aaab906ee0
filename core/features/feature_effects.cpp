#include "core/features/feature_effects.h"

#include "core/nn/kernels.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tt {

namespace {
float dot(std::span<const float> a, std::span<const float> b) {
    return kernels<float>().dot(a.data(), b.data(), std::ssize(a));
}

void centre(std::vector<float> &v) {
    const double mean = std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
    for (float &value : v)
        value -= static_cast<float>(mean);
}

std::span<const float> rowOf(const std::vector<float> &matrix, size_t row, size_t width) {
    return std::span(matrix).subspan(row * width, width);
}

/// matrix (rows, width) · v, for the rows' embedding or unembedding.
std::vector<float> products(const std::vector<float> &matrix, const std::vector<float> &v) {
    const size_t width = v.size(), rows = matrix.size() / width;
    std::vector<float> out(rows);
#pragma omp parallel for schedule(static)
    for (size_t row = 0; row < rows; ++row)
        out[row] = dot(rowOf(matrix, row, width), v);
    return out;
}

/// Indices of the `count` largest `keys`, largest first, ties to the smaller index; keys of −∞ never.
std::vector<size_t> largest(const std::vector<float> &keys, size_t count) {
    std::vector<size_t> order;
    for (size_t i = 0; i < keys.size(); ++i)
        if (keys[i] > -INFINITY)
            order.push_back(i);
    count = std::min(count, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                      [&](size_t a, size_t b) { return keys[a] != keys[b] ? keys[a] > keys[b] : a < b; });
    order.resize(count);
    return order;
}

std::vector<TokenWeight> largestTokens(const std::vector<float> &weights, size_t count, float sign) {
    std::vector<float> keys(weights);
    for (float &key : keys)
        key *= sign;
    std::vector<TokenWeight> tokens;
    for (const size_t id : largest(keys, count))
        tokens.push_back({static_cast<int32_t>(id), weights[id]});
    return tokens;
}

std::vector<FeatureWeight> largestFeatures(const std::vector<float> &weights, size_t features, size_t count) {
    std::vector<FeatureWeight> found;
    for (const size_t i : largest(weights, count))
        found.push_back({static_cast<int>(i / features), static_cast<int>(i % features), weights[i]});
    return found;
}

/// Adds what a feature writes to layers below `to` to `sum`.
void addWriting(const TranscoderWeights<float> &transcoder, int layer, int feature, int to, std::vector<float> &sum) {
    const int last = std::min(to, layer + transcoder.config.decodersOf(layer));
    for (int target = layer; target < last; ++target)
        kernels<float>().axpy(1, transcoder.decoderRow(layer, feature, target).data(), sum.data(), std::ssize(sum));
}
} // namespace

std::vector<float> writeVector(const TranscoderWeights<float> &transcoder, int layer, int feature, int to) {
    std::vector<float> sum(static_cast<size_t>(transcoder.config.dModel));
    addWriting(transcoder, layer, feature, to, sum);
    return sum;
}

std::vector<float> readVector(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder, int layer,
                              int feature) {
    const auto row = transcoder.encoderRow(layer, feature);
    std::vector<float> read(row.begin(), row.end());
    for (size_t i = 0; i < read.size(); ++i)
        read[i] *= gpt.blocks[static_cast<size_t>(layer)].ln2.weight[i];
    centre(read);
    return read;
}

LogitEffects logitEffects(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder, int layer,
                          int feature, size_t count) {
    std::vector<float> direction = writeVector(transcoder, layer, feature, gpt.config.layers);
    centre(direction);
    for (size_t i = 0; i < direction.size(); ++i)
        direction[i] *= gpt.finalNorm.weight[i];
    std::vector<float> effects = products(gpt.unembedding, direction);
    centre(effects);
    return {largestTokens(effects, count, 1), largestTokens(effects, count, -1)};
}

std::vector<TokenWeight> readTokens(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder, int layer,
                                    int feature, size_t count) {
    return largestTokens(products(gpt.tokenEmbedding, readVector(gpt, transcoder, layer, feature)), count, 1);
}

std::vector<float> effectsOnToken(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                  int32_t token) {
    const auto d = static_cast<size_t>(gpt.config.dModel), vocab = static_cast<size_t>(gpt.config.vocabSize);
    std::vector<double> mean(d);
    for (size_t v = 0; v < vocab; ++v)
        for (size_t i = 0; i < d; ++i)
            mean[i] += static_cast<double>(gpt.unembedding[v * d + i]) / static_cast<double>(vocab);
    std::vector<float> direction(d); // of what is written: centred γ ⊙ (U_v − mean U)
    for (size_t i = 0; i < d; ++i)
        direction[i] = gpt.finalNorm.weight[i] *
                       (gpt.unembedding[static_cast<size_t>(token) * d + i] - static_cast<float>(mean[i]));
    centre(direction);
    const auto features = static_cast<size_t>(transcoder.config.features);
    std::vector<float> effects(static_cast<size_t>(transcoder.config.layers) * features);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < effects.size(); ++i) {
        const auto layer = static_cast<int>(i / features), feature = static_cast<int>(i % features);
        for (int to = layer; to < layer + transcoder.config.decodersOf(layer); ++to)
            effects[i] += dot(transcoder.decoderRow(layer, feature, to), direction);
    }
    return effects;
}

std::vector<FeatureWeight> nearestDecoders(const TranscoderWeights<float> &transcoder, int layer, int feature,
                                           size_t count) {
    const auto features = static_cast<size_t>(transcoder.config.features);
    const int layers = transcoder.config.layers;
    const std::vector<float> own = writeVector(transcoder, layer, feature, layers);
    const float ownNorm = std::sqrt(dot(own, own));
    std::vector<float> cosines(static_cast<size_t>(layers) * features, -INFINITY);
    if (ownNorm > 0)
#pragma omp parallel
    {
        std::vector<float> sum(own.size()); // of a feature that writes to several layers
#pragma omp for schedule(static)
        for (size_t i = 0; i < cosines.size(); ++i) {
            const auto l = static_cast<int>(i / features), f = static_cast<int>(i % features);
            if (l == layer && f == feature)
                continue;
            std::span<const float> other = transcoder.decoderRow(l, f, l);
            if (transcoder.config.decodersOf(l) > 1) {
                std::fill(sum.begin(), sum.end(), 0.0f);
                addWriting(transcoder, l, f, layers, sum);
                other = sum;
            }
            const float norm = std::sqrt(dot(other, other));
            if (norm > 0)
                cosines[i] = dot(own, other) / (ownNorm * norm);
        }
    }
    return largestFeatures(cosines, features, count);
}

std::vector<FeatureWeight> nearestCoactive(const Coactivation &coactivation, int layer, int feature, size_t count) {
    std::vector<float> cosines;
    size_t features = 1;
    const double own = coactivation.norm(layer, feature);
    for (int other = 0; own > 0 && other < coactivation.layers(); ++other) {
        const std::vector<float> sums = coactivation.atSameToken(layer, feature, other);
        features = sums.size();
        for (size_t f = 0; f < features; ++f) {
            const bool itself = other == layer && static_cast<int>(f) == feature;
            cosines.push_back(sums[f] > 0 && !itself
                                  ? static_cast<float>(static_cast<double>(sums[f]) /
                                                       (own * coactivation.norm(other, static_cast<int>(f))))
                                  : -INFINITY);
        }
    }
    return largestFeatures(cosines, features, count);
}

} // namespace tt
