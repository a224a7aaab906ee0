#include "core/error.h"
#include "core/io/file.h"
#include "core/text/corpus.h"
#include "core/text/corpus_preview.h"
#include "core/text/story_index.h"
#include "core/text/token_cache.h"
#include "core/text/token_statistics.h"

#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <map>

namespace fs = std::filesystem;
using namespace tt;

class TestTokenStatistics : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void counts_are_those_of_encoding_each_story();
    void the_most_frequent_come_first();
    void a_sample_estimates_the_whole();
    void a_sample_of_stories_longer_than_its_places_reads_the_beginning();
    void an_empty_or_missing_corpus_is_named();
    void a_story_is_found_by_its_number();
    void a_story_that_is_too_long_is_cut();
    void a_preview_is_the_encoded_stories();
    void a_preview_says_what_a_token_was_merged_from();
    void a_long_story_is_shown_alone_and_cut();
    void real_stories_have_the_known_number_of_tokens();

private:
    [[nodiscard]] std::vector<std::string> stories(const std::string &corpus) const {
        std::vector<std::string> all;
        forEachStory(workspace_->corpusText(corpus), [&](std::string_view story) {
            all.emplace_back(story);
            return true;
        });
        return all;
    }
    [[nodiscard]] fs::path write(const std::string &name, const std::string &text) const {
        const fs::path file = fs::path(folder_.path().toStdString()) / name;
        writeFileAtomically(file, text);
        return file;
    }

    QTemporaryDir folder_;
    std::optional<Workspace> workspace_;
};

void TestTokenStatistics::initTestCase() {
    workspace_ = Workspace::openOrCreate(fs::path(folder_.path().toStdString()) / "w");
    generateCorpus(*workspace_, "c", 2000, 3, {}, {});
    trainTokenizer(workspace_->corpusText("c"), 500, {}, {}).save(workspace_->tokenizer("t"));
}

void TestTokenStatistics::counts_are_those_of_encoding_each_story() {
    const Tokenizer tokenizer = Tokenizer::load(workspace_->tokenizer("t"));
    std::vector<int64_t> counts(500);
    int64_t bytes = 0, tokens = 0;
    for (const std::string &story : stories("c")) {
        bytes += static_cast<int64_t>(story.size());
        for (const int32_t id : tokenizer.encodeOrdinary(story)) {
            ++counts[static_cast<size_t>(id)];
            ++tokens;
        }
        ++counts[static_cast<size_t>(tokenizer.endOfText())];
        ++tokens;
    }
    const TokenStatistics s = tokenStatistics(*workspace_, "c", "t", 0, {}, {});
    QVERIFY(s.complete);
    QCOMPARE(s.stories, int64_t{2000});
    QCOMPARE(s.corpusStories, int64_t{2000});
    QCOMPARE(s.bytes, bytes);
    QCOMPARE(s.tokens, tokens);
    QCOMPARE(s.corpusTokens(), tokens);
    QVERIFY(s.counts == counts);
    QCOMPARE(s.used(), static_cast<int>(std::count_if(counts.begin(), counts.end(), [](int64_t n) { return n > 0; })));
    QCOMPARE(s.bytesPerToken(), static_cast<double>(bytes) / static_cast<double>(tokens));
    // The same tokens that a GPT trains and measures on.
    QCOMPARE(s.tokens, TokenCache::openOrBuild(*workspace_, "c", "t", {}, {}).size());
}

void TestTokenStatistics::the_most_frequent_come_first() {
    TokenStatistics s;
    s.counts = {3, 0, 7, 3, 1};
    QCOMPARE(s.mostFrequent(3), (std::vector<int32_t>{2, 0, 3}));
    QCOMPARE(s.mostFrequent(10), (std::vector<int32_t>{2, 0, 3, 4})); // none that does not occur
    QCOMPARE(s.used(), 4);
}

void TestTokenStatistics::a_sample_estimates_the_whole() {
    const TokenStatistics all = tokenStatistics(*workspace_, "c", "t", 0, {}, {});
    const TokenStatistics sample = tokenStatistics(*workspace_, "c", "t", all.bytes / 4, {}, {});
    QVERIFY(!sample.complete);
    QVERIFY(sample.stories > 100 && sample.stories < 600);
    QVERIFY(sample.bytes <= all.bytes / 4);
    const double estimate = static_cast<double>(sample.corpusTokens()) / static_cast<double>(all.tokens);
    QVERIFY2(std::abs(estimate - 1) < 0.05, qPrintable(QString::number(estimate)));
    QVERIFY(tokenStatistics(*workspace_, "c", "t", all.bytes / 4, {}, {}).counts == sample.counts); // the same again
    // Every story of it is one of the corpus: no piece of a story was counted as a whole.
    QCOMPARE(sample.counts.back(), sample.stories);
}

void TestTokenStatistics::a_sample_of_stories_longer_than_its_places_reads_the_beginning() {
    std::string text;
    for (int i = 0; i < 20; ++i)
        text += std::string(50'000, static_cast<char>('a' + i)) + "\n<|endoftext|>\n";
    importCorpus(*workspace_, "long", {write("long.txt", text)}, {}, {});
    const TokenStatistics s = tokenStatistics(*workspace_, "long", "t", 120'000, {}, {});
    QCOMPARE(s.stories, int64_t{3});
    QCOMPARE(s.bytes, int64_t{150'000});
    QVERIFY(!s.complete);
}

void TestTokenStatistics::an_empty_or_missing_corpus_is_named() {
    QVERIFY_EXCEPTION_THROWN(tokenStatistics(*workspace_, "none", "t", 0, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(tokenStatistics(*workspace_, "c", "none", 0, {}, {}), Error);
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(tokenStatistics(*workspace_, "c", "t", 0, stop.get_token(), {}), Error);
}

void TestTokenStatistics::a_story_is_found_by_its_number() {
    const std::vector<std::string> all = stories("c");
    StoryIndex index(workspace_->corpusText("c"));
    for (const size_t number :
         {size_t{1999}, size_t{0}, size_t{1}, size_t{255}, size_t{256}, size_t{257}, size_t{1024}})
        QCOMPARE(index.story(static_cast<int64_t>(number), 1 << 20, {})->text, all[number]);
    QVERIFY(!index.story(2000, 1 << 20, {}));
    QVERIFY(!index.story(-1, 1 << 20, {}));
    QVERIFY(!index.story(100'000, 1 << 20, {}));
    QVERIFY_EXCEPTION_THROWN(StoryIndex(workspace_->corpusText("none")), Error);
}

void TestTokenStatistics::a_story_that_is_too_long_is_cut() {
    const fs::path file = write("cut.txt", "0123456789\n<|endoftext|>\nTwo.\n<|endoftext|>\nThree.");
    StoryIndex index(file);
    QCOMPARE(index.story(0, 5, {})->text, std::string("01234"));
    QVERIFY(index.story(0, 5, {})->cut);
    QCOMPARE(index.story(0, 11, {})->text, std::string("0123456789"));
    QVERIFY(!index.story(0, 11, {})->cut);
    QCOMPARE(index.story(1, 100, {})->text, std::string("Two."));
    QCOMPARE(index.story(2, 100, {})->text, std::string("Three.")); // without a mark behind it
    QVERIFY(!index.story(3, 100, {}));
}

void TestTokenStatistics::a_preview_is_the_encoded_stories() {
    const Tokenizer tokenizer = Tokenizer::load(workspace_->tokenizer("t"));
    const std::vector<std::string> all = stories("c");
    CorpusPreview reader(*workspace_, "c", "t");
    const StoryPreview shown = reader.stories(700, 300, {});
    std::vector<int32_t> expected;
    for (int64_t i = 0; i < shown.stories; ++i) {
        QVERIFY(expected.size() < 300); // no story more than asked for
        const auto ids = tokenizer.encodeOrdinary(all[static_cast<size_t>(700 + i)]);
        expected.insert(expected.end(), ids.begin(), ids.end());
        expected.push_back(tokenizer.endOfText());
    }
    QVERIFY(shown.ids == expected);
    QVERIFY(shown.ids.size() >= 300);
    QCOMPARE(shown.corpusStories, int64_t{2000});
    for (const int32_t id : shown.ids)
        QCOMPARE(shown.token(id).bytes, std::string(tokenizer.bytes(id)));
    QCOMPARE(reader.stories(1999, 5000, {}).stories, int64_t{1});
    QVERIFY_EXCEPTION_THROWN(reader.stories(2000, 1, {}), Error);
}

void TestTokenStatistics::a_preview_says_what_a_token_was_merged_from() {
    CorpusPreview reader(*workspace_, "c", "t");
    int merged = 0;
    for (const PreviewToken &token : reader.stories(0, 2000, {}).vocabulary) {
        if (token.bytes.size() == 1 || token.bytes == endOfTextMark) {
            QVERIFY(token.left.empty() && token.right.empty());
            continue;
        }
        ++merged;
        QVERIFY(!token.left.empty() && !token.right.empty());
        QCOMPARE(token.left + token.right, token.bytes);
    }
    QVERIFY(merged > 50);
}

void TestTokenStatistics::a_long_story_is_shown_alone_and_cut() {
    importCorpus(*workspace_, "giant",
                 {write("giant.txt", "One.\n<|endoftext|>\n" + std::string(200'000, 'x') + "\n<|endoftext|>\nThree.")},
                 {}, {});
    CorpusPreview reader(*workspace_, "giant", "t");
    const StoryPreview first = reader.stories(0, 1000, {});
    QCOMPARE(first.stories, int64_t{1});
    QVERIFY(!first.cut);
    const StoryPreview second = reader.stories(1, 1000, {});
    QCOMPARE(second.stories, int64_t{1});
    QVERIFY(second.cut);
    QVERIFY(second.ids.back() != second.endOfText);
}

void TestTokenStatistics::real_stories_have_the_known_number_of_tokens() {
    const fs::path data = qEnvironmentVariable("TT_TEST_DATA").toStdString();
    if (data.empty() || !fs::exists(data / "tinystories" / "valid.txt") || !fs::exists(data / "gpt2"))
        QSKIP("TT_TEST_DATA has no tinystories or gpt2: real stories are not counted");
    importCorpus(*workspace_, "valid", {data / "tinystories" / "valid.txt"}, {}, {});
    Tokenizer::gpt2(data / "gpt2").save(workspace_->tokenizer("gpt2"));
    const TokenStatistics s = tokenStatistics(*workspace_, "valid", "gpt2", 0, {}, {});
    QCOMPARE(s.stories, int64_t{5161});
    // In the corpus's text a line feed stands before and behind each mark, and each is a token.
    const std::string text = readFile(workspace_->corpusText("valid"));
    QCOMPARE(s.tokens + 2 * s.stories, static_cast<int64_t>(Tokenizer::gpt2(data / "gpt2").encode(text).size()));
    // tiktoken's count of the published file, which has up to three line feeds more a story.
    QVERIFY2(s.tokens < 1'031'456 && s.tokens > 1'031'456 - 3 * s.stories, qPrintable(QString::number(s.tokens)));
}

QTEST_APPLESS_MAIN(TestTokenStatistics)
#include "test_token_statistics.moc"
