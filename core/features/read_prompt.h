#pragma once

#include "core/features/explained_model.h"
#include "core/nn/gpt_forward.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tt {

/// The prompt's tokens with what does not fit into the context taken off the front.
struct ReadPrompt {
    std::vector<int32_t> ids, leftOut;
};
ReadPrompt readPrompt(const ExplainedModel &model, const std::string &prompt);

/// Tokenizer::text of each.
std::vector<std::string> tokenTexts(const Tokenizer &tokenizer, const std::vector<int32_t> &ids);

/// The active features of every layer.
std::vector<SparseActivations<float>> encodeLayers(const ExplainedModel &model,
                                                   const GptActivations<float> &activations);

} // namespace tt
