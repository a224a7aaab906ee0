#pragma once

#include <unistd.h>

namespace tt::test {

/// While it lives, the process has no more rights than anybody: for root nothing is read-only. All threads of the
/// process lose them.
class Unprivileged {
public:
    Unprivileged() {
        constexpr uid_t nobody = 65534;
        if (::geteuid() == 0) [[maybe_unused]]
            const int refused = ::seteuid(nobody);
    }
    ~Unprivileged() { [[maybe_unused]] const int refused = ::seteuid(::getuid()); }
    Unprivileged(const Unprivileged &) = delete;
    Unprivileged &operator=(const Unprivileged &) = delete;
};

} // namespace tt::test
