#include "core/features/feature_examples.h"

#include <algorithm>

namespace tt {

namespace {
bool isEnd(const Dictionary &dictionary, int64_t offset) {
    int32_t id = 0;
    dictionary.tokens->read(offset, std::span(&id, 1));
    return id == dictionary.model->tokenizer.endOfText();
}
} // namespace

StoryBounds storyAround(const Dictionary &dictionary, int64_t offset, int64_t limit) {
    StoryBounds story{offset, offset};
    while (story.begin > 0 && offset - story.begin < limit && !isEnd(dictionary, story.begin - 1))
        --story.begin;
    while (story.end < dictionary.tokens->size() && story.end - offset < limit && !isEnd(dictionary, story.end))
        ++story.end;
    story.end = std::max(story.end, offset + 1); // the end-of-text token itself
    return story;
}

std::vector<WantedExample> wantExamples(ExampleReader &reader, const Dictionary &dictionary, int feature,
                                        std::span<const Example> examples, int before, int after) {
    std::vector<WantedExample> wanted;
    const int64_t length = dictionary.index->windowLength();
    for (const Example &example : examples) {
        const StoryBounds story = storyAround(dictionary, example.offset);
        const int64_t window = example.offset / length * length;
        const StoryBounds range{std::max({story.begin, window, example.offset - before}),
                                std::min({story.end, window + length, example.offset + after + 1})};
        wanted.push_back({{.peak = example,
                           .peakAt = static_cast<int>(example.offset - range.begin),
                           .context = {},
                           .story = story.begin},
                          reader.want(feature, range.begin, range.end)});
    }
    return wanted;
}

std::vector<ShownExample> readExamples(const ExampleReader &reader, const std::vector<WantedExample> &wanted) {
    std::vector<ShownExample> shown;
    for (const WantedExample &example : wanted) {
        shown.push_back(example.shown);
        shown.back().context = reader.stretch(example.context);
    }
    return shown;
}

std::vector<ShownExample> showExamples(const Dictionary &dictionary, int layer, int feature,
                                       std::span<const Example> examples, int before, int after,
                                       const std::stop_token &stop) {
    ExampleReader reader(dictionary, layer);
    const auto wanted = wantExamples(reader, dictionary, feature, examples, before, after);
    reader.run(stop);
    return readExamples(reader, wanted);
}

std::vector<ShownExample> mergeStories(std::vector<ShownExample> examples) {
    std::vector<ShownExample> merged;
    for (ShownExample &example : examples) {
        const auto same = std::find_if(merged.begin(), merged.end(), [&](const ShownExample &other) {
            return other.story == example.story || other.context.ids == example.context.ids;
        });
        if (same == merged.end())
            merged.push_back(std::move(example));
        else if (const int repeats = same->repeats + 1; example.peak.activation > same->peak.activation) {
            *same = std::move(example);
            same->repeats = repeats;
        } else {
            same->repeats = repeats;
        }
    }
    return merged;
}

TokenStretch readStretch(const Dictionary &dictionary, int layer, int feature, int64_t begin, int64_t end,
                         const std::stop_token &stop) {
    ExampleReader reader(dictionary, layer);
    const size_t wanted = reader.want(feature, begin, end);
    reader.run(stop);
    return reader.stretch(wanted);
}

std::vector<TokenStretch> readStories(const Dictionary &dictionary, int layer, int feature, int64_t first, size_t count,
                                      const std::stop_token &stop) {
    std::vector<int64_t> offsets;
    if (first >= 0)
        offsets.push_back(first);
    for (const Example &example : dictionary.index->top(layer, feature))
        offsets.push_back(example.offset);
    for (int q = FeatureIndex::quantiles - 1; q >= 0; --q)
        for (const Example &example : dictionary.index->quantile(layer, feature, q))
            offsets.push_back(example.offset);
    ExampleReader reader(dictionary, layer);
    std::vector<StoryBounds> stories;
    for (const int64_t offset : offsets) {
        const StoryBounds story = storyAround(dictionary, offset);
        const bool known = std::any_of(stories.begin(), stories.end(),
                                       [&](const StoryBounds &other) { return other.begin == story.begin; });
        if (known || stories.size() == count)
            continue;
        reader.want(feature, story.begin, story.end);
        stories.push_back(story);
    }
    reader.run(stop);
    std::vector<TokenStretch> read;
    for (size_t i = 0; i < stories.size(); ++i)
        read.push_back(reader.stretch(i));
    return read;
}

TokenStretch readStory(const Dictionary &dictionary, int layer, int feature, int64_t offset,
                       const std::stop_token &stop) {
    const StoryBounds story = storyAround(dictionary, offset);
    return readStretch(dictionary, layer, feature, story.begin, story.end, stop);
}

} // namespace tt
