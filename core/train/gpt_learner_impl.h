#pragma once

#include "core/nn/gpt_backward.h"
#include "core/train/gpt_training.h"
#include "core/train/run_folder_impl.h"
#include "core/train/window_sampler_impl.h"

namespace tt {

/// Weights, moments and buffers of a run, and one step of it.
class GptLearner {
public:
    GptLearner(const GptTrainingConfig &config, const TokenCache &tokens);
    void initialise();
    /// Reads and writes the files of a checkpoint.
    void load(const RunFolder &folder, const RunFolder::State &state);
    void save(const RunFolder &folder, int64_t step, double seconds, bool finished) const;
    /// Learns from batch `step` (0-based) unless the loss or the gradient is not finite; returns what it measured.
    std::vector<std::pair<std::string, double>> learn(int64_t step, const std::stop_token &stop);
    [[nodiscard]] const GptWeights<float> &weights() const { return weights_; }

private:
    void update(int64_t step, double rate, double gradientScale);

    GptTrainingConfig config_;
    WindowSampler sampler_;
    GptWeights<float> weights_, gradients_, first_, second_;
    GptActivations<float> activations_;
    GptBackwardBuffers<float> buffers_;
    std::vector<int32_t> window_, inputs_, targets_;
};

} // namespace tt
