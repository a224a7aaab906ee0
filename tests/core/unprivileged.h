#pragma once

#include <unistd.h>

namespace tt::test {

/// While it lives, the process has no more rights than anybody: for root nothing is read-only. All threads of the
/// process lose them. The group goes, too: of a folder of root's, root's group has other rights than anybody.
class Unprivileged {
public:
    Unprivileged() {
        constexpr uid_t nobody = 65534;
        if (::geteuid() == 0) [[maybe_unused]]
            const bool done = ::setegid(nobody) == 0 && ::seteuid(nobody) == 0;
    }
    ~Unprivileged() { [[maybe_unused]] const bool done = ::seteuid(::getuid()) == 0 && ::setegid(::getgid()) == 0; }
    Unprivileged(const Unprivileged &) = delete;
    Unprivileged &operator=(const Unprivileged &) = delete;
};

} // namespace tt::test
