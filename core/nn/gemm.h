#pragma once

#include <cstdint>

namespace tt {

enum class Transpose : bool { No, Yes };

/// C = alpha · op(A) · op(B) + beta · C, row-major; op(A) is (m, k), op(B) is (k, n), C is (m, n); lda, ldb, ldc are
/// the row strides as stored. float runs on oneDNN whatever BLAS is installed, double on LibTorch (tests). Uses the
/// calling thread's OpenMP thread count. The only file that includes LibTorch or oneDNN.
template <class T>
void gemm(Transpose transposeA, Transpose transposeB, int64_t m, int64_t n, int64_t k, T alpha, const T *a, int64_t lda,
          const T *b, int64_t ldb, T beta, T *c, int64_t ldc);

/// Y (rows, out) = X (rows, in) · Wᵀ, W (out, in) as PyTorch's Linear, plus `beta` · Y.
template <class T>
void linear(const T *x, const T *w, T *y, int64_t rows, int64_t in, int64_t out, T beta = 0) {
    gemm<T>(Transpose::No, Transpose::Yes, rows, out, in, T{1}, x, in, w, in, beta, y, out);
}

} // namespace tt
