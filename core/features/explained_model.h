#pragma once

#include "core/circuits/graph.h"
#include "core/io/workspace.h"
#include "core/nn/gpt_weights.h"
#include "core/nn/transcoder.h"
#include "core/progress.h"
#include "core/text/tokenizer.h"

#include <memory>
#include <string>
#include <vector>

namespace tt {

/// How every feature behaves over the corpus, from one pass after training; [layer][feature].
struct FeatureStatistics {
    std::vector<std::vector<float>> maximum; ///< largest activation seen
    std::vector<std::vector<float>> density; ///< share of tokens it fires on
    int64_t tokens = 0;
};
FeatureStatistics readStatistics(const std::filesystem::path &transcoderFolder, const TranscoderConfig &config);
void writeStatistics(const std::filesystem::path &file, const FeatureStatistics &statistics);

/// A GPT with its tokenizer and a transcoder: all that prompts, features and graphs need. Immutable, shared by workers.
struct ExplainedModel {
    std::string gptName, transcoderName;
    Tokenizer tokenizer;
    GptWeights<float> gpt;
    TranscoderWeights<float> transcoder;
    FeatureStatistics statistics;
    std::vector<std::vector<int32_t>>
        promoted;                 ///< [layer][feature]: the token whose logit it raises most (direct path)
    std::string transcoderSha256; ///< transcoderHash() of its folder; of weights in no file "step N, not saved"
};
/// `snapshot`: the weights as they were after that step of the training (transcoder_snapshots.h); −1: as they are.
std::shared_ptr<const ExplainedModel> loadExplainedModel(const Workspace &workspace, const std::string &transcoder,
                                                         std::stop_token stop, int64_t snapshot = -1);

/// The same GPT, explained by other weights of the transcoder, which are in no file: those of `step` of its training.
std::shared_ptr<const ExplainedModel> withLiveWeights(const ExplainedModel &model,
                                                      const TranscoderWeights<float> &weights, int64_t step);

/// Hex sha256 of every weight file of a transcoder, in the order of their names, joined by '+'.
std::string transcoderHash(const std::filesystem::path &transcoderFolder);

/// The token whose logit each feature's decoder (summed over the layers it writes to) raises most through γ of the
/// final norm, relative to the mean logit: argmax_v U_v·(γ ⊙ (d − mean d)). [layer][feature]
std::vector<std::vector<int32_t>> promotedTokens(const GptWeights<float> &gpt,
                                                 const TranscoderWeights<float> &transcoder);

} // namespace tt
