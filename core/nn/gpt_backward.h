#pragma once

#include "core/nn/gpt_forward.h"

#include <stop_token>

namespace tt {

/// Buffers of lossAndGradients, reused from step to step.
template <class T>
struct GptBackwardBuffers {
    std::vector<T> logits, dNorm, dResid, dHidden, dHeads, dQuery, dKey, dValue;
    std::vector<double> losses;
};

/// Mean cross entropy (nats/token) of predicting targets (batch · length) and its gradient by every weight, written by
/// hand; tests compare it with LibTorch's autograd. `gradients` has the model's shapes and is overwritten.
/// `dropoutSeed` draws the masks of this step (rate as in the config; 0 = none). Throws
/// Error(Cancelled) within a layer of a stop; gradients are then unfinished.
template <class T>
double lossAndGradients(const GptWeights<T> &weights, std::span<const int32_t> tokens, std::span<const int32_t> targets,
                        int batch, uint64_t dropoutSeed, GptActivations<T> &activations, GptBackwardBuffers<T> &buffers,
                        GptWeights<T> &gradients, std::stop_token stop = {});

} // namespace tt
