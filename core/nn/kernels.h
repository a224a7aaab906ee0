#pragma once

#include "core/nn/bfloat16.h"

#include <cstdint>

namespace tt {

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
    /// out = γ·(x − mean)/σ + β, sigma (n) = √(variance + ε)
    void (*layerNorm)(const T *x, const T *gamma, const T *beta, double epsilon, int64_t n, int64_t d, T *out,
                      T *sigma);
    /// pattern (B, H, T, T) = softmax(q·kᵀ/√s) below the diagonal; out (n, H·s) = pattern·v
    void (*attention)(const T *q, const T *k, const T *v, const AttentionShape &shape, T *pattern, T *out);
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
    /// y (rows) = W (rows, d) · x + beta · y: a product that only reads, one matrix row after the other
    void (*matrixTimesVector)(const T *w, const T *x, int64_t rows, int64_t d, T beta, T *y);
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
