#pragma once

#include "core/io/pickle.h"

#include <unordered_map>

namespace tt {

/// The stack machine that a pickle is a program for (Python's pickletools.py describes its instructions), without the
/// instructions that call anything.
class PickleMachine {
public:
    /// New values are added to `values`.
    PickleMachine(std::string_view bytes, const std::string &what, std::deque<PickleValue> &values)
        : bytes_(bytes), what_(what), values_(values) {}
    const PickleValue *run();

private:
    using Value = PickleValue *;
    enum class Op : uint8_t;

    // Each carries out one group of instructions; false: `op` is none of them.
    bool constant(Op op);
    bool text(Op op);
    bool stack(Op op);
    bool container(Op op);
    bool memo(Op op);
    bool name(Op op);
    void call();       ///< REDUCE
    void build();      ///< BUILD
    void persistent(); ///< BINPERSID: a storage

    template <class T>
    T number();
    std::string_view take(uint64_t count);
    std::string_view line();
    Value make(PickleValue::Kind kind);
    Value pushNew(PickleValue::Kind kind);
    void pushInteger(int64_t value);
    void pushText(PickleValue::Kind kind, uint64_t count);
    void pushName(std::string_view module, std::string_view name);
    void pushTuple(size_t count);
    Value pop();
    Value top();
    std::vector<Value> popToMark();
    void append(PickleValue::Kind kind, const std::vector<Value> &items);
    void remember(uint32_t key);
    [[noreturn]] void fail(const std::string &why) const;
    [[noreturn]] void failAsDamaged() const;

    std::string_view bytes_;
    const std::string &what_;
    std::deque<PickleValue> &values_;
    size_t at_ = 0;
    std::vector<Value> stack_;
    std::vector<size_t> marks_;
    std::unordered_map<uint32_t, Value> memo_;
};

/// Whether a pickle may name this: "collections.OrderedDict", "torch.FloatStorage", …
bool isKnownName(std::string_view name);
/// The type of a storage class's elements; nothing for another name.
std::optional<DType> storageType(std::string_view name);
/// Calls one of the known names, in our own words: fills `result` from `arguments`. False where they are not what that
/// name takes.
bool callKnownName(std::string_view name, const std::vector<const PickleValue *> &arguments, PickleValue &result);

} // namespace tt
