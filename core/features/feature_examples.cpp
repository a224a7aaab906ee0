#include "core/features/feature_examples.h"

#include "core/nn/gpt_forward.h"

#include <algorithm>
#include <map>

namespace tt {

namespace {
constexpr int64_t windowsAtOnce = 16;

/// A feature's activation at chosen tokens: the model runs on their windows, several at a time.
class Reader {
public:
    Reader(const Dictionary &dictionary, int layer, int feature, std::stop_token stop)
        : dictionary_(dictionary), layer_(layer), feature_(feature), stop_(std::move(stop)),
          length_(dictionary.index->windowLength()) {}

    void want(int64_t begin, int64_t end) {
        for (int64_t offset = begin; offset < end; ++offset)
            wanted_[offset / length_][offset] = 0;
    }
    void run();
    [[nodiscard]] TokenStretch stretch(int64_t begin, int64_t end) const;

private:
    using Window = std::pair<const int64_t, std::map<int64_t, float>>;
    void runBatch(std::span<Window *const> windows, int64_t length);

    const Dictionary &dictionary_;
    int layer_, feature_;
    std::stop_token stop_;
    int64_t length_;
    std::map<int64_t, std::map<int64_t, float>> wanted_; ///< by window, then offset
};

void Reader::run() {
    std::vector<Window *> batch;
    for (Window &window : wanted_) {
        const int64_t length = std::min(length_, dictionary_.tokens->size() - window.first * length_);
        if (length < length_) { // the last of the corpus
            Window *last = &window;
            runBatch(std::span(&last, 1), length);
            continue;
        }
        batch.push_back(&window);
        if (std::ssize(batch) == windowsAtOnce) {
            runBatch(batch, length_);
            batch.clear();
        }
    }
    if (!batch.empty())
        runBatch(batch, length_);
}

void Reader::runBatch(std::span<Window *const> windows, int64_t length) {
    throwIfStopped(stop_);
    const ExplainedModel &model = *dictionary_.model;
    const int64_t d = model.gpt.config.dModel;
    std::vector<int32_t> ids(windows.size() * static_cast<size_t>(length));
    for (size_t i = 0; i < windows.size(); ++i)
        dictionary_.tokens->read(windows[i]->first * length_,
                                 std::span(ids).subspan(i * static_cast<size_t>(length), static_cast<size_t>(length)));
    GptActivations<float> activations;
    forward<float>(model.gpt, ids, static_cast<int>(windows.size()), activations, layer_ + 1);
    throwIfStopped(stop_);
    const std::vector<float> &ln2 = activations.blocks[static_cast<size_t>(layer_)].ln2;
    std::vector<float> rows; // of the wanted tokens only: encoding is what costs
    std::vector<float *> places;
    for (size_t i = 0; i < windows.size(); ++i)
        for (auto &[offset, activation] : windows[i]->second) {
            const int64_t row = static_cast<int64_t>(i) * length + offset - windows[i]->first * length_;
            rows.insert(rows.end(), ln2.begin() + row * d, ln2.begin() + (row + 1) * d);
            places.push_back(&activation);
        }
    const SparseActivations<float> active = encode<float>(model.transcoder, layer_, rows);
    for (size_t row = 0; row < places.size(); ++row) {
        const auto first = active.features.begin() + active.offsets[row];
        const auto last = active.features.begin() + active.offsets[row + 1];
        const auto found = std::lower_bound(first, last, feature_);
        if (found != last && *found == feature_)
            *places[row] = active.values[static_cast<size_t>(found - active.features.begin())];
    }
}

TokenStretch Reader::stretch(int64_t begin, int64_t end) const {
    TokenStretch stretch{.offset = begin, .ids = {}, .tokens = {}, .activations = {}};
    stretch.ids.resize(static_cast<size_t>(end - begin));
    dictionary_.tokens->read(begin, stretch.ids);
    for (const int32_t id : stretch.ids)
        stretch.tokens.push_back(dictionary_.model->tokenizer.text(id));
    for (int64_t offset = begin; offset < end; ++offset)
        stretch.activations.push_back(wanted_.at(offset / length_).at(offset));
    return stretch;
}

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

std::vector<ShownExample> showExamples(const Dictionary &dictionary, int layer, int feature,
                                       std::span<const Example> examples, int before, int after, std::stop_token stop) {
    Reader reader(dictionary, layer, feature, std::move(stop));
    std::vector<ShownExample> shown;
    std::vector<StoryBounds> ranges;
    const int64_t length = dictionary.index->windowLength();
    for (const Example &example : examples) {
        const StoryBounds story = storyAround(dictionary, example.offset);
        const int64_t window = example.offset / length * length;
        const StoryBounds range{std::max({story.begin, window, example.offset - before}),
                                std::min({story.end, window + length, example.offset + after + 1})};
        reader.want(range.begin, range.end);
        ranges.push_back(range);
        shown.push_back({.peak = example,
                         .peakAt = static_cast<int>(example.offset - range.begin),
                         .context = {},
                         .story = story.begin});
    }
    reader.run();
    for (size_t i = 0; i < shown.size(); ++i)
        shown[i].context = reader.stretch(ranges[i].begin, ranges[i].end);
    return shown;
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
                         std::stop_token stop) {
    Reader reader(dictionary, layer, feature, std::move(stop));
    reader.want(begin, end);
    reader.run();
    return reader.stretch(begin, end);
}

std::vector<TokenStretch> readStories(const Dictionary &dictionary, int layer, int feature, int64_t first, size_t count,
                                      std::stop_token stop) {
    std::vector<int64_t> offsets;
    if (first >= 0)
        offsets.push_back(first);
    for (const Example &example : dictionary.index->top(layer, feature))
        offsets.push_back(example.offset);
    for (int q = FeatureIndex::quantiles - 1; q >= 0; --q)
        for (const Example &example : dictionary.index->quantile(layer, feature, q))
            offsets.push_back(example.offset);
    Reader reader(dictionary, layer, feature, std::move(stop));
    std::vector<StoryBounds> stories;
    for (const int64_t offset : offsets) {
        const StoryBounds story = storyAround(dictionary, offset);
        const bool known = std::any_of(stories.begin(), stories.end(),
                                       [&](const StoryBounds &other) { return other.begin == story.begin; });
        if (known || stories.size() == count)
            continue;
        reader.want(story.begin, story.end);
        stories.push_back(story);
    }
    reader.run();
    std::vector<TokenStretch> read;
    for (const StoryBounds &story : stories)
        read.push_back(reader.stretch(story.begin, story.end));
    return read;
}

TokenStretch readStory(const Dictionary &dictionary, int layer, int feature, int64_t offset, std::stop_token stop) {
    const StoryBounds story = storyAround(dictionary, offset);
    return readStretch(dictionary, layer, feature, story.begin, story.end, std::move(stop));
}

} // namespace tt
