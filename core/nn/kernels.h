#pragma once

#include "core/nn/bfloat16.h"

#include <cstdint>

namespace tt {

/// A stateless dropout mask: element i of a stream is kept with probability 1 − rate, the same in forward and backward.
struct DropoutStream {
    uint32_t seed = 0;
    float rate = 0; ///< 0 = off
};

/// Shape of a causal attention over `batch` sequences of `length` tokens; rows of q, k, v are heads · headSize wide.
struct AttentionShape {
    int64_t batch = 0, length = 0, heads = 0, headSize = 0;
};

struct AdamStep {
    double learningRate = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
    double weightDecay = 0;   ///< decoupled
    double correction1 = 1;   ///< 1 − β₁ᵗ
    double correction2 = 1;   ///< 1 − β₂ᵗ
    double gradientScale = 1; ///< from clipping
};

/// The hot loops around the matrix products, compiled once for each instruction set; rows are split over OpenMP threads
/// (static, so a result depends on the thread count only). Row-major; n rows.
template <class T>
struct Kernels {
    /// rows (n, width) += bias
    void (*addBias)(T *rows, const T *bias, int64_t n, int64_t width);
    /// rows = max(0, rows + bias)
    void (*addBiasRelu)(T *rows, const T *bias, int64_t n, int64_t width);
    /// gradient (n, width) set to 0 where activation is 0
    void (*reluBackward)(T *gradient, const T *activation, int64_t n, int64_t width);
    /// sum (width) += column sums of rows (n, width)
    void (*columnSums)(const T *rows, T *sum, int64_t n, int64_t width);
    /// out = γ·(x − mean)/σ + β, sigma (n) = √(variance + ε)
    void (*layerNorm)(const T *x, const T *gamma, const T *beta, double epsilon, int64_t n, int64_t d, T *out,
                      T *sigma);
    /// dx += LN backward of dOut; dGamma, dBeta += their gradients
    void (*layerNormBackward)(const T *dOut, const T *x, const T *gamma, const T *sigma, int64_t n, int64_t d, T *dx,
                              T *dGamma, T *dBeta);
    /// pattern (B, H, T, T) = softmax(q·kᵀ/√s) below the diagonal; out (n, H·s) = dropout(pattern)·v
    void (*attention)(const T *q, const T *k, const T *v, const AttentionShape &shape, DropoutStream dropout,
                      T *pattern, T *out);
    /// dq, dk, dv (n, H·s), overwritten, from dOut and what attention() computed
    void (*attentionBackward)(const T *q, const T *k, const T *v, const T *pattern, const T *dOut,
                              const AttentionShape &shape, DropoutStream dropout, T *dq, T *dk, T *dv);
    /// rows (n, width) multiplied by the dropout mask and 1 / (1 − rate); element indices start at 0
    void (*dropout)(T *rows, int64_t n, int64_t width, DropoutStream dropout);
    /// In place: rows of logits (n, V) become scale · (softmax − onehot(target)); loss[i] = −log p(target)
    void (*softmaxCrossEntropy)(T *rows, const int32_t *targets, int64_t n, int64_t vocab, double scale, double *loss);
    /// loss[i] = −log p(target) of logits rows (n, V), unchanged
    void (*crossEntropy)(const T *rows, const int32_t *targets, int64_t n, int64_t vocab, double *loss);
    /// divergence[i] = KL(softmax(p row i) ‖ softmax(q row i)) of logits (n, V)
    void (*klDivergence)(const T *p, const T *q, int64_t n, int64_t vocab, double *divergence);
    double (*sumOfSquares)(const T *x, int64_t n);
    void (*adam)(T *weights, const T *gradient, T *first, T *second, int64_t n, const AdamStep &step);
    /// out (n) = x rounded to the nearest bfloat16, ties to even; a NaN stays one
    void (*roundToBFloat16)(const T *x, BFloat16 *out, int64_t n);
    /// out (n) = x, exactly; on the calling thread
    void (*widen)(const BFloat16 *x, T *out, int64_t n);
    /// y += a · x (d), on the calling thread
    void (*axpy)(T a, const T *x, T *y, int64_t d);
    /// out (n, width) += rows (n, width), each multiplied element by element with weights (width); on the calling
    /// thread
    void (*addScaledRows)(const T *rows, const T *weights, int64_t n, int64_t width, T *out);
    /// Σ x·y (d), on the calling thread
    T (*dot)(const T *x, const T *y, int64_t d);
};

/// The kernels for this processor, chosen once.
template <class T>
const Kernels<T> &kernels();
/// "avx512", "avx2" or "generic".
const char *kernelInstructionSet();

} // namespace tt
