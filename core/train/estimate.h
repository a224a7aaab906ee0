#pragma once

#include "core/train/gpt_training.h"
#include "core/train/transcoder_training.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tt {

/// What a training of one shape costs on this machine, measured on a few real steps.
struct TrainingCalibration {
    double startSeconds = 0;      ///< from Start to the first step: loading, first weights, first checkpoint
    double stepSeconds = 0;       ///< one batch, filling of buffers averaged in
    double evaluationSeconds = 0; ///< one measurement on held-out tokens while it trains
    double checkpointSeconds = 0; ///< one checkpoint
    double endSeconds = 0;        ///< the last checkpoint and the final measurement
    double memoryBytes = 0;       ///< most that the run adds to the program's memory
    double checkpointBytes = 0;   ///< of the run's files, without metrics.jsonl
    double activationSeconds = 0; ///< transcoder: the GPT's pass for a token, which stepSeconds leaves out
    double recomputeSeconds = 0;  ///< the same where every step computes it again: with bf16's products if so set
};

/// How long a training of that shape goes on.
struct TrainingLength {
    int64_t steps = 0, evalEvery = 1, checkpointEvery = 1;
    int64_t tokensPerStep = 0;
};

struct TrainingEstimate {
    double seconds = 0; ///< from Start until it is finished, alone on the machine; 0 = could not be measured
    double tokensPerSecond = 0;
    double memoryBytes = 0;              ///< most that the run adds to the program's memory
    double diskBytes = 0;                ///< when it is finished
    double diskPeakBytes = 0;            ///< while a checkpoint replaces the one before
    double freeMemory = 0, freeDisk = 0; ///< of the machine now, bytes
    int threads = 0, hardwareThreads = 0;
    std::optional<ActivationPlan> activations; ///< transcoder: where they will be kept; counted in the bytes above
    std::vector<std::string> warnings;         ///< sentences: what will not suffice, and what to do
};

/// The arithmetic: steps, measurements and checkpoints as the training loop makes them.
TrainingEstimate estimateTraining(const TrainingCalibration &calibration, const TrainingLength &length);
/// How much longer a run takes beside others: threads wanted by all over those of the machine, at least 1.
double slowdownBeside(int ownThreads, int otherThreads, int hardwareThreads);

/// Calibrations by shape and threads, so that another length is answered at once. Used on one thread at a time.
struct TrainingCalibrations {
    std::map<std::string, TrainingCalibration> byShape;
    int otherThreads = 0; ///< of runs that train now: a calibration beside them is corrected by slowdownBeside()
};

/// Estimates a run of `config` by training a scratch GPT of that shape for a few steps on random tokens (at a smaller
/// batch where a step is long, scaled up), in a folder of the workspace that is removed again. Memory is what the
/// program allocated meanwhile: nothing else should train in this process at that time. A shape that would not fit into
/// the machine is not tried: `seconds` stays 0. Throws Error where config is not valid, or Cancelled on a stop.
TrainingEstimate estimateGptTraining(const Workspace &workspace, const GptTrainingConfig &config,
                                     TrainingCalibrations &known, std::stop_token stop, const ProgressSink &progress);
/// The same for a transcoder of the GPT it names.
TrainingEstimate estimateTranscoderTraining(const Workspace &workspace, const TranscoderTrainingConfig &config,
                                            TrainingCalibrations &known, std::stop_token stop,
                                            const ProgressSink &progress);

} // namespace tt
