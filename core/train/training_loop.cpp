#include "core/error.h"
#include "core/train/training_loop_impl.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <deque>
#include <limits>
#include <numeric>

namespace tt {

namespace {
constexpr size_t rememberedPoints = 50;
constexpr int64_t longestWarmup = 4; // a quarter of the steps: a short run still reaches its learning rate
constexpr double secondsBetweenMetricWrites = 2;

using Values = std::vector<std::pair<std::string, double>>;

/// Runs `work`; false if it was cancelled.
bool unlessStopped(const std::function<void()> &work) {
    try {
        work();
        return true;
    } catch (const Error &error) {
        if (error.kind() != Error::Kind::Cancelled)
            throw;
        return false;
    }
}

class Clock {
public:
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Watches a loss for an explosion: its mean over some steps far above the lowest such mean.
class ExplosionWatch {
public:
    /// True once the loss has exploded.
    bool add(double loss) {
        recent_.push_back(loss);
        if (recent_.size() > steps)
            recent_.pop_front();
        if (recent_.size() < steps)
            return false;
        mean_ = std::accumulate(recent_.begin(), recent_.end(), 0.0) / static_cast<double>(steps);
        lowest_ = std::min(lowest_, mean_);
        return far(mean_);
    }
    [[nodiscard]] bool far(double loss) const { return loss > factor * lowest_ + margin; }
    [[nodiscard]] double lowest() const { return lowest_; }
    [[nodiscard]] double mean() const { return mean_; }
    static constexpr size_t steps = 10;
    static constexpr double factor = 3, margin = 1; ///< nats/token, or FVU; a loss near 0 may waver

private:
    std::deque<double> recent_;
    double mean_ = 0, lowest_ = std::numeric_limits<double>::infinity();
};

class Loop {
public:
    Loop(const TrainingSteps &steps, const RunFolder &folder, const TrainingSink &sink)
        : s_(steps), folder_(folder), sink_(sink), seconds_(steps.secondsBefore), lastSaved_(steps.firstStep) {}

    TrainingOutcome run(const std::stop_token &stop);

private:
    TrainingPoint makePoint(int64_t done, double stepSeconds, std::vector<std::pair<std::string, double>> values);
    void checkFinite(int64_t done, const std::vector<std::pair<std::string, double>> &values);
    void checkExplosion(int64_t done, const std::vector<std::pair<std::string, double>> &values);
    void checkBeforeSaving(int64_t done);
    [[noreturn]] void stopDiverged(int64_t done, const std::string &reason);
    void remember(const TrainingPoint &point);
    void writeMetrics();
    void save(int64_t done, bool finished);

    const TrainingSteps &s_;
    const RunFolder &folder_;
    const TrainingSink &sink_;
    double seconds_;         ///< of computing; the sink may block (pause), which does not count
    double stepSeconds_ = 0; ///< running mean of a step, evaluation included
    int64_t lastSaved_;
    std::vector<TrainingPoint> unwritten_;
    std::deque<TrainingPoint> last_;
    Clock sinceWrite_;
    ExplosionWatch watch_;
};

void Loop::checkFinite(int64_t done, const std::vector<std::pair<std::string, double>> &values) {
    for (const auto &[name, value] : values) {
        if (std::isfinite(value))
            continue;
        stopDiverged(done, name + " became " + (std::isnan(value) ? "NaN" : "infinite"));
    }
}

void Loop::stopDiverged(int64_t done, const std::string &reason) {
    writeMetrics();
    throw Error(s_.name + " stopped at step " + std::to_string(done) + ": " + reason + ". The checkpoint of step " +
                    std::to_string(lastSaved_) + " was kept. A lower learning rate usually helps.",
                Error::Kind::Diverged);
}

std::string twoDecimals(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f", value);
    return text.data();
}

void Loop::checkExplosion(int64_t done, const Values &values) {
    for (const auto &[name, value] : values)
        if (name == s_.watched && watch_.add(value))
            stopDiverged(done, name + " exploded: its mean over " + std::to_string(ExplosionWatch::steps) +
                                   " steps rose to " + twoDecimals(watch_.mean()) + ", from " +
                                   twoDecimals(watch_.lowest()) + " at its lowest");
}

/// A step's loss is of the weights before it: what is saved is measured once more.
void Loop::checkBeforeSaving(int64_t done) {
    if (!s_.probe)
        return;
    const double value = s_.probe();
    checkFinite(done, {{s_.watched, value}});
    if (watch_.far(value))
        stopDiverged(done, s_.watched + " exploded: the step's update took it to " + twoDecimals(value) + ", from " +
                               twoDecimals(watch_.lowest()) + " at its lowest");
}

TrainingPoint Loop::makePoint(int64_t done, double stepSeconds, std::vector<std::pair<std::string, double>> values) {
    seconds_ += stepSeconds;
    const auto sinceStart = static_cast<double>(done - s_.firstStep);
    const double weight = std::max(0.05, 1 / sinceStart); // a plain mean first, then one that follows
    stepSeconds_ += weight * (stepSeconds - stepSeconds_);
    return {.step = done,
            .steps = s_.steps,
            .tokens = done * s_.tokensPerStep,
            .seconds = seconds_,
            .tokensPerSecond = static_cast<double>(s_.tokensPerStep) / std::max(stepSeconds_, 1e-9),
            .secondsLeft = static_cast<double>(s_.steps - done) * (seconds_ - s_.secondsBefore) / sinceStart,
            .values = std::move(values)};
}

void Loop::remember(const TrainingPoint &point) {
    unwritten_.push_back(point);
    last_.push_back(point);
    if (last_.size() > rememberedPoints)
        last_.pop_front();
    if (sinceWrite_.seconds() > secondsBetweenMetricWrites)
        writeMetrics();
}

void Loop::writeMetrics() {
    if (!unwritten_.empty())
        folder_.appendMetrics(unwritten_);
    unwritten_.clear();
    sinceWrite_ = Clock();
}

void Loop::save(int64_t done, bool finished) {
    checkBeforeSaving(done);
    writeMetrics();
    s_.save(done, seconds_, finished);
    lastSaved_ = done;
}

TrainingOutcome Loop::run(const std::stop_token &stop) {
    int64_t done = s_.firstStep;
    while (done < s_.steps && !stop.stop_requested()) {
        const Clock clock;
        Values values;
        if (!unlessStopped([&] { values = s_.learn(done); }))
            break;
        ++done;
        checkFinite(done, values);
        checkExplosion(done, values);
        Values measured;
        if ((done % s_.evalEvery == 0 || done == s_.steps) && unlessStopped([&] { measured = s_.evaluate(done); })) {
            checkFinite(done, measured);
            values.insert(values.end(), measured.begin(), measured.end());
        }
        const TrainingPoint point = makePoint(done, clock.seconds(), std::move(values));
        remember(point);
        if (done % s_.checkpointEvery == 0 && done < s_.steps)
            save(done, false);
        if (sink_)
            sink_(point);
    }
    if (done > s_.firstStep) // a finished run that is resumed stays as it is
        save(done, done >= s_.steps);
    const double spent = std::max(seconds_ - s_.secondsBefore, 1e-9);
    return {.step = done,
            .seconds = seconds_,
            .tokensPerSecond = static_cast<double>((done - s_.firstStep) * s_.tokensPerStep) / spent,
            .stopped = done < s_.steps,
            .lastPoints = {last_.begin(), last_.end()}};
}
} // namespace

TrainingOutcome runTraining(const TrainingSteps &steps, const RunFolder &folder, std::stop_token stop,
                            const TrainingSink &sink) {
    return Loop(steps, folder, sink).run(stop);
}

double scheduledRate(double rate, int64_t step, int64_t steps, int64_t warmup,
                     const std::function<double(double)> &after) {
    warmup = std::min(warmup, steps / longestWarmup);
    if (step < warmup)
        return rate * static_cast<double>(step + 1) / static_cast<double>(warmup);
    return rate * after(static_cast<double>(step - warmup) / static_cast<double>(std::max<int64_t>(1, steps - warmup)));
}

} // namespace tt
