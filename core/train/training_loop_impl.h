#pragma once

#include "core/train/run_folder_impl.h"
#include "core/train/training_point.h"

#include <functional>
#include <stop_token>

namespace tt {

/// What a kind of training puts into the common loop. Values are named as in TrainingPoint. learn and evaluate may
/// throw Error(Cancelled) on a stop: the step then counts as not done, the measurement as not made.
struct TrainingSteps {
    std::string name;      ///< of the run, for errors
    int64_t firstStep = 0; ///< steps done before (resumed)
    int64_t steps = 0;     ///< to reach
    int64_t tokensPerStep = 0;
    int64_t evalEvery = 1, checkpointEvery = 1;
    double secondsBefore = 0; ///< of training before (resumed)
    /// Learns from batch `step` (0-based) unless the loss or the gradient is not finite; returns the values measured.
    std::function<std::vector<std::pair<std::string, double>>(int64_t step)> learn;
    /// The value of learn() whose explosion ends the run ("train_loss"); empty = none.
    std::string watched;
    /// The watched value anew, on few tokens: asked before a checkpoint replaces the one before. May be empty.
    std::function<double()> probe;
    /// Held-out values after `stepsDone` steps.
    std::function<std::vector<std::pair<std::string, double>>(int64_t stepsDone)> evaluate;
    /// Saves a checkpoint after `stepsDone` steps.
    std::function<void(int64_t stepsDone, double seconds, bool finished)> save;
};

struct TrainingOutcome {
    int64_t step = 0;
    double seconds = 0, tokensPerSecond = 0;
    bool stopped = false;
    std::vector<TrainingPoint> lastPoints; ///< the last 50
};

/// Runs the steps, measures, reports, saves. A value that is not finite, or a watched one that explodes, ends it with
/// an Error that names the step and the reason; the last checkpoint, from before, is kept.
TrainingOutcome runTraining(const TrainingSteps &steps, const RunFolder &folder, std::stop_token stop,
                            const TrainingSink &sink);

/// Warm-up from 0 over `warmup` steps (at most a quarter of all), then `after` (0 … 1 through the rest → factor).
double scheduledRate(double rate, int64_t step, int64_t steps, int64_t warmup,
                     const std::function<double(double)> &after);

} // namespace tt
