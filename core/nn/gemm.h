#pragma once

#include "core/nn/bfloat16.h"

#include <cstdint>

namespace tt {

enum class Transpose : bool { No, Yes };

/// C = alpha · op(A) · op(B) + beta · C, row-major; op(A) is (m, k), op(B) is (k, n), C is (m, n); lda, ldb, ldc are
/// the row strides as stored. float runs on oneDNN whatever BLAS is installed, double on LibTorch (tests). Uses the
/// calling thread's OpenMP thread count; any number of threads may multiply at once.
template <class T>
void gemm(Transpose transposeA, Transpose transposeB, int64_t m, int64_t n, int64_t k, T alpha, const T *a, int64_t lda,
          const T *b, int64_t ldb, T beta, T *c, int64_t ldc);

/// The same with bfloat16 factors: products and sums are float32, alpha is 1. Without bfloat16 instructions
/// (hasFastBFloat16()) the factors are widened and multiplied as float32: the same mathematics at float32's speed.
void gemm(Transpose transposeA, Transpose transposeB, int64_t m, int64_t n, int64_t k, const BFloat16 *a, int64_t lda,
          const BFloat16 *b, int64_t ldb, float beta, float *c, int64_t ldc);

/// Whether this processor multiplies bfloat16 faster than float32 (AVX512_BF16, AMX).
bool hasFastBFloat16();

/// Y (rows, out) = X (rows, in) · Wᵀ, W (out, in) as PyTorch's Linear, plus `beta` · Y.
template <class T>
void linear(const T *x, const T *w, T *y, int64_t rows, int64_t in, int64_t out, T beta = 0) {
    gemm<T>(Transpose::No, Transpose::Yes, rows, out, in, T{1}, x, in, w, in, beta, y, out);
}
inline void linear(const BFloat16 *x, const BFloat16 *w, float *y, int64_t rows, int64_t in, int64_t out,
                   float beta = 0) {
    gemm(Transpose::No, Transpose::Yes, rows, out, in, x, in, w, in, beta, y, out);
}

} // namespace tt
