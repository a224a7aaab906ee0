#pragma once

// A GPT and a transcoder in the files of the Python program.

#include "core/torch_file_writer.h"

#include "core/nn/gpt_weights.h"

namespace tt::test {

/// The state dict of its GPT, pickled: heads one by one, each with its mask.
inline std::string originalGpt(SavedByTorch &saved, const GptWeights<float> &w) {
    const GptConfig &c = w.config;
    const int64_t d = c.dModel, s = c.headSize, t = c.context;
    std::vector<std::pair<std::string, std::string>> state;
    const auto add = [&](const std::string &name, const std::vector<float> &values, const std::vector<int64_t> &shape) {
        state.emplace_back(name, saved.tensor(values, shape));
    };
    std::vector<float> mask(static_cast<size_t>(t * t));
    for (int64_t i = 0; i < t; ++i)
        std::fill_n(mask.begin() + i * t, i + 1, 1.0f);
    add("token_embedding_table.weight", w.tokenEmbedding, {c.vocabSize, d});
    add("position_embedding_table.weight", w.positionEmbedding, {t, d});
    for (size_t i = 0; i < w.blocks.size(); ++i) {
        const BlockWeights<float> &block = w.blocks[i];
        const std::string name = "blocks." + std::to_string(i) + ".";
        for (int64_t h = 0; h < c.heads; ++h) {
            const std::string head = name + "sa.heads." + std::to_string(h) + ".";
            add(head + "tril", mask, {t, t});
            add(head + "key.weight", rowsOf(block.key, h * s, s, d), {s, d});
            add(head + "query.weight", rowsOf(block.query, h * s, s, d), {s, d});
            add(head + "value.weight", rowsOf(block.value, h * s, s, d), {s, d});
        }
        add(name + "sa.proj.weight", block.attentionOutput, {d, c.attentionWidth()});
        add(name + "sa.proj.bias", block.attentionOutputBias, {d});
        add(name + "ffwd.net.0.weight", block.mlpIn, {4 * d, d});
        add(name + "ffwd.net.0.bias", block.mlpInBias, {4 * d});
        add(name + "ffwd.net.2.weight", block.mlpOut, {d, 4 * d});
        add(name + "ffwd.net.2.bias", block.mlpOutBias, {d});
        add(name + "ln1.weight", block.ln1.weight, {d});
        add(name + "ln1.bias", block.ln1.bias, {d});
        add(name + "ln2.weight", block.ln2.weight, {d});
        add(name + "ln2.bias", block.ln2.bias, {d});
    }
    add("ln_f.weight", w.finalNorm.weight, {d});
    add("ln_f.bias", w.finalNorm.bias, {d});
    add("lm_head.weight", w.unembedding, {c.vocabSize, d});
    add("lm_head.bias", w.unembeddingBias, {c.vocabSize});
    return SavedByTorch::stateDict(state);
}

/// A transcoder of random weights, pickled.
inline std::string originalTranscoder(SavedByTorch &saved, int64_t layers, int64_t d, int64_t features) {
    std::vector<std::pair<std::string, std::string>> encoders, decoders;
    Random random(9);
    const auto drawn = [&](const std::vector<int64_t> &shape) {
        std::vector<float> values(static_cast<size_t>(shape[0] * (shape.size() > 1 ? shape[1] : 1)));
        for (float &value : values)
            value = static_cast<float>(random.normal());
        return saved.tensor(values, shape);
    };
    for (int64_t i = 0; i < layers; ++i) {
        const std::string name = std::to_string(i);
        encoders.emplace_back(name + ".weight", drawn({features, d}));
        encoders.emplace_back(name + ".bias", drawn({features}));
        decoders.emplace_back(name + ".weight", drawn({d, features}));
        decoders.emplace_back(name + ".bias", drawn({d}));
    }
    return SavedByTorch::dict({{"encoders", SavedByTorch::stateDict(encoders)},
                               {"decoders", SavedByTorch::stateDict(decoders)},
                               {"feature_importance", drawn({layers, features})},
                               {"config", SavedByTorch::dict({{"num_features", pickled(features)}})}});
}

} // namespace tt::test
