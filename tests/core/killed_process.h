#pragma once

// Work in a forked process that is killed at a random moment. The parent must not have made threads: what libgomp keeps
// for its own does not come along.

#include "core/random.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <new>
#include <string>

namespace tt::test {

/// What the process tells before it is killed; memory that both see.
struct Told {
    std::atomic<int64_t> begun{0}, done{0}; ///< pieces of work
    std::atomic<int64_t> step{0};           ///< of a training: the last one done
};

class KilledProcess {
public:
    KilledProcess()
        : told_(new (::mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Told) {}
    ~KilledProcess() { ::munmap(told_, sizeof(Told)); }
    KilledProcess(const KilledProcess &) = delete;
    KilledProcess &operator=(const KilledProcess &) = delete;

    /// Runs `work`, which does not end, and kills it at a random moment of one of its first `most` pieces, however long
    /// they take here. Says what went wrong before it could be killed, else nothing.
    std::string run(const std::function<void(Told &)> &work, Random &random, uint64_t most) {
        using Clock = std::chrono::steady_clock;
        told_->begun = told_->done = told_->step = 0;
        const pid_t child = ::fork();
        if (child == 0)
            inChild(work);
        const auto wait = [&](const std::atomic<int64_t> &count, int64_t until) {
            while (count < until && ::waitpid(child, nullptr, WNOHANG) == 0)
                ::usleep(50);
        };
        wait(told_->begun, 1);
        const auto start = Clock::now();
        const auto whole = static_cast<int64_t>(1 + random.below(most));
        wait(told_->done, whole);
        const auto piece = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start) / whole;
        ::usleep(static_cast<useconds_t>(random.below(static_cast<uint64_t>(piece.count()) + 1)));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? "" : "it ended before it was killed";
    }
    [[nodiscard]] const Told &told() const { return *told_; }

private:
    [[noreturn]] void inChild(const std::function<void(Told &)> &work) {
        try {
            work(*told_);
        } catch (const std::exception &error) {
            std::fprintf(stderr, "the process that is to be killed: %s\n", error.what());
        }
        ::_exit(3);
    }
    Told *told_;
};

} // namespace tt::test
