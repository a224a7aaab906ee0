#pragma once

#include "core/nn/bfloat16.h"
#include "core/nn/kernels.h"

#include <cstdint>

namespace tt {

/// The hot loops of a transcoder's features, compiled once for each instruction set. All run on the calling thread.
template <class T>
struct SparseKernels {
    /// Size of a tile of pre-activations, which stays in registers while it is computed: features × tokens.
    int64_t tileFeatures, tileTokens;
    /// packed (d, tileTokens) = the transpose of x (rows, d), rows ≤ tileTokens; columns beyond are 0.
    void (*packTokens)(const T *x, int64_t rows, int64_t d, T *packed);
    /// out (tileFeatures, tileTokens) = W·x + bias of `features` ≤ tileFeatures rows of W (features, d) and their
    /// biases.
    void (*tile)(const T *weights, const T *bias, int64_t features, const T *packed, int64_t d, T *out);
    /// The same of bfloat16 factors, sums in float32; d even, packed (d / 2, tileTokens, 2). Null in a set without
    /// bfloat16 instructions; where it is not null the processor may still lack them (hasFastBFloat16()).
    void (*packTokensBFloat16)(const BFloat16 *x, int64_t rows, int64_t d, BFloat16 *packed);
    void (*tileBFloat16)(const BFloat16 *weights, const T *bias, int64_t features, const BFloat16 *packed, int64_t d,
                         T *out);
    /// Bit t is set where values[t] > bounds[t], t < tileTokens.
    uint64_t (*exceeding)(const T *values, const T *bounds);
    /// One step of Adam over n values. gradient may be null: zeros, the moments decay and still move the weights.
    void (*adam)(T *weights, const T *gradient, T *first, T *second, int64_t n, const AdamStep &step);
};

template <class T>
const SparseKernels<T> &sparseKernels();

} // namespace tt
