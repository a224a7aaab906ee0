#pragma once

#include "core/circuits/prompt_trace.h"
#include "core/features/explained_model.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tt {

struct TokenCandidate {
    int32_t id = 0;
    std::string text;
    double probability = 0;
    double logit = 0;
};

/// The `count` most probable tokens of one row of logits (V), the most probable first, ties by id.
std::vector<TokenCandidate> bestTokens(const Tokenizer &tokenizer, std::span<const float> logits, size_t count);

struct ActiveFeature {
    int position = 0, layer = 0, feature = 0;
    float activation = 0;
    float maximum = 0;    ///< largest on the corpus (at least `activation`)
    float density = 0;    ///< share of the corpus' tokens it fires on
    std::string promoted; ///< text of its top promoted token
};

/// What a transcoder sees in a prompt. Positions count the tokens read, from 0.
struct PromptFeatures {
    std::string prompt, gpt, transcoder;
    std::vector<int32_t> ids;                      ///< the tokens read, at most the context
    std::vector<std::string> tokens;               ///< their texts (Tokenizer::text)
    std::vector<double> given;                     ///< probability of each token after those before; −1 for the first
    std::vector<std::string> leftOut;              ///< tokens in front of them that no longer fit into the context
    std::vector<std::vector<TokenCandidate>> next; ///< the 10 most probable next tokens at each position
    std::vector<ActiveFeature> active;             ///< by position, layer, then activation, strongest first
    int layers = 0, features = 0;                  ///< of the transcoder
};
/// An empty prompt gives no tokens and no features.
PromptFeatures promptFeatures(const ExplainedModel &model, const std::string &prompt, std::stop_token stop);

} // namespace tt
