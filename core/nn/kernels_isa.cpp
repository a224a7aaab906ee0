// Compiled once for each instruction set, with TT_ISA naming it. Includes nothing whose inline functions another file
// could share: the linker might then take this file's copy, with instructions the processor lacks.
#include "core/nn/kernel_math_impl.h"
#include "core/nn/kernels.h"

namespace tt::TT_ISA {

namespace {

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

// --- layer norm ------------------------------------------------------------------------------------------------------

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
void attention(const T *q, const T *k, const T *v, const AttentionShape &shape, T *pattern, T *out) {
    const int64_t length = shape.length, size = shape.headSize, width = shape.heads * size;
    const T scale = static_cast<T>(1 / __builtin_sqrt(static_cast<double>(size)));
#pragma omp parallel
    {
        T *keys = new T[static_cast<uint64_t>(size * length)];
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
                weightedSum(row, v + offset, i + 1, size, width, out + offset + i * width);
            }
        }
        delete[] keys;
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
void matrixTimesVector(const T *w, const T *x, int64_t rows, int64_t d, T beta, T *y) {
    constexpr int64_t smallProduct = 1 << 15; // below, a second thread costs more than it brings
#pragma omp parallel for schedule(static) if (rows * d > smallProduct)
    for (int64_t r = 0; r < rows; ++r) {
        const T product = dot(w + r * d, x, d);
        y[r] = beta == 0 ? product : beta * y[r] + product;
    }
}

template <class T>
constexpr Kernels<T> table() {
    return {.addBias = addBias<T>,
            .addBiasRelu = addBiasRelu<T>,
            .layerNorm = layerNorm<T>,
            .attention = attention<T>,
            .crossEntropy = crossEntropy<T>,
            .klDivergence = klDivergence<T>,
            .sumOfSquares = sumOfSquares<T>,
            .adam = adam<T>,
            .roundToBFloat16 = roundToBFloat16<T>,
            .widen = widen<T>,
            .matrixTimesVector = matrixTimesVector<T>,
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
