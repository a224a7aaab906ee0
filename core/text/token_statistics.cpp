#include "core/text/token_statistics.h"

#include "core/io/file.h"
#include "core/text/corpus.h"
#include "core/text/story_batch.h"
#include "core/text/story_reader.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>

namespace tt {

namespace fs = std::filesystem;

namespace {

constexpr int64_t samplePlaces = 64;

class Counter {
public:
    Counter(TokenStatistics &statistics, const Tokenizer &tokenizer, std::stop_token stop, const ProgressSink &progress,
            int64_t total)
        : statistics_(statistics), batch_(tokenizer, [this](std::span<const int32_t> ids) { count(ids); }),
          stop_(std::move(stop)), throttle_(progress), now_{"Counting the tokens of " + statistics.corpus, 0,
                                                            static_cast<double>(total), "bytes"} {}

    void add(std::string_view story) {
        ++statistics_.stories;
        statistics_.bytes += static_cast<int64_t>(story.size());
        batch_.add(story);
        if (batch_.full())
            flush();
    }
    void finish() {
        flush();
        now_.done = now_.total;
        throttle_.finish(now_);
    }

private:
    void flush() {
        throwIfStopped(stop_);
        batch_.flush();
        now_.done = std::min(now_.total, static_cast<double>(statistics_.bytes));
        throttle_.report(now_);
    }
    void count(std::span<const int32_t> ids) {
        for (const int32_t id : ids)
            ++statistics_.counts[static_cast<size_t>(id)];
        statistics_.tokens += static_cast<int64_t>(ids.size());
    }

    TokenStatistics &statistics_;
    StoryBatch batch_;
    std::stop_token stop_;
    ProgressThrottle throttle_;
    Progress now_;
};

/// The whole stories in a piece of the text: between two marks, or from the text's begin.
void addStoriesOf(std::string_view piece, bool fromTheBegin, Counter &counter) {
    size_t begin = 0;
    if (!fromTheBegin) {
        const size_t mark = piece.find(endOfTextMark);
        begin = mark == std::string_view::npos ? piece.size() : mark + endOfTextMark.size();
    }
    for (size_t mark = piece.find(endOfTextMark, begin); mark != std::string_view::npos;
         mark = piece.find(endOfTextMark, begin)) {
        if (const std::string_view story = cleanedStory(piece.substr(begin, mark - begin)); !story.empty())
            counter.add(story);
        begin = mark + endOfTextMark.size();
    }
}

void countSample(const fs::path &text, int64_t bytes, int64_t sampleBytes, Counter &counter) {
    std::ifstream file(text, std::ios::binary);
    const int64_t width = std::max<int64_t>(1, sampleBytes / samplePlaces);
    std::string piece;
    for (int64_t i = 0; i < samplePlaces; ++i) {
        const auto start = static_cast<int64_t>(static_cast<double>(bytes - width) * static_cast<double>(i) /
                                                static_cast<double>(samplePlaces - 1));
        piece.resize(static_cast<size_t>(width));
        file.clear();
        file.seekg(start);
        file.read(piece.data(), width);
        piece.resize(static_cast<size_t>(std::max<std::streamsize>(0, file.gcount())));
        addStoriesOf(piece, start == 0, counter);
    }
}

/// The first stories, for a text whose stories are longer than a place of the sample.
void countBeginning(const fs::path &text, int64_t sampleBytes, const TokenStatistics &statistics, Counter &counter) {
    forEachStory(text, [&](std::string_view story) {
        counter.add(story);
        return sampleBytes == 0 || statistics.bytes < sampleBytes;
    });
}

} // namespace

int64_t TokenStatistics::corpusTokens() const {
    return complete || stories == 0 ? tokens : std::llround(tokensPerStory() * static_cast<double>(corpusStories));
}
double TokenStatistics::bytesPerToken() const {
    return tokens == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(tokens);
}
double TokenStatistics::tokensPerStory() const {
    return stories == 0 ? 0 : static_cast<double>(tokens) / static_cast<double>(stories);
}
int TokenStatistics::used() const {
    return static_cast<int>(counts.size() - static_cast<size_t>(std::count(counts.begin(), counts.end(), 0)));
}

std::vector<int32_t> TokenStatistics::mostFrequent(size_t most) const {
    std::vector<int32_t> ids(counts.size());
    std::iota(ids.begin(), ids.end(), 0);
    const auto countOf = [this](int32_t id) { return counts[static_cast<size_t>(id)]; };
    most = std::min(most, static_cast<size_t>(used()));
    std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(most), ids.end(),
                      [&](int32_t a, int32_t b) { return countOf(a) != countOf(b) ? countOf(a) > countOf(b) : a < b; });
    ids.resize(most);
    return ids;
}

TokenStatistics tokenStatistics(const Workspace &workspace, const std::string &corpus, const std::string &tokenizer,
                                int64_t sampleBytes, std::stop_token stop, const ProgressSink &progress) {
    const CorpusInfo info = readCorpusInfo(workspace, corpus);
    const Tokenizer loaded = Tokenizer::load(workspace.tokenizer(tokenizer));
    const fs::path text = workspace.corpusText(corpus);
    std::error_code error;
    const auto size = static_cast<int64_t>(fs::file_size(text, error));
    if (error)
        throw Error("The text of the corpus " + corpus + " is missing: " + text.string() +
                    ". Import or generate it again.");
    TokenStatistics statistics{.corpus = corpus,
                               .tokenizer = tokenizer,
                               .complete = sampleBytes <= 0 || size <= sampleBytes,
                               .corpusStories = info.stories,
                               .counts = std::vector<int64_t>(static_cast<size_t>(loaded.vocabSize()))};
    Counter counter(statistics, loaded, std::move(stop), progress, statistics.complete ? size : sampleBytes);
    if (!statistics.complete)
        countSample(text, size, sampleBytes, counter);
    if (statistics.stories == 0)
        countBeginning(text, statistics.complete ? 0 : sampleBytes, statistics, counter);
    if (statistics.stories == 0)
        throw Error("The corpus " + corpus + " has no story in it. Import or generate another one.");
    counter.finish();
    return statistics;
}

} // namespace tt
