#pragma once

#include "core/text/tokenizer.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt {

/// Encodes stories in groups, on all threads, and hands the ids on in the stories' order: each story's tokens, then
/// end-of-text.
class StoryBatch {
public:
    using Take = std::function<void(std::span<const int32_t>)>;
    /// `tokenizer` must outlive the batch.
    StoryBatch(const Tokenizer &tokenizer, Take take) : tokenizer_(tokenizer), take_(std::move(take)) {}

    void add(std::string_view story);
    /// Whether there is work for every thread.
    [[nodiscard]] bool full() const;
    /// Encodes what was added and calls `take` for each group.
    void flush();

private:
    const Tokenizer &tokenizer_;
    Take take_;
    std::vector<std::string> groups_;
    size_t bytes_ = 0;
};

} // namespace tt
