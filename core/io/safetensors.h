#pragma once

#include "core/io/file.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tt {

enum class DType { Bool, U8, I8, U16, I16, U32, I32, U64, I64, BF16, F16, F32, F64 };

/// The name safetensors gives a type ("F32") and its size in bytes.
std::string_view dtypeName(DType type);
size_t dtypeSize(DType type);
/// "[4, 3]"
std::string shapeText(const std::vector<int64_t> &shape);
/// Little-endian numbers as floats, from F64, F32, F16 or BF16. `what` names them in errors; throws Error for another
/// type, a NaN or an infinity.
std::vector<float> floatValues(DType type, std::span<const std::byte> data, const std::string &what);

/// A tensor inside an open file; `data` lives as long as the file.
struct TensorView {
    std::string name;
    DType dtype = DType::F32;
    std::vector<int64_t> shape;
    std::span<const std::byte> data;
};

/// An open safetensors file, mapped and checked: header length, JSON, offsets, overlaps, sizes. Throws Error where a
/// file is cut short or lies (format: 8 bytes little-endian header length, JSON, data).
class SafetensorsFile {
public:
    explicit SafetensorsFile(std::filesystem::path path);

    [[nodiscard]] const std::vector<TensorView> &tensors() const { return tensors_; }
    [[nodiscard]] const std::map<std::string, std::string> &metadata() const { return metadata_; }
    [[nodiscard]] const TensorView *find(std::string_view name) const;
    /// The tensor as floats (from F64, F32, F16 or BF16). Throws Error where it is missing, has another shape or holds
    /// a NaN or infinity.
    [[nodiscard]] std::vector<float> floats(std::string_view name, const std::vector<int64_t> &shape) const;

private:
    std::filesystem::path path_;
    MappedFile file_;
    std::vector<TensorView> tensors_;
    std::map<std::string, std::string> metadata_;
};

/// A tensor to be written; `data` must outlive the call.
struct TensorToWrite {
    std::string name;
    DType dtype = DType::F32;
    std::vector<int64_t> shape;
    std::span<const std::byte> data;
};

inline TensorToWrite floatTensor(std::string name, std::vector<int64_t> shape, std::span<const float> values) {
    return {std::move(name), DType::F32, std::move(shape), std::as_bytes(values)};
}

/// Writes a safetensors file atomically, tensors in the order given.
void writeSafetensors(const std::filesystem::path &path, std::span<const TensorToWrite> tensors,
                      const std::map<std::string, std::string> &metadata = {});

} // namespace tt
