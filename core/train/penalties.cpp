#include "core/train/penalties_impl.h"

#include <algorithm>
#include <cmath>

namespace tt {

namespace {
constexpr double firstPenalty = 1e-3; // λ where it is found while training
constexpr double penaltyGain = 4, penaltyDrift = 0.01, thresholdDrift = 0.02;
constexpr double driftSteps = 2000, fastestDrift = 4; // shorter runs drift faster, up to so many times
constexpr double largestRatio = 4;                    // of L0 and what is wanted that counts
constexpr double firstWanted = 4;                     // times k: active features wanted at the start
constexpr double landing = 0.4;                       // of a run, by when k are wanted
} // namespace

Penalties::Penalties(const TranscoderTrainingConfig &config, int layers)
    : config_(config),
      weights_(static_cast<size_t>(layers), static_cast<float>(config.penalty > 0 ? config.penalty : firstPenalty)),
      integrals_(weights_) {}

bool Penalties::used() const {
    return config_.activation == Activation::JumpRelu || config_.activation == Activation::Relu;
}

std::vector<double> Penalties::at(int64_t step) const {
    std::vector<double> values(weights_.begin(), weights_.end());
    for (double &value : values)
        value *= used() ? warmed(step) : 0;
    return values;
}

double Penalties::follow(int64_t step, size_t layer, double l0) {
    if (!used() || config_.penalty > 0)
        return 1;
    const auto steps = static_cast<double>(config_.steps);
    const double left = std::max(0.0, 1 - static_cast<double>(step) / (landing * steps));
    const double wanted = config_.k * std::pow(firstWanted, left * left); // lands on k without falling
    const double ratio = std::clamp(l0 / wanted, 1 / largestRatio, largestRatio);
    const double drift = penaltyDrift * std::clamp(driftSteps / steps, 1.0, fastestDrift);
    integrals_[layer] *= static_cast<float>(std::pow(ratio, drift));
    weights_[layer] = integrals_[layer] * static_cast<float>(std::pow(ratio, penaltyGain));
    return std::pow(std::min(1.0, ratio), thresholdDrift);
}

/// A given λ's share: from 0 to 1 over the warm-up.
double Penalties::warmed(int64_t step) const {
    const int64_t warmup = std::min(config_.penaltyWarmup, config_.steps / 2);
    return config_.penalty > 0 && step < warmup ? static_cast<double>(step + 1) / static_cast<double>(warmup) : 1.0;
}

} // namespace tt
