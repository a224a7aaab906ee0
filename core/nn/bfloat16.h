#pragma once

#include <cstdint>

namespace tt {

/// A bfloat16 as it is stored: the upper half of a float32 (1 sign, 8 exponent, 7 fraction bits). Kernels round to it
/// and widen it, gemm() multiplies it; nothing else computes with it.
struct BFloat16 {
    uint16_t bits = 0;
    bool operator==(const BFloat16 &) const = default;
};

} // namespace tt
