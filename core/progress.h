#pragma once

#include "core/error.h"

#include <functional>
#include <stop_token>
#include <string>

namespace tt {

/// How far a long computation is. `total` is 0 where it is not known.
struct Progress {
    std::string what; ///< e.g. "Tokenising generated-20k"
    double done = 0;
    double total = 0;
    std::string unit; ///< "stories", "bytes", "tokens", "steps"
};

/// Called on the thread that computes, at most about 30 times a second, and once at the end.
using ProgressSink = std::function<void(const Progress &)>;

/// Throws Error(Cancelled) when a stop was requested.
inline void throwIfStopped(const std::stop_token &stop) {
    if (stop.stop_requested())
        throw Error("Stopped.", Error::Kind::Cancelled);
}

/// Passes at most about 30 reports a second on to `sink`, and never loses the last (call finish()).
class ProgressThrottle {
public:
    explicit ProgressThrottle(ProgressSink sink);
    void report(const Progress &progress);
    void finish(const Progress &progress);

private:
    ProgressSink sink_;
    double lastReport_ = -1; ///< seconds of a steady clock
};

} // namespace tt
