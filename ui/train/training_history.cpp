#include "ui/train/training_history.h"

#include <algorithm>
#include <cmath>

namespace tt {

namespace {

void appendValue(Curve &curve, double step, double value) {
    constexpr double beta = TrainingHistory::smoothing;
    const auto count = static_cast<double>(curve.size());
    // The average itself is not stored: it is the corrected one times 1 − βⁿ.
    const double average = curve.size() == 0 ? 0 : curve.smoothed.back() * (1 - std::pow(beta, count));
    curve.minimum = curve.size() == 0 ? value : std::min(curve.minimum, value);
    curve.maximum = curve.size() == 0 ? value : std::max(curve.maximum, value);
    curve.steps.push_back(step);
    curve.values.push_back(value);
    curve.smoothed.push_back((beta * average + (1 - beta) * value) / (1 - std::pow(beta, count + 1)));
}

void truncate(Curve &curve, double step) {
    const auto first = std::lower_bound(curve.steps.begin(), curve.steps.end(), step);
    const auto kept = static_cast<size_t>(first - curve.steps.begin());
    curve.steps.resize(kept);
    curve.values.resize(kept);
    curve.smoothed.resize(kept);
    if (kept == 0)
        return;
    const auto [least, most] = std::minmax_element(curve.values.begin(), curve.values.end());
    curve.minimum = *least;
    curve.maximum = *most;
}

} // namespace

size_t Curve::nearest(double step) const {
    const auto after = std::lower_bound(steps.begin(), steps.end(), step);
    if (after == steps.begin())
        return 0;
    const auto index = static_cast<size_t>(after - steps.begin());
    if (after == steps.end())
        return index - 1;
    return step - steps[index - 1] <= steps[index] - step ? index - 1 : index;
}

void TrainingHistory::append(const std::vector<TrainingPoint> &points) {
    for (const TrainingPoint &point : points)
        appendPoint(point);
}

void TrainingHistory::replace(const std::vector<TrainingPoint> &points) {
    curves_.clear();
    step_ = steps_ = 0;
    ++revision_;
    append(points);
}

void TrainingHistory::appendPoint(const TrainingPoint &point) {
    if (point.step <= step_)
        forgetFrom(point.step);
    step_ = point.step;
    steps_ = point.steps;
    if (point.tokensPerSecond > 0)
        appendValue(curves_["tokens_per_second"], static_cast<double>(point.step), point.tokensPerSecond);
    for (const auto &[name, value] : point.values)
        if (std::isfinite(value))
            appendValue(curves_[name], static_cast<double>(point.step), value);
}

void TrainingHistory::forgetFrom(int64_t step) {
    for (auto &[name, curve] : curves_)
        truncate(curve, static_cast<double>(step));
    std::erase_if(curves_, [](const auto &entry) { return entry.second.size() == 0; });
    ++revision_;
}

const Curve *TrainingHistory::curve(const std::string &name) const {
    const auto found = curves_.find(name);
    return found == curves_.end() ? nullptr : &found->second;
}

std::optional<double> TrainingHistory::last(const std::string &name) const {
    const Curve *found = curve(name);
    return found ? std::optional(found->values.back()) : std::nullopt;
}

std::optional<double> TrainingHistory::lastSmoothed(const std::string &name) const {
    const Curve *found = curve(name);
    return found ? std::optional(found->smoothed.back()) : std::nullopt;
}

int TrainingHistory::layers() const {
    int count = 0;
    while (curve("train_fvu_" + std::to_string(count)) || curve("fvu_" + std::to_string(count)))
        ++count;
    return count;
}

} // namespace tt
