#pragma once

#include "core/nn/gpt_config.h"
#include "core/random.h"

#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

namespace tt {

template <class T>
struct LayerNormWeights {
    std::vector<T> weight, bias; ///< γ, β: [d]
};

/// One block; linear weights are [out, in], row-major, as PyTorch keeps them. Head h is rows h·s … of query, key,
/// value.
template <class T>
struct BlockWeights {
    LayerNormWeights<T> ln1;
    std::vector<T> query, key, value;   ///< [H·s, d], no bias
    std::vector<T> attentionOutput;     ///< [d, H·s]
    std::vector<T> attentionOutputBias; ///< [d]
    LayerNormWeights<T> ln2;
    std::vector<T> mlpIn, mlpInBias;   ///< [4d, d], [4d]
    std::vector<T> mlpOut, mlpOutBias; ///< [d, 4d], [d]
};

/// All weights of a GPT as plain arrays. float computes; double is for the tests of exactness.
template <class T>
struct GptWeights {
    GptConfig config;
    std::vector<T> tokenEmbedding;    ///< [V, d]
    std::vector<T> positionEmbedding; ///< [T, d]
    std::vector<BlockWeights<T>> blocks;
    LayerNormWeights<T> finalNorm;
    std::vector<T> unembedding;     ///< [V, d]
    std::vector<T> unembeddingBias; ///< [V]

    GptWeights() = default;
    /// Zeros of the config's shapes (γ = 0 too).
    explicit GptWeights(const GptConfig &config);
};

/// Calls visit(name, vector, shape) for every tensor in the fixed order of formats.md §0. Works on const weights too.
template <class Weights, class Visit>
void forEachTensor(Weights &weights, Visit &&visit) {
    const GptConfig &c = weights.config;
    const int64_t d = c.dModel, width = c.attentionWidth(), mlp = c.mlpWidth(), vocab = c.vocabSize;
    using Shape = std::vector<int64_t>;
    visit(std::string("token_embedding.weight"), weights.tokenEmbedding, Shape{vocab, d});
    visit(std::string("position_embedding.weight"), weights.positionEmbedding, Shape{c.context, d});
    for (size_t i = 0; i < weights.blocks.size(); ++i) {
        auto &block = weights.blocks[i];
        const std::string prefix = "blocks." + std::to_string(i) + ".";
        visit(prefix + "ln1.weight", block.ln1.weight, Shape{d});
        visit(prefix + "ln1.bias", block.ln1.bias, Shape{d});
        visit(prefix + "attention.query.weight", block.query, Shape{width, d});
        visit(prefix + "attention.key.weight", block.key, Shape{width, d});
        visit(prefix + "attention.value.weight", block.value, Shape{width, d});
        visit(prefix + "attention.output.weight", block.attentionOutput, Shape{d, width});
        visit(prefix + "attention.output.bias", block.attentionOutputBias, Shape{d});
        visit(prefix + "ln2.weight", block.ln2.weight, Shape{d});
        visit(prefix + "ln2.bias", block.ln2.bias, Shape{d});
        visit(prefix + "mlp.in.weight", block.mlpIn, Shape{mlp, d});
        visit(prefix + "mlp.in.bias", block.mlpInBias, Shape{mlp});
        visit(prefix + "mlp.out.weight", block.mlpOut, Shape{d, mlp});
        visit(prefix + "mlp.out.bias", block.mlpOutBias, Shape{d});
    }
    visit(std::string("final_norm.weight"), weights.finalNorm.weight, Shape{d});
    visit(std::string("final_norm.bias"), weights.finalNorm.bias, Shape{d});
    visit(std::string("unembedding.weight"), weights.unembedding, Shape{vocab, d});
    visit(std::string("unembedding.bias"), weights.unembeddingBias, Shape{vocab});
}

/// N(0, 0.02) matrices and embeddings, zero biases, γ = 1; output projections scaled by 1/√(2L) if `scaleResidual`.
GptWeights<float> initialWeights(const GptConfig &config, Random &random, bool scaleResidual);

/// The same numbers in double precision.
GptWeights<double> toDouble(const GptWeights<float> &weights);

/// Reads and writes gpt/<run>/config.json and model.safetensors. load throws Error where a file is missing, cut short,
/// has other shapes than the config, or holds a NaN or infinity.
GptWeights<float> loadGpt(const std::filesystem::path &folder);
void saveGptWeights(const std::filesystem::path &safetensorsFile, const GptWeights<float> &weights);

} // namespace tt
