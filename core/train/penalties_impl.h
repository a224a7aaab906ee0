#pragma once

#include "core/train/transcoder_training.h"

#include <vector>

namespace tt {

/// What an active feature of JumpReLU or ReLU costs, λ of each layer: given and warmed up, or led so that k features
/// stay active. It is led by a proportional and integral controller of log L0: λ = I · r^gain with r = L0 / wanted, and
/// I grows by r^drift a step. Without the first, λ lags behind the thresholds, and they overshoot. What is wanted falls
/// from a few times k to k.
class Penalties {
public:
    Penalties(const TranscoderTrainingConfig &config, int layers);
    [[nodiscard]] bool used() const;
    /// λ of each layer at this step, 0 where none is used.
    [[nodiscard]] std::vector<double> at(int64_t step) const;
    /// Takes a step's L0. More active than wanted: λ grows. Returns what JumpReLU's thresholds are to be multiplied by:
    /// below 1 where fewer are active, for they do not come down by themselves where nothing is paid.
    double follow(int64_t step, size_t layer, double l0);

    /// What a checkpoint keeps.
    std::vector<float> &weights() { return weights_; }
    std::vector<float> &integrals() { return integrals_; }

private:
    [[nodiscard]] double warmed(int64_t step) const;

    const TranscoderTrainingConfig &config_;
    std::vector<float> weights_, integrals_;
};

} // namespace tt
