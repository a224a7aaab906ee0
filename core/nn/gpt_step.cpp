#include "core/nn/gpt_step.h"

#include "core/error.h"
#include "core/nn/gpt_step_impl.h"
#include "core/random.h"

#include <omp.h>

#include <algorithm>

namespace tt {

DropoutStream dropoutStream(double rate, uint64_t seed, int layer, DropoutPlace place) {
    const uint64_t index = static_cast<uint64_t>(layer) * 3 + static_cast<uint64_t>(place);
    return {.seed = static_cast<uint32_t>(mixSeed(seed, index)), .rate = static_cast<float>(rate)};
}

namespace {
size_t product(int64_t a, int64_t b) {
    return static_cast<size_t>(a * b);
}
} // namespace

template <class T, class F>
GptStep<T, F>::GptStep(const GptConfig &config, int batch, int length)
    : config_(config), layout_(config), shape_{batch, length, config.heads, config.headSize},
      rows_(int64_t{batch} * length), d_(config.dModel), width_(config.attentionWidth()), mlp_(config.mlpWidth()),
      vocab_(config.vocabSize), lossRows_(std::min(rows_, lossBlockRows)), blocks_(static_cast<size_t>(config.layers)) {
    const auto n = static_cast<size_t>(rows_);
    for (Block &block : blocks_) {
        for (auto *buffer : {&block.residPre, &block.residMid})
            buffer->resize(product(rows_, d_));
        for (auto *buffer : {&block.ln1, &block.ln2})
            buffer->resize(product(rows_, d_));
        for (auto *buffer : {&block.mean1, &block.inverse1, &block.mean2, &block.inverse2})
            buffer->resize(n);
        block.qkv.resize(product(rows_, 3 * width_));
        block.pattern.resize(product(rows_ * shape_.heads, length));
        block.heads.resize(product(rows_, width_));
        block.hidden.resize(product(rows_, mlp_));
    }
    for (auto *buffer : {&residPost_, &dResid_, &dNorm_})
        buffer->resize(product(rows_, d_));
    for (auto *buffer : {&finalNorm_, &dSkip_})
        buffer->resize(product(rows_, d_));
    for (auto *buffer : {&meanFinal_, &inverseFinal_, &rowScale_})
        buffer->resize(n);
    const int64_t widest = std::max(mlp_, 3 * width_);
    wide_.resize(product(rows_, widest));
    dOut_.resize(product(rows_, widest));
    parts_.resize(product(StepKernels<T, F>::sumParts, 2 * std::max(widest, d_)));
    tile_.resize(product(std::min(vocab_, vocabularyTile), lossRows_));
    exponentials_.resize(product(vocab_, lossRows_));
    scaledNorm_.resize(product(lossRows_, d_));
    for (auto *buffer : {&reference_, &targetLogit_})
        buffer->resize(static_cast<size_t>(lossRows_));
    sums_.resize(static_cast<size_t>(lossRows_));
    losses_.resize(n);
    narrowFirst_ = layout_.blocks.empty() ? layout_.finalNorm : layout_.blocks.front().ln1; // embeddings are read
    if constexpr (!std::is_same_v<T, F>)
        narrow_.resize(static_cast<size_t>(layout_.parameters() - narrowFirst_));
}

template <class T, class F>
void GptStep<T, F>::narrowWeights(std::span<const T> parameters) {
    parameters_ = parameters.data();
    if constexpr (!std::is_same_v<T, F>)
        k_.toFactors(parameters_ + narrowFirst_, layout_.parameters() - narrowFirst_, narrow_.data());
}

template <class T, class F>
const F *GptStep<T, F>::weight(int64_t offset) const {
    if constexpr (std::is_same_v<T, F>)
        return parameters_ + offset;
    else
        return narrow_.data() + (offset - narrowFirst_);
}

template <class T, class F>
DropoutStream GptStep<T, F>::stream(int layer, DropoutPlace place) const {
    return dropoutStream(config_.dropout, dropoutSeed_, layer, place);
}

template <class T, class F>
void GptStep<T, F>::embed(std::span<const int32_t> tokens) {
    const T *tokenRows = parameters_ + layout_.tokenEmbedding, *positionRows = parameters_ + layout_.positionEmbedding;
    T *out = blocks_.empty() ? residPost_.data() : blocks_.front().residPre.data();
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows_; ++row) {
        const T *token = tokenRows + tokens[static_cast<size_t>(row)] * d_;
        const T *position = positionRows + row % shape_.length * d_;
        for (int64_t i = 0; i < d_; ++i)
            out[row * d_ + i] = token[i] + position[i];
    }
}

/// m = x + dropout(attention(LN1(x)))
template <class T, class F>
void GptStep<T, F>::attend(int layer) {
    Block &a = blocks_[static_cast<size_t>(layer)];
    const GptLayout::Block &at = layout_.blocks[static_cast<size_t>(layer)];
    k_.layerNorm(a.residPre.data(), parameters_ + at.ln1, parameters_ + at.ln1Bias, config_.layerNormEps, rows_, d_,
                 a.ln1.data(), a.mean1.data(), a.inverse1.data());
    multiply<T, F>(Transpose::No, Transpose::Yes, rows_, 3 * width_, d_, a.ln1.data(), d_, weight(at.queryKeyValue), d_,
                   0, a.qkv.data(), 3 * width_);
    k_.attention(a.qkv.data(), shape_, stream(layer, DropoutPlace::AttentionWeights), a.pattern.data(), a.heads.data(),
                 scratch_.data());
    multiply<T, F>(Transpose::No, Transpose::Yes, rows_, d_, width_, a.heads.data(), width_, weight(at.attentionOutput),
                   width_, 0, dNorm_.data(), d_);
    k_.addToResidual(dNorm_.data(), parameters_ + at.attentionOutputBias, a.residPre.data(), rows_, d_,
                     stream(layer, DropoutPlace::AttentionOutput), a.residMid.data());
}

/// x^{l+1} = m + dropout(MLP(LN2(m)))
template <class T, class F>
void GptStep<T, F>::feedForward(int layer) {
    Block &a = blocks_[static_cast<size_t>(layer)];
    const GptLayout::Block &at = layout_.blocks[static_cast<size_t>(layer)];
    k_.layerNorm(a.residMid.data(), parameters_ + at.ln2, parameters_ + at.ln2Bias, config_.layerNormEps, rows_, d_,
                 a.ln2.data(), a.mean2.data(), a.inverse2.data());
    multiply<T, F>(Transpose::No, Transpose::Yes, rows_, mlp_, d_, a.ln2.data(), d_, weight(at.mlpIn), d_, 0,
                   wide_.data(), mlp_);
    k_.biasRelu(wide_.data(), parameters_ + at.mlpInBias, rows_, mlp_, a.hidden.data());
    multiply<T, F>(Transpose::No, Transpose::Yes, rows_, d_, mlp_, a.hidden.data(), mlp_, weight(at.mlpOut), mlp_, 0,
                   dNorm_.data(), d_);
    const bool last = layer + 1 == config_.layers;
    T *out = last ? residPost_.data() : blocks_[static_cast<size_t>(layer) + 1].residPre.data();
    k_.addToResidual(dNorm_.data(), parameters_ + at.mlpOutBias, a.residMid.data(), rows_, d_,
                     stream(layer, DropoutPlace::MlpOutput), out);
}

namespace {
void check(std::span<const int32_t> ids, int64_t rows, int64_t vocab) {
    if (static_cast<int64_t>(ids.size()) != rows)
        throw Error("A training step got " + std::to_string(ids.size()) + " tokens, not " + std::to_string(rows) + ".",
                    Error::Kind::Usage);
    for (const int32_t id : ids)
        if (id < 0 || id >= vocab)
            throw Error("Token " + std::to_string(id) + " is not in the model's vocabulary of " +
                            std::to_string(vocab) + ".",
                        Error::Kind::Usage);
}
} // namespace

template <class T, class F>
double GptStep<T, F>::lossAndGradients(std::span<const T> parameters, std::span<const int32_t> tokens,
                                       std::span<const int32_t> targets, uint64_t dropoutSeed, std::span<T> gradients,
                                       const std::stop_token &stop) {
    check(tokens, rows_, vocab_);
    check(targets, rows_, vocab_);
    gradients_ = gradients.data();
    dropoutSeed_ = dropoutSeed;
    const auto wanted = static_cast<size_t>(k_.attentionScratch(shape_) * omp_get_max_threads());
    if (scratch_.size() < wanted)
        scratch_.resize(wanted);
    narrowWeights(parameters);
    embed(tokens);
    for (int layer = 0; layer < config_.layers; ++layer) {
        throwIfStopped(stop);
        attend(layer);
        feedForward(layer);
    }
    const double value = loss(targets, stop);
    for (int layer = config_.layers - 1; layer >= 0; --layer) {
        throwIfStopped(stop);
        feedForwardBackward(layer);
        attendBackward(layer);
    }
    T *dTokens = gradients_ + layout_.tokenEmbedding, *dPositions = gradients_ + layout_.positionEmbedding;
    std::fill(dTokens, gradients_ + narrowFirst_, T{0});
    k_.embeddingBackward(dResid_.data(), tokens.data(), rows_, shape_.length, d_, dTokens, dPositions);
    return value;
}

template class GptStep<float>;
template class GptStep<double>;
template class GptStep<float, BFloat16>;

} // namespace tt
