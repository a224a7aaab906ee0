#pragma once

#include "core/nn/gpt_weights.h"
#include "core/random.h"

#include <cstdint>
#include <vector>

namespace tt::test {

/// A small GPT with every weight drawn at random (γ around 1), so that no term of the mathematics vanishes.
template <class T>
GptWeights<T> randomGpt(const GptConfig &config, uint64_t seed, double scale = 0.6) {
    GptWeights<T> weights(config);
    Random random(seed);
    forEachTensor(weights, [&](const std::string &name, std::vector<T> &values, const std::vector<int64_t> &shape) {
        const bool gamma = shape.size() == 1 && name.ends_with(".weight");
        for (T &value : values)
            value = static_cast<T>((gamma ? 1 : 0) + scale * random.normal());
    });
    return weights;
}

inline std::vector<int32_t> randomTokens(int64_t count, int vocabSize, uint64_t seed) {
    Random random(seed);
    std::vector<int32_t> tokens(static_cast<size_t>(count));
    for (int32_t &token : tokens)
        token = static_cast<int32_t>(random.below(static_cast<uint64_t>(vocabSize)));
    return tokens;
}

/// Several heads whose size does not divide d, as in the `original` preset.
inline GptConfig oddConfig() {
    return {.vocabSize = 23, .dModel = 10, .heads = 3, .headSize = 3, .layers = 3, .context = 8, .tokenizer = {}};
}

} // namespace tt::test
