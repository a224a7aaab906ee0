#pragma once

#include "core/io/workspace.h"
#include "core/text/story_index.h"
#include "core/text/tokenizer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tt {

/// A token as a preview explains it.
struct PreviewToken {
    int32_t id = 0;
    std::string bytes;       ///< "<|endoftext|>" for the special one
    std::string left, right; ///< bytes of the two tokens it was merged from; empty where it was not merged
    bool operator==(const PreviewToken &) const = default;
};

/// A few stories of a corpus, cut into tokens.
struct StoryPreview {
    std::string corpus, tokenizer;
    int64_t first = 0;                    ///< number of the first story, from 0
    int64_t stories = 0;                  ///< how many are here
    int64_t corpusStories = 0;            ///< of the whole corpus
    bool cut = false;                     ///< the story is longer than a preview, the rest is not here
    int32_t endOfText = 0;                ///< its id; it stands behind every story that is not cut
    std::vector<int32_t> ids;             ///< the tokens, in order
    std::vector<PreviewToken> vocabulary; ///< every different one of them, by id
    /// Of an id that is in `ids`.
    [[nodiscard]] const PreviewToken &token(int32_t id) const;
    bool operator==(const StoryPreview &) const = default;
};

/// Looks into a corpus with a tokenizer. A handle that remembers where stories begin; not for two threads at once.
class CorpusPreview {
public:
    /// Throws Error where corpus or tokenizer is missing.
    CorpusPreview(const Workspace &workspace, std::string corpus, std::string tokenizer);
    [[nodiscard]] const std::string &corpus() const { return corpus_; }
    [[nodiscard]] const std::string &tokenizer() const { return tokenizer_; }
    [[nodiscard]] std::string text(int32_t id) const { return loaded_.text(id); } ///< as Tokenizer::text

    /// Stories from `first` on until there are `mostTokens` tokens, at least one story; of a longer one its first
    /// 64 kB. Throws Error(Usage) where the corpus has no story of that number, Error(Cancelled) on a stop.
    StoryPreview stories(int64_t first, size_t mostTokens, const std::stop_token &stop);

private:
    std::string corpus_, tokenizer_;
    int64_t corpusStories_;
    Tokenizer loaded_;
    StoryIndex index_;
};

} // namespace tt
