#pragma once

#include "core/nn/kernels.h"

#include <cstdint>

namespace tt {

/// The hot loops of a transcoder's features, compiled once for each instruction set. All run on the calling thread.
template <class T>
struct SparseKernels {
    /// The at most k largest values > 0 of a row (width) plus bias (width): indices ascending and values, both of room
    /// for k. Ties go to the smaller index. Returns how many.
    int64_t (*topK)(const T *row, const T *bias, int64_t width, int64_t k, int32_t *indices, T *values);
    /// The values of a row plus bias that exceed `bounds` (width; null: `bound`): indices ascending and values, both of
    /// room for width. Returns how many.
    int64_t (*above)(const T *row, const T *bias, const T *bounds, T bound, int64_t width, int32_t *indices, T *values);
    /// One step of Adam over n values. gradient may be null: zeros, the moments decay and still move the weights.
    void (*adam)(T *weights, const T *gradient, T *first, T *second, int64_t n, const AdamStep &step);
};

template <class T>
const SparseKernels<T> &sparseKernels();

} // namespace tt
