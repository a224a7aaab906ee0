#pragma once

#include "core/features/example_reader.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tt {

/// An example in context: the tokens around a peak, of its story only.
struct ShownExample {
    Example peak;
    int peakAt = 0; ///< index of the peak's token in the stretch
    TokenStretch context;
    int64_t story = 0; ///< offset of the story's first token
    int repeats = 1;   ///< how many examples of one story this stands for
};

/// Runs the model again on the windows of the examples. `before`, `after`: tokens around the peak, as far as its window
/// and story go. Throws Error(Cancelled).
std::vector<ShownExample> showExamples(const Dictionary &dictionary, int layer, int feature,
                                       std::span<const Example> examples, int before, int after,
                                       const std::stop_token &stop);
/// The same in two steps, so that examples of many features are read at once: what is wanted of the reader, and, after
/// it has run, the examples.
struct WantedExample {
    ShownExample shown; ///< all but its context
    size_t context = 0; ///< number in the reader
};
std::vector<WantedExample> wantExamples(ExampleReader &reader, const Dictionary &dictionary, int feature,
                                        std::span<const Example> examples, int before, int after);
std::vector<ShownExample> readExamples(const ExampleReader &reader, const std::vector<WantedExample> &wanted);
/// Of examples of one story, and of examples whose tokens are the same (a story that the corpus has twice), only the
/// strongest stays, and counts the others.
std::vector<ShownExample> mergeStories(std::vector<ShownExample> examples);

/// Where the story around a token begins and ends (after its last token); at most `limit` tokens on either side.
struct StoryBounds {
    int64_t begin = 0, end = 0;
};
StoryBounds storyAround(const Dictionary &dictionary, int64_t offset, int64_t limit = 2'048);
/// The whole story around a token.
TokenStretch readStory(const Dictionary &dictionary, int layer, int feature, int64_t offset,
                       const std::stop_token &stop);

/// Whole stories in which the feature fires: the one around token `first` (where that is not −1), then those of its
/// examples, from the strongest to the weakest, each once, at most `count`.
std::vector<TokenStretch> readStories(const Dictionary &dictionary, int layer, int feature, int64_t first, size_t count,
                                      const std::stop_token &stop);

/// A feature's activation at tokens [begin, end) of the corpus, as the index saw them: window by window.
TokenStretch readStretch(const Dictionary &dictionary, int layer, int feature, int64_t begin, int64_t end,
                         const std::stop_token &stop);

} // namespace tt
