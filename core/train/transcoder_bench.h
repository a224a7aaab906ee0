#pragma once

#include "core/nn/gpt_config.h"
#include "core/progress.h"
#include "core/train/transcoder_training.h"

#include <stop_token>
#include <vector>

namespace tt {

struct TranscoderStepTimes {
    std::vector<double> cached;   ///< seconds of each step after the warm-up, activations in memory
    std::vector<double> uncached; ///< the GPT's blocks computed in the step, as far as the last MLP
    double loss = 0;              ///< FVU of the last step's batch, mean of the layers
    double flops = 0;             ///< of a cached step: multiplications and additions of the encoders' products
};

/// Runs `warmup` + `steps` steps of training a transcoder on the activations of a GPT with new weights for random
/// tokens, saving nothing; then as many uncached ones, unless `cachedOnly`. config.batch must be a multiple of the
/// context. Throws Error(Cancelled) on a stop.
TranscoderStepTimes timeTranscoderSteps(const TranscoderTrainingConfig &config, const GptConfig &model, int warmup,
                                        int steps, bool cachedOnly, std::stop_token stop, const ProgressSink &progress);

} // namespace tt
