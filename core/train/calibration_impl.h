#pragma once

#include "core/io/workspace.h"
#include "core/train/estimate.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

namespace tt {

/// A workspace of its own inside another one's folder (so on the same disk), removed again with all it holds. What a
/// killed program left of this kind is removed too.
class ScratchWorkspace {
public:
    explicit ScratchWorkspace(const Workspace &beside);
    ~ScratchWorkspace();
    ScratchWorkspace(const ScratchWorkspace &) = delete;
    ScratchWorkspace &operator=(const ScratchWorkspace &) = delete;
    [[nodiscard]] const Workspace &workspace() const { return workspace_; }

private:
    Workspace workspace_;
};

/// The most that this process allocated beyond what it had at the start, looked at every few milliseconds.
class AllocationWatch {
public:
    AllocationWatch();
    /// Bytes; ends the watch.
    double most();

private:
    double start_;
    std::atomic<double> most_{0};
    std::jthread thread_; ///< last: ends before what it uses
};

/// Listens to a training that measures and saves every `every` steps, ends it when enough steps are timed, and tells
/// the parts of its time apart.
class StepWatch {
public:
    /// Enough: one measurement, and `seconds` of steps after the first or `mostSteps` steps. `progress` hears of each.
    StepWatch(int64_t every, double seconds, int64_t mostSteps, std::stop_token stop, const ProgressSink &progress);
    [[nodiscard]] std::stop_token stop() const { return enough_.get_token(); }
    [[nodiscard]] TrainingSink sink();
    /// After the training returned: startSeconds, stepSeconds, evaluationSeconds and checkpointSeconds. Throws Error
    /// where no step could be timed.
    [[nodiscard]] TrainingCalibration result() const;
    /// Seconds of each step, the first left out; those with a measurement hold it too.
    struct Timed {
        int64_t step = 0;
        double seconds = 0, afterwards = 0; ///< learning and measuring; saving
    };
    [[nodiscard]] const std::vector<Timed> &steps() const { return steps_; }

private:
    void take(const TrainingPoint &point);
    [[nodiscard]] double now() const;

    int64_t every_, mostSteps_;
    double seconds_;
    ProgressSink progress_;
    std::stop_source enough_;
    std::stop_callback<std::function<void()>> forward_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    double start_ = 0, lastWall_ = 0, lastSeconds_ = 0, plain_ = 0;
    std::vector<Timed> steps_;
};

/// Bytes of the regular files below `folder`, hard links counted once.
double bytesBelow(const std::filesystem::path &folder);
/// Memory that this machine can still give, and room on the disk of `folder`, in bytes.
double freeMemory();
double freeDisk(const std::filesystem::path &folder);

} // namespace tt
