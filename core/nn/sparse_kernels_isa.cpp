// Compiled once for each instruction set, with TT_ISA naming it; includes only intrinsics, which are always inlined,
// for the reason given in kernels_isa.cpp.
#include "core/nn/sparse_kernels.h"

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

namespace tt::TT_ISA {

namespace {

// --- products --------------------------------------------------------------------------------------------------------

#if defined(__AVX512F__)
constexpr int64_t vectorBytes = 64, tileRows = 8; // 24 sums, 3 inputs and a weight in 32 registers
#elif defined(__AVX2__)
constexpr int64_t vectorBytes = 32, tileRows = 4; // 12 sums, 3 inputs and a weight in 16 registers
#else
constexpr int64_t vectorBytes = 16, tileRows = 4;
#endif
constexpr int64_t tileVectors = 3;

template <class T>
struct Lanes {
    // NOLINTNEXTLINE(modernize-use-using): an alias does not take the attributes of a dependent type
    typedef T Vector __attribute__((vector_size(vectorBytes), may_alias));
    static constexpr int64_t count = vectorBytes / static_cast<int64_t>(sizeof(T));
    static constexpr int64_t tokens = tileVectors * count;
};

template <class T>
void packTokens(const T *x, int64_t rows, int64_t d, T *packed) {
    constexpr int64_t tokens = Lanes<T>::tokens, columns = 16;
    for (int64_t first = 0; first < d; first += columns)
        for (int64_t t = 0; t < tokens; ++t)
            for (int64_t i = first; i < first + columns && i < d; ++i)
                packed[i * tokens + t] = t < rows ? x[t * d + i] : T(0);
}

/// Rows of weights; beyond the last feature the last one again, so that the loop has one length.
template <class W>
struct TileRows {
    const W *row[tileRows];
    TileRows(const W *weights, int64_t features, int64_t d) {
        for (int64_t r = 0; r < tileRows; ++r)
            row[r] = weights + (r < features ? r : features - 1) * d;
    }
};

template <class T>
void tile(const T *weights, const T *bias, int64_t features, const T *packed, int64_t d, T *out) {
    using V = typename Lanes<T>::Vector;
    const TileRows<T> w(weights, features, d);
    const V *x = reinterpret_cast<const V *>(packed);
    V sums[tileRows][tileVectors] = {};
    for (int64_t i = 0; i < d; ++i, x += tileVectors) {
        const V x0 = x[0], x1 = x[1], x2 = x[2];
#pragma GCC unroll 8
        for (int64_t r = 0; r < tileRows; ++r) {
            const V weight = V{} + w.row[r][i];
            sums[r][0] += weight * x0;
            sums[r][1] += weight * x1;
            sums[r][2] += weight * x2;
        }
    }
    V *to = reinterpret_cast<V *>(out);
#pragma GCC unroll 8
    for (int64_t r = 0; r < tileRows; ++r) {
        const T shift = bias[r < features ? r : features - 1];
        for (int64_t v = 0; v < tileVectors; ++v)
            to[r * tileVectors + v] = sums[r][v] + shift;
    }
}

#if defined(__AVX512F__)
constexpr int64_t pairTokens = Lanes<float>::tokens;

void packTokensBFloat16(const BFloat16 *x, int64_t rows, int64_t d, BFloat16 *packed) {
    for (int64_t i = 0; i < d; i += 2)
        for (int64_t t = 0; t < pairTokens; ++t)
            for (int64_t j = 0; j < 2; ++j)
                packed[i * pairTokens + 2 * t + j] = t < rows ? x[t * d + i + j] : BFloat16{};
}

__attribute__((target("avx512bf16"))) void tileBFloat16(const BFloat16 *weights, const float *bias, int64_t features,
                                                        const BFloat16 *packed, int64_t d, float *out) {
    const TileRows<BFloat16> w(weights, features, d);
    __m512 sums[tileRows][tileVectors] = {};
    for (int64_t i = 0; i < d; i += 2, packed += 2 * pairTokens) {
        __m512bh x[tileVectors];
#pragma GCC unroll 3
        for (int64_t v = 0; v < tileVectors; ++v)
            x[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(packed + 32 * v));
#pragma GCC unroll 8
        for (int64_t r = 0; r < tileRows; ++r) {
            int32_t pair;
            __builtin_memcpy(&pair, w.row[r] + i, sizeof pair);
            const __m512bh weight = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
#pragma GCC unroll 3
            for (int64_t v = 0; v < tileVectors; ++v)
                sums[r][v] = _mm512_dpbf16_ps(sums[r][v], weight, x[v]);
        }
    }
#pragma GCC unroll 8
    for (int64_t r = 0; r < tileRows; ++r) {
        const __m512 shift = _mm512_set1_ps(bias[r < features ? r : features - 1]);
        for (int64_t v = 0; v < tileVectors; ++v)
            _mm512_storeu_ps(out + r * pairTokens + 16 * v, _mm512_add_ps(sums[r][v], shift));
    }
}
#endif

// --- selection -------------------------------------------------------------------------------------------------------

#if defined(__AVX512F__)
inline uint64_t exceedingLanes(const float *values, const float *bounds) {
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(values), _mm512_loadu_ps(bounds), _CMP_GT_OQ);
}
inline uint64_t exceedingLanes(const double *values, const double *bounds) {
    return _mm512_cmp_pd_mask(_mm512_loadu_pd(values), _mm512_loadu_pd(bounds), _CMP_GT_OQ);
}
#elif defined(__AVX2__)
inline uint64_t exceedingLanes(const float *values, const float *bounds) {
    const __m256 greater = _mm256_cmp_ps(_mm256_loadu_ps(values), _mm256_loadu_ps(bounds), _CMP_GT_OQ);
    return static_cast<uint64_t>(_mm256_movemask_ps(greater));
}
inline uint64_t exceedingLanes(const double *values, const double *bounds) {
    const __m256d greater = _mm256_cmp_pd(_mm256_loadu_pd(values), _mm256_loadu_pd(bounds), _CMP_GT_OQ);
    return static_cast<uint64_t>(_mm256_movemask_pd(greater));
}
#else
template <class T>
inline uint64_t exceedingLanes(const T *values, const T *bounds) {
    uint64_t bits = 0;
    for (int64_t lane = 0; lane < Lanes<T>::count; ++lane)
        bits |= static_cast<uint64_t>(values[lane] > bounds[lane]) << lane;
    return bits;
}
#endif

template <class T>
uint64_t exceeding(const T *values, const T *bounds) {
    uint64_t bits = 0;
    for (int64_t v = 0; v < tileVectors; ++v)
        bits |= exceedingLanes(values + v * Lanes<T>::count, bounds + v * Lanes<T>::count) << (v * Lanes<T>::count);
    return bits;
}

// --- optimiser -------------------------------------------------------------------------------------------------------

inline float root(float x) {
    return __builtin_sqrtf(x);
}
inline double root(double x) {
    return __builtin_sqrt(x);
}

template <class T, bool hasGradient>
inline void adamRow(T *weights, const T *gradient, T *first, T *second, int64_t n, const AdamStep &step) {
    const T beta1 = static_cast<T>(step.beta1), beta2 = static_cast<T>(step.beta2);
    const T scale = static_cast<T>(step.gradientScale), epsilon = static_cast<T>(step.epsilon);
    const T rate = static_cast<T>(step.learningRate / step.correction1);
    const T inverse = static_cast<T>(1 / __builtin_sqrt(step.correction2));
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
        const T g = hasGradient ? gradient[i] * scale : T(0);
        const T m = beta1 * first[i] + (1 - beta1) * g, v = beta2 * second[i] + (1 - beta2) * g * g;
        first[i] = m;
        second[i] = v;
        weights[i] -= rate * m / (root(v) * inverse + epsilon);
    }
}

template <class T>
void adam(T *weights, const T *gradient, T *first, T *second, int64_t n, const AdamStep &step) {
    if (gradient)
        adamRow<T, true>(weights, gradient, first, second, n, step);
    else
        adamRow<T, false>(weights, gradient, first, second, n, step);
}

template <class T>
constexpr SparseKernels<T> table() {
    return {.tileFeatures = tileRows,
            .tileTokens = Lanes<T>::tokens,
            .packTokens = packTokens<T>,
            .tile = tile<T>,
            .packTokensBFloat16 = nullptr,
            .tileBFloat16 = nullptr,
            .exceeding = exceeding<T>,
            .adam = adam<T>};
}

constexpr SparseKernels<float> floatTable() {
    SparseKernels<float> all = table<float>();
#if defined(__AVX512F__)
    all.packTokensBFloat16 = packTokensBFloat16;
    all.tileBFloat16 = tileBFloat16;
#endif
    return all;
}

} // namespace

extern const SparseKernels<float> floatSparseKernels;
extern const SparseKernels<double> doubleSparseKernels;
const SparseKernels<float> floatSparseKernels = floatTable();
const SparseKernels<double> doubleSparseKernels = table<double>();

} // namespace tt::TT_ISA
