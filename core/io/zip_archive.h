#pragma once

#include "core/io/file.h"

#include <string>
#include <vector>

namespace tt {

/// A file inside an open archive; `data` lives as long as the archive.
struct ZipEntry {
    std::string name;
    std::span<const std::byte> data;
    uint32_t checksum = 0; ///< CRC-32 that the archive's directory gives for it
};

/// An open zip archive, mapped and checked: its directory, every local header, and that no two files share a byte. Only
/// files that are stored, as torch.save writes them: nothing is ever unpacked, so that what is read cannot be larger
/// than the archive. Throws Error, in words for people, where the archive is cut short, lies, or is compressed,
/// encrypted or split. (Format: PKWARE APPNOTE 6.3.9, §4.3, with Zip64.)
class ZipArchive {
public:
    static constexpr size_t mostEntries = 1'000'000;

    explicit ZipArchive(std::filesystem::path path);

    [[nodiscard]] const std::filesystem::path &path() const { return path_; }
    [[nodiscard]] const std::vector<ZipEntry> &entries() const { return entries_; } ///< by name
    [[nodiscard]] const ZipEntry *find(std::string_view name) const;
    /// Throws Error unless the bytes are those that were written.
    void verify(const ZipEntry &entry) const;

private:
    std::filesystem::path path_;
    MappedFile file_;
    std::vector<ZipEntry> entries_;
};

/// Whether a file begins as a zip archive does.
bool looksLikeZip(std::span<const std::byte> bytes);

} // namespace tt
