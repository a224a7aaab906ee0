// Compiled once for each instruction set, with TT_ISA naming it; includes nothing, for the reason given in
// kernels_isa.cpp.
#include "core/nn/sparse_kernels.h"

namespace tt::TT_ISA {

namespace {

/// What the k-th largest value of a row plus bias reaches at least: the k-th largest of 64 maxima, each over every
/// 64th element. 0 where that says nothing.
template <class T>
inline T lowerBoundOfKth(const T *row, const T *bias, int64_t width, int64_t k) {
    constexpr int64_t lanes = 64;
    if (k < 1 || k > lanes / 2 || width < 4 * lanes)
        return 0;
    T largest[lanes];
    for (int64_t i = 0; i < lanes; ++i)
        largest[i] = row[i] + bias[i];
    for (int64_t first = lanes; first + lanes <= width; first += lanes)
        for (int64_t i = 0; i < lanes; ++i) {
            const T value = row[first + i] + bias[first + i];
            largest[i] = largest[i] > value ? largest[i] : value;
        }
    T best[lanes / 2]; // the k largest maxima, largest first
    int64_t count = 0;
    for (int64_t i = 0; i < lanes; ++i) {
        if (count == k && !(largest[i] > best[k - 1]))
            continue;
        int64_t at = count < k ? count++ : k - 1;
        for (; at > 0 && best[at - 1] < largest[i]; --at)
            best[at] = best[at - 1];
        best[at] = largest[i];
    }
    const T bound = best[k - 1] * (1 - T{1} / 1024 / 1024); // a little below, so that `>` lets equals through
    return bound > 0 && bound < best[k - 1] ? bound : 0;
}

/// Keeps the best k of one row in `indices` and `values`, largest first, ties by index.
template <class T>
inline int64_t bestOfRow(const T *row, const T *bias, int64_t width, int64_t k, int32_t *indices, T *values) {
    constexpr int64_t block = 16;
    int64_t count = 0;
    T bound = lowerBoundOfKth(row, bias, width, k); // what a value must exceed
    T shifted[block];
    for (int64_t first = 0; first < width; first += block) {
        const int64_t size = first + block < width ? block : width - first;
        int above = 0;
        for (int64_t i = 0; i < size; ++i) {
            shifted[i] = row[first + i] + bias[first + i];
            above |= shifted[i] > bound;
        }
        if (!above)
            continue;
        for (int64_t i = 0; i < size; ++i) {
            if (!(shifted[i] > bound))
                continue;
            int64_t at = count < k ? count++ : k - 1;
            for (; at > 0 && values[at - 1] < shifted[i]; --at) {
                values[at] = values[at - 1];
                indices[at] = indices[at - 1];
            }
            values[at] = shifted[i];
            indices[at] = static_cast<int32_t>(first + i);
            if (count == k)
                bound = values[k - 1];
        }
    }
    return count;
}

template <class T>
inline void sortByIndex(int32_t *indices, T *values, int64_t count) {
    for (int64_t i = 1; i < count; ++i) {
        const int32_t index = indices[i];
        const T value = values[i];
        int64_t at = i;
        for (; at > 0 && indices[at - 1] > index; --at) {
            indices[at] = indices[at - 1];
            values[at] = values[at - 1];
        }
        indices[at] = index;
        values[at] = value;
    }
}

template <class T>
int64_t topK(const T *row, const T *bias, int64_t width, int64_t k, int32_t *indices, T *values) {
    const int64_t count = bestOfRow(row, bias, width, k, indices, values);
    sortByIndex(indices, values, count);
    return count;
}

template <class T>
int64_t above(const T *row, const T *bias, const T *bounds, T bound, int64_t width, int32_t *indices, T *values) {
    constexpr int64_t block = 64;
    int64_t count = 0;
    T shifted[block], limits[block];
    for (int64_t i = 0; i < block; ++i)
        limits[i] = bound;
    for (int64_t first = 0; first < width; first += block) {
        const int64_t size = first + block < width ? block : width - first;
        const T *limit = bounds ? bounds + first : limits;
        int some = 0;
        for (int64_t i = 0; i < size; ++i) {
            shifted[i] = row[first + i] + bias[first + i];
            some |= shifted[i] > limit[i];
        }
        for (int64_t i = 0; some && i < size; ++i)
            if (shifted[i] > limit[i]) {
                indices[count] = static_cast<int32_t>(first + i);
                values[count++] = shifted[i];
            }
    }
    return count;
}

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
    return {.topK = topK<T>, .above = above<T>, .adam = adam<T>};
}

} // namespace

extern const SparseKernels<float> floatSparseKernels;
extern const SparseKernels<double> doubleSparseKernels;
const SparseKernels<float> floatSparseKernels = table<float>();
const SparseKernels<double> doubleSparseKernels = table<double>();

} // namespace tt::TT_ISA
