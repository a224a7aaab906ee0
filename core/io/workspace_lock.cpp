#include "core/io/workspace_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string>

namespace tt {

namespace {
std::optional<long> processNamedIn(int descriptor) {
    std::array<char, 24> text{};
    const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
    long process = 0;
    const bool number = got > 0 && std::from_chars(text.data(), text.data() + got, process).ec == std::errc();
    return number ? std::optional(process) : std::nullopt;
}
} // namespace

WorkspaceLock::WorkspaceLock(std::filesystem::path folder) : folder_(std::move(folder)) {
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

WorkspaceLock::~WorkspaceLock() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

bool WorkspaceLock::holds(const std::filesystem::path &folder) const {
    std::error_code error;
    return state_ == State::Ours && std::filesystem::equivalent(folder, folder_, error);
}

} // namespace tt
