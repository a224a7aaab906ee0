#include "core/io/torch_file.h"

#include "core/error.h"
#include "core/io/plain_text_impl.h"

#include <algorithm>
#include <cstring>

namespace tt {

namespace {
using Kind = PickleValue::Kind;
constexpr std::string_view legacyMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."; // before 1.6
constexpr size_t tarMagicAt = 257;
constexpr std::string_view tarMagic = "ustar";

const char *const saveAgain = " Load it in Python and save it again with torch.save(model.state_dict(), …).";

std::string_view startOf(std::span<const std::byte> bytes, size_t from, size_t count) {
    if (bytes.size() < from + count)
        return {};
    return {reinterpret_cast<const char *>(bytes.data()) + from, count};
}

/// Throws, in words for people, for what is no zip archive.
void checkKind(const std::filesystem::path &path) {
    const MappedFile file(path);
    if (looksLikeZip(file.bytes()))
        return;
    if (startOf(file.bytes(), 0, legacyMagic.size()) == legacyMagic)
        throw Error(path.string() +
                    " is in PyTorch's format from before version 1.6, which this program does not read." + saveAgain);
    const bool tar = startOf(file.bytes(), tarMagicAt, tarMagic.size()) == tarMagic ||
                     startOf(file.bytes(), 0, std::string_view("sys_info").size()) == "sys_info";
    if (tar)
        throw Error(path.string() + " is in PyTorch's oldest format (tar), which this program does not read." +
                    saveAgain);
    if (startOf(file.bytes(), sizeof(uint64_t), 2) == "{\"")
        throw Error(path.string() + " is a safetensors file, not one that torch.save wrote.");
    throw Error(path.string() + " is no PyTorch checkpoint: it does not begin as one.");
}

/// "archive/" of "archive/data.pkl", the pickle's place in the archive.
std::string findPrefix(const ZipArchive &archive) {
    constexpr std::string_view pickle = "/data.pkl";
    std::vector<std::string> prefixes;
    for (const ZipEntry &entry : archive.entries())
        if (entry.name.ends_with(pickle) && entry.name.find('/') == entry.name.size() - pickle.size())
            prefixes.push_back(entry.name.substr(0, entry.name.size() - pickle.size() + 1));
    if (prefixes.size() != 1)
        throw Error(archive.path().string() + " is a zip archive, but none that torch.save wrote (it has " +
                    (prefixes.empty() ? "no" : "more than one") + " data.pkl).");
    return prefixes.front();
}

/// How many elements, and the largest index reached (−1: none).
struct Extent {
    int64_t elements = 1, last = 0;
};

/// Nothing where that overflows.
std::optional<Extent> extentOf(const PickledTensor &tensor) {
    Extent extent{.elements = 1, .last = tensor.offset};
    for (size_t i = 0; i < tensor.shape.size(); ++i) {
        int64_t reach = 0;
        if (__builtin_mul_overflow(extent.elements, tensor.shape[i], &extent.elements) ||
            __builtin_mul_overflow(std::max<int64_t>(tensor.shape[i] - 1, 0), tensor.stride[i], &reach) ||
            __builtin_add_overflow(extent.last, reach, &extent.last))
            return std::nullopt;
    }
    if (extent.elements == 0)
        extent.last = -1;
    return extent;
}

/// The tensor's elements, row-major, out of a storage that holds them all.
std::vector<std::byte> gather(const PickledTensor &tensor, std::span<const std::byte> storage, int64_t elements) {
    const size_t size = dtypeSize(tensor.dtype);
    std::vector<std::byte> packed(static_cast<size_t>(elements) * size);
    std::vector<int64_t> index(tensor.shape.size(), 0);
    int64_t at = tensor.offset;
    for (size_t to = 0; to < packed.size(); to += size) {
        std::memcpy(packed.data() + to, storage.data() + static_cast<size_t>(at) * size, size);
        for (size_t axis = index.size(); axis-- > 0;) {
            at += tensor.stride[axis];
            if (++index[axis] < tensor.shape[axis])
                break;
            at -= index[axis] * tensor.stride[axis];
            index[axis] = 0;
        }
    }
    return packed;
}
} // namespace

TorchFile::TorchFile(const std::filesystem::path &path) {
    checkKind(path);
    archive_.emplace(path);
    prefix_ = findPrefix(*archive_);
    if (archive_->find(prefix_ + "constants.pkl") != nullptr)
        throw Error(path.string() + " is a TorchScript program, not weights that torch.save wrote.");
    const ZipEntry *order = archive_->find(prefix_ + "byteorder");
    if (order != nullptr && startOf(order->data, 0, order->data.size()) != "little")
        throw Error(path.string() + " was written on a machine with another byte order; save it again on this one.");
    const ZipEntry &pickle = *archive_->find(prefix_ + "data.pkl");
    archive_->verify(pickle);
    pickle_.emplace(startOf(pickle.data, 0, pickle.data.size()), path.string());
}

std::span<const std::byte> TorchFile::storage(const PickledTensor &tensor, const std::string &what) {
    const ZipEntry *entry = archive_->find(prefix_ + "data/" + tensor.storage);
    if (entry == nullptr)
        throw Error(what + " has no data in the file; it was cut short or is damaged.");
    if (entry->data.size() / dtypeSize(tensor.dtype) < static_cast<size_t>(tensor.storageElements))
        throw Error(what + " has less data than it says; the file was cut short or is damaged.");
    if (verified_.insert(entry).second)
        archive_->verify(*entry);
    return entry->data;
}

std::vector<float> TorchFile::floats(const PickleValue &value, const std::string &name,
                                     const std::vector<int64_t> &shape) {
    const std::string what = path().string() + ": \"" + plainText(name) + "\"";
    if (value.kind != Kind::Tensor)
        throw Error(what + " is no tensor.");
    const PickledTensor &tensor = *value.tensor;
    if (tensor.shape != shape)
        throw Error(what + " has shape " + shapeText(tensor.shape) + ", expected " + shapeText(shape) + ".");
    const auto extent = extentOf(tensor);
    if (!extent || extent->last >= tensor.storageElements)
        throw Error(what + " reaches outside its data; the file is damaged.");
    if (extent->elements > tensor.storageElements)
        throw Error(what + " repeats its data; weights do not.");
    if (extent->elements == 0)
        return {};
    return floatValues(tensor.dtype, gather(tensor, storage(tensor, what), extent->elements), what);
}

} // namespace tt
