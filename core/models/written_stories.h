#pragma once

#include "core/nn/gpt_weights.h"
#include "core/progress.h"
#include "core/text/tokenizer.h"
#include "core/text/word_runs.h"

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace tt {

struct WrittenStories {
    std::vector<std::string> stories;
    int64_t leftOut = 0; ///< copied, cut off, too short, or with bytes that are no text
};
/// Stories that a GPT writes by itself, from the end of a text on: story i of a seed is always the same. Left out are
/// those that share a run of words with `training`, those that do not end within 400 tokens and those under 20 words.
WrittenStories writeStories(const GptWeights<float> &gpt, const Tokenizer &tokenizer, const WordRuns &training,
                            int64_t count, double temperature, uint64_t seed, std::stop_token stop,
                            const ProgressSink &progress);

} // namespace tt
