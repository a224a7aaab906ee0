#include "core/nn/gpt_backward.h"

#include "core/nn/gemm.h"
#include "core/nn/gpt_forward_impl.h"
#include "core/progress.h"

#include <algorithm>

namespace tt {

namespace {
constexpr int64_t lossBlockRows = 1024; // (rows, V) logits at a time: 16 MB at V = 4,096

/// dW (out, in) += dYᵀ · X
template <class T>
void weightGradient(const T *dY, const T *x, std::vector<T> &dW, int64_t rows, int64_t out, int64_t in) {
    gemm<T>(Transpose::Yes, Transpose::No, out, in, rows, T{1}, dY, out, x, in, T{1}, dW.data(), in);
}

/// dX (rows, in) = dY · W + beta · dX
template <class T>
void inputGradient(const T *dY, const std::vector<T> &w, T *dX, int64_t rows, int64_t out, int64_t in, T beta) {
    gemm<T>(Transpose::No, Transpose::No, rows, in, out, T{1}, dY, out, w.data(), in, beta, dX, in);
}

template <class T>
class Backward {
public:
    Backward(const GptWeights<T> &weights, const GptActivations<T> &activations, GptBackwardBuffers<T> &buffers,
             GptWeights<T> &gradients, const TrainingDropout &dropout)
        : w_(weights), a_(activations), b_(buffers), g_(gradients), dropout_(dropout), rows_(activations.rows()),
          d_(weights.config.dModel) {}

    /// Loss, gradients of the unembedding, and dResid at the stream after the last block.
    double head(std::span<const int32_t> targets, const std::stop_token &stop);
    void block(int layer);
    void embeddings(std::span<const int32_t> tokens);

private:
    void feedForward(int layer);
    void attention(int layer);

    const GptWeights<T> &w_;
    const GptActivations<T> &a_;
    GptBackwardBuffers<T> &b_;
    GptWeights<T> &g_;
    const TrainingDropout &dropout_;
    int64_t rows_, d_;
    const Kernels<T> &k_ = kernels<T>();
};

template <class T>
double Backward<T>::head(std::span<const int32_t> targets, const std::stop_token &stop) {
    const int64_t vocab = w_.config.vocabSize;
    b_.logits.resize(static_cast<size_t>(std::min(rows_, lossBlockRows) * vocab));
    b_.dNorm.resize(static_cast<size_t>(rows_ * d_));
    b_.losses.resize(static_cast<size_t>(rows_));
    for (int64_t first = 0; first < rows_; first += lossBlockRows) {
        throwIfStopped(stop);
        const int64_t count = std::min(lossBlockRows, rows_ - first);
        const T *norm = a_.finalNorm.data() + first * d_;
        logits<T>(w_, {norm, static_cast<size_t>(count * d_)},
                  std::span(b_.logits).first(static_cast<size_t>(count * vocab)));
        k_.softmaxCrossEntropy(b_.logits.data(), targets.data() + first, count, vocab, 1.0 / static_cast<double>(rows_),
                               b_.losses.data() + first);
        weightGradient(b_.logits.data(), norm, g_.unembedding, count, vocab, d_);
        k_.columnSums(b_.logits.data(), g_.unembeddingBias.data(), count, vocab);
        inputGradient(b_.logits.data(), w_.unembedding, b_.dNorm.data() + first * d_, count, vocab, d_, T{0});
    }
    b_.dResid.assign(static_cast<size_t>(rows_ * d_), T{0});
    k_.layerNormBackward(b_.dNorm.data(), a_.residPost.data(), w_.finalNorm.weight.data(), a_.finalSigma.data(), rows_,
                         d_, b_.dResid.data(), g_.finalNorm.weight.data(), g_.finalNorm.bias.data());
    double sum = 0;
    for (const double loss : b_.losses)
        sum += loss;
    return sum / static_cast<double>(rows_);
}

/// dResid at x^{l+1} → at m^l: the skip connection plus the path through the MLP.
template <class T>
void Backward<T>::feedForward(int layer) {
    const auto &w = w_.blocks[static_cast<size_t>(layer)];
    const auto &a = a_.blocks[static_cast<size_t>(layer)];
    auto &g = g_.blocks[static_cast<size_t>(layer)];
    const int64_t mlp = w_.config.mlpWidth();
    const T *dOut = b_.dResid.data();
    const DropoutStream stream = dropout_.stream(layer, TrainingDropout::MlpOutput);
    if (stream.rate > 0) {
        b_.dNorm = b_.dResid;
        k_.dropout(b_.dNorm.data(), rows_, d_, stream);
        dOut = b_.dNorm.data();
    }
    weightGradient(dOut, a.hidden.data(), g.mlpOut, rows_, d_, mlp);
    k_.columnSums(dOut, g.mlpOutBias.data(), rows_, d_);
    b_.dHidden.resize(static_cast<size_t>(rows_ * mlp));
    inputGradient(dOut, w.mlpOut, b_.dHidden.data(), rows_, d_, mlp, T{0});
    k_.reluBackward(b_.dHidden.data(), a.hidden.data(), rows_, mlp);
    weightGradient(b_.dHidden.data(), a.ln2.data(), g.mlpIn, rows_, mlp, d_);
    k_.columnSums(b_.dHidden.data(), g.mlpInBias.data(), rows_, mlp);
    inputGradient(b_.dHidden.data(), w.mlpIn, b_.dNorm.data(), rows_, mlp, d_, T{0});
    k_.layerNormBackward(b_.dNorm.data(), a.residMid.data(), w.ln2.weight.data(), a.ln2Sigma.data(), rows_, d_,
                         b_.dResid.data(), g.ln2.weight.data(), g.ln2.bias.data());
}

/// dResid at m^l → at x^l: the skip connection plus the path through the attention.
template <class T>
void Backward<T>::attention(int layer) {
    const auto &w = w_.blocks[static_cast<size_t>(layer)];
    const auto &a = a_.blocks[static_cast<size_t>(layer)];
    auto &g = g_.blocks[static_cast<size_t>(layer)];
    const int64_t width = w_.config.attentionWidth();
    const auto size = static_cast<size_t>(rows_ * width);
    const T *dOut = b_.dResid.data();
    const DropoutStream stream = dropout_.stream(layer, TrainingDropout::AttentionOutput);
    if (stream.rate > 0) {
        b_.dNorm = b_.dResid;
        k_.dropout(b_.dNorm.data(), rows_, d_, stream);
        dOut = b_.dNorm.data();
    }
    weightGradient(dOut, a.headsOutput.data(), g.attentionOutput, rows_, d_, width);
    k_.columnSums(dOut, g.attentionOutputBias.data(), rows_, d_);
    for (std::vector<T> *buffer : {&b_.dHeads, &b_.dQuery, &b_.dKey, &b_.dValue})
        buffer->resize(size);
    inputGradient(dOut, w.attentionOutput, b_.dHeads.data(), rows_, d_, width, T{0});
    const AttentionShape shape{a_.batch, a_.length, w_.config.heads, w_.config.headSize};
    k_.attentionBackward(a.query.data(), a.key.data(), a.value.data(), a.attention.data(), b_.dHeads.data(), shape,
                         dropout_.stream(layer, TrainingDropout::AttentionWeights), b_.dQuery.data(), b_.dKey.data(),
                         b_.dValue.data());
    weightGradient(b_.dQuery.data(), a.ln1.data(), g.query, rows_, width, d_);
    weightGradient(b_.dKey.data(), a.ln1.data(), g.key, rows_, width, d_);
    weightGradient(b_.dValue.data(), a.ln1.data(), g.value, rows_, width, d_);
    inputGradient(b_.dQuery.data(), w.query, b_.dNorm.data(), rows_, width, d_, T{0});
    inputGradient(b_.dKey.data(), w.key, b_.dNorm.data(), rows_, width, d_, T{1});
    inputGradient(b_.dValue.data(), w.value, b_.dNorm.data(), rows_, width, d_, T{1});
    k_.layerNormBackward(b_.dNorm.data(), a.residPre.data(), w.ln1.weight.data(), a.ln1Sigma.data(), rows_, d_,
                         b_.dResid.data(), g.ln1.weight.data(), g.ln1.bias.data());
}

template <class T>
void Backward<T>::block(int layer) {
    feedForward(layer);
    attention(layer);
}

template <class T>
void Backward<T>::embeddings(std::span<const int32_t> tokens) {
    for (int64_t row = 0; row < rows_; ++row) { // serial: two rows may hold the same token
        const T *d = b_.dResid.data() + row * d_;
        k_.axpy(T{1}, d, g_.tokenEmbedding.data() + tokens[static_cast<size_t>(row)] * d_, d_);
        k_.axpy(T{1}, d, g_.positionEmbedding.data() + (row % a_.length) * d_, d_);
    }
}
} // namespace

template <class T>
double lossAndGradients(const GptWeights<T> &weights, std::span<const int32_t> tokens, std::span<const int32_t> targets,
                        int batch, uint64_t dropoutSeed, GptActivations<T> &activations, GptBackwardBuffers<T> &buffers,
                        GptWeights<T> &gradients, std::stop_token stop) {
    const TrainingDropout dropout{.rate = weights.config.dropout, .seed = dropoutSeed};
    forwardTraining(weights, tokens, batch, activations, dropout, stop);
    forEachTensor(gradients, [](const std::string &, std::vector<T> &values, const auto &) {
        std::fill(values.begin(), values.end(), T{0});
    });
    Backward<T> backward(weights, activations, buffers, gradients, dropout);
    const double loss = backward.head(targets, stop);
    for (int layer = weights.config.layers - 1; layer >= 0; --layer) {
        throwIfStopped(stop);
        backward.block(layer);
    }
    backward.embeddings(tokens);
    return loss;
}

template double lossAndGradients<float>(const GptWeights<float> &, std::span<const int32_t>, std::span<const int32_t>,
                                        int, uint64_t, GptActivations<float> &, GptBackwardBuffers<float> &,
                                        GptWeights<float> &, std::stop_token);
template double lossAndGradients<double>(const GptWeights<double> &, std::span<const int32_t>, std::span<const int32_t>,
                                         int, uint64_t, GptActivations<double> &, GptBackwardBuffers<double> &,
                                         GptWeights<double> &, std::stop_token);

} // namespace tt
