#pragma once

#include "core/nn/kernels.h"

namespace tt {

/// A stateless dropout mask: element i of a stream is kept with probability 1 − rate, the same in forward and backward.
struct DropoutStream {
    uint32_t seed = 0;
    float rate = 0; ///< 0 = off
};

/// The softmax cross entropy of a block of rows, gathered tile by tile over the vocabulary. A tile holds logits
/// transposed, (vocabulary entries, rows): reductions then run along whole vectors. Values are kept as
/// e = exp(logit − reference), the reference being the row's largest logit of the first tile.
template <class T>
struct LossRows {
    int64_t rows = 0;
    const int32_t *targets = nullptr;
    T *reference = nullptr;
    T *targetLogit = nullptr;
    double *sum = nullptr; ///< Σ e
};

/// The hot loops of a training step around its matrix products, compiled once for each instruction set. T computes and
/// sums, F is what products take as factors: T itself, or BFloat16 (rounded as it is written). n rows; sums over rows
/// are made in `sumParts` fixed parts, so that they do not depend on the number of threads: `parts` is scratch of
/// sumParts · 2 · width.
template <class T, class F>
struct StepKernels {
    static constexpr int64_t sumParts = 16;

    /// out (n) = x as factors
    void (*toFactors)(const T *x, int64_t n, F *out);
    /// out (n, d) = LN(x) = γ·(x − mean)/σ + β; mean (n) and 1/σ (n) are kept for the way back
    void (*layerNorm)(const T *x, const T *gamma, const T *beta, double epsilon, int64_t n, int64_t d, F *out, T *mean,
                      T *inverseSigma);
    /// dx += LN backward of rowScale[r] · dOut (rowScale may be null: 1); dGamma, dBeta are overwritten
    void (*layerNormBackward)(const T *dOut, const T *rowScale, const T *x, const T *gamma, const T *mean,
                              const T *inverseSigma, int64_t n, int64_t d, T *dx, T *dGamma, T *dBeta, T *parts);
    /// out = max(0, rows + bias); out may be rows
    void (*biasRelu)(const T *rows, const T *bias, int64_t n, int64_t width, F *out);
    /// out = dRows where activation > 0, else 0; dBias = its column sums; out may be dRows
    void (*reluBackward)(const T *dRows, const F *activation, int64_t n, int64_t width, F *out, T *dBias, T *parts);
    /// out = residual + dropout(rows + bias)
    void (*addToResidual)(const T *rows, const T *bias, const T *residual, int64_t n, int64_t d, DropoutStream dropout,
                          T *out);
    /// out = dResid with the same mask, dBias = its column sums
    void (*dropoutBackward)(const T *dResid, int64_t n, int64_t d, DropoutStream dropout, F *out, T *dBias, T *parts);

    /// Elements of scratch that attention and its backward need for each thread.
    int64_t (*attentionScratch)(const AttentionShape &shape);
    /// rows of qkv (n, 3·H·s) hold query, key and value; pattern (B, H, T, T) = softmax(q·kᵀ/√s) below the diagonal,
    /// 0 above; out (n, H·s) = dropout(pattern)·v
    void (*attention)(const T *qkv, const AttentionShape &shape, DropoutStream dropout, T *pattern, F *out, T *scratch);
    /// dQkv (n, 3·H·s) from dOut (n, H·s) and what attention() computed
    void (*attentionBackward)(const T *qkv, const T *pattern, const T *dOut, const AttentionShape &shape,
                              DropoutStream dropout, F *dQkv, T *scratch);

    /// reference = largest of the tile (count, rows) + bias, or of it and what it was (`further`)
    void (*raiseReference)(const T *tile, const T *bias, int64_t count, bool further, const LossRows<T> &rows);
    /// out (count, rows) = exp(tile + bias − reference), its sums added to rows.sum; notes the targets that are among
    /// the entries first … first + count. An exponent above 88 is cut: such a sum exceeds `sumLimit`.
    void (*exponentials)(const T *tile, const T *bias, int64_t first, int64_t count, const LossRows<T> &rows, F *out);
    /// e (vocab, rows) at each target becomes e − Σe; loss[r] = −log p(target); rowScale = 1/(total·Σe): then
    /// e · rowScale is the gradient of the mean loss over `total` rows by the logits.
    void (*finishLoss)(const LossRows<T> &rows, int64_t total, F *e, T *rowScale, double *loss);
    /// out (count) = Σ over rows of e (count, rows) · rowScale, added to what is there if `further`
    void (*rowSums)(const F *e, const T *rowScale, int64_t count, int64_t rows, bool further, T *out);
    /// out (n, d) = x · rowScale of its row
    void (*scaleRows)(const F *x, const T *rowScale, int64_t n, int64_t d, F *out);
    static constexpr double sumLimit = 1e30;

    /// dTokens (V, d) and dPositions (T, d) += rows of dResid (n, d), in the order of the rows
    void (*embeddingBackward)(const T *dResid, const int32_t *tokens, int64_t n, int64_t length, int64_t d, T *dTokens,
                              T *dPositions);
};

/// The kernels for this processor: <float, float>, <double, double> and <float, BFloat16>.
template <class T, class F>
const StepKernels<T, F> &stepKernels();

} // namespace tt
