#pragma once

#include "core/io/workspace.h"
#include "core/nn/gpt_weights.h"
#include "core/nn/transcoder.h"
#include "core/progress.h"
#include "core/text/token_cache.h"
#include "core/train/activation_plan.h"
#include "core/train/live_transcoder.h"
#include "core/train/parameter.h"
#include "core/train/training_point.h"
#include "core/train/transcoder_evaluation.h"

#include <string>
#include <vector>

namespace tt {

/// What a JumpReLU transcoder pays for its active features; one with ReLU pays Σ a·‖W_dec‖.
enum class PenaltyForm {
    L0,  ///< their number (step; Rajamanoharan et al., arXiv 2407.14435)
    Tanh ///< Σ tanh(4·a·‖W_dec‖)
};

/// How a transcoder is trained. `gptRun` names the GPT; its shape gives layers and d.
struct TranscoderTrainingConfig {
    std::string gptRun, corpus;
    TranscoderKind kind = TranscoderKind::PerLayer;
    Activation activation = Activation::TopK;
    int features = 4096; ///< F of each layer
    int k = 16;          ///< active features a token: exact for TopK, on average for BatchTopK, aimed at otherwise
    bool skip = false;   ///< adds a linear map of the input, W_skip
    double penalty = 0;  ///< λ of JumpReLU and ReLU; 0 = found while training so that about k features are active
    PenaltyForm penaltyForm = PenaltyForm::L0;
    int64_t penaltyWarmup = 500;  ///< steps over which a given λ rises from 0; at most half of all
    double bandwidth = 0.1;       ///< ε of JumpReLU's straight-through estimator
    int auxk = 32;                ///< dead features that learn from the residual at a token; 0 = off
    double auxkWeight = 1.0 / 32; ///< α (Gao et al., arXiv 2406.04093)
    double deadDensity = 1e-5;    ///< a feature is dead while its moving average of firing is below this
    int64_t steps = 6000;
    int batch = 4096;           ///< tokens a step
    double learningRate = 2e-3; ///< Adam (0.9, 0.999)
    int64_t warmup = 100;
    double clip = 1.0;
    ActivationSource cache = ActivationSource::Auto; ///< where activations are kept; a run's own config says which
    double cacheMemory = defaultCacheMemory();       ///< GB of memory they may take
    double cacheDisk = 20;                           ///< GB of the disk, those of other GPTs included
    /// Features are chosen by bfloat16 products (the chosen are computed again in float32), and so are the GPT's
    /// activations where they are recomputed.
    bool bfloat16 = false;
    int64_t evalEvery = 200;
    int64_t checkpointEvery = 500;
    int snapshots = 0; ///< how many earlier states of the weights to keep (transcoder_snapshots.h)
    uint64_t seed = 0;
    int threads = 0;

    bool operator==(const TranscoderTrainingConfig &) const = default;
    static const std::vector<Parameter> &parameters();
    void set(const std::string &key, const std::string &value); ///< as GptTrainingConfig's
    [[nodiscard]] std::string get(const std::string &key) const;
    [[nodiscard]] std::vector<Problem> validate() const;
};
std::string toJson(const TranscoderTrainingConfig &config);
TranscoderTrainingConfig transcoderTrainingConfigFromJson(const std::string &json);

struct TranscoderTrainingResult {
    std::string name;
    int64_t steps = 0, tokens = 0;
    TranscoderMetrics heldOut;
    double tokensPerSecond = 0, seconds = 0;
    bool stopped = false;
    ActivationPlan activations; ///< where they came from
    std::string notice;         ///< what was found damaged and made anew, "" = nothing
};

/// Trains transcoders/<name>/ anew. The GPT runs in evaluation mode over the whole packed corpus, only as far as its
/// last MLP; where its activations are kept, planActivations() says. Inputs and targets are normalised by dataset-level
/// means and scales that are folded in when saved. Checkpoints, stop and non-finite loss as for trainGpt; a disk that
/// is full while activations are cached leaves a run to resume. `progress` reports what goes before the first step;
/// `live`, where there is one, hands out the weights between the steps.
TranscoderTrainingResult trainTranscoder(const Workspace &workspace, const std::string &name,
                                         const TranscoderTrainingConfig &config, const TokenCache &tokens,
                                         std::stop_token stop, const TrainingSink &sink,
                                         const ProgressSink &progress = {}, LiveTranscoder *live = nullptr);
TranscoderTrainingResult resumeTranscoder(const Workspace &workspace, const std::string &name, const TokenCache &tokens,
                                          std::stop_token stop, const TrainingSink &sink,
                                          const ProgressSink &progress = {}, LiveTranscoder *live = nullptr);

struct TranscoderRunState {
    TranscoderTrainingConfig config;
    int64_t step = 0;
    double seconds = 0;
    bool finished = false;
    std::string importedFrom; ///< the program whose weights these are, "" = trained here; then `config` has 0 steps
};
TranscoderRunState readTranscoderRun(const Workspace &workspace, const std::string &name);

} // namespace tt
