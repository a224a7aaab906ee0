#pragma once

#include "core/nn/gpt_weights.h"

#include <span>

namespace tt {

/// Where each tensor of a GPT lies in one array of all its parameters: the order of forEachTensor(), nothing between
/// them. Query, key and value of a block are neighbours there, one matrix [3·H·s, d].
class GptLayout {
public:
    struct Tensor {
        std::string name;
        std::vector<int64_t> shape;
        int64_t offset = 0, size = 0;
    };
    struct Block {
        int64_t ln1 = 0, ln1Bias = 0, queryKeyValue = 0, attentionOutput = 0, attentionOutputBias = 0;
        int64_t ln2 = 0, ln2Bias = 0, mlpIn = 0, mlpInBias = 0, mlpOut = 0, mlpOutBias = 0;
    };

    explicit GptLayout(const GptConfig &config);
    [[nodiscard]] const std::vector<Tensor> &tensors() const { return tensors_; }
    [[nodiscard]] int64_t parameters() const { return tensors_.back().offset + tensors_.back().size; }

    int64_t tokenEmbedding = 0, positionEmbedding = 0;
    std::vector<Block> blocks;
    int64_t finalNorm = 0, finalNormBias = 0, unembedding = 0, unembeddingBias = 0;

private:
    std::vector<Tensor> tensors_;
};

/// The parameters in one array, and back.
template <class T>
std::vector<T> flatten(const GptWeights<T> &weights);
template <class T>
GptWeights<T> unflatten(const GptConfig &config, std::span<const T> parameters);

} // namespace tt
