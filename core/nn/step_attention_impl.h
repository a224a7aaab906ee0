#pragma once

// Attention and its backward, head by head: all of a head's matrices fit the cache. Included by step_kernels_isa.cpp.

#include "core/nn/kernel_math_impl.h"
#include "core/nn/step_kernels.h"

#include <omp.h>

namespace tt::TT_ISA {
namespace {

inline uint32_t dropBelow(const DropoutStream &stream) {
    return static_cast<uint32_t>(static_cast<double>(stream.rate) * 4294967296.0);
}

/// Keeps element `index` of the stream? A 32-bit finaliser (the constants of MurmurHash3) of index and seed.
inline uint32_t maskHash(uint32_t index, uint32_t seed) {
    uint32_t h = index * 0x9e3779b1u ^ seed;
    h = (h ^ (h >> 16)) * 0x85ebca6bu;
    h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    return h ^ (h >> 16);
}

/// to[i] = from[i] dropped or scaled by 1 / (1 − rate); elements are number first … of the stream; to may be from
template <class T>
inline void dropRow(const T *from, T *to, int64_t first, int64_t count, const DropoutStream &stream) {
    const uint32_t bound = dropBelow(stream);
    const T scale = T(1) / (T(1) - T(stream.rate));
    const uint32_t base = static_cast<uint32_t>(first);
#pragma omp simd
    for (int64_t i = 0; i < count; ++i)
        to[i] = maskHash(base + static_cast<uint32_t>(i), stream.seed) < bound ? T(0) : from[i] * scale;
}

inline void store(float x, float &out) {
    out = x;
}
inline void store(double x, double &out) {
    out = x;
}
inline void store(float x, BFloat16 &out) {
    out = rounded(x);
}
inline float load(float x) {
    return x;
}
inline double load(double x) {
    return x;
}
inline float load(BFloat16 x) {
    return wide(x);
}

// --- products of small matrices --------------------------------------------------------------------------------------

/// 64 bytes of T at any address.
template <class T>
struct Vector {
    using Type [[gnu::vector_size(64), gnu::aligned(sizeof(T)), gnu::may_alias]] = T;
    static constexpr int64_t lanes = 64 / sizeof(T);
};

template <class T>
constexpr int64_t paddedTo(int64_t n) {
    return (n + Vector<T>::lanes - 1) / Vector<T>::lanes * Vector<T>::lanes;
}

#if defined(__AVX512F__)
inline constexpr int tileVectors = 4; // 4 rows · 4 vectors of 32 registers
#else
inline constexpr int tileVectors = 1; // a vector is two or four registers here
#endif
inline constexpr int tileRows = 4;

/// A matrix read element by element: (i, k) is at data[i · row + k · step].
template <class T>
struct Strided {
    const T *data;
    int64_t row, step;
};

/// out rows 0 … R, columns 0 … C vectors = Σ_{k0 ≤ k < k1} a(i, k) · b[k]
template <class T, int R, int C>
inline void tile(const Strided<T> &a, const T *b, int64_t strideB, int64_t k0, int64_t k1, T *out, int64_t strideOut) {
    using Type = typename Vector<T>::Type;
    constexpr int64_t lanes = Vector<T>::lanes;
    Type sum[R][C] = {};
    for (int64_t k = k0; k < k1; ++k) {
        const T *row = b + k * strideB;
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) {
            const T factor = a.data[r * a.row + k * a.step];
#pragma GCC unroll 8
            for (int c = 0; c < C; ++c)
                sum[r][c] += factor * *reinterpret_cast<const Type *>(row + c * lanes);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c)
            *reinterpret_cast<Type *>(out + r * strideOut + c * lanes) = sum[r][c];
}

template <class T, int R>
inline void tileRow(const Strided<T> &a, const T *b, int64_t strideB, int64_t n, int64_t k0, int64_t k1, T *out,
                    int64_t strideOut) {
    constexpr int64_t lanes = Vector<T>::lanes;
    int64_t j = 0;
    for (; j + tileVectors * lanes <= n; j += tileVectors * lanes)
        tile<T, R, tileVectors>(a, b + j, strideB, k0, k1, out + j, strideOut);
    if (j + 2 * lanes <= n && tileVectors > 2) {
        tile<T, R, 2>(a, b + j, strideB, k0, k1, out + j, strideOut);
        j += 2 * lanes;
    }
    for (; j < n; j += lanes)
        tile<T, R, 1>(a, b + j, strideB, k0, k1, out + j, strideOut);
}

/// What of a product with a triangular matrix is not zero.
enum class Causal { ColumnsUpToRow, TermsUpToRow, TermsFromRow };

/// out (m, n) = a (m, terms) · b (terms, n), leaving out what `causal` says is zero or not wanted. n and the rows of b
/// and out are padded to whole vectors.
template <class T>
inline void smallProduct(Causal causal, const Strided<T> &a, const T *b, int64_t strideB, int64_t m, int64_t n,
                         int64_t terms, T *out, int64_t strideOut) {
    const auto rows = [&](int64_t i, int64_t count, auto &&work) {
        const int64_t end = i + count;
        const int64_t columns = causal == Causal::ColumnsUpToRow ? paddedTo<T>(end) : n;
        const int64_t k0 = causal == Causal::TermsFromRow ? i : 0, k1 = causal == Causal::TermsUpToRow ? end : terms;
        work(Strided<T>{a.data + i * a.row, a.row, a.step}, columns, k0, k1, out + i * strideOut);
    };
    int64_t i = 0;
    for (; i + tileRows <= m; i += tileRows)
        rows(i, tileRows, [&](const Strided<T> &at, int64_t columns, int64_t k0, int64_t k1, T *to) {
            tileRow<T, tileRows>(at, b, strideB, columns, k0, k1, to, strideOut);
        });
    for (; i < m; ++i)
        rows(i, 1, [&](const Strided<T> &at, int64_t columns, int64_t k0, int64_t k1, T *to) {
            tileRow<T, 1>(at, b, strideB, columns, k0, k1, to, strideOut);
        });
}

// --- attention -------------------------------------------------------------------------------------------------------

/// Where a head's matrices lie in a thread's scratch; T and s padded to whole vectors.
template <class T>
struct HeadScratch {
    int64_t length, size, paddedLength, paddedSize;
    T *transposed;             ///< (s, T)
    T *first, *second, *third; ///< (T, s)
    T *scores, *dropped;       ///< (T, T)

    static int64_t elements(const AttentionShape &shape) {
        const int64_t t = paddedTo<T>(shape.length), s = paddedTo<T>(shape.headSize);
        return shape.headSize * t + 3 * shape.length * s + 2 * shape.length * t;
    }
    HeadScratch(const AttentionShape &shape, T *scratch)
        : length(shape.length), size(shape.headSize), paddedLength(paddedTo<T>(length)), paddedSize(paddedTo<T>(size)),
          transposed(scratch + omp_get_thread_num() * elements(shape)), first(transposed + size * paddedLength),
          second(first + length * paddedSize), third(second + length * paddedSize), scores(third + length * paddedSize),
          dropped(scores + length * paddedLength) {}

    void transpose(const T *rows, int64_t stride) const {
        for (int64_t j = 0; j < length; ++j)
            for (int64_t c = 0; c < size; ++c)
                transposed[c * paddedLength + j] = rows[j * stride + c];
        for (int64_t c = 0; c < size; ++c)
            for (int64_t j = length; j < paddedLength; ++j)
                transposed[c * paddedLength + j] = 0;
    }
    void pack(const T *rows, int64_t stride, T *to) const {
        for (int64_t j = 0; j < length; ++j) {
            for (int64_t c = 0; c < size; ++c)
                to[j * paddedSize + c] = rows[j * stride + c];
            for (int64_t c = size; c < paddedSize; ++c)
                to[j * paddedSize + c] = 0;
        }
    }
    template <class F>
    void unpack(const T *from, F *rows, int64_t stride) const {
        for (int64_t j = 0; j < length; ++j)
#pragma omp simd
            for (int64_t c = 0; c < size; ++c)
                store(from[j * paddedSize + c], rows[j * stride + c]);
    }
};

template <class T>
inline T attentionScale(const AttentionShape &shape) {
    return static_cast<T>(1 / __builtin_sqrt(static_cast<double>(shape.headSize)));
}

template <class T>
int64_t attentionScratch(const AttentionShape &shape) {
    return HeadScratch<T>::elements(shape);
}

template <class T, class F>
void attention(const T *qkv, const AttentionShape &shape, DropoutStream stream, T *pattern, F *out, T *scratch) {
    const int64_t length = shape.length, width = shape.heads * shape.headSize, stride = 3 * width;
#pragma omp parallel for schedule(static)
    for (int64_t bh = 0; bh < shape.batch * shape.heads; ++bh) {
        const HeadScratch<T> s(shape, scratch);
        const int64_t row = (bh / shape.heads) * length, column = (bh % shape.heads) * shape.headSize;
        const T *q = qkv + row * stride + column, *k = q + width, *v = k + width;
        s.transpose(k, stride);
        s.pack(v, stride, s.first);
        smallProduct<T>(Causal::ColumnsUpToRow, {q, stride, 1}, s.transposed, s.paddedLength, length, s.paddedLength,
                        s.size, s.scores, s.paddedLength);
        for (int64_t i = 0; i < length; ++i) {
            T *scores = s.scores + i * s.paddedLength, *kept = pattern + (bh * length + i) * length;
            softmaxRow(scores, i + 1, attentionScale<T>(shape));
            for (int64_t j = i + 1; j < s.paddedLength; ++j)
                scores[j] = 0;
            for (int64_t j = 0; j < length; ++j)
                kept[j] = scores[j];
            if (stream.rate > 0)
                dropRow(scores, scores, (bh * length + i) * length, i + 1, stream);
        }
        smallProduct<T>(Causal::TermsUpToRow, {s.scores, s.paddedLength, 1}, s.first, s.paddedSize, length,
                        s.paddedSize, length, s.second, s.paddedSize);
        s.unpack(s.second, out + row * width + column, width);
    }
}

/// scores: from d(dropped pattern) to d(q·k); dropped: the pattern after dropout.
template <class T>
inline void softmaxBackward(const HeadScratch<T> &s, const T *pattern, int64_t firstIndex, T scale,
                            const DropoutStream &stream) {
    for (int64_t i = 0; i < s.length; ++i) {
        const T *kept = pattern + i * s.length;
        T *scores = s.scores + i * s.paddedLength, *dropped = s.dropped + i * s.paddedLength;
        const int64_t count = i + 1;
        for (int64_t j = 0; j < count; ++j)
            dropped[j] = kept[j];
        if (stream.rate > 0) {
            dropRow(dropped, dropped, firstIndex + i * s.length, count, stream);
            dropRow(scores, scores, firstIndex + i * s.length, count, stream);
        }
        T along = 0;
#pragma omp simd reduction(+ : along)
        for (int64_t j = 0; j < count; ++j)
            along += kept[j] * scores[j];
        for (int64_t j = 0; j < count; ++j)
            scores[j] = kept[j] * (scores[j] - along) * scale;
        for (int64_t j = count; j < s.paddedLength; ++j)
            scores[j] = dropped[j] = 0;
    }
}

template <class T, class F>
void attentionBackward(const T *qkv, const T *pattern, const T *dOut, const AttentionShape &shape, DropoutStream stream,
                       F *dQkv, T *scratch) {
    const int64_t length = shape.length, width = shape.heads * shape.headSize, stride = 3 * width;
#pragma omp parallel for schedule(static)
    for (int64_t bh = 0; bh < shape.batch * shape.heads; ++bh) {
        const HeadScratch<T> s(shape, scratch);
        const int64_t row = (bh / shape.heads) * length, column = (bh % shape.heads) * shape.headSize;
        const T *q = qkv + row * stride + column, *k = q + width, *v = k + width;
        const T *dHead = dOut + row * width + column;
        F *dq = dQkv + row * stride + column, *dk = dq + width, *dv = dk + width;
        s.transpose(v, stride);
        smallProduct<T>(Causal::ColumnsUpToRow, {dHead, width, 1}, s.transposed, s.paddedLength, length, s.paddedLength,
                        s.size, s.scores, s.paddedLength);
        softmaxBackward(s, pattern + bh * length * length, bh * length * length, attentionScale<T>(shape), stream);
        s.pack(dHead, width, s.first);
        smallProduct<T>(Causal::TermsFromRow, {s.dropped, 1, s.paddedLength}, s.first, s.paddedSize, length,
                        s.paddedSize, length, s.third, s.paddedSize);
        s.unpack(s.third, dv, stride);
        s.pack(q, stride, s.first);
        smallProduct<T>(Causal::TermsFromRow, {s.scores, 1, s.paddedLength}, s.first, s.paddedSize, length,
                        s.paddedSize, length, s.third, s.paddedSize);
        s.unpack(s.third, dk, stride);
        s.pack(k, stride, s.second);
        smallProduct<T>(Causal::TermsUpToRow, {s.scores, s.paddedLength, 1}, s.second, s.paddedSize, length,
                        s.paddedSize, length, s.third, s.paddedSize);
        s.unpack(s.third, dq, stride);
    }
}

} // namespace
} // namespace tt::TT_ISA
