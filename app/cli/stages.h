#pragma once

#include "app/cli/context.h"
#include "core/text/token_cache.h"
#include "core/train/estimate.h"
#include "core/train/gpt_training.h"
#include "core/train/transcoder_training.h"

namespace tt::cli {

/// Steps that several commands share.

/// Picks or trains the tokenizer that the configuration needs, tokenises the corpus and trains. `run` empty = a free
/// name.
GptTrainingResult trainGptStage(Context &context, const Workspace &workspace, GptTrainingConfig config,
                                const std::string &tokenizer, const std::string &run);

/// What that training would take, measured on a few steps of its shape; nothing is trained or kept.
TrainingEstimate estimateGptStage(Context &context, const Workspace &workspace, GptTrainingConfig config,
                                  const std::string &tokenizer);
Json toJson(const TrainingEstimate &estimate);
std::string describe(const TrainingEstimate &estimate);

/// A text file as held-out tokens, all of it.
TokenCache tokensOfFile(const Tokenizer &tokenizer, const std::string &file);

Json toJson(const GptTrainingResult &result);
std::string describe(const GptTrainingResult &result);
Json toJson(const TranscoderTrainingResult &result);
std::string describe(const TranscoderTrainingResult &result);

/// What `graph trace` is asked for.
struct TraceRequest {
    std::string transcoder, prompt, target = "auto";
    double nodeThreshold = 0.8, edgeThreshold = 0.98;
    bool prune = true;
    double scale = 2;   ///< of a .png
    bool large = false; ///< also a graph that takes more than 1 GB
    std::vector<std::string> files;
};
/// Traces, writes the files, returns the JSON keys of cli.md and a text.
std::pair<Json, std::string> traceStage(const Context &context, const Workspace &workspace,
                                        const TraceRequest &request);

} // namespace tt::cli
