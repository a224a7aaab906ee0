#pragma once

#include "core/io/safetensors.h"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace tt {

/// A tensor that a pickle describes: its elements lie in a storage of the checkpoint.
struct PickledTensor {
    DType dtype = DType::F32;
    std::string storage; ///< key of the storage
    int64_t storageElements = 0;
    int64_t offset = 0;                 ///< first element in the storage
    std::vector<int64_t> shape, stride; ///< in elements
};

/// A plain value of a pickle. Values are shared, as Python shares them, and may contain each other: walk only as deep
/// as what you look for is.
struct PickleValue {
    enum class Kind { None, Bool, Integer, Real, Text, Bytes, List, Tuple, Dict, Tensor, Name, Storage };
    Kind kind = Kind::None;
    int64_t integer = 0; ///< Integer; Bool: 0 or 1
    double real = 0;
    std::string text;                            ///< Text, Bytes; Name: "torch.FloatStorage"
    std::vector<const PickleValue *> items;      ///< List, Tuple; Dict: keys and values in turn
    std::unique_ptr<const PickledTensor> tensor; ///< Tensor; Storage: dtype, storage and storageElements

    /// The value of a text key of a Dict, the last where it is there twice; null where there is none.
    [[nodiscard]] const PickleValue *find(std::string_view key) const;
    [[nodiscard]] bool isDict() const { return kind == Kind::Dict; }
};

/// Reads a pickle (protocols 2 to 5) that holds plain values and tensors, and executes nothing: there is no way from a
/// name in the file to anything of this program or of Python. The names that mean something are
/// collections.OrderedDict, torch.Size, torch._utils._rebuild_tensor_v2, torch._utils._rebuild_parameter and torch's
/// storage classes; any other is refused, by name, where it first occurs. Bounded: at most `mostBytes` of pickle and
/// `mostValues` values, no recursion.
class Pickle {
public:
    static constexpr size_t mostBytes = size_t{16} << 20;
    static constexpr size_t mostValues = 1'000'000;

    /// `what` names the file in errors. Throws Error for anything else than such a pickle.
    Pickle(std::string_view bytes, const std::string &what);
    [[nodiscard]] const PickleValue &root() const { return *root_; }

private:
    std::deque<PickleValue> values_; ///< owns them all: a pickle can make cycles
    const PickleValue *root_ = nullptr;
};

} // namespace tt
