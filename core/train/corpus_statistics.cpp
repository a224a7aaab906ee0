#include "core/nn/gpt_forward.h"
#include "core/train/corpus_statistics_impl.h"

#include <algorithm>

namespace tt {

namespace {
constexpr int64_t sequencesAtOnce = 16;
}

FeatureStatistics corpusStatistics(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                   const TokenCache &tokens, int64_t maximumTokens) {
    const int64_t length = std::min<int64_t>(gpt.config.context, tokens.trainTokens());
    const int64_t windows = std::clamp<int64_t>(maximumTokens / length, 1, tokens.trainTokens() / length);
    const std::vector<float> zeros(static_cast<size_t>(transcoder.config.features));
    const std::vector<std::vector<float>> layers(static_cast<size_t>(transcoder.config.layers), zeros);
    FeatureStatistics statistics{.maximum = layers, .density = layers, .tokens = windows * length};
    GptActivations<float> activations;
    for (int64_t first = 0; first < windows; first += sequencesAtOnce) {
        const int64_t batch = std::min(sequencesAtOnce, windows - first);
        std::vector<int32_t> inputs(static_cast<size_t>(batch * length));
        tokens.read(first * length, inputs);
        forward<float>(gpt, inputs, static_cast<int>(batch), activations, gpt.config.layers);
        for (size_t layer = 0; layer < layers.size(); ++layer) {
            const auto active = encode<float>(transcoder, static_cast<int>(layer), activations.blocks[layer].ln2);
            for (size_t i = 0; i < active.values.size(); ++i) {
                const auto feature = static_cast<size_t>(active.features[i]);
                statistics.maximum[layer][feature] = std::max(statistics.maximum[layer][feature], active.values[i]);
                statistics.density[layer][feature] += 1.0f / static_cast<float>(statistics.tokens);
            }
        }
    }
    return statistics;
}

} // namespace tt
