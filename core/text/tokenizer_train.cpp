#include "core/error.h"
#include "core/text/bpe_learner.h"
#include "core/text/corpus.h"
#include "core/text/pieces.h"
#include "core/text/tokenizer.h"

namespace tt {

namespace {

constexpr int smallestVocabulary = byteTokens + 1;
constexpr int largestVocabulary = 65536;
/// A longer piece (a line of one letter, say) is learned from in parts, which bounds the work of one merge.
constexpr size_t longestLearned = 1024;

using PieceCounts = std::unordered_map<std::string, int64_t>;

class PieceCounter {
public:
    void add(std::string_view story) {
        cursor_.restart(story);
        std::string_view piece;
        while (cursor_.next(piece)) {
            for (; piece.size() > longestLearned; piece.remove_prefix(longestLearned))
                count(piece.substr(0, longestLearned));
            count(piece);
        }
    }
    [[nodiscard]] const PieceCounts &counts() const { return counts_; }

private:
    void count(std::string_view piece) {
        key_.assign(piece);
        ++counts_[key_];
    }

    PieceCursor cursor_{{}};
    PieceCounts counts_;
    std::string key_;
};

PieceCounts countPieces(const std::filesystem::path &corpusText, const std::stop_token &stop,
                        const ProgressSink &progress) {
    ProgressThrottle throttle(progress);
    PieceCounter counter;
    const auto total = static_cast<double>(std::filesystem::file_size(corpusText));
    Progress now{"Counting the words of " + corpusText.stem().string(), 0, total, "bytes"};
    forEachStory(corpusText, [&](std::string_view story) {
        throwIfStopped(stop);
        counter.add(story);
        now.done = std::min(total, now.done + static_cast<double>(story.size() + endOfTextMark.size() + 2));
        throttle.report(now);
        return true;
    });
    now.done = total;
    throttle.finish(now);
    return counter.counts();
}

void checkVocabulary(int vocabSize) {
    if (vocabSize < smallestVocabulary || vocabSize > largestVocabulary)
        throw Error("A vocabulary of " + std::to_string(vocabSize) +
                        " tokens is not possible. Choose 257 (bytes and end-of-text) to 65,536.",
                    Error::Kind::Usage);
}

} // namespace

Tokenizer trainTokenizer(const std::filesystem::path &corpusText, int vocabSize, std::stop_token stop,
                         const ProgressSink &progress) {
    checkVocabulary(vocabSize);
    if (!std::filesystem::is_regular_file(corpusText))
        throw Error("There is no text at " + corpusText.string() + ". Generate or import a corpus first.");
    const PieceCounts pieces = countPieces(corpusText, stop, progress);
    if (pieces.empty())
        throw Error("No story was found in " + corpusText.string() +
                    ", so there is nothing to learn a tokenizer from.");
    ProgressThrottle throttle(progress);
    BpeLearner learner(pieces);
    const int wanted = vocabSize - smallestVocabulary;
    Progress now{"Learning the tokenizer", 0, static_cast<double>(wanted), "tokens"};
    for (int i = 0; i < wanted && learner.learnMerge(); ++i) {
        throwIfStopped(stop);
        now.done = i + 1;
        throttle.report(now);
    }
    throttle.finish(now);
    return Tokenizer::fromMerges(learner.merges());
}

} // namespace tt
