#include "core/io/zip_archive.h"

#include "core/error.h"
#include "core/io/plain_text_impl.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace tt {

namespace {
constexpr uint32_t localSignature = 0x04034b50, centralSignature = 0x02014b50, endSignature = 0x06054b50;
constexpr uint32_t end64Signature = 0x06064b50, locator64Signature = 0x07064b50;
constexpr size_t localSize = 30, centralSize = 46, endSize = 22, end64Size = 56, locator64Size = 20;
constexpr size_t longestComment = 0xffff;
constexpr uint16_t zip64Field = 1;
constexpr uint32_t inZip64 = 0xffffffff; ///< a 32-bit field whose value stands in the Zip64 field

/// Little-endian numbers at checked places.
class Bytes {
public:
    Bytes(std::span<const std::byte> bytes, const std::string &what) : bytes_(bytes), what_(what) {}

    template <class T>
    [[nodiscard]] T at(uint64_t offset) const {
        T value{};
        const auto from = slice(offset, sizeof value);
        std::memcpy(&value, from.data(), sizeof value);
        return value;
    }
    [[nodiscard]] std::span<const std::byte> slice(uint64_t offset, uint64_t size) const {
        if (offset > bytes_.size() || size > bytes_.size() - offset)
            throw Error(what_ + " points outside of itself; it was cut short or is damaged.");
        return bytes_.subspan(offset, size);
    }
    [[nodiscard]] std::string text(uint64_t offset, uint64_t size) const {
        const auto from = slice(offset, size);
        return {reinterpret_cast<const char *>(from.data()), from.size()};
    }
    [[nodiscard]] uint64_t size() const { return bytes_.size(); }
    [[noreturn]] void fail(const std::string &why) const { throw Error(what_ + " " + why); }

private:
    std::span<const std::byte> bytes_;
    const std::string &what_;
};

struct Directory {
    uint64_t offset = 0, size = 0, entries = 0;
};

/// The end record is the last thing in the file, but for a comment.
uint64_t findEnd(const Bytes &bytes) {
    if (bytes.size() >= endSize) {
        const uint64_t last = bytes.size() - endSize, first = last > longestComment ? last - longestComment : 0;
        for (uint64_t at = last + 1; at-- > first;)
            if (bytes.at<uint32_t>(at) == endSignature && at + endSize + bytes.at<uint16_t>(at + 20) == bytes.size())
                return at;
    }
    bytes.fail("has no directory at its end; it was cut short, or is no zip archive.");
}

Directory findDirectory(const Bytes &bytes) {
    const uint64_t end = findEnd(bytes);
    Directory directory{.offset = bytes.at<uint32_t>(end + 16),
                        .size = bytes.at<uint32_t>(end + 12),
                        .entries = bytes.at<uint16_t>(end + 10)};
    if (bytes.at<uint16_t>(end + 4) != 0 || bytes.at<uint16_t>(end + 8) != directory.entries)
        bytes.fail("is one part of an archive that was split; join the parts first.");
    if (end >= locator64Size && bytes.at<uint32_t>(end - locator64Size) == locator64Signature) {
        const auto end64 = bytes.at<uint64_t>(end - locator64Size + 8);
        if (bytes.slice(end64, end64Size).empty() || bytes.at<uint32_t>(end64) != end64Signature)
            bytes.fail("has a damaged directory.");
        directory = {.offset = bytes.at<uint64_t>(end64 + 48),
                     .size = bytes.at<uint64_t>(end64 + 40),
                     .entries = bytes.at<uint64_t>(end64 + 32)};
    }
    if (directory.size > end || directory.offset > end - directory.size)
        bytes.fail("has a directory that is not where it says; it was cut short or is damaged.");
    if (directory.entries > ZipArchive::mostEntries || directory.entries > directory.size / centralSize)
        bytes.fail("says that it holds " + std::to_string(directory.entries) + " files, more than there is room for.");
    return directory;
}

/// A file as the directory describes it.
struct Described {
    std::string name;
    uint64_t header = 0, size = 0; ///< of its local header, of its bytes
    uint32_t checksum = 0;
    uint64_t next = 0; ///< where the next description begins
};

/// Sizes and the offset that do not fit 32 bits stand in the Zip64 field, in this order, and only those.
void readZip64(const Bytes &bytes, uint64_t at, uint64_t end, uint64_t *const (&missing)[3]) {
    while (at + 4 <= end) {
        const auto id = bytes.at<uint16_t>(at), size = bytes.at<uint16_t>(at + 2);
        uint64_t from = at + 4;
        at = from + size;
        if (id != zip64Field)
            continue;
        for (uint64_t *value : missing)
            if (*value == inZip64) {
                if (from + sizeof *value > at)
                    bytes.fail("has a damaged directory.");
                *value = bytes.at<uint64_t>(from);
                from += sizeof *value;
            }
    }
}

Described readDescription(const Bytes &bytes, uint64_t at) {
    if (bytes.at<uint32_t>(at) != centralSignature)
        bytes.fail("has a damaged directory.");
    const auto flags = bytes.at<uint16_t>(at + 8), method = bytes.at<uint16_t>(at + 10);
    const auto nameSize = bytes.at<uint16_t>(at + 28), extraSize = bytes.at<uint16_t>(at + 30);
    const uint64_t extra = at + centralSize + nameSize;
    Described entry{.name = bytes.text(at + centralSize, nameSize),
                    .header = bytes.at<uint32_t>(at + 42),
                    .size = bytes.at<uint32_t>(at + 24),
                    .checksum = bytes.at<uint32_t>(at + 16),
                    .next = extra + extraSize + bytes.at<uint16_t>(at + 32)};
    uint64_t packed = bytes.at<uint32_t>(at + 20);
    readZip64(bytes, extra, extra + extraSize, {&entry.size, &packed, &entry.header});
    if ((flags & 1U) != 0)
        bytes.fail("is encrypted.");
    if (method != 0 || packed != entry.size)
        bytes.fail("is compressed; PyTorch stores its files as they are. Unpack it, and zip it again without "
                   "compression (zip -0).");
    return entry;
}

/// Where an entry's bytes are. Its local header repeats name and length of what stands between.
std::span<const std::byte> locate(const Bytes &bytes, const Described &entry, uint64_t directory) {
    if (bytes.at<uint32_t>(entry.header) != localSignature)
        bytes.fail("has no file where its directory says that " + plainText(entry.name) + " is.");
    const auto nameSize = bytes.at<uint16_t>(entry.header + 26), extraSize = bytes.at<uint16_t>(entry.header + 28);
    if (bytes.text(entry.header + localSize, nameSize) != entry.name)
        bytes.fail("calls a file " + plainText(entry.name) +
                   " in its directory and otherwise in its place; it is damaged.");
    const uint64_t begin = entry.header + localSize + nameSize + extraSize;
    const auto data = bytes.slice(begin, entry.size);
    if (begin + entry.size > directory)
        bytes.fail("has a file, " + plainText(entry.name) + ", that reaches into the directory.");
    return data;
}

/// Files that share bytes are a way to make a small archive large.
void checkApart(std::vector<std::pair<uint64_t, uint64_t>> ranges, const Bytes &bytes) {
    std::sort(ranges.begin(), ranges.end());
    for (size_t i = 1; i < ranges.size(); ++i)
        if (ranges[i].first < ranges[i - 1].second)
            bytes.fail("has files that overlap; it was made to mislead.");
}
} // namespace

bool looksLikeZip(std::span<const std::byte> bytes) {
    uint32_t signature = 0;
    if (bytes.size() < sizeof signature)
        return false;
    std::memcpy(&signature, bytes.data(), sizeof signature);
    return signature == localSignature || signature == endSignature;
}

ZipArchive::ZipArchive(std::filesystem::path path) : path_(std::move(path)), file_(path_) {
    const std::string what = path_.string();
    const Bytes bytes(file_.bytes(), what);
    const Directory directory = findDirectory(bytes);
    std::vector<std::pair<uint64_t, uint64_t>> ranges;
    uint64_t at = directory.offset;
    for (uint64_t i = 0; i < directory.entries; ++i) {
        const Described entry = readDescription(bytes, at);
        at = entry.next;
        if (at > directory.offset + directory.size)
            bytes.fail("has a damaged directory.");
        const auto data = locate(bytes, entry, directory.offset);
        const auto begin = static_cast<uint64_t>(data.data() - file_.bytes().data());
        ranges.emplace_back(entry.header, begin + data.size());
        entries_.push_back({entry.name, data, entry.checksum});
    }
    checkApart(std::move(ranges), bytes);
    std::sort(entries_.begin(), entries_.end(), [](const auto &a, const auto &b) { return a.name < b.name; });
    const auto twice = std::adjacent_find(entries_.begin(), entries_.end(),
                                          [](const auto &a, const auto &b) { return a.name == b.name; });
    if (twice != entries_.end())
        bytes.fail("holds two files named " + plainText(twice->name) + ".");
}

const ZipEntry *ZipArchive::find(std::string_view name) const {
    const auto found =
        std::lower_bound(entries_.begin(), entries_.end(), name,
                         [](const ZipEntry &entry, std::string_view wanted) { return entry.name < wanted; });
    return found == entries_.end() || found->name != name ? nullptr : &*found;
}

void ZipArchive::verify(const ZipEntry &entry) const {
    const auto *bytes = reinterpret_cast<const unsigned char *>(entry.data.data());
    if (crc32_z(crc32_z(0, nullptr, 0), bytes, entry.data.size()) != entry.checksum)
        throw Error(path_.string() + ": the bytes of " + plainText(entry.name) +
                    " are not those that were written (their checksum differs); the file is damaged.");
}

} // namespace tt
