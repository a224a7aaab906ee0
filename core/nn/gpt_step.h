#pragma once

#include "core/nn/gpt_layout.h"
#include "core/nn/step_kernels.h"

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

namespace tt {

/// Where dropout sits in training: each place of each layer has a stream of its own, drawn anew every step.
enum class DropoutPlace : uint32_t { AttentionWeights, AttentionOutput, MlpOutput };
DropoutStream dropoutStream(double rate, uint64_t seed, int layer, DropoutPlace place);

/// Loss and gradients of a GPT, written by hand; tests compare them with LibTorch's autograd. T computes and sums; F is
/// what the products take as factors: T itself, or BFloat16 for float (activations, gradients and weights are then
/// rounded where they enter a product; sums, norms, softmax, loss and the residual stream stay float32). The model is
/// that of forward(), with dropout. Every buffer is made at the start: a step allocates nothing.
template <class T, class F = T>
class GptStep {
public:
    /// For batches of `batch` sequences of `length` tokens. 1 ≤ length ≤ context.
    GptStep(const GptConfig &config, int batch, int length);

    /// Mean cross entropy (nats/token) of predicting `targets` from `tokens` (batch · length each) and its gradient by
    /// every parameter; both arrays as in GptLayout. `gradients` is overwritten. `dropoutSeed` draws the masks of this
    /// step. Throws Error(Cancelled) within a layer of a stop, gradients are then unfinished; Error(Usage) for an id
    /// outside the vocabulary.
    double lossAndGradients(std::span<const T> parameters, std::span<const int32_t> tokens,
                            std::span<const int32_t> targets, uint64_t dropoutSeed, std::span<T> gradients,
                            const std::stop_token &stop = {});

private:
    /// What the way back needs of a block; N rows.
    struct Block {
        std::vector<T> residPre, residMid;               ///< (N, d)
        std::vector<F> ln1, ln2;                         ///< (N, d)
        std::vector<T> mean1, inverse1, mean2, inverse2; ///< (N)
        std::vector<T> qkv;                              ///< (N, 3·H·s)
        std::vector<T> pattern;                          ///< (B, H, T, T)
        std::vector<F> heads;                            ///< (N, H·s)
        std::vector<F> hidden;                           ///< (N, 4d)
    };

    void narrowWeights(std::span<const T> parameters);
    [[nodiscard]] const F *weight(int64_t offset) const;
    [[nodiscard]] DropoutStream stream(int layer, DropoutPlace place) const;

    void embed(std::span<const int32_t> tokens);
    void attend(int layer);
    void feedForward(int layer);
    double loss(std::span<const int32_t> targets, const std::stop_token &stop);
    double lossOfRows(int64_t first, int64_t count, const int32_t *targets, const std::stop_token &stop);
    void exponentialsOfRows(const LossRows<T> &rows, const F *norm, bool wholeReference, const std::stop_token &stop);
    void gradientsOfRows(const LossRows<T> &rows, int64_t first, const std::stop_token &stop);
    void feedForwardBackward(int layer);
    void attendBackward(int layer);
    void linearBackward(const F *dOut, const F *x, int64_t weightOffset, int64_t out, int64_t in, T *dX);

    GptConfig config_;
    GptLayout layout_;
    const StepKernels<T, F> &k_ = stepKernels<T, F>();
    AttentionShape shape_;
    int64_t rows_, d_, width_, mlp_, vocab_;
    int64_t lossRows_; ///< rows of a block of the loss

    const T *parameters_ = nullptr; ///< of this step
    T *gradients_ = nullptr;
    uint64_t dropoutSeed_ = 0;

    std::vector<F> narrow_; ///< the weights as factors, where T is none
    int64_t narrowFirst_ = 0;
    std::vector<Block> blocks_;
    std::vector<T> residPost_, meanFinal_, inverseFinal_;
    std::vector<F> finalNorm_;

    std::vector<T> wide_;   ///< (N, max(4d, 3·H·s)): a product's result on its way
    std::vector<T> dResid_; ///< (N, d)
    std::vector<T> dNorm_;  ///< (N, d)
    std::vector<F> dOut_;   ///< (N, max(4d, 3·H·s)) factors of the way back
    std::vector<F> dSkip_;  ///< (N, d)
    std::vector<T> scratch_, parts_;

    std::vector<T> tile_;                    ///< (vocabulary tile, loss rows) logits
    std::vector<F> exponentials_;            ///< (V, loss rows)
    std::vector<F> scaledNorm_;              ///< (loss rows, d)
    std::vector<T> reference_, targetLogit_; ///< (loss rows)
    std::vector<T> rowScale_;                ///< (N)
    std::vector<double> sums_, losses_;      ///< (loss rows), (N)
};

} // namespace tt
