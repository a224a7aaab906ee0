#include "app/cli/bench.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

namespace tt::cli {

void addBench(CLI::App &app, Context &context) {
    CLI::App *group = app.add_subcommand("bench", "Timed steps on synthetic tokens; median after warm-up");
    group->require_subcommand(1);
    addBenchGpt(*group, context);
    addBenchGenerate(*group, context);
    addBenchGraph(*group, context);
    addBenchTranscoder(*group, context);
}

double secondsOf(const std::function<void()> &work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double peakMemoryGigabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) * 1024e-9;
}

} // namespace tt::cli
