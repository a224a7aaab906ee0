#pragma once

// What the files compiled for each instruction set share. Everything is in a namespace of that set (TT_ISA) and of the
// file: the linker must not take one set's copy for another's.

#include "core/nn/bfloat16.h"

#include <cstdint>

namespace tt::TT_ISA {
namespace {

union FloatBits {
    float value;
    uint32_t bits;
};

inline double exponential(double x) {
    return __builtin_exp(x);
}

/// eˣ to about 1e-7, relative, for x ≤ 88: 2ⁿ·p(r) with r = x − n·ln 2 and a polynomial of degree 6.
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
    const FloatBits scale{.bits = static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23};
    return p * scale.value;
}

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
inline T meanOf(const T *x, int64_t d) {
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < d; ++i)
        sum += x[i];
    return sum / T(d);
}

/// row[0 … count) = softmax(scale · row)
template <class T>
inline void softmaxRow(T *row, int64_t count, T scale) {
    T largest = row[0];
#pragma omp simd reduction(max : largest)
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

} // namespace
} // namespace tt::TT_ISA
