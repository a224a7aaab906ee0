#pragma once

#include "core/nn/gpt_step.h"
#include "core/nn/torch_step.h"
#include "core/train/gpt_training.h"
#include "core/train/run_folder_impl.h"
#include "core/train/window_sampler_impl.h"

#include <variant>

namespace tt {

/// Parameters, moments and buffers of a run, and one step of it. All parameters are one array, so are gradients and
/// moments.
class GptLearner {
public:
    GptLearner(const GptTrainingConfig &config, const TokenCache &tokens);
    void initialise();
    /// Reads and writes the files of a checkpoint.
    void load(const RunFolder &folder, const RunFolder::State &state);
    void save(const RunFolder &folder, int64_t step, double seconds, bool finished) const;
    /// Learns from batch `step` (0-based) unless the loss or the gradient is not finite; returns what it measured.
    std::vector<std::pair<std::string, double>> learn(int64_t step, const std::stop_token &stop);
    /// A copy, for measuring.
    [[nodiscard]] GptWeights<float> weights() const;

private:
    /// Neighbours of the same weight decay.
    struct Range {
        int64_t offset, count;
        double decay;
    };
    void readBatch(int64_t step);
    void update(int64_t step, double rate, double gradientScale);

    GptTrainingConfig config_;
    GptLayout layout_;
    WindowSampler sampler_;
    std::vector<Range> ranges_;
    std::vector<float> parameters_, gradients_, first_, second_;
    std::variant<GptStep<float>, GptStep<float, BFloat16>, TorchGptStep> step_;
    std::vector<int32_t> window_, inputs_, targets_;
};

} // namespace tt
