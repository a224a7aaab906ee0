#include "core/io/half.h"

#include "core/error.h"

#include <bit>
#include <cmath>

namespace tt {

uint16_t toHalf(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
    const float size = std::abs(value);
    if (!(size < 65'520.0f)) // the first that rounds beyond the largest; also infinity and NaN
        return static_cast<uint16_t>(sign | (std::isnan(value) ? 0x7e00u : 0x7c00u));
    if (size < 0x1p-14f) // subnormal: a multiple of 2^-24, and the sum rounds to it
        return static_cast<uint16_t>(sign | static_cast<uint16_t>(std::nearbyint(size * 0x1p24f)));
    const uint32_t rounded = std::bit_cast<uint32_t>(size) + 0xfffu + ((bits >> 13) & 1u); // ties to even
    return static_cast<uint16_t>(sign | ((rounded - (112u << 23)) >> 13));                 // bias 127 becomes 15
}

HalfTensor::HalfTensor(std::string name, std::vector<int64_t> shape, std::span<const float> values)
    : name_(std::move(name)), shape_(std::move(shape)), halves_(values.size()) {
    for (size_t i = 0; i < values.size(); ++i) {
        halves_[i] = toHalf(values[i]);
        if ((halves_[i] & 0x7c00u) == 0x7c00u)
            throw Error("\"" + name_ + "\" holds " + std::to_string(values[i]) +
                        ", which is too large for half precision. Keep this file in float32.");
    }
}

TensorToWrite HalfTensor::tensor() const {
    return {name_, DType::F16, shape_, std::as_bytes(std::span(halves_))};
}

void writeAsHalf(const std::filesystem::path &from, const std::filesystem::path &to) {
    const SafetensorsFile file(from);
    std::vector<HalfTensor> halves;
    halves.reserve(file.tensors().size()); // the tensors look into them
    std::vector<TensorToWrite> tensors;
    for (const TensorView &view : file.tensors()) {
        if (view.dtype != DType::F32) {
            tensors.push_back({view.name, view.dtype, view.shape, view.data});
            continue;
        }
        halves.emplace_back(view.name, view.shape, file.floats(view.name, view.shape));
        tensors.push_back(halves.back().tensor());
    }
    writeSafetensors(to, tensors, file.metadata());
}

} // namespace tt
