#pragma once

#include "core/io/workspace.h"
#include "core/progress.h"
#include "core/text/tokenizer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tt {

/// How often each token occurs in a corpus, counted as a token cache holds it: each story's tokens, then end-of-text.
struct TokenStatistics {
    std::string corpus, tokenizer;
    bool complete = false;       ///< every story was counted, not a sample
    int64_t stories = 0;         ///< counted
    int64_t bytes = 0;           ///< of these stories' text
    int64_t tokens = 0;          ///< of these stories, end-of-text included
    int64_t corpusStories = 0;   ///< of the whole corpus
    std::vector<int64_t> counts; ///< by token id

    /// Tokens of the whole corpus: counted, or estimated from the sample's tokens a story.
    [[nodiscard]] int64_t corpusTokens() const;
    [[nodiscard]] double bytesPerToken() const;
    [[nodiscard]] double tokensPerStory() const;
    /// Tokens that occur.
    [[nodiscard]] int used() const;
    /// Ids of the `most` most frequent tokens, of equals the smaller id first; none that does not occur.
    [[nodiscard]] std::vector<int32_t> mostFrequent(size_t most) const;
};

/// What a sample reads of a larger corpus unless told otherwise.
inline constexpr int64_t statisticsSample = int64_t{16} << 20U;

/// Counts a corpus's tokens on all threads. A text of more than `sampleBytes` is sampled: whole stories from 64 places
/// spread evenly over it; 0 counts everything. The sample is the same every time. Throws Error where corpus or
/// tokenizer is missing or the corpus has no story, Error(Cancelled) on a stop.
TokenStatistics tokenStatistics(const Workspace &workspace, const std::string &corpus, const std::string &tokenizer,
                                int64_t sampleBytes, std::stop_token stop, const ProgressSink &progress);

} // namespace tt
