#pragma once

#include "core/train/training_point.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tt {

/// One named value of a run over its steps, as measured and smoothed.
struct Curve {
    std::vector<double> steps;       ///< ascending
    std::vector<double> values;      ///< finite
    std::vector<double> smoothed;    ///< bias-corrected exponential moving average up to that step
    double minimum = 0, maximum = 0; ///< of values

    [[nodiscard]] size_t size() const { return steps.size(); }
    /// Index of the value measured nearest to `step`. The curve must not be empty.
    [[nodiscard]] size_t nearest(double step) const;
};

/// Every curve of one training run. Grows point by point; the smoothed values are never computed a second time.
class TrainingHistory {
public:
    /// Weight β of the past in the moving average m ← βm + (1 − β)x, shown as m / (1 − βⁿ) (Kingma & Ba 2014, §3).
    static constexpr double smoothing = 0.9;

    /// Points in order of their steps. A point at or before the last step replaces everything from its step on, as
    /// after going back to a checkpoint.
    void append(const std::vector<TrainingPoint> &points);
    void replace(const std::vector<TrainingPoint> &points);

    /// The curve of a value by its name in TrainingPoint; null before its first point.
    [[nodiscard]] const Curve *curve(const std::string &name) const;
    [[nodiscard]] std::optional<double> last(const std::string &name) const;
    [[nodiscard]] std::optional<double> lastSmoothed(const std::string &name) const;
    [[nodiscard]] int64_t step() const { return step_; }
    [[nodiscard]] int64_t steps() const { return steps_; }
    [[nodiscard]] bool empty() const { return curves_.empty(); }
    /// Layers with a fraction of variance unexplained.
    [[nodiscard]] int layers() const;
    /// Changes whenever points were taken away or replaced, so that a view knows it must start anew.
    [[nodiscard]] int revision() const { return revision_; }

private:
    void appendPoint(const TrainingPoint &point);
    void forgetFrom(int64_t step);

    std::map<std::string, Curve> curves_;
    int64_t step_ = 0, steps_ = 0;
    int revision_ = 0;
};

} // namespace tt
