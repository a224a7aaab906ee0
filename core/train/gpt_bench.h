#pragma once

#include "core/progress.h"
#include "core/train/gpt_training.h"

#include <stop_token>
#include <vector>

namespace tt {

struct GptStepTimes {
    std::vector<double> seconds; ///< of each step after the warm-up
    double loss = 0;             ///< of the last step, nats/token
    double flops = 0;            ///< of a step: multiplications and additions of its matrix products
};

/// Runs `warmup` + `steps` steps of training as trainGpt does, on random tokens and new weights, saving nothing. Throws
/// Error(Cancelled) on a stop.
GptStepTimes timeGptSteps(const GptTrainingConfig &config, int warmup, int steps, std::stop_token stop,
                          const ProgressSink &progress);

/// Multiplications and additions of the matrix products of one training step; attention over T tokens counts half the
/// square, as the rest is masked.
double trainingFlops(const GptConfig &model, int batch);

} // namespace tt
