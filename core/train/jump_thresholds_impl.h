#pragma once

#include "core/nn/gpt_weights.h"
#include "core/nn/transcoder.h"
#include "core/progress.h"
#include "core/text/token_cache.h"

namespace tt {

/// A TopK transcoder as one with JumpReLU: the same weights, and a threshold for each feature at which it fires on as
/// many of the corpus' first `maximumTokens` training tokens as it did among the k largest. So each feature keeps its
/// density (equal pre-activations aside) and a token its mean L0; which tokens a feature fires on changes where
/// features compete.
TranscoderWeights<float> withJumpThresholds(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                            const TokenCache &tokens, int64_t maximumTokens,
                                            const std::stop_token &stop, const ProgressSink &progress);

/// The threshold above which `fires` of the pre-activations lie, midway between two of them; at least 0. `largest`
/// holds the fires + 1 largest (fewer where there are no more), in any order.
float thresholdFor(std::vector<float> largest, int64_t fires);

} // namespace tt
