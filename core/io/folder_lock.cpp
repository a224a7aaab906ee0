#include "core/io/folder_lock.h"

#include "core/error.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <string>
#include <thread>

namespace tt {

namespace {
constexpr std::chrono::seconds longestTurn{10};
constexpr std::chrono::milliseconds betweenTries{2};

std::optional<long> processNamedIn(int descriptor) {
    std::array<char, 24> text{};
    const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
    long process = 0;
    const bool number = got > 0 && std::from_chars(text.data(), text.data() + got, process).ec == std::errc();
    return number ? std::optional(process) : std::nullopt;
}
} // namespace

FolderLock::FolderLock(std::filesystem::path folder) : folder_(std::move(folder)) {
    descriptor_ = ::open((folder_ / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0)
        return;
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        state_ = State::Elsewhere;
        holder_ = processNamedIn(descriptor_);
        return;
    }
    state_ = State::Ours;
    holder_ = ::getpid();
    const std::string text = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor_, 0) == 0) // who holds it is only for people
        [[maybe_unused]]
        const auto written = ::pwrite(descriptor_, text.data(), text.size(), 0);
}

FolderLock::~FolderLock() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

bool FolderLock::holds(const std::filesystem::path &folder) const {
    std::error_code error;
    return state_ == State::Ours && std::filesystem::equivalent(folder, folder_, error);
}

WriteTurn::WriteTurn(const std::filesystem::path &folder)
    : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    const auto start = std::chrono::steady_clock::now();
    // Where there is no folder, or no lock on folders, the write that follows says what is wrong, if anything is.
    while (descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        if (std::chrono::steady_clock::now() - start > longestTurn) {
            ::close(descriptor_);
            throw Error("Another program has been writing to " + folder.string() +
                        " for a while. Try again when it is done; nothing was changed.");
        }
        std::this_thread::sleep_for(betweenTries);
    }
}

WriteTurn::~WriteTurn() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

} // namespace tt
