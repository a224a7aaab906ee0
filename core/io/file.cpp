#include "core/io/file.h"

#include "core/progress.h"

#include <openssl/evp.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr size_t bufferBytes = size_t{1} << 20;
constexpr const char *writingMark = ".writing-"; ///< before six letters, in the name of a file that is not whole yet

[[noreturn]] void fail(const std::string &what, const fs::path &path) {
    const int reason = errno;
    std::string text = what + " " + path.string() + ": " + std::strerror(reason) + ".";
    if (reason == ENOSPC || reason == EDQUOT)
        text += " Free some space and try again; nothing was changed.";
    throw Error(text);
}

/// A file descriptor that closes itself.
class Descriptor {
public:
    Descriptor(const fs::path &path, int flags) : value_(::open(path.c_str(), flags | O_CLOEXEC)) {}
    ~Descriptor() {
        if (value_ >= 0)
            ::close(value_);
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    [[nodiscard]] int get() const { return value_; }

private:
    int value_;
};

void writeAll(int descriptor, const char *data, size_t size, off_t offset, const fs::path &path) {
    while (size > 0) {
        const ssize_t written = ::pwrite(descriptor, data, size, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            fail("Writing failed:", path);
        data += written;
        offset += written;
        size -= static_cast<size_t>(written);
    }
}

size_t regularFileSize(const Descriptor &file, const fs::path &path) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0)
        fail("Cannot read", path);
    if (!S_ISREG(status.st_mode))
        throw Error(path.string() + " is not a file.");
    return static_cast<size_t>(status.st_size);
}
} // namespace

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
    temporary_ = path_;
    temporary_ += writingMark + std::string("XXXXXX");
    std::string pattern = temporary_.string();
    descriptor_ = ::mkostemp(pattern.data(), O_CLOEXEC);
    if (descriptor_ < 0)
        fail("Cannot write", path_);
    temporary_ = pattern;
    ::fchmod(descriptor_, 0644);
}

AtomicFile::~AtomicFile() {
    abandon();
}

void AtomicFile::abandon() noexcept {
    if (descriptor_ < 0)
        return;
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
    descriptor_ = -1;
}

void AtomicFile::flush() {
    writeAll(descriptor_, buffer_.data(), buffer_.size(), static_cast<off_t>(size_ - buffer_.size()), path_);
    buffer_.clear();
}

void AtomicFile::write(std::string_view bytes) {
    buffer_.append(bytes);
    size_ += bytes.size();
    if (buffer_.size() >= bufferBytes)
        flush();
}

void AtomicFile::writeAt(size_t offset, std::string_view bytes) {
    flush();
    writeAll(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset), path_);
}

void AtomicFile::commit() {
    flush();
    if (::fsync(descriptor_) != 0)
        fail("Writing failed:", path_);
    if (::close(std::exchange(descriptor_, -1)) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
        const int reason = errno;
        ::unlink(temporary_.c_str());
        errno = reason;
        fail("Cannot write", path_);
    }
    const fs::path folder = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
    const Descriptor directory(folder, O_RDONLY | O_DIRECTORY); // so that the rename itself survives a power cut
    if (directory.get() >= 0)
        ::fsync(directory.get());
}

bool isHalfWritten(const fs::path &file) {
    const std::string name = file.filename().string();
    const size_t mark = name.rfind(writingMark);
    return mark != std::string::npos && mark > 0 && name.size() == mark + std::strlen(writingMark) + 6;
}

void removeHalfWritten(const fs::path &folder, std::chrono::seconds untouched) {
    std::error_code error; // what cannot be read or removed only takes room
    std::vector<fs::path> left;
    for (fs::recursive_directory_iterator entry(folder, error), end; entry != end; entry.increment(error))
        if (isHalfWritten(entry->path()) && entry->is_regular_file(error) &&
            fs::file_time_type::clock::now() - entry->last_write_time(error) > untouched)
            left.push_back(entry->path());
    for (const fs::path &file : left)
        fs::remove(file, error);
}

void writeFileAtomically(const fs::path &path, std::string_view bytes) {
    AtomicFile file(path);
    file.write(bytes);
    file.commit();
}

std::string readFile(const fs::path &path, size_t maximumBytes) {
    const Descriptor file(path, O_RDONLY);
    if (file.get() < 0)
        fail("Cannot read", path);
    const size_t size = regularFileSize(file, path);
    if (size > maximumBytes)
        throw Error(path.string() + " is larger than the " + std::to_string(maximumBytes >> 20) +
                    " MB such a file may have.");
    std::string text(size, '\0');
    size_t have = 0;
    while (have < size) {
        const ssize_t got = ::read(file.get(), text.data() + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fail("Cannot read", path);
        if (got == 0)
            break; // the file shrank meanwhile
        have += static_cast<size_t>(got);
    }
    text.resize(have);
    return text;
}

MappedFile::MappedFile(const fs::path &path) {
    const Descriptor file(path, O_RDONLY);
    if (file.get() < 0)
        fail("Cannot read", path);
    size_ = regularFileSize(file, path);
    if (size_ == 0)
        return;
    void *address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (address == MAP_FAILED)
        fail("Cannot map", path);
    data_ = static_cast<const std::byte *>(address);
}

MappedFile::~MappedFile() {
    if (data_)
        ::munmap(const_cast<std::byte *>(data_), size_);
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

std::string sha256OfFile(const fs::path &path, const std::stop_token &stop,
                         const std::function<void(int64_t)> &bytesRead) {
    const Descriptor file(path, O_RDONLY);
    if (file.get() < 0)
        fail("Cannot read", path);
    const size_t size = regularFileSize(file, path);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    bool good = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
    std::string piece(std::clamp<size_t>(size, 1, bufferBytes), '\0');
    for (int64_t total = 0; good;) {
        throwIfStopped(stop);
        const ssize_t got = ::read(file.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fail("Cannot read", path);
        if (got == 0)
            break;
        good = EVP_DigestUpdate(context.get(), piece.data(), static_cast<size_t>(got)) == 1;
        total += got;
        if (bytesRead)
            bytesRead(total);
    }
    std::array<unsigned char, 32> digest{};
    if (!good || EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
        throw Error("sha256 of " + path.string() + " could not be computed.");
    std::string hex;
    for (const unsigned char byte : digest) {
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
}

} // namespace tt
