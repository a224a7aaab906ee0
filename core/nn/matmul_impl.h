#pragma once

// oneDNN's matmul as a function of plain matrices: primitives are made once for each shape and kept.

#include "core/nn/gemm.h"

namespace tt {

/// C (m, n) = op(A) · op(B) + beta · C of float32 or bfloat16 factors, C always float32.
struct ProductShape {
    Transpose transposeA = Transpose::No, transposeB = Transpose::No;
    int64_t m = 0, n = 0, k = 0;
    int64_t lda = 0, ldb = 0, ldc = 0; ///< row strides as stored
    float beta = 0;
    bool bfloat16 = false;
    int threads = 0; ///< filled in: a primitive is made for a number of threads
    bool operator==(const ProductShape &) const = default;
};

/// False where oneDNN has no such product on this processor. Primitives, stream and scratchpad belong to the calling
/// thread.
bool multiply(ProductShape shape, const void *a, const void *b, float *c);

/// C = alpha · op(A) · op(B) + beta · C of float32 by oneDNN's BLAS-like call, which keeps nothing.
void multiplyOnce(const ProductShape &shape, float alpha, const float *a, const float *b, float *c);

} // namespace tt
