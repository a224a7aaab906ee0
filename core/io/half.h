#pragma once

#include "core/io/safetensors.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tt {

/// IEEE 754 binary16 of a number, rounded to nearest, ties to even; beyond 65,504 infinity, as the format has it.
uint16_t toHalf(float value);

/// Numbers as a safetensors tensor of type F16, with their bytes.
class HalfTensor {
public:
    /// Throws Error where a value does not fit into the type.
    HalfTensor(std::string name, std::vector<int64_t> shape, std::span<const float> values);
    /// Valid as long as this object.
    [[nodiscard]] TensorToWrite tensor() const;

private:
    std::string name_;
    std::vector<int64_t> shape_;
    std::vector<uint16_t> halves_;
};

/// Writes a safetensors file anew with every F32 tensor as F16, the others and the metadata as they are; `to` may be
/// `from`. Throws Error where a value does not fit into F16.
void writeAsHalf(const std::filesystem::path &from, const std::filesystem::path &to);

} // namespace tt
