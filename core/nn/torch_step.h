#pragma once

#include "core/nn/gpt_config.h"

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

namespace tt {

/// The same step as GptStep's through LibTorch's operators and autograd: the way on a CUDA device, and on "cpu" what
/// tests compare the hand-written step with. Parameters and gradients stay in the caller's arrays; a step copies them
/// to the device and back. Dropout draws other masks than GptStep.
class TorchGptStep {
public:
    /// `device`: "cpu", "cuda" or "cuda:1". Throws Error where LibTorch has no such device.
    TorchGptStep(const GptConfig &config, int batch, int length, const std::string &device);
    ~TorchGptStep();
    TorchGptStep(TorchGptStep &&) noexcept;
    TorchGptStep &operator=(TorchGptStep &&) noexcept;

    /// As GptStep::lossAndGradients; a stop is seen before the step only.
    double lossAndGradients(std::span<const float> parameters, std::span<const int32_t> tokens,
                            std::span<const int32_t> targets, uint64_t dropoutSeed, std::span<float> gradients,
                            const std::stop_token &stop = {});

private:
    struct Data;
    std::unique_ptr<Data> data_;
};

} // namespace tt
