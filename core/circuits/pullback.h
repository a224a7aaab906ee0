#pragma once

#include "core/nn/gpt_forward.h"
#include "core/nn/kernels.h"
#include "core/nn/transcoder.h"

#include <span>
#include <vector>

namespace tt {

/// Gradients of a block of targets that stand at one position, pulled down through a model whose attention patterns, LN
/// scales and MLP outputs are held (method.md §3-4). A target at `last` touches positions first … last only.
template <class T>
struct GradientBlock {
    int first = 0, last = 0, rows = 0;
    std::vector<T> values;    ///< (last − first + 1, rows, d)
    std::vector<double> bias; ///< (rows) what the constants on the way add to the targets
    [[nodiscard]] int positions() const { return last - first + 1; }
    /// (rows, d) of one position, first ≤ position ≤ last.
    [[nodiscard]] const T *at(int position, int d) const {
        return values.data() + int64_t{position - first} * rows * d;
    }
};

/// The frozen model of one prompt, with the buffers of one thread. Holds references: the arguments outlive it.
template <class T>
class Pullback {
public:
    Pullback(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder, const GptActivations<T> &activations);

    /// Seeds `rows` vectors (rows, d) that read LN(x) at `position`: v·LN(x) = gᵀx + v·β, g = (I − 11ᵀ/d)(γ⊙v)/σ.
    GradientBlock<T> seed(std::span<const T> vectors, int rows, int position, const LayerNormWeights<T> &norm,
                          T sigma) const;
    /// From the gradient at resid_mid of `layer` to the one at its resid_pre: residual path and, head by head,
    /// Σ_p A_ps · LN1-pullback_s(W_Vᵀ W_Oᵀ g_p). Afterwards positions 0 … last are touched.
    void throughAttention(int layer, GradientBlock<T> &block);
    /// From the gradient at mlp_out of `layer` to the one at resid_mid: the residual path and the skip, if there is
    /// one.
    void throughSkip(int layer, GradientBlock<T> &block);

private:
    void mixPositions(int layer, const GradientBlock<T> &block);

    const GptWeights<T> &gpt_;
    const TranscoderWeights<T> &transcoder_;
    const GptActivations<T> &activations_;
    int d_, width_;
    std::vector<T> heads_;      ///< (positions, rows, H·s) W_Oᵀ g
    std::vector<T> mixed_;      ///< (last + 1, rows, H·s) Σ_p A_ps heads_p
    std::vector<T> patternRow_; ///< (H·s) A_ps of each head, repeated over its size
    std::vector<T> values_;     ///< (last + 1, rows, d) W_Vᵀ mixed
};

/// Σ a[i]·b[i] over n values, on the calling thread.
template <class T>
T dot(const T *a, const T *b, int64_t n) {
    return kernels<T>().dot(a, b, n);
}

} // namespace tt
