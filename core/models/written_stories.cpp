#include "core/models/written_stories.h"

#include "core/nn/generate.h"
#include "core/text/corpus.h"
#include "core/text/utf8.h"

#include <algorithm>

namespace tt {

namespace {
constexpr int mostTokens = 400;
constexpr std::ptrdiff_t leastBlanks = 19; // of 20 words

std::string trimmed(const std::string &text) {
    constexpr const char *blanks = " \n\t";
    const size_t from = text.find_first_not_of(blanks);
    return from == std::string::npos ? std::string() : text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

bool isStory(const std::string &text) {
    return isUtf8(text) && !hasMojibake(text) && text.find(endOfTextMark) == std::string::npos &&
           std::count(text.begin(), text.end(), ' ') >= leastBlanks;
}
} // namespace

WrittenStories writeStories(const GptWeights<float> &gpt, const Tokenizer &tokenizer, const WordRuns &training,
                            int64_t count, double temperature, uint64_t seed, std::stop_token stop,
                            const ProgressSink &sink) {
    const std::vector<int32_t> start{tokenizer.endOfText()};
    const SamplingConfig sampling{.tokens = mostTokens, .temperature = temperature, .topP = 0.95};
    WrittenStories written;
    ProgressThrottle throttle(sink);
    const auto progress = [&](int64_t done) {
        return Progress{"Writing stories", static_cast<double>(done), static_cast<double>(count), "stories"};
    };
    for (int64_t i = 0; i < count; ++i) {
        throwIfStopped(stop);
        Random random(mixSeed(seed, static_cast<uint64_t>(i)));
        const std::vector<int32_t> ids = generate(
            gpt, start, tokenizer.endOfText(), sampling, random, [](const GeneratedToken &) { return true; }, stop);
        const std::string text = trimmed(tokenizer.decode(ids));
        if (std::ssize(ids) < mostTokens && isStory(text) && !training.shares(text))
            written.stories.push_back(text);
        else
            ++written.leftOut;
        throttle.report(progress(i + 1));
    }
    throttle.finish(progress(count));
    return written;
}

} // namespace tt
