#include "core/io/safetensors.h"

#include "core/io/json_impl.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <set>

namespace tt {

namespace {
struct TypeEntry {
    DType type;
    std::string_view name;
    size_t size;
};
constexpr std::array<TypeEntry, 13> types{{{DType::Bool, "BOOL", 1},
                                           {DType::U8, "U8", 1},
                                           {DType::I8, "I8", 1},
                                           {DType::U16, "U16", 2},
                                           {DType::I16, "I16", 2},
                                           {DType::U32, "U32", 4},
                                           {DType::I32, "I32", 4},
                                           {DType::U64, "U64", 8},
                                           {DType::I64, "I64", 8},
                                           {DType::BF16, "BF16", 2},
                                           {DType::F16, "F16", 2},
                                           {DType::F32, "F32", 4},
                                           {DType::F64, "F64", 8}}};
constexpr size_t largestHeader = size_t{100} << 20;

float fromHalf(uint16_t half) {
    const uint32_t sign = uint32_t{half & 0x8000u} << 16;
    const uint32_t exponent = (half >> 10) & 0x1f, mantissa = half & 0x3ff;
    if (exponent == 0) // zero or subnormal: exact in float
        return std::copysign(std::ldexp(static_cast<float>(mantissa), -24), std::bit_cast<float>(sign | 0x3f800000));
    const uint32_t bits = exponent == 31 ? 0x7f800000 | (mantissa << 13) : ((exponent + 112) << 23) | (mantissa << 13);
    return std::bit_cast<float>(sign | bits);
}

float fromBfloat(uint16_t bfloat) {
    return std::bit_cast<float>(uint32_t{bfloat} << 16);
}

template <class Stored, class Convert>
std::vector<float> convert(std::span<const std::byte> data, Convert &&toFloat) {
    std::vector<float> out(data.size() / sizeof(Stored));
    for (size_t i = 0; i < out.size(); ++i) {
        Stored value;
        std::memcpy(&value, data.data() + i * sizeof(Stored), sizeof(Stored));
        out[i] = toFloat(value);
    }
    return out;
}

/// Bytes a tensor of this type and shape needs; throws where that overflows or a dimension is negative.
size_t tensorBytes(DType type, const std::vector<int64_t> &shape, const std::string &what) {
    size_t bytes = dtypeSize(type);
    for (const int64_t dimension : shape) {
        if (dimension < 0 || __builtin_mul_overflow(bytes, static_cast<size_t>(dimension), &bytes))
            throw Error(what + " has an impossible shape " + shapeText(shape) + ".");
    }
    return bytes;
}

/// The header's JSON; the format allows no name twice, and JSON's parser would keep the last without a word.
Json parseHeader(const std::string &text, const std::string &what) {
    std::set<std::string> names;
    std::string twice;
    const auto watch = [&](int depth, Json::parse_event_t event, Json &parsed) {
        if (depth == 1 && event == Json::parse_event_t::key && !names.insert(parsed.get<std::string>()).second)
            twice = parsed.get<std::string>();
        return true;
    };
    Json header = Json::parse(text, watch, false);
    if (!header.is_object())
        throw Error(what + " is not a JSON object; the file is damaged or was cut short.");
    if (!twice.empty())
        throw Error(what + " names \"" + twice + "\" twice; the file is damaged.");
    return header;
}

/// A list of whole numbers; JSON's conversion would cut off fractions, and is undefined for those too large.
template <class T>
std::vector<T> wholeNumbers(const Json &entry, const char *key, const std::string &what) {
    const auto list = member<std::vector<Json>>(entry, key, what);
    std::vector<T> numbers;
    for (const Json &each : list) {
        if (!isWhole<T>(each))
            throw Error(what + ": \"" + key + "\" holds what is not a whole number, or too large.");
        numbers.push_back(each.get<T>());
    }
    return numbers;
}

TensorView readEntry(const std::string &name, const Json &entry, std::span<const std::byte> data,
                     const std::string &file) {
    const std::string what = file + ": tensor \"" + name + "\"";
    if (!entry.is_object())
        throw Error(what + " has no description.");
    TensorView view;
    view.name = name;
    const auto typeName = member<std::string>(entry, "dtype", what);
    const auto type = std::find_if(types.begin(), types.end(), [&](const TypeEntry &t) { return t.name == typeName; });
    if (type == types.end())
        throw Error(what + " has the unknown type " + typeName + ".");
    view.dtype = type->type;
    view.shape = wholeNumbers<int64_t>(entry, "shape", what);
    const auto offsets = wholeNumbers<uint64_t>(entry, "data_offsets", what);
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size())
        throw Error(what + " lies outside the file; the file was cut short or is damaged.");
    view.data = data.subspan(offsets[0], offsets[1] - offsets[0]);
    if (view.data.size() != tensorBytes(view.dtype, view.shape, what))
        throw Error(what + " has " + std::to_string(view.data.size()) + " bytes, not what its shape " +
                    shapeText(view.shape) + " needs.");
    return view;
}

void checkNoOverlap(std::vector<TensorView> tensors, const std::string &file) {
    std::erase_if(tensors, [](const TensorView &tensor) { return tensor.data.empty(); });
    std::sort(tensors.begin(), tensors.end(),
              [](const auto &a, const auto &b) { return a.data.data() < b.data.data(); });
    for (size_t i = 1; i < tensors.size(); ++i)
        if (tensors[i - 1].data.data() + tensors[i - 1].data.size() > tensors[i].data.data())
            throw Error(file + ": tensors \"" + tensors[i - 1].name + "\" and \"" + tensors[i].name + "\" overlap.");
}

std::string headerText(const OrderedJson &header, const std::filesystem::path &path) {
    try {
        return header.dump();
    } catch (const OrderedJson::exception &) {
        throw Error("A name for " + path.string() + " is not UTF-8; safetensors cannot hold it.");
    }
}
} // namespace

std::string_view dtypeName(DType type) {
    return types[static_cast<size_t>(type)].name;
}

size_t dtypeSize(DType type) {
    return types[static_cast<size_t>(type)].size;
}

std::string shapeText(const std::vector<int64_t> &shape) {
    std::string text = "[";
    for (size_t i = 0; i < shape.size(); ++i)
        text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

std::vector<float> floatValues(DType type, std::span<const std::byte> data, const std::string &what) {
    std::vector<float> values;
    switch (type) {
    case DType::F32:
        values = convert<float>(data, [](float v) { return v; });
        break;
    case DType::F64:
        values = convert<double>(data, [](double v) { return static_cast<float>(v); });
        break;
    case DType::F16:
        values = convert<uint16_t>(data, fromHalf);
        break;
    case DType::BF16:
        values = convert<uint16_t>(data, fromBfloat);
        break;
    default:
        throw Error(what + " holds " + std::string(dtypeName(type)) + ", not numbers with a fraction.");
    }
    if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); }))
        throw Error(what + " holds values that are not finite (NaN or infinity).");
    return values;
}

SafetensorsFile::SafetensorsFile(std::filesystem::path path) : path_(std::move(path)), file_(path_) {
    const auto bytes = file_.bytes();
    uint64_t headerSize = 0;
    if (bytes.size() < sizeof headerSize)
        throw Error(path_.string() + " is no safetensors file: it has only " + std::to_string(bytes.size()) +
                    " bytes.");
    std::memcpy(&headerSize, bytes.data(), sizeof headerSize);
    if (headerSize > largestHeader || headerSize > bytes.size() - sizeof headerSize)
        throw Error(path_.string() + " is no safetensors file or was cut short: its header would be " +
                    std::to_string(headerSize) + " bytes long.");
    const std::string header(reinterpret_cast<const char *>(bytes.data()) + sizeof headerSize, headerSize);
    const auto data = bytes.subspan(sizeof headerSize + headerSize);
    const Json entries = parseHeader(header, path_.string() + " (header)");
    for (const auto &[name, entry] : entries.items()) {
        if (name != "__metadata__") {
            tensors_.push_back(readEntry(name, entry, data, path_.string()));
            continue;
        }
        if (!entry.is_object())
            throw Error(path_.string() + " has metadata that is no JSON object.");
        for (const auto &[key, value] : entry.items())
            if (value.is_string())
                metadata_[key] = value.get<std::string>();
    }
    checkNoOverlap(tensors_, path_.string());
}

const TensorView *SafetensorsFile::find(std::string_view name) const {
    const auto found =
        std::find_if(tensors_.begin(), tensors_.end(), [&](const TensorView &t) { return t.name == name; });
    return found == tensors_.end() ? nullptr : &*found;
}

std::vector<float> SafetensorsFile::floats(std::string_view name, const std::vector<int64_t> &shape) const {
    const TensorView *tensor = find(name);
    const std::string what = path_.string() + ": tensor \"" + std::string(name) + "\"";
    if (!tensor)
        throw Error(what + " is missing.");
    if (tensor->shape != shape)
        throw Error(what + " has shape " + shapeText(tensor->shape) + ", expected " + shapeText(shape) + ".");
    return floatValues(tensor->dtype, tensor->data, what);
}

void writeSafetensors(const std::filesystem::path &path, std::span<const TensorToWrite> tensors,
                      const std::map<std::string, std::string> &metadata) {
    OrderedJson header = OrderedJson::object();
    if (!metadata.empty())
        header["__metadata__"] = metadata;
    size_t offset = 0;
    for (const TensorToWrite &tensor : tensors) {
        if (tensor.data.size() != tensorBytes(tensor.dtype, tensor.shape, tensor.name))
            throw Error("Tensor \"" + tensor.name + "\" for " + path.string() + " does not fit its shape.");
        if (header.contains(tensor.name))
            throw Error("Tensor \"" + tensor.name + "\" for " + path.string() + " is there twice.");
        header[tensor.name] = {{"dtype", dtypeName(tensor.dtype)},
                               {"shape", tensor.shape},
                               {"data_offsets", {offset, offset + tensor.data.size()}}};
        offset += tensor.data.size();
    }
    std::string text = headerText(header, path);
    text.append((8 - text.size() % 8) % 8, ' '); // data starts aligned, as the format asks
    const uint64_t size = text.size();
    AtomicFile file(path);
    file.write({reinterpret_cast<const char *>(&size), sizeof size});
    file.write(text);
    for (const TensorToWrite &tensor : tensors)
        file.write({reinterpret_cast<const char *>(tensor.data.data()), tensor.data.size()});
    file.commit();
}

} // namespace tt
