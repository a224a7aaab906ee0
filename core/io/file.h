#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace tt {

/// A file that appears whole or not at all: written beside its place, fsynced and renamed by commit(). Without commit()
/// the destructor removes what was written. Every call throws Error with the path and the system's reason.
class AtomicFile {
public:
    explicit AtomicFile(std::filesystem::path path);
    ~AtomicFile();
    AtomicFile(const AtomicFile &) = delete;
    AtomicFile &operator=(const AtomicFile &) = delete;

    void write(std::string_view bytes);
    /// Overwrites bytes written before, e.g. a header whose length was reserved.
    void writeAt(size_t offset, std::string_view bytes);
    [[nodiscard]] size_t size() const { return size_; }
    void commit();

private:
    void flush();
    void abandon() noexcept;
    std::filesystem::path path_, temporary_;
    std::string buffer_;
    size_t size_ = 0;
    int descriptor_ = -1;
};

/// Whether this is the name of a file that AtomicFile has not committed: one is being written, or was when its process
/// was killed.
bool isHalfWritten(const std::filesystem::path &file);
/// Removes such files below `folder` that nobody wrote to for so long.
void removeHalfWritten(const std::filesystem::path &folder, std::chrono::seconds untouched);

/// Makes the folder and those above it. Throws Error with the path and the system's reason.
void makeFolder(const std::filesystem::path &folder);
/// Why nothing can be written in the folder, or in the one in which it would be made, in the system's words; empty
/// where something can.
std::string whyUnwritable(const std::filesystem::path &folder);
/// Throws Error in that case. Whatever computes long before it writes asks this first.
void requireWritableFolder(const std::filesystem::path &folder);

/// AtomicFile in one call.
void writeFileAtomically(const std::filesystem::path &path, std::string_view bytes);

/// The whole of a file of at most `maximumBytes`; throws Error where it is missing, unreadable or larger.
std::string readFile(const std::filesystem::path &path, size_t maximumBytes = size_t{1} << 30);

/// A file mapped read-only into memory. Empty files give an empty span.
class MappedFile {
public:
    explicit MappedFile(const std::filesystem::path &path);
    ~MappedFile();
    MappedFile(MappedFile &&other) noexcept;
    MappedFile &operator=(MappedFile &&other) noexcept;
    [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

private:
    const std::byte *data_ = nullptr;
    size_t size_ = 0;
};

/// Hex sha256 of a file's bytes, read in pieces. `bytesRead` is told how many so far, after each piece. Throws
/// Error(Cancelled) on a stop.
std::string sha256OfFile(const std::filesystem::path &path, const std::stop_token &stop = {},
                         const std::function<void(int64_t)> &bytesRead = {});

} // namespace tt
