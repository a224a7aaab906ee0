#pragma once

// Writes files as torch.save does, and such as it never would: a stored zip archive with a pickle and storages. Written
// for the tests from the formats' own descriptions (PKWARE APPNOTE, Python's pickletools), without core's reader.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace tt::test {

template <class T>
std::string littleEndian(T value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

inline uint32_t crc32Of(const std::string &bytes) {
    uint32_t crc = 0xffffffff;
    for (const char c : bytes) {
        crc ^= static_cast<uint8_t>(c);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
    return ~crc;
}

/// What is put into the zip's headers; a test changes what it wants to be wrong.
struct ZipFile {
    std::string name, bytes;
    uint16_t method = 0, flags = 0x808;
    uint32_t packed = 0, size = 0, checksum = 0;
    int64_t header = -1; ///< −1: where it is
};

inline ZipFile zipFile(const std::string &name, const std::string &bytes) {
    const auto size = static_cast<uint32_t>(bytes.size());
    return {.name = name, .bytes = bytes, .packed = size, .size = size, .checksum = crc32Of(bytes)};
}

inline std::string zipArchive(std::vector<ZipFile> files) {
    std::string body, directory;
    for (ZipFile &file : files) {
        const auto at = static_cast<uint32_t>(body.size());
        const std::string sizes = littleEndian(file.checksum) + littleEndian(file.packed) + littleEndian(file.size) +
                                  littleEndian(static_cast<uint16_t>(file.name.size())) + littleEndian(uint16_t{0});
        const std::string kind = littleEndian(file.flags) + littleEndian(file.method) + std::string(4, '\0');
        body += "PK\x03\x04" + std::string(2, '\0') + kind + sizes + file.name + file.bytes;
        directory += "PK\x01\x02" + std::string(4, '\0') + kind + sizes + std::string(10, '\0') +
                     littleEndian(file.header < 0 ? at : static_cast<uint32_t>(file.header)) + file.name;
    }
    const auto count = static_cast<uint16_t>(files.size());
    return body + directory + "PK\x05\x06" + std::string(4, '\0') + littleEndian(count) + littleEndian(count) +
           littleEndian(static_cast<uint32_t>(directory.size())) + littleEndian(static_cast<uint32_t>(body.size())) +
           std::string(2, '\0');
}

// Pieces of a pickle of protocol 2.
inline std::string pickled(const std::string &text) {
    return "X" + littleEndian(static_cast<uint32_t>(text.size())) + text;
}
inline std::string pickled(int64_t number) {
    if (number == static_cast<int32_t>(number))
        return "J" + littleEndian(static_cast<int32_t>(number));
    return "\x8a\x08" + littleEndian(number);
}
inline std::string pickledName(const std::string &module, const std::string &name) {
    return "c" + module + "\n" + name + "\n";
}
inline std::string pickledTuple(const std::vector<int64_t> &numbers) {
    std::string bytes = "(";
    for (const int64_t number : numbers)
        bytes += pickled(number);
    return bytes + "t";
}

struct StorageOf {
    std::string key, type = "FloatStorage";
    int64_t elements = 0;
};

inline std::string pickledTensor(const StorageOf &storage, int64_t offset, const std::vector<int64_t> &shape,
                                 const std::vector<int64_t> &stride) {
    return pickledName("torch._utils", "_rebuild_tensor_v2") + "((" + pickled("storage") +
           pickledName("torch", storage.type) + pickled(storage.key) + pickled("cpu") + pickled(storage.elements) +
           "tQ" + pickled(offset) + pickledTuple(shape) + pickledTuple(stride) + "\x89" +
           pickledName("collections", "OrderedDict") + ")RtR";
}

inline std::vector<int64_t> rowMajor(const std::vector<int64_t> &shape) {
    std::vector<int64_t> stride(shape.size(), 1);
    for (size_t axis = shape.size(); axis-- > 1;)
        stride[axis - 1] = stride[axis] * std::max<int64_t>(shape[axis], 1);
    return stride;
}

/// What is saved: a tree of state dicts, and the storages that belong to it.
class SavedByTorch {
public:
    /// A float32 tensor of its own storage; pickled.
    std::string tensor(const std::vector<float> &values, const std::vector<int64_t> &shape) {
        std::string bytes(values.size() * sizeof(float), '\0');
        std::memcpy(bytes.data(), values.data(), bytes.size());
        return pickledTensor(storage("FloatStorage", bytes, static_cast<int64_t>(values.size())), 0, shape,
                             rowMajor(shape));
    }
    StorageOf storage(const std::string &type, const std::string &bytes, int64_t elements) {
        const std::string key = std::to_string(storages_.size());
        storages_.push_back(zipFile("archive/data/" + key, bytes));
        return {key, type, elements};
    }
    /// OrderedDict of pickled values, with the "_metadata" that state_dict() adds.
    static std::string stateDict(const std::vector<std::pair<std::string, std::string>> &entries) {
        return pickledName("collections", "OrderedDict") + ")R" + items(entries) + "}" + pickled("_metadata") +
               pickledName("collections", "OrderedDict") + ")Rsb";
    }
    static std::string dict(const std::vector<std::pair<std::string, std::string>> &entries) {
        return "}" + items(entries);
    }
    /// The whole file.
    [[nodiscard]] std::string file(const std::string &root) const {
        std::vector<ZipFile> files{zipFile("archive/data.pkl", "\x80\x02" + root + "."),
                                   zipFile("archive/byteorder", "little")};
        files.insert(files.end(), storages_.begin(), storages_.end());
        files.push_back(zipFile("archive/version", "3\n"));
        return zipArchive(files);
    }

private:
    static std::string items(const std::vector<std::pair<std::string, std::string>> &entries) {
        std::string bytes = "(";
        for (const auto &[key, value] : entries)
            bytes += pickled(key) + value;
        return bytes + "u";
    }
    std::vector<ZipFile> storages_;
};

/// The rows of a matrix that belong to one head, as tensor of its own.
inline std::vector<float> rowsOf(const std::vector<float> &matrix, int64_t first, int64_t count, int64_t width) {
    const auto from = matrix.begin() + first * width;
    return {from, from + count * width};
}

inline void writeBytes(const std::string &path, const std::string &bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

} // namespace tt::test
