#include "core/io/pickle_machine_impl.h"

#include <algorithm>
#include <array>

namespace tt {

using Kind = PickleValue::Kind;

namespace {
constexpr std::string_view orderedDict = "collections.OrderedDict", size = "torch.Size",
                           rebuildTensor = "torch._utils._rebuild_tensor_v2",
                           rebuildParameter = "torch._utils._rebuild_parameter";

constexpr std::array<std::pair<std::string_view, DType>, 10> storages{{{"torch.FloatStorage", DType::F32},
                                                                       {"torch.DoubleStorage", DType::F64},
                                                                       {"torch.HalfStorage", DType::F16},
                                                                       {"torch.BFloat16Storage", DType::BF16},
                                                                       {"torch.LongStorage", DType::I64},
                                                                       {"torch.IntStorage", DType::I32},
                                                                       {"torch.ShortStorage", DType::I16},
                                                                       {"torch.CharStorage", DType::I8},
                                                                       {"torch.ByteStorage", DType::U8},
                                                                       {"torch.BoolStorage", DType::Bool}}};

constexpr size_t mostDimensions = 64; ///< PyTorch's own limit; a longer list, copied often, would fill the memory

std::optional<std::vector<int64_t>> counts(const PickleValue &value) {
    std::vector<int64_t> numbers;
    if ((value.kind != Kind::Tuple && value.kind != Kind::List) || value.items.size() > mostDimensions)
        return std::nullopt;
    for (const PickleValue *item : value.items) {
        if (item->kind != Kind::Integer || item->integer < 0)
            return std::nullopt;
        numbers.push_back(item->integer);
    }
    return numbers;
}

/// (storage, offset, size, stride, requires_grad, backward_hooks[, metadata])
bool makeTensor(const std::vector<const PickleValue *> &arguments, PickleValue &result) {
    if (arguments.size() < 4 || arguments[0]->kind != Kind::Storage || arguments[1]->kind != Kind::Integer)
        return false;
    const auto shape = counts(*arguments[2]), stride = counts(*arguments[3]);
    if (!shape || !stride || shape->size() != stride->size() || arguments[1]->integer < 0)
        return false;
    auto tensor = std::make_unique<PickledTensor>(*arguments[0]->tensor);
    tensor->offset = arguments[1]->integer;
    tensor->shape = *shape;
    tensor->stride = *stride;
    result.kind = Kind::Tensor;
    result.tensor = std::move(tensor);
    return true;
}

/// (data, requires_grad, backward_hooks)
bool makeParameter(const std::vector<const PickleValue *> &arguments, PickleValue &result) {
    if (arguments.empty() || arguments[0]->kind != Kind::Tensor)
        return false;
    result.kind = Kind::Tensor;
    result.tensor = std::make_unique<PickledTensor>(*arguments[0]->tensor);
    return true;
}

/// (): filled afterwards
bool makeDict(const std::vector<const PickleValue *> &arguments, PickleValue &result) {
    result.kind = Kind::Dict;
    return arguments.empty();
}

bool makeSize(const std::vector<const PickleValue *> &arguments, PickleValue &result) {
    if (arguments.size() != 1 || !counts(*arguments[0]))
        return false;
    result.kind = Kind::Tuple;
    result.items = arguments[0]->items;
    return true;
}

using Maker = bool (*)(const std::vector<const PickleValue *> &, PickleValue &);
constexpr std::array<std::pair<std::string_view, Maker>, 4> makers{
    {{orderedDict, makeDict}, {size, makeSize}, {rebuildTensor, makeTensor}, {rebuildParameter, makeParameter}}};

template <class Table>
auto findIn(const Table &table, std::string_view name) {
    return std::find_if(table.begin(), table.end(), [&](const auto &entry) { return entry.first == name; });
}
} // namespace

std::optional<DType> storageType(std::string_view name) {
    const auto found = findIn(storages, name);
    return found == storages.end() ? std::nullopt : std::optional(found->second);
}

bool isKnownName(std::string_view name) {
    return storageType(name) || findIn(makers, name) != makers.end();
}

bool callKnownName(std::string_view name, const std::vector<const PickleValue *> &arguments, PickleValue &result) {
    const auto found = findIn(makers, name);
    return found != makers.end() && found->second(arguments, result);
}

} // namespace tt
