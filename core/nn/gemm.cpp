#include "core/nn/gemm.h"

#include "core/error.h"

#include <ATen/ATen.h>
#include <dnnl.h>

namespace tt {

namespace {
char letter(Transpose transpose) {
    return transpose == Transpose::Yes ? 'T' : 'N';
}

/// The stored matrix as a tensor of op's shape (rows, columns), sharing memory.
at::Tensor view(const double *data, Transpose transpose, int64_t rows, int64_t columns, int64_t stride) {
    auto *memory = const_cast<double *>(data);
    if (transpose == Transpose::Yes)
        return at::from_blob(memory, {rows, columns}, {1, stride}, at::kDouble);
    return at::from_blob(memory, {rows, columns}, {stride, 1}, at::kDouble);
}
} // namespace

template <>
void gemm<float>(Transpose transposeA, Transpose transposeB, int64_t m, int64_t n, int64_t k, float alpha,
                 const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
    if (m == 0 || n == 0)
        return;
    const dnnl_status_t status =
        dnnl_sgemm(letter(transposeA), letter(transposeB), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    if (status != dnnl_success)
        throw Error("A matrix product of " + std::to_string(m) + " x " + std::to_string(k) + " x " + std::to_string(n) +
                    " failed in oneDNN (status " + std::to_string(status) + "); most likely memory ran out.");
}

template <>
void gemm<double>(Transpose transposeA, Transpose transposeB, int64_t m, int64_t n, int64_t k, double alpha,
                  const double *a, int64_t lda, const double *b, int64_t ldb, double beta, double *c, int64_t ldc) {
    if (m == 0 || n == 0)
        return;
    const at::NoGradGuard noGrad;
    at::Tensor result = view(c, Transpose::No, m, n, ldc);
    const at::Tensor product = at::mm(view(a, transposeA, m, k, lda), view(b, transposeB, k, n, ldb));
    if (beta == 0) // C may hold anything, NaN too
        result.zero_();
    else
        result.mul_(beta);
    result.add_(product, alpha);
}

} // namespace tt
