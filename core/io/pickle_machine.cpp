#include "core/io/pickle_machine_impl.h"

#include "core/error.h"
#include "core/io/plain_text_impl.h"

#include <bit>
#include <cstring>

namespace tt {

using Kind = PickleValue::Kind;

/// As pickletools.py names and numbers them.
enum class PickleMachine::Op : uint8_t {
    Mark = '(',
    EmptyTuple = ')',
    Stop = '.',
    Pop = '0',
    PopMark = '1',
    Dup = '2',
    BinBytes = 'B',
    ShortBinBytes = 'C',
    BinFloat = 'G',
    BinInt = 'J',
    BinInt1 = 'K',
    BinInt2 = 'M',
    None = 'N',
    BinPersId = 'Q',
    Reduce = 'R',
    BinString = 'T',
    ShortBinString = 'U',
    BinUnicode = 'X',
    EmptyList = ']',
    Append = 'a',
    Build = 'b',
    Global = 'c',
    Dict = 'd',
    Appends = 'e',
    BinGet = 'h',
    Inst = 'i',
    LongBinGet = 'j',
    List = 'l',
    BinPut = 'q',
    LongBinPut = 'r',
    SetItem = 's',
    Tuple = 't',
    SetItems = 'u',
    EmptyDict = '}',
    Proto = 0x80,
    Tuple1 = 0x85,
    Tuple2 = 0x86,
    Tuple3 = 0x87,
    NewTrue = 0x88,
    NewFalse = 0x89,
    Long1 = 0x8a,
    ShortBinUnicode = 0x8c,
    BinUnicode8 = 0x8d,
    BinBytes8 = 0x8e,
    StackGlobal = 0x93,
    Memoize = 0x94,
    Frame = 0x95
};

namespace {
constexpr uint8_t newestProtocol = 5;
constexpr size_t longestInteger = 8; // bytes
constexpr size_t longestKey = 64;    // of a storage; torch.save counts them

double bigEndianDouble(uint64_t bits) {
    return std::bit_cast<double>(__builtin_bswap64(bits));
}
} // namespace

void PickleMachine::fail(const std::string &why) const {
    throw Error(what_ + " " + why);
}

void PickleMachine::failAsDamaged() const {
    fail("is damaged: what it says of its contents makes no sense (byte " + std::to_string(at_) + ").");
}

std::string_view PickleMachine::take(uint64_t count) {
    if (count > bytes_.size() - at_)
        fail("ends in the middle of what it says of its contents; it was cut short.");
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
}

template <class T>
T PickleMachine::number() {
    T value{};
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
}

std::string_view PickleMachine::line() {
    const size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos)
        fail("ends in the middle of what it says of its contents; it was cut short.");
    const std::string_view text = take(end - at_);
    ++at_;
    return text;
}

PickleMachine::Value PickleMachine::make(Kind kind) {
    if (values_.size() >= Pickle::mostValues)
        fail("describes more than " + std::to_string(Pickle::mostValues) + " values, more than weights ever need.");
    Value value = &values_.emplace_back();
    value->kind = kind;
    return value;
}

PickleMachine::Value PickleMachine::pushNew(Kind kind) {
    stack_.push_back(make(kind));
    return stack_.back();
}

void PickleMachine::pushInteger(int64_t value) {
    pushNew(Kind::Integer)->integer = value;
}

void PickleMachine::pushText(Kind kind, uint64_t count) {
    const std::string_view text = take(count);
    pushNew(kind)->text = text;
}

/// The one place where a name is met. It is refused before anything is made of it.
void PickleMachine::pushName(std::string_view module, std::string_view name) {
    std::string full = std::string(module) + "." + std::string(name);
    if (!isKnownName(full))
        fail("asks for " + plainText(full) +
             ", which is neither a tensor nor a plain value: Python would run it. Nothing was run or imported. If you "
             "trust the file, load it in Python and save only its state_dict().");
    pushNew(Kind::Name)->text = std::move(full);
}

PickleMachine::Value PickleMachine::top() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()))
        failAsDamaged();
    return stack_.back();
}

PickleMachine::Value PickleMachine::pop() {
    Value value = top();
    stack_.pop_back();
    return value;
}

std::vector<PickleMachine::Value> PickleMachine::popToMark() {
    if (marks_.empty())
        failAsDamaged();
    const auto from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Value> items(from, stack_.end());
    stack_.erase(from, stack_.end());
    marks_.pop_back();
    return items;
}

/// To the list or dictionary on top.
void PickleMachine::append(Kind kind, const std::vector<Value> &items) {
    Value container = top();
    if (container->kind != kind || (kind == Kind::Dict && items.size() % 2 != 0))
        failAsDamaged();
    container->items.insert(container->items.end(), items.begin(), items.end());
}

void PickleMachine::pushTuple(size_t count) {
    Value tuple = make(Kind::Tuple);
    tuple->items.resize(count);
    for (size_t i = count; i-- > 0;)
        tuple->items[i] = pop();
    stack_.push_back(tuple);
}

bool PickleMachine::constant(Op op) {
    switch (op) {
    case Op::None:
        pushNew(Kind::None);
        return true;
    case Op::NewTrue:
    case Op::NewFalse:
        pushNew(Kind::Bool)->integer = op == Op::NewTrue ? 1 : 0;
        return true;
    case Op::BinInt:
        pushInteger(number<int32_t>());
        return true;
    case Op::BinInt1:
        pushInteger(number<uint8_t>());
        return true;
    case Op::BinInt2:
        pushInteger(number<uint16_t>());
        return true;
    case Op::Long1: {
        const std::string_view digits = take(number<uint8_t>());
        if (digits.size() > longestInteger)
            fail("holds a whole number of more than 64 bits; weights have none.");
        const bool negative = !digits.empty() && (static_cast<uint8_t>(digits.back()) & 0x80U) != 0;
        uint64_t bits = negative ? ~uint64_t{0} : 0;
        std::memcpy(&bits, digits.data(), digits.size());
        pushInteger(static_cast<int64_t>(bits));
        return true;
    }
    case Op::BinFloat:
        pushNew(Kind::Real)->real = bigEndianDouble(number<uint64_t>());
        return true;
    default:
        return false;
    }
}

bool PickleMachine::text(Op op) {
    switch (op) {
    case Op::ShortBinUnicode:
        pushText(Kind::Text, number<uint8_t>());
        return true;
    case Op::BinUnicode:
        pushText(Kind::Text, number<uint32_t>());
        return true;
    case Op::BinUnicode8:
        pushText(Kind::Text, number<uint64_t>());
        return true;
    case Op::ShortBinString:
    case Op::ShortBinBytes:
        pushText(Kind::Bytes, number<uint8_t>());
        return true;
    case Op::BinString:
    case Op::BinBytes:
        pushText(Kind::Bytes, number<uint32_t>());
        return true;
    case Op::BinBytes8:
        pushText(Kind::Bytes, number<uint64_t>());
        return true;
    default:
        return false;
    }
}

bool PickleMachine::stack(Op op) {
    switch (op) {
    case Op::Mark:
        marks_.push_back(stack_.size());
        return true;
    case Op::Pop:
        pop();
        return true;
    case Op::PopMark:
        popToMark();
        return true;
    case Op::Dup:
        stack_.push_back(top());
        return true;
    default:
        return false;
    }
}

bool PickleMachine::container(Op op) {
    switch (op) {
    case Op::EmptyList:
        pushNew(Kind::List);
        return true;
    case Op::EmptyDict:
        pushNew(Kind::Dict);
        return true;
    case Op::EmptyTuple:
        pushNew(Kind::Tuple);
        return true;
    case Op::Tuple1:
    case Op::Tuple2:
    case Op::Tuple3:
        pushTuple(static_cast<size_t>(op) - static_cast<size_t>(Op::Tuple1) + 1);
        return true;
    case Op::Tuple:
    case Op::List:
    case Op::Dict: {
        const std::vector<Value> items = popToMark();
        const Kind kind = op == Op::Tuple ? Kind::Tuple : op == Op::List ? Kind::List : Kind::Dict;
        pushNew(kind);
        append(kind, items);
        return true;
    }
    case Op::Append: {
        Value item = pop();
        append(Kind::List, {item});
        return true;
    }
    case Op::Appends: {
        const std::vector<Value> items = popToMark();
        append(Kind::List, items);
        return true;
    }
    case Op::SetItem: {
        Value value = pop(), key = pop();
        append(Kind::Dict, {key, value});
        return true;
    }
    case Op::SetItems: {
        const std::vector<Value> items = popToMark();
        append(Kind::Dict, items);
        return true;
    }
    default:
        return false;
    }
}

void PickleMachine::remember(uint32_t key) {
    memo_[key] = top();
}

bool PickleMachine::memo(Op op) {
    switch (op) {
    case Op::BinPut:
        remember(number<uint8_t>());
        return true;
    case Op::LongBinPut:
        remember(number<uint32_t>());
        return true;
    case Op::Memoize:
        remember(static_cast<uint32_t>(memo_.size()));
        return true;
    case Op::BinGet:
    case Op::LongBinGet: {
        const auto found = memo_.find(op == Op::BinGet ? number<uint8_t>() : number<uint32_t>());
        if (found == memo_.end())
            failAsDamaged();
        stack_.push_back(found->second);
        return true;
    }
    default:
        return false;
    }
}

bool PickleMachine::name(Op op) {
    switch (op) {
    case Op::Global:
    case Op::Inst: { // INST would also call it: its arguments are never looked at
        const std::string_view module = line(), name = line();
        pushName(module, name);
        if (op == Op::Inst)
            failAsDamaged();
        return true;
    }
    case Op::StackGlobal: {
        const Value name = pop(), module = pop();
        if (name->kind != Kind::Text || module->kind != Kind::Text)
            failAsDamaged();
        pushName(module->text, name->text);
        return true;
    }
    default:
        return false;
    }
}

void PickleMachine::call() {
    const Value arguments = pop(), name = pop();
    if (name->kind != Kind::Name || arguments->kind != Kind::Tuple)
        fail("calls something that is no name of a tensor or container; Python would run it. Nothing was run or "
             "imported.");
    if (!callKnownName(name->text, arguments->items, *pushNew(Kind::None)))
        fail("describes a " + name->text + " in a way that this program does not know.");
}

/// What torch.save adds to an ordered dictionary, "_metadata", says nothing of the weights.
void PickleMachine::build() {
    pop();
    if (top()->kind != Kind::Dict)
        fail("sets the inside of an object that is no dictionary; weights do not need that. Nothing was imported.");
}

/// ('storage', class, key, location, elements): where the bytes of tensors are.
void PickleMachine::persistent() {
    const Value id = pop();
    const auto has = [&](size_t index, Kind kind) {
        return index < id->items.size() && id->items[index]->kind == kind;
    };
    const bool fits = id->kind == Kind::Tuple && has(0, Kind::Text) && id->items[0]->text == "storage" &&
                      has(1, Kind::Name) && has(2, Kind::Text) && has(4, Kind::Integer);
    const auto type = fits ? storageType(id->items[1]->text) : std::nullopt;
    if (!type || id->items[4]->integer < 0 || id->items[2]->text.size() > longestKey)
        fail("keeps its tensors in a way that this program does not know.");
    auto storage = std::make_unique<PickledTensor>();
    storage->dtype = *type;
    storage->storage = id->items[2]->text;
    storage->storageElements = id->items[4]->integer;
    pushNew(Kind::Storage)->tensor = std::move(storage);
}

const PickleValue *PickleMachine::run() {
    for (;;) {
        const auto op = static_cast<Op>(number<uint8_t>());
        switch (op) {
        case Op::Stop: {
            const Value root = pop();
            if (!stack_.empty() || !marks_.empty())
                failAsDamaged();
            return root;
        }
        case Op::Proto:
            if (number<uint8_t>() > newestProtocol)
                fail("was written by a newer Python than this program knows.");
            break;
        case Op::Frame:
            take(sizeof(uint64_t));
            break;
        case Op::Reduce:
            call();
            break;
        case Op::Build:
            build();
            break;
        case Op::BinPersId:
            persistent();
            break;
        default:
            if (!constant(op) && !text(op) && !stack(op) && !container(op) && !memo(op) && !name(op))
                fail("uses the pickle instruction " + std::to_string(static_cast<int>(op)) +
                     ", which weights do not need; Python may run something there. Nothing was run or imported.");
        }
    }
}

} // namespace tt
