#pragma once

#include "core/io/workspace.h"
#include "core/nn/gpt_weights.h"
#include "core/progress.h"
#include "core/text/token_cache.h"
#include "core/train/parameter.h"
#include "core/train/training_point.h"

#include <map>
#include <string>

namespace tt {

/// How a GPT is trained: transcoders.md. Starts from a preset, single values changed by set().
struct GptTrainingConfig {
    std::string preset = "tiny";
    GptConfig model;
    std::string corpus; ///< name in the workspace
    int64_t steps = 3000;
    int batch = 32; ///< sequences of `context` tokens a step
    double learningRate = 3e-3;
    std::string schedule = "cosine"; ///< or "constant"
    int64_t warmup = 100;            ///< steps
    double weightDecay = 0.1;
    bool decayEverything = false; ///< `original`: biases, norms and embeddings too
    double beta2 = 0.95;
    double clip = 1.0; ///< of the global gradient norm; 0 = none
    bool scaleResidualInit = true;
    int64_t evalEvery = 100;        ///< steps
    int64_t checkpointEvery = 200;  ///< steps
    std::string precision = "fp32"; ///< of the factors of matrix products: "fp32" or "bf16"
    std::string device = "cpu";     ///< or "cuda", "cuda:1": through LibTorch's operators
    uint64_t seed = 0;
    int threads = 0; ///< 0 = all; fixed at the start, kept in state.json

    bool operator==(const GptTrainingConfig &) const = default;
    static std::vector<std::string> presets(); ///< "tiny", "original", "small"
    /// Throws Error(Usage) for an unknown name, with the list.
    static GptTrainingConfig fromPreset(const std::string &name);
    static const std::vector<Parameter> &parameters();
    /// Throws Error(Usage) for an unknown key (with the list) or a text that is no such value.
    void set(const std::string &key, const std::string &value);
    [[nodiscard]] std::string get(const std::string &key) const;
    [[nodiscard]] std::vector<Problem> validate() const;
};
std::string toJson(const GptTrainingConfig &config);
GptTrainingConfig gptTrainingConfigFromJson(const std::string &json);

struct GptTrainingResult {
    std::string run;
    int64_t steps = 0, tokens = 0;
    double trainLoss = 0;      ///< nats/token, mean of the last 50 steps
    double validationLoss = 0; ///< nats/token on held-out stories
    double validationBitsPerByte = 0;
    double tokensPerSecond = 0, seconds = 0;
    bool stopped = false; ///< by request; saved, can be resumed
};

/// Trains gpt/<run>/ anew (the run must not exist). Saves a checkpoint every `checkpointEvery` steps, at a stop and at
/// the end. A loss that is not finite, or explodes, ends it with an Error that names the step and the reason; the last
/// checkpoint, from before, is kept.
GptTrainingResult trainGpt(const Workspace &workspace, const std::string &run, const GptTrainingConfig &config,
                           const TokenCache &tokens, std::stop_token stop, const TrainingSink &sink);
/// Goes on with a stopped or killed run from its last checkpoint, to the same weights as one never stopped.
GptTrainingResult resumeGpt(const Workspace &workspace, const std::string &run, const TokenCache &tokens,
                            std::stop_token stop, const TrainingSink &sink);

/// How far a run in the workspace is.
struct GptRunState {
    GptTrainingConfig config;
    int64_t step = 0;
    double seconds = 0;
    bool finished = false;
    std::string importedFrom; ///< the program whose weights these are, "" = trained here; then `config` has 0 steps
};
GptRunState readGptRun(const Workspace &workspace, const std::string &run);

struct HeldOutLoss {
    double loss = 0; ///< nats/token
    double bitsPerByte = 0;
    int64_t tokens = 0;
};
/// Mean loss of predicting tokens [begin, end) in windows of the context, without dropout. At most `maximumTokens` are
/// used (0 = all), spread evenly. `bytes`: of text the tokens stand for.
HeldOutLoss heldOutLoss(const GptWeights<float> &gpt, const TokenCache &tokens, int64_t begin, int64_t end,
                        int64_t bytes, int64_t maximumTokens, std::stop_token stop);

} // namespace tt
