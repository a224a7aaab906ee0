#pragma once

#include "core/nn/gpt_forward.h"
#include "core/nn/kernels.h"

#include <stop_token>

namespace tt {

/// Where dropout sits in training: each place of each layer has a stream of its own, drawn anew every step.
struct TrainingDropout {
    double rate = 0;
    uint64_t seed = 0; ///< of the step
    enum Place : uint32_t { AttentionWeights, AttentionOutput, MlpOutput };
    [[nodiscard]] DropoutStream stream(int layer, Place place) const;
};

/// forward() with dropout; a stop is answered within a layer by Error(Cancelled).
template <class T>
void forwardTraining(const GptWeights<T> &weights, std::span<const int32_t> tokens, int batch,
                     GptActivations<T> &activations, const TrainingDropout &dropout, const std::stop_token &stop = {});

} // namespace tt
