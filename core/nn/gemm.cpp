#include "core/nn/gemm.h"

#include "core/nn/kernels.h"
#include "core/nn/matmul_impl.h"

#include <ATen/ATen.h>

#include <vector>

namespace tt {

namespace {
constexpr int64_t smallProduct = int64_t{1} << 22; // multiplications below which making a primitive does not pay
constexpr int64_t fewRows = 16;                    // below, copying B to another layout does not pay

/// The stored matrix as a tensor of op's shape (rows, columns), sharing memory.
at::Tensor view(const double *data, Transpose transpose, int64_t rows, int64_t columns, int64_t stride) {
    auto *memory = const_cast<double *>(data);
    if (transpose == Transpose::Yes)
        return at::from_blob(memory, {rows, columns}, {1, stride}, at::kDouble);
    return at::from_blob(memory, {rows, columns}, {stride, 1}, at::kDouble);
}

/// The stored rows of a factor, widened, `stride` apart as before.
const float *widened(const BFloat16 *from, int64_t rows, int64_t stride, int64_t width, std::vector<float> &out) {
    out.resize(static_cast<size_t>(rows * stride));
    for (int64_t r = 0; r < rows; ++r)
        kernels<float>().widen(from + r * stride, out.data() + r * stride, width);
    return out.data();
}

void multiplyWidened(const ProductShape &s, const BFloat16 *a, const BFloat16 *b, float *c) {
    static thread_local std::vector<float> wideA, wideB;
    const bool ta = s.transposeA == Transpose::Yes, tb = s.transposeB == Transpose::Yes;
    const float *left = widened(a, ta ? s.k : s.m, s.lda, ta ? s.m : s.k, wideA);
    const float *right = widened(b, tb ? s.n : s.k, s.ldb, tb ? s.k : s.n, wideB);
    multiplyOnce(s, 1.0f, left, right, c);
}
} // namespace

template <>
void gemm<float>(Transpose transposeA, Transpose transposeB, int64_t m, int64_t n, int64_t k, float alpha,
                 const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
    if (m == 0 || n == 0)
        return;
    const ProductShape shape{.transposeA = transposeA,
                             .transposeB = transposeB,
                             .m = m,
                             .n = n,
                             .k = k,
                             .lda = lda,
                             .ldb = ldb,
                             .ldc = ldc,
                             .beta = beta};
    if (alpha != 1 || m < fewRows || m * n * k < smallProduct || !multiply(shape, a, b, c))
        multiplyOnce(shape, alpha, a, b, c);
}

void gemm(Transpose transposeA, Transpose transposeB, int64_t m, int64_t n, int64_t k, const BFloat16 *a, int64_t lda,
          const BFloat16 *b, int64_t ldb, float beta, float *c, int64_t ldc) {
    if (m == 0 || n == 0)
        return;
    const ProductShape shape{.transposeA = transposeA,
                             .transposeB = transposeB,
                             .m = m,
                             .n = n,
                             .k = k,
                             .lda = lda,
                             .ldb = ldb,
                             .ldc = ldc,
                             .beta = beta,
                             .bfloat16 = true};
    if (!hasFastBFloat16() || !multiply(shape, a, b, c))
        multiplyWidened(shape, a, b, c);
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

bool hasFastBFloat16() {
#if defined(__x86_64__)
    static const bool has = __builtin_cpu_supports("avx512bf16");
    return has;
#else
    return false;
#endif
}

} // namespace tt
