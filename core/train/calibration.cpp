#include "core/train/calibration_impl.h"

#include "core/error.h"

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <utility>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr auto betweenLooks = std::chrono::milliseconds(5);
const std::string scratchPrefix = ".estimate-";

double allocatedBytes() {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    const struct mallinfo2 info = ::mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
#else
    return 0;
#endif
}

/// ".estimate-4711-2": of process 4711.
bool leftByDeadProcess(const std::string &name) {
    if (!name.starts_with(scratchPrefix))
        return false;
    const int process = std::atoi(name.c_str() + scratchPrefix.size());
    return process > 0 && ::kill(process, 0) != 0;
}

fs::path scratchFolder(const fs::path &beside) {
    static std::atomic<int> count{0};
    std::error_code error; // what cannot be removed only takes room
    std::vector<fs::path> left;
    for (const auto &entry : fs::directory_iterator(beside, error))
        if (leftByDeadProcess(entry.path().filename().string()))
            left.push_back(entry.path());
    for (const fs::path &folder : left)
        fs::remove_all(folder, error);
    return beside / (scratchPrefix + std::to_string(::getpid()) + "-" + std::to_string(++count));
}
} // namespace

ScratchWorkspace::ScratchWorkspace(const Workspace &beside)
    : workspace_((beside.requireWritable(), Workspace::openOrCreate(scratchFolder(beside.folder())))) {}

ScratchWorkspace::~ScratchWorkspace() {
    std::error_code error;
    fs::remove_all(workspace_.folder(), error);
}

AllocationWatch::AllocationWatch()
    : start_(allocatedBytes()), thread_([this](const std::stop_token &stop) {
          while (!stop.stop_requested()) {
              most_ = std::max(most_.load(), allocatedBytes() - start_);
              std::this_thread::sleep_for(betweenLooks);
          }
      }) {}

double AllocationWatch::most() {
    thread_.request_stop();
    if (thread_.joinable())
        thread_.join();
    return most_;
}

StepWatch::StepWatch(int64_t every, double seconds, int64_t mostSteps, std::stop_token stop,
                     const ProgressSink &progress)
    : every_(every), mostSteps_(mostSteps), seconds_(seconds), progress_(progress),
      forward_(std::move(stop), [this] { enough_.request_stop(); }) {}

double StepWatch::now() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

TrainingSink StepWatch::sink() {
    return [this](const TrainingPoint &point) { take(point); };
}

void StepWatch::take(const TrainingPoint &point) {
    const double wall = now(), seconds = point.seconds - lastSeconds_;
    if (point.step == 1) // fills caches and makes the products' code: not like the others
        start_ = wall - seconds;
    else
        steps_.push_back({point.step, seconds, std::max(0.0, wall - lastWall_ - seconds)});
    if (point.step > 1 && point.step % every_ != 0)
        plain_ += seconds;
    lastWall_ = wall;
    lastSeconds_ = point.seconds;
    if (progress_)
        progress_({"Measuring", static_cast<double>(point.step), static_cast<double>(mostSteps_), "steps"});
    if (point.step >= every_ && (plain_ >= seconds_ || point.step >= mostSteps_))
        enough_.request_stop();
}

TrainingCalibration StepWatch::result() const {
    double plain = 0, measured = 0, saved = 0;
    int64_t plainSteps = 0, measuredSteps = 0;
    for (const Timed &step : steps_) {
        const bool measures = step.step % every_ == 0;
        (measures ? measured : plain) += step.seconds;
        ++(measures ? measuredSteps : plainSteps);
        if (measures)
            saved += step.afterwards;
    }
    if (plainSteps == 0 || measuredSteps == 0)
        throw Error("No step could be timed.");
    const double step = plain / static_cast<double>(plainSteps);
    return {.startSeconds = start_,
            .stepSeconds = step,
            .evaluationSeconds = std::max(0.0, measured / static_cast<double>(measuredSteps) - step),
            .checkpointSeconds = saved / static_cast<double>(measuredSteps)};
}

double bytesBelow(const fs::path &folder) {
    std::set<std::pair<dev_t, ino_t>> seen;
    double bytes = 0;
    std::error_code error;
    for (const auto &entry : fs::recursive_directory_iterator(folder, error)) {
        struct stat status {};
        if (::lstat(entry.path().c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
            seen.emplace(status.st_dev, status.st_ino).second)
            bytes += static_cast<double>(status.st_size);
    }
    return bytes;
}

double freeMemory() {
    std::ifstream file("/proc/meminfo");
    std::string key;
    double kilobytes = 0;
    while (file >> key >> kilobytes) {
        if (key == "MemAvailable:")
            return kilobytes * 1024;
        file.ignore(64, '\n');
    }
    return static_cast<double>(::sysconf(_SC_AVPHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double freeDisk(const fs::path &folder) {
    std::error_code error;
    const fs::space_info space = fs::space(folder, error);
    return error ? 0 : static_cast<double>(space.available);
}

} // namespace tt
