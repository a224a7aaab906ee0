#pragma once

#include "core/features/explained_model.h"
#include "core/text/token_cache.h"

namespace tt {

/// Largest activation and density of every feature over the first `maximumTokens` training tokens.
FeatureStatistics corpusStatistics(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                   const TokenCache &tokens, int64_t maximumTokens);

} // namespace tt
