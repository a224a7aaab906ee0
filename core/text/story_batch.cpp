#include "core/text/story_batch.h"

#include "core/text/corpus.h"

#include <omp.h>

#include <exception>

namespace tt {

namespace {
constexpr size_t groupBytes = size_t{256} << 10U; ///< what one thread encodes at a time
}

void StoryBatch::add(std::string_view story) {
    if (groups_.empty() || groups_.back().size() >= groupBytes)
        groups_.emplace_back();
    groups_.back().append(story).append(endOfTextMark);
    bytes_ += story.size();
}

bool StoryBatch::full() const {
    return bytes_ >= groupBytes * static_cast<size_t>(omp_get_max_threads()) || groups_.size() > 64;
}

void StoryBatch::flush() {
    std::vector<std::vector<int32_t>> ids(groups_.size());
    std::exception_ptr failure; // an exception must not leave the parallel region
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < groups_.size(); ++i) {
        try {
            ids[i] = tokenizer_.encode(groups_[i]);
        } catch (...) {
#pragma omp critical
            failure = std::current_exception();
        }
    }
    if (failure)
        std::rethrow_exception(failure);
    for (const auto &group : ids)
        take_(group);
    groups_.clear();
    bytes_ = 0;
}

} // namespace tt
