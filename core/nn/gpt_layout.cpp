#include "core/nn/gpt_layout.h"

#include <algorithm>

namespace tt {

GptLayout::GptLayout(const GptConfig &config) {
    GptWeights<float> names; // its vectors stay empty
    names.config = config;
    names.blocks.resize(static_cast<size_t>(config.layers));
    int64_t offset = 0;
    forEachTensor(names, [&](const std::string &name, const std::vector<float> &, const std::vector<int64_t> &shape) {
        int64_t size = 1;
        for (const int64_t dimension : shape)
            size *= dimension;
        tensors_.push_back({name, shape, offset, size});
        offset += size;
    });
    size_t at = 0;
    const auto next = [&](size_t count = 1) {
        const int64_t here = tensors_[at].offset;
        at += count;
        return here;
    };
    tokenEmbedding = next();
    positionEmbedding = next();
    for (int layer = 0; layer < config.layers; ++layer) {
        Block &block = blocks.emplace_back();
        block.ln1 = next();
        block.ln1Bias = next();
        block.queryKeyValue = next(3);
        for (int64_t *place : {&block.attentionOutput, &block.attentionOutputBias, &block.ln2, &block.ln2Bias,
                               &block.mlpIn, &block.mlpInBias, &block.mlpOut, &block.mlpOutBias})
            *place = next();
    }
    finalNorm = next();
    finalNormBias = next();
    unembedding = next();
    unembeddingBias = next();
}

template <class T>
std::vector<T> flatten(const GptWeights<T> &weights) {
    std::vector<T> flat;
    flat.reserve(static_cast<size_t>(weights.config.parameters()));
    forEachTensor(weights, [&](const std::string &, const std::vector<T> &values, const auto &) {
        flat.insert(flat.end(), values.begin(), values.end());
    });
    return flat;
}

template <class T>
GptWeights<T> unflatten(const GptConfig &config, std::span<const T> parameters) {
    GptWeights<T> weights(config);
    auto from = parameters.begin();
    forEachTensor(weights, [&](const std::string &, std::vector<T> &values, const auto &) {
        const auto count = static_cast<std::ptrdiff_t>(values.size());
        std::copy(from, from + count, values.begin());
        from += count;
    });
    return weights;
}

template std::vector<float> flatten(const GptWeights<float> &);
template std::vector<double> flatten(const GptWeights<double> &);
template GptWeights<float> unflatten(const GptConfig &, std::span<const float>);
template GptWeights<double> unflatten(const GptConfig &, std::span<const double>);

} // namespace tt
