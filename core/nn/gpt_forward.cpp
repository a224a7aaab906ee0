#include "core/nn/gpt_forward.h"

#include "core/error.h"
#include "core/nn/gemm.h"
#include "core/nn/kernels.h"

#include <algorithm>
#include <cmath>

namespace tt {

namespace {
constexpr int64_t lossBlockRows = 512;

template <class T>
void embed(const GptWeights<T> &weights, std::span<const int32_t> tokens, int64_t length, std::vector<T> &out) {
    const int64_t d = weights.config.dModel, rows = static_cast<int64_t>(tokens.size());
    out.resize(static_cast<size_t>(rows * d));
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; ++row) {
        const T *token = weights.tokenEmbedding.data() + tokens[static_cast<size_t>(row)] * d;
        const T *position = weights.positionEmbedding.data() + (row % length) * d;
        for (int64_t i = 0; i < d; ++i)
            out[static_cast<size_t>(row * d + i)] = token[i] + position[i];
    }
}

template <class T>
void normalise(const LayerNormWeights<T> &norm, double epsilon, const std::vector<T> &x, int64_t rows,
               std::vector<T> &out, std::vector<T> &sigma) {
    const auto d = static_cast<int64_t>(norm.weight.size());
    out.resize(static_cast<size_t>(rows * d));
    sigma.resize(static_cast<size_t>(rows));
    kernels<T>().layerNorm(x.data(), norm.weight.data(), norm.bias.data(), epsilon, rows, d, out.data(), sigma.data());
}

/// Y (rows, out) = X · Wᵀ in T.
template <class T>
struct ExactProducts {
    void project(const std::vector<T> &x, const std::vector<T> &w, T *y, int64_t rows, int64_t in, int64_t out) {
        linear<T>(x.data(), w.data(), y, rows, in, out);
    }
};

template <class T, class Products>
void project(Products &products, const std::vector<T> &x, const std::vector<T> &w, std::vector<T> &y, int64_t rows,
             int64_t in, int64_t out) {
    y.resize(static_cast<size_t>(rows * out));
    products.project(x, w, y.data(), rows, in, out);
}

/// m = x + attention(LN1(x))
template <class T, class Products>
void attend(const GptWeights<T> &weights, Products &products, int layer, const AttentionShape &shape,
            BlockActivations<T> &a) {
    const BlockWeights<T> &w = weights.blocks[static_cast<size_t>(layer)];
    const int64_t d = weights.config.dModel, width = weights.config.attentionWidth(), rows = shape.batch * shape.length;
    const Kernels<T> &k = kernels<T>();
    normalise(w.ln1, weights.config.layerNormEps, a.residPre, rows, a.ln1, a.ln1Sigma);
    project(products, a.ln1, w.query, a.query, rows, d, width);
    project(products, a.ln1, w.key, a.key, rows, d, width);
    project(products, a.ln1, w.value, a.value, rows, d, width);
    a.attention.resize(static_cast<size_t>(rows * shape.heads * shape.length));
    a.headsOutput.resize(static_cast<size_t>(rows * width));
    k.attention(a.query.data(), a.key.data(), a.value.data(), shape, a.attention.data(), a.headsOutput.data());
    project(products, a.headsOutput, w.attentionOutput, a.residMid, rows, width, d);
    k.addBias(a.residMid.data(), w.attentionOutputBias.data(), rows, d);
    k.axpy(T{1}, a.residPre.data(), a.residMid.data(), rows * d);
}

/// y = MLP(LN2(m))
template <class T, class Products>
void feedForward(const GptWeights<T> &weights, Products &products, int layer, int64_t rows, BlockActivations<T> &a) {
    const BlockWeights<T> &w = weights.blocks[static_cast<size_t>(layer)];
    const int64_t d = weights.config.dModel, mlp = weights.config.mlpWidth();
    const Kernels<T> &k = kernels<T>();
    normalise(w.ln2, weights.config.layerNormEps, a.residMid, rows, a.ln2, a.ln2Sigma);
    project(products, a.ln2, w.mlpIn, a.hidden, rows, d, mlp);
    k.addBiasRelu(a.hidden.data(), w.mlpInBias.data(), rows, mlp);
    project(products, a.hidden, w.mlpOut, a.mlpOutput, rows, mlp, d);
    k.addBias(a.mlpOutput.data(), w.mlpOutBias.data(), rows, d);
}

template <class T>
void checkTokens(const GptWeights<T> &weights, std::span<const int32_t> tokens, int batch) {
    const auto length = batch > 0 ? static_cast<int64_t>(tokens.size()) / batch : 0;
    if (length < 1 || length * batch != static_cast<int64_t>(tokens.size()))
        throw Error("A forward pass needs at least one token in each of its sequences.", Error::Kind::Usage);
    if (length > weights.config.context)
        throw Error("A prompt of " + std::to_string(length) + " tokens is longer than the model's context of " +
                        std::to_string(weights.config.context) + ".",
                    Error::Kind::Usage);
    for (const int32_t token : tokens)
        if (token < 0 || token >= weights.config.vocabSize)
            throw Error("Token " + std::to_string(token) + " is not in the model's vocabulary of " +
                            std::to_string(weights.config.vocabSize) + ".",
                        Error::Kind::Usage);
}
/// What both kinds of products do alike.
template <class T, class Products>
void run(const GptWeights<T> &weights, Products &products, std::span<const int32_t> tokens, int batch,
         GptActivations<T> &out, int mlpLayers, const MlpHook<T> &hook) {
    checkTokens(weights, tokens, batch);
    const GptConfig &config = weights.config;
    out.batch = batch;
    out.length = static_cast<int>(tokens.size()) / batch;
    out.blocks.resize(static_cast<size_t>(config.layers));
    const int64_t rows = out.rows(), d = config.dModel;
    const AttentionShape shape{batch, out.length, config.heads, config.headSize};
    embed(weights, tokens, out.length, out.blocks[0].residPre);
    const int last = mlpLayers < 0 ? config.layers : std::min(mlpLayers, config.layers);
    for (int layer = 0; layer < last; ++layer) {
        BlockActivations<T> &a = out.blocks[static_cast<size_t>(layer)];
        attend(weights, products, layer, shape, a);
        feedForward(weights, products, layer, rows, a);
        if (hook)
            hook(layer, a.ln2, a.mlpOutput);
        if (layer + 1 == last && mlpLayers >= 0)
            return;
        std::vector<T> &next =
            layer + 1 < config.layers ? out.blocks[static_cast<size_t>(layer) + 1].residPre : out.residPost;
        next = a.residMid;
        kernels<T>().axpy(T{1}, a.mlpOutput.data(), next.data(), rows * d);
    }
    if (mlpLayers < 0)
        normalise(weights.finalNorm, config.layerNormEps, out.residPost, rows, out.finalNorm, out.finalSigma);
}
} // namespace

template <class T>
void forward(const GptWeights<T> &weights, std::span<const int32_t> tokens, int batch, GptActivations<T> &activations,
             int mlpLayers, const MlpHook<T> &hook) {
    ExactProducts<T> products;
    run(weights, products, tokens, batch, activations, mlpLayers, hook);
}

RoundedProducts::RoundedProducts(const GptWeights<float> &weights) {
    for (const BlockWeights<float> &block : weights.blocks)
        for (const auto *matrix :
             {&block.query, &block.key, &block.value, &block.attentionOutput, &block.mlpIn, &block.mlpOut}) {
            std::vector<BFloat16> &rounded = matrices_[matrix->data()];
            rounded.resize(matrix->size());
            kernels<float>().roundToBFloat16(matrix->data(), rounded.data(), static_cast<int64_t>(matrix->size()));
        }
}

void RoundedProducts::project(const std::vector<float> &x, const std::vector<float> &w, float *y, int64_t rows,
                              int64_t in, int64_t out) {
    input_.resize(std::max(input_.size(), static_cast<size_t>(rows * in)));
    kernels<float>().roundToBFloat16(x.data(), input_.data(), rows * in);
    linear(input_.data(), matrices_.at(w.data()).data(), y, rows, in, out);
}

void forward(const GptWeights<float> &weights, RoundedProducts &products, std::span<const int32_t> tokens, int batch,
             GptActivations<float> &activations, int mlpLayers) {
    run<float>(weights, products, tokens, batch, activations, mlpLayers, {});
}

template <class T>
void logits(const GptWeights<T> &weights, std::span<const T> finalNormRows, std::span<T> out) {
    const int64_t d = weights.config.dModel, vocab = weights.config.vocabSize;
    const int64_t rows = static_cast<int64_t>(finalNormRows.size()) / d;
    if (rows == 1) // one token of a generation
        kernels<T>().matrixTimesVector(weights.unembedding.data(), finalNormRows.data(), vocab, d, T{0}, out.data());
    else
        linear<T>(finalNormRows.data(), weights.unembedding.data(), out.data(), rows, d, vocab);
    kernels<T>().addBias(out.data(), weights.unembeddingBias.data(), rows, vocab);
}

template <class T>
double crossEntropy(const GptWeights<T> &weights, const GptActivations<T> &activations,
                    std::span<const int32_t> targets) {
    const int64_t rows = activations.rows(), d = weights.config.dModel, vocab = weights.config.vocabSize;
    std::vector<T> block(static_cast<size_t>(std::min(rows, lossBlockRows) * vocab));
    std::vector<double> losses(static_cast<size_t>(rows));
    for (int64_t first = 0; first < rows; first += lossBlockRows) {
        const int64_t count = std::min(lossBlockRows, rows - first);
        logits<T>(
            weights,
            std::span(activations.finalNorm).subspan(static_cast<size_t>(first * d), static_cast<size_t>(count * d)),
            std::span(block).first(static_cast<size_t>(count * vocab)));
        kernels<T>().crossEntropy(block.data(), targets.data() + first, count, vocab, losses.data() + first);
    }
    double sum = 0;
    for (const double loss : losses)
        sum += loss;
    return sum / static_cast<double>(rows);
}

template <class T>
void softmax(std::span<T> row) {
    const double largest = static_cast<double>(*std::max_element(row.begin(), row.end()));
    double sum = 0;
    for (const T value : row)
        sum += std::exp(static_cast<double>(value) - largest);
    for (T &value : row)
        value = static_cast<T>(std::exp(static_cast<double>(value) - largest) / sum);
}

template void forward<float>(const GptWeights<float> &, std::span<const int32_t>, int, GptActivations<float> &, int,
                             const MlpHook<float> &);
template void forward<double>(const GptWeights<double> &, std::span<const int32_t>, int, GptActivations<double> &, int,
                              const MlpHook<double> &);
template void logits<float>(const GptWeights<float> &, std::span<const float>, std::span<float>);
template void logits<double>(const GptWeights<double> &, std::span<const double>, std::span<double>);
template double crossEntropy<float>(const GptWeights<float> &, const GptActivations<float> &, std::span<const int32_t>);
template double crossEntropy<double>(const GptWeights<double> &, const GptActivations<double> &,
                                     std::span<const int32_t>);
template void softmax<float>(std::span<float>);
template void softmax<double>(std::span<double>);

} // namespace tt
