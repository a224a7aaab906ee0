// Compiled once for each instruction set, with TT_ISA naming it. Includes nothing whose inline functions another file
// could share: the linker might then take this file's copy, with instructions the processor lacks.
#include "core/nn/kernels.h"

namespace tt::TT_ISA {

namespace {

// --- exponential -----------------------------------------------------------------------------------------------------

inline double exponential(double x) {
    return __builtin_exp(x);
}

/// eˣ to about 1e-7, relative, for x ≤ 0 (softmax): 2ⁿ·p(r) with r = x − n·ln 2 and a polynomial of degree 6.
inline float exponential(float x) {
    x = x < -87.0f ? -87.0f : x;
    const float n = __builtin_rintf(x * 1.44269504f);
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    union {
        int32_t bits;
        float value;
    } scale;
    scale.bits = (static_cast<int32_t>(n) + 127) << 23;
    return p * scale.value;
}

// --- dropout ---------------------------------------------------------------------------------------------------------

/// Keeps element `index` of the stream? A 32-bit finaliser (the constants of MurmurHash3) of index and seed.
inline uint32_t maskHash(uint32_t index, uint32_t seed) {
    uint32_t h = index * 0x9e3779b1u ^ seed;
    h = (h ^ (h >> 16)) * 0x85ebca6bu;
    h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    return h ^ (h >> 16);
}

inline uint32_t dropBelow(const DropoutStream &stream) {
    return static_cast<uint32_t>(static_cast<double>(stream.rate) * 4294967296.0);
}

template <class T>
inline void dropoutRow(T *row, int64_t first, int64_t width, const DropoutStream &stream) {
    const uint32_t bound = dropBelow(stream);
    const T scale = T(1) / (T(1) - T(stream.rate));
    const uint32_t base = static_cast<uint32_t>(first);
    for (int64_t i = 0; i < width; ++i)
        row[i] = maskHash(base + static_cast<uint32_t>(i), stream.seed) < bound ? T(0) : row[i] * scale;
}

template <class T>
void dropout(T *rows, int64_t n, int64_t width, DropoutStream stream) {
    if (stream.rate <= 0)
        return;
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < n; ++r)
        dropoutRow(rows + r * width, r * width, width, stream);
}

// --- rows ------------------------------------------------------------------------------------------------------------

template <class T>
void addBias(T *rows, const T *bias, int64_t n, int64_t width) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < n; ++r)
        for (int64_t i = 0; i < width; ++i)
            rows[r * width + i] += bias[i];
}

template <class T>
void addBiasRelu(T *rows, const T *bias, int64_t n, int64_t width) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < n; ++r)
        for (int64_t i = 0; i < width; ++i) {
            const T value = rows[r * width + i] + bias[i];
            rows[r * width + i] = value > 0 ? value : (value == value ? T(0) : value); // a NaN stays one
        }
}

template <class T>
void reluBackward(T *gradient, const T *activation, int64_t n, int64_t width) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < n; ++r)
        for (int64_t i = r * width; i < (r + 1) * width; ++i)
            gradient[i] = activation[i] > 0 ? gradient[i] : T(0);
}

template <class T>
void columnSums(const T *rows, T *sum, int64_t n, int64_t width) {
    constexpr int64_t block = 64; // columns a thread owns: no two threads write one place
#pragma omp parallel for schedule(static)
    for (int64_t first = 0; first < width; first += block) {
        const int64_t last = first + block < width ? first + block : width;
        for (int64_t r = 0; r < n; ++r)
            for (int64_t i = first; i < last; ++i)
                sum[i] += rows[r * width + i];
    }
}

// --- layer norm ------------------------------------------------------------------------------------------------------

template <class T>
inline T meanOf(const T *x, int64_t d) {
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < d; ++i)
        sum += x[i];
    return sum / T(d);
}

template <class T>
void layerNorm(const T *x, const T *gamma, const T *beta, double epsilon, int64_t n, int64_t d, T *out, T *sigma) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < n; ++r) {
        const T *row = x + r * d;
        T *to = out + r * d;
        const T mean = meanOf(row, d);
        T squares = 0;
#pragma omp simd reduction(+ : squares)
        for (int64_t i = 0; i < d; ++i)
            squares += (row[i] - mean) * (row[i] - mean);
        const T s = static_cast<T>(__builtin_sqrt(static_cast<double>(squares) / static_cast<double>(d) + epsilon));
        sigma[r] = s;
        const T inverse = T(1) / s;
        for (int64_t i = 0; i < d; ++i)
            to[i] = gamma[i] * ((row[i] - mean) * inverse) + beta[i];
    }
}

/// dx += (1/σ)(I − 11ᵀ/d − x̂x̂ᵀ/d)(γ ⊙ dOut), x̂ = (x − mean)/σ.
template <class T>
inline void layerNormBackwardRow(const T *dOut, const T *x, const T *gamma, T sigma, int64_t d, T *dx) {
    const T mean = meanOf(x, d), inverse = T(1) / sigma;
    T sum = 0, along = 0;
#pragma omp simd reduction(+ : sum, along)
    for (int64_t i = 0; i < d; ++i) {
        const T g = gamma[i] * dOut[i];
        sum += g;
        along += g * ((x[i] - mean) * inverse);
    }
    sum /= T(d);
    along /= T(d);
    for (int64_t i = 0; i < d; ++i)
        dx[i] += inverse * (gamma[i] * dOut[i] - sum - (x[i] - mean) * inverse * along);
}

template <class T>
void layerNormBackward(const T *dOut, const T *x, const T *gamma, const T *sigma, int64_t n, int64_t d, T *dx,
                       T *dGamma, T *dBeta) {
    constexpr int64_t parts = 16; // fixed, so that sums do not depend on the thread count
    T *partial = new T[static_cast<uint64_t>(parts * 2 * d)]();
#pragma omp parallel for schedule(static)
    for (int64_t part = 0; part < parts; ++part) {
        T *toGamma = partial + part * 2 * d, *toBeta = toGamma + d;
        for (int64_t r = n * part / parts; r < n * (part + 1) / parts; ++r) {
            const T *out = dOut + r * d, *row = x + r * d;
            layerNormBackwardRow(out, row, gamma, sigma[r], d, dx + r * d);
            const T mean = meanOf(row, d), inverse = T(1) / sigma[r];
            for (int64_t i = 0; i < d; ++i) {
                toGamma[i] += out[i] * ((row[i] - mean) * inverse);
                toBeta[i] += out[i];
            }
        }
    }
    for (int64_t part = 0; part < parts; ++part)
        for (int64_t i = 0; i < d; ++i) {
            dGamma[i] += partial[part * 2 * d + i];
            dBeta[i] += partial[part * 2 * d + d + i];
        }
    delete[] partial;
}

// --- attention -------------------------------------------------------------------------------------------------------

/// transposed (s, T) of a head's rows, which lie `width` apart.
template <class T>
inline void transposeHead(const T *rows, int64_t length, int64_t size, int64_t width, T *transposed) {
    for (int64_t j = 0; j < length; ++j)
        for (int64_t c = 0; c < size; ++c)
            transposed[c * length + j] = rows[j * width + c];
}

/// out[0 … count) = Σ_c a[c] · transposed[c][·]
template <class T>
inline void rowTimesTransposed(const T *a, const T *transposed, int64_t size, int64_t length, int64_t count, T *out) {
    for (int64_t j = 0; j < count; ++j)
        out[j] = 0;
    int64_t c = 0;
    for (; c + 4 <= size; c += 4) {
        const T *t0 = transposed + c * length, *t1 = t0 + length, *t2 = t1 + length, *t3 = t2 + length;
        const T a0 = a[c], a1 = a[c + 1], a2 = a[c + 2], a3 = a[c + 3];
        for (int64_t j = 0; j < count; ++j)
            out[j] += a0 * t0[j] + a1 * t1[j] + a2 * t2[j] + a3 * t3[j];
    }
    for (; c < size; ++c)
        for (int64_t j = 0; j < count; ++j)
            out[j] += a[c] * transposed[c * length + j];
}

/// row[0 … count) = softmax(scale · row)
template <class T>
inline void softmaxRow(T *row, int64_t count, T scale) {
    T largest = row[0];
    for (int64_t j = 1; j < count; ++j)
        largest = row[j] > largest ? row[j] : largest;
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < count; ++j) {
        row[j] = exponential((row[j] - largest) * scale);
        sum += row[j];
    }
    const T inverse = T(1) / sum;
    for (int64_t j = 0; j < count; ++j)
        row[j] *= inverse;
}

template <class T>
inline void weightedSum(const T *weights, const T *rows, int64_t count, int64_t size, int64_t width, T *out) {
    for (int64_t c = 0; c < size; ++c)
        out[c] = 0;
    for (int64_t j = 0; j < count; ++j) {
        const T w = weights[j];
        const T *row = rows + j * width;
        for (int64_t c = 0; c < size; ++c)
            out[c] += w * row[c];
    }
}

template <class T>
inline void copyDropped(const T *from, T *to, int64_t first, int64_t count, const DropoutStream &stream) {
    for (int64_t j = 0; j < count; ++j)
        to[j] = from[j];
    dropoutRow(to, first, count, stream);
}

template <class T>
void attention(const T *q, const T *k, const T *v, const AttentionShape &shape, DropoutStream stream, T *pattern,
               T *out) {
    const int64_t length = shape.length, size = shape.headSize, width = shape.heads * size;
    const T scale = static_cast<T>(1 / __builtin_sqrt(static_cast<double>(size)));
#pragma omp parallel
    {
        T *keys = new T[static_cast<uint64_t>(size * length + length)];
        T *dropped = keys + size * length;
#pragma omp for schedule(static)
        for (int64_t bh = 0; bh < shape.batch * shape.heads; ++bh) {
            const int64_t offset = (bh / shape.heads) * length * width + (bh % shape.heads) * size;
            transposeHead(k + offset, length, size, width, keys);
            for (int64_t i = 0; i < length; ++i) {
                T *row = pattern + (bh * length + i) * length;
                rowTimesTransposed(q + offset + i * width, keys, size, length, i + 1, row);
                softmaxRow(row, i + 1, scale);
                for (int64_t j = i + 1; j < length; ++j)
                    row[j] = 0;
                const T *weights = row;
                if (stream.rate > 0) {
                    copyDropped(row, dropped, (bh * length + i) * length, i + 1, stream);
                    weights = dropped;
                }
                weightedSum(weights, v + offset, i + 1, size, width, out + offset + i * width);
            }
        }
        delete[] keys;
    }
}

/// Backward of one head. dScores (T) and dropped (T) are scratch; dk and dv must be zero.
template <class T>
inline void attentionBackwardHead(const T *q, const T *k, const T *valuesTransposed, const T *pattern, const T *dOut,
                                  int64_t length, int64_t size, int64_t width, int64_t firstIndex,
                                  const DropoutStream &stream, T *dScores, T *dropped, T *dq, T *dk, T *dv) {
    const T scale = static_cast<T>(1 / __builtin_sqrt(static_cast<double>(size)));
    for (int64_t i = 0; i < length; ++i) {
        const T *row = pattern + i * length, *dRow = dOut + i * width, *query = q + i * width;
        const int64_t count = i + 1;
        rowTimesTransposed(dRow, valuesTransposed, size, length, count, dScores); // d(dropped pattern)
        const T *weights = row;
        if (stream.rate > 0) {
            copyDropped(row, dropped, firstIndex + i * length, count, stream);
            weights = dropped;
            dropoutRow(dScores, firstIndex + i * length, count, stream);
        }
        T along = 0;
#pragma omp simd reduction(+ : along)
        for (int64_t j = 0; j < count; ++j)
            along += row[j] * dScores[j];
        for (int64_t j = 0; j < count; ++j)
            dScores[j] = row[j] * (dScores[j] - along) * scale;
        weightedSum(dScores, k, count, size, width, dq + i * width);
        for (int64_t j = 0; j < count; ++j) {
            const T score = dScores[j], weight = weights[j];
            T *toKey = dk + j * width, *toValue = dv + j * width;
            for (int64_t c = 0; c < size; ++c) {
                toKey[c] += score * query[c];
                toValue[c] += weight * dRow[c];
            }
        }
    }
}

template <class T>
void attentionBackward(const T *q, const T *k, const T *v, const T *pattern, const T *dOut, const AttentionShape &shape,
                       DropoutStream stream, T *dq, T *dk, T *dv) {
    const int64_t length = shape.length, size = shape.headSize, width = shape.heads * size;
#pragma omp parallel
    {
        T *values = new T[static_cast<uint64_t>(size * length + 2 * length)];
        T *dScores = values + size * length, *dropped = dScores + length;
#pragma omp for schedule(static)
        for (int64_t bh = 0; bh < shape.batch * shape.heads; ++bh) {
            const int64_t offset = (bh / shape.heads) * length * width + (bh % shape.heads) * size;
            transposeHead(v + offset, length, size, width, values);
            for (int64_t j = 0; j < length; ++j)
                for (int64_t c = 0; c < size; ++c)
                    dk[offset + j * width + c] = dv[offset + j * width + c] = 0;
            attentionBackwardHead(q + offset, k + offset, values, pattern + bh * length * length, dOut + offset, length,
                                  size, width, bh * length * length, stream, dScores, dropped, dq + offset, dk + offset,
                                  dv + offset);
        }
        delete[] values;
    }
}

// --- loss ------------------------------------------------------------------------------------------------------------

template <class T>
inline T largestOf(const T *row, int64_t n) {
    constexpr int64_t lanes = 32;
    T best[lanes];
    for (int64_t l = 0; l < lanes; ++l)
        best[l] = row[0];
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
        for (int64_t l = 0; l < lanes; ++l)
            best[l] = row[i + l] > best[l] ? row[i + l] : best[l];
    T largest = row[0];
    for (int64_t l = 0; l < lanes; ++l)
        largest = best[l] > largest ? best[l] : largest;
    for (; i < n; ++i)
        largest = row[i] > largest ? row[i] : largest;
    return largest;
}

template <class T>
inline double logSumExp(const T *row, int64_t n) {
    const T largest = largestOf(row, n);
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; ++i)
        sum += exponential(row[i] - largest);
    return __builtin_log(static_cast<double>(sum)) + static_cast<double>(largest);
}

template <class T>
void softmaxCrossEntropy(T *rows, const int32_t *targets, int64_t n, int64_t vocab, double scale, double *loss) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < n; ++r) {
        T *row = rows + r * vocab;
        const T largest = largestOf(row, vocab), atTarget = row[targets[r]];
        T sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < vocab; ++i) {
            row[i] = exponential(row[i] - largest);
            sum += row[i];
        }
        loss[r] = __builtin_log(static_cast<double>(sum)) - static_cast<double>(atTarget - largest);
        const T factor = static_cast<T>(scale) / sum;
        for (int64_t i = 0; i < vocab; ++i)
            row[i] *= factor;
        row[targets[r]] -= static_cast<T>(scale);
    }
}

template <class T>
void crossEntropy(const T *rows, const int32_t *targets, int64_t n, int64_t vocab, double *loss) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < n; ++r)
        loss[r] = logSumExp(rows + r * vocab, vocab) - static_cast<double>(rows[r * vocab + targets[r]]);
}

template <class T>
void klDivergence(const T *p, const T *q, int64_t n, int64_t vocab, double *divergence) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < n; ++r) {
        const T *rowP = p + r * vocab, *rowQ = q + r * vocab;
        const T sumP = static_cast<T>(logSumExp(rowP, vocab)), sumQ = static_cast<T>(logSumExp(rowQ, vocab));
        T sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < vocab; ++i) {
            const T logP = rowP[i] - sumP;
            sum += exponential(logP < 0 ? logP : T(0)) * (logP - (rowQ[i] - sumQ));
        }
        divergence[r] = static_cast<double>(sum);
    }
}

// --- optimiser -------------------------------------------------------------------------------------------------------

template <class T>
double sumOfSquares(const T *x, int64_t n) {
    constexpr int64_t parts = 64; // fixed: the sum does not depend on the thread count
    double partial[parts];
#pragma omp parallel for schedule(static)
    for (int64_t part = 0; part < parts; ++part) {
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = n * part / parts; i < n * (part + 1) / parts; ++i)
            sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
        partial[part] = sum;
    }
    double total = 0;
    for (int64_t part = 0; part < parts; ++part)
        total += partial[part];
    return total;
}

template <class T>
void adam(T *weights, const T *gradient, T *first, T *second, int64_t n, const AdamStep &step) {
    const T beta1 = static_cast<T>(step.beta1), beta2 = static_cast<T>(step.beta2);
    const T scale = static_cast<T>(step.gradientScale), epsilon = static_cast<T>(step.epsilon);
    const T rate = static_cast<T>(step.learningRate / step.correction1);
    const T root = static_cast<T>(1 / __builtin_sqrt(step.correction2));
    const T keep = static_cast<T>(1 - step.learningRate * step.weightDecay);
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < n; ++i) {
        const T g = gradient[i] * scale;
        first[i] = beta1 * first[i] + (1 - beta1) * g;
        second[i] = beta2 * second[i] + (1 - beta2) * g * g;
        const T deviation = static_cast<T>(sizeof(T) == 4 ? __builtin_sqrtf(static_cast<float>(second[i]))
                                                          : __builtin_sqrt(static_cast<double>(second[i])));
        weights[i] = weights[i] * keep - rate * first[i] / (deviation * root + epsilon);
    }
}

// --- bfloat16 --------------------------------------------------------------------------------------------------------

union FloatBits {
    float value;
    uint32_t bits;
};

/// To the nearest, ties to even: half of the last place that stays, less one where that place is even, carries up.
inline BFloat16 rounded(float x) {
    const FloatBits f{.value = x};
    const uint32_t nearest = f.bits + 0x7fffu + ((f.bits >> 16) & 1u);
    const uint32_t quietNan = f.bits | 0x00400000u; // the fraction's upper bits may all be 0
    return {static_cast<uint16_t>((x == x ? nearest : quietNan) >> 16)};
}

inline float wide(BFloat16 x) {
    return FloatBits{.bits = uint32_t{x.bits} << 16}.value;
}

template <class T>
void roundToBFloat16(const T *x, BFloat16 *out, int64_t n) {
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < n; ++i)
        out[i] = rounded(static_cast<float>(x[i]));
}

template <class T>
void widen(const BFloat16 *x, T *out, int64_t n) {
    for (int64_t i = 0; i < n; ++i)
        out[i] = static_cast<T>(wide(x[i]));
}

// --- sparse ----------------------------------------------------------------------------------------------------------

template <class T>
void axpy(T a, const T *x, T *y, int64_t d) {
#pragma omp simd
    for (int64_t i = 0; i < d; ++i)
        y[i] += a * x[i];
}

template <class T>
void addScaledRows(const T *rows, const T *weights, int64_t n, int64_t width, T *out) {
    for (int64_t r = 0; r < n; ++r, rows += width, out += width) {
#pragma omp simd
        for (int64_t i = 0; i < width; ++i)
            out[i] += weights[i] * rows[i];
    }
}

template <class T>
T dot(const T *x, const T *y, int64_t d) {
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < d; ++i)
        sum += x[i] * y[i];
    return sum;
}

template <class T>
constexpr Kernels<T> table() {
    return {.addBias = addBias<T>,
            .addBiasRelu = addBiasRelu<T>,
            .reluBackward = reluBackward<T>,
            .columnSums = columnSums<T>,
            .layerNorm = layerNorm<T>,
            .layerNormBackward = layerNormBackward<T>,
            .attention = attention<T>,
            .attentionBackward = attentionBackward<T>,
            .dropout = dropout<T>,
            .softmaxCrossEntropy = softmaxCrossEntropy<T>,
            .crossEntropy = crossEntropy<T>,
            .klDivergence = klDivergence<T>,
            .sumOfSquares = sumOfSquares<T>,
            .adam = adam<T>,
            .roundToBFloat16 = roundToBFloat16<T>,
            .widen = widen<T>,
            .axpy = axpy<T>,
            .addScaledRows = addScaledRows<T>,
            .dot = dot<T>};
}

} // namespace

extern const Kernels<float> floatKernels;
extern const Kernels<double> doubleKernels;
const Kernels<float> floatKernels = table<float>();
const Kernels<double> doubleKernels = table<double>();

} // namespace tt::TT_ISA
