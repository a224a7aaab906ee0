#pragma once

#include "core/nn/gemm.h"
#include "core/nn/gpt_step.h"
#include "core/progress.h"

#include <type_traits>

namespace tt {

constexpr int64_t lossBlockRows = 2048;  // rows whose exponentials are kept at a time: 206 MB of bfloat16 at 50,257
constexpr int64_t vocabularyTile = 1024; // logits made at a time: 8 MB, near the cache

template <class T, class F>
void multiply(Transpose transposeA, Transpose transposeB, int64_t m, int64_t n, int64_t k, const F *a, int64_t lda,
              const F *b, int64_t ldb, T beta, T *c, int64_t ldc) {
    if constexpr (std::is_same_v<T, F>)
        gemm<T>(transposeA, transposeB, m, n, k, T{1}, a, lda, b, ldb, beta, c, ldc);
    else
        gemm(transposeA, transposeB, m, n, k, a, lda, b, ldb, beta, c, ldc);
}

} // namespace tt
