#include "core/progress.h"

#include <chrono>

namespace tt {

namespace {
constexpr double secondsBetweenReports = 1.0 / 30;

double steadySeconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
} // namespace

ProgressThrottle::ProgressThrottle(ProgressSink sink) : sink_(std::move(sink)) {}

void ProgressThrottle::report(const Progress &progress) {
    if (!sink_)
        return;
    const double now = steadySeconds();
    if (lastReport_ >= 0 && now - lastReport_ < secondsBetweenReports)
        return;
    lastReport_ = now;
    sink_(progress);
}

void ProgressThrottle::finish(const Progress &progress) {
    if (sink_)
        sink_(progress);
}

} // namespace tt
