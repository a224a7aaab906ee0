#pragma once

#include "app/cli/context.h"

#include <functional>
#include <vector>

namespace tt::cli {

/// Each adds one command to `bench`.
void addBenchGpt(CLI::App &group, Context &context);
void addBenchGenerate(CLI::App &group, Context &context);
void addBenchGraph(CLI::App &group, Context &context);
void addBenchTranscoder(CLI::App &group, Context &context);

/// Wall time of `work`.
double secondsOf(const std::function<void()> &work);
/// The upper of the middle values; at least one value.
double median(std::vector<double> values);
/// Most memory this process held at once, in 10⁹ bytes.
double peakMemoryGigabytes();

} // namespace tt::cli
