#include "core/error.h"
#include "core/io/safetensors.h"
#include "core/text/corpus.h"
#include "core/text/token_cache.h"

#include <QTemporaryDir>
#include <QTest>

#include <omp.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace fs = std::filesystem;
using namespace tt;

namespace {

std::string contentOf(const fs::path &file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

std::vector<int32_t> all(const TokenCache &cache) {
    std::vector<int32_t> tokens(static_cast<size_t>(cache.size()));
    cache.read(0, tokens);
    return tokens;
}

void overwrite(const fs::path &file, size_t at, const std::string &bytes) {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(static_cast<std::streamoff>(at));
    stream << bytes;
}

} // namespace

class TestTokenCache : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void every_story_is_followed_by_end_of_text();
    void the_last_two_percent_are_held_out_data();
    void the_last_two_percent_are_held_out();
    void the_file_is_safetensors_and_does_not_depend_on_threads();
    void a_good_cache_is_opened_and_not_rebuilt();
    void a_stale_or_damaged_cache_is_rebuilt_data();
    void a_stale_or_damaged_cache_is_rebuilt();
    void a_token_outside_the_vocabulary_is_an_error();
    void a_mapping_outlives_its_file();
    void reading_outside_is_refused();
    void tokens_in_memory_behave_the_same();
    void what_is_missing_is_named();
    void a_stop_leaves_nothing();

private:
    void makeCorpus(const std::string &name, const std::vector<std::string> &stories);
    TokenCache open(const std::string &corpus = "c") const {
        return TokenCache::openOrBuild(*workspace_, corpus, "t", {}, {});
    }

    std::unique_ptr<QTemporaryDir> folder_;
    std::optional<Workspace> workspace_;
};

void TestTokenCache::init() {
    folder_ = std::make_unique<QTemporaryDir>();
    workspace_ = Workspace::openOrCreate(fs::path(folder_->path().toStdString()) / "workspace");
    fs::create_directories(workspace_->tokenizer("t").parent_path());
    Tokenizer::fromMerges({{'a', 'b'}}).save(workspace_->tokenizer("t"));
}

void TestTokenCache::makeCorpus(const std::string &name, const std::vector<std::string> &stories) {
    const fs::path file = fs::path(folder_->path().toStdString()) / "input.txt";
    std::ofstream stream(file, std::ios::binary);
    for (const std::string &story : stories)
        stream << story << "\n<|endoftext|>\n";
    stream.close();
    fs::remove(workspace_->corpusInfo(name));
    importCorpus(*workspace_, name, {file}, {}, {});
}

void TestTokenCache::every_story_is_followed_by_end_of_text() {
    makeCorpus("c", {"abc", "b", "ab"});
    const TokenCache cache = open();
    QCOMPARE(all(cache), (std::vector<int32_t>{256, 'c', 257, 'b', 257, 256, 257}));
    QCOMPARE(cache.vocabSize(), 258);
    QCOMPARE(cache.trainTokens(), int64_t{5});
    QCOMPARE(cache.heldOutTokens(), int64_t{2});
    QCOMPARE(cache.heldOutBytes(), int64_t{2});
}

void TestTokenCache::the_last_two_percent_are_held_out_data() {
    QTest::addColumn<int>("stories");
    QTest::addColumn<int>("heldOut");
    QTest::newRow("the only one is trained on") << 1 << 0;
    QTest::newRow("two") << 2 << 1;
    QTest::newRow("99") << 99 << 1;
    QTest::newRow("100") << 100 << 2;
    QTest::newRow("10,000") << 10'000 << 200;
}

void TestTokenCache::the_last_two_percent_are_held_out() {
    QFETCH(int, stories);
    QFETCH(int, heldOut);
    makeCorpus("c", std::vector<std::string>(static_cast<size_t>(stories), "abab"));
    const TokenCache cache = open();
    QCOMPARE(cache.size(), int64_t{3} * stories);
    QCOMPARE(cache.heldOutTokens(), int64_t{3} * heldOut);
    QCOMPARE(cache.heldOutBytes(), int64_t{4} * heldOut);
}

void TestTokenCache::the_file_is_safetensors_and_does_not_depend_on_threads() {
    generateCorpus(*workspace_, "c", 2'000, 3, {}, {});
    const fs::path file = workspace_->tokens("c", "t");
    std::vector<std::string> contents;
    std::vector<int32_t> tokens;
    for (const int threads : {1, 3}) {
        omp_set_num_threads(threads);
        fs::remove(file);
        tokens = all(open());
        contents.push_back(contentOf(file));
    }
    QVERIFY(contents[0] == contents[1]);
    const SafetensorsFile opened(file);
    QCOMPARE(opened.tensors().size(), size_t{1});
    QVERIFY(opened.tensors()[0].dtype == DType::U16);
    QCOMPARE(opened.tensors()[0].shape, std::vector<int64_t>{static_cast<int64_t>(tokens.size())});
    // The whole text, encoded story by story without the cache:
    const Tokenizer tokenizer = Tokenizer::load(workspace_->tokenizer("t"));
    std::vector<int32_t> expected;
    forEachStory(workspace_->corpusText("c"), [&](std::string_view story) {
        const std::vector<int32_t> ids = tokenizer.encode(story);
        expected.insert(expected.end(), ids.begin(), ids.end());
        expected.push_back(tokenizer.endOfText());
        return true;
    });
    QVERIFY(tokens == expected);
}

void TestTokenCache::a_good_cache_is_opened_and_not_rebuilt() {
    makeCorpus("c", {"abc", "b"});
    open();
    int reports = 0;
    TokenCache::openOrBuild(*workspace_, "c", "t", {}, [&](const Progress &) { ++reports; });
    QCOMPARE(reports, 0);
}

void TestTokenCache::a_stale_or_damaged_cache_is_rebuilt_data() {
    QTest::addColumn<QString>("harm");
    for (const char *harm : {"cut short", "empty", "garbage", "other text", "other tokenizer", "touched text"})
        QTest::newRow(harm) << harm;
}

void TestTokenCache::a_stale_or_damaged_cache_is_rebuilt() {
    QFETCH(QString, harm);
    makeCorpus("c", {"abc", "b"});
    open();
    const fs::path file = workspace_->tokens("c", "t");
    std::vector<int32_t> expected{256, 'c', 257, 'b', 257};
    if (harm == "cut short")
        fs::resize_file(file, fs::file_size(file) - 1);
    else if (harm == "empty")
        fs::resize_file(file, 0);
    else if (harm == "garbage")
        overwrite(file, 0, "garbage garbage");
    else if (harm == "touched text")
        fs::last_write_time(workspace_->corpusText("c"), fs::file_time_type::clock::now() + std::chrono::hours(1));
    if (harm == "other text") {
        makeCorpus("c", {"cab", "b"});
        expected = {'c', 256, 257, 'b', 257};
    } else if (harm == "other tokenizer") {
        fs::remove_all(workspace_->tokenizer("t"));
        Tokenizer::fromMerges({{'b', 'c'}}).save(workspace_->tokenizer("t"));
        expected = {'a', 256, 257, 'b', 257};
    }
    int reports = 0;
    const TokenCache cache = TokenCache::openOrBuild(*workspace_, "c", "t", {}, [&](const Progress &) { ++reports; });
    QVERIFY(reports > 0);
    QCOMPARE(all(cache), expected);
}

void TestTokenCache::a_token_outside_the_vocabulary_is_an_error() {
    makeCorpus("c", {"abc", "b"});
    open();
    const fs::path file = workspace_->tokens("c", "t");
    overwrite(file, fs::file_size(file) - 2, "\xff\xff");
    const TokenCache cache = open();
    std::vector<int32_t> tokens(static_cast<size_t>(cache.size()));
    QVERIFY_EXCEPTION_THROWN(cache.read(0, tokens), Error);
}

void TestTokenCache::a_mapping_outlives_its_file() {
    makeCorpus("c", {"abc", "b"});
    const TokenCache first = open();
    const TokenCache copy = first;
    fs::remove(workspace_->tokens("c", "t"));
    QCOMPARE(all(copy), all(first));
}

void TestTokenCache::reading_outside_is_refused() {
    const TokenCache cache = TokenCache::fromTokens({1, 2, 3}, 2, 5, 10);
    std::vector<int32_t> two(2), none;
    cache.read(1, two);
    QCOMPARE(two, (std::vector<int32_t>{2, 3}));
    cache.read(3, none);
    QVERIFY_EXCEPTION_THROWN(cache.read(2, two), Error);
    QVERIFY_EXCEPTION_THROWN(cache.read(-1, two), Error);
    QVERIFY_EXCEPTION_THROWN(cache.read(INT64_MAX, two), Error);
}

void TestTokenCache::tokens_in_memory_behave_the_same() {
    const TokenCache cache = TokenCache::fromTokens({1, 70'000, 3}, 2, 5, 70'001);
    QCOMPARE(all(cache), (std::vector<int32_t>{1, 70'000, 3}));
    QCOMPARE(cache.heldOutTokens(), int64_t{1});
    QCOMPARE(cache.heldOutBytes(), int64_t{5});
    QVERIFY_EXCEPTION_THROWN(TokenCache::fromTokens({1}, 2, 0, 10), Error);
}

void TestTokenCache::what_is_missing_is_named() {
    QVERIFY_EXCEPTION_THROWN(open("nothing"), Error);
    makeCorpus("c", {"abc", "b"});
    QVERIFY_EXCEPTION_THROWN(TokenCache::openOrBuild(*workspace_, "c", "nothing", {}, {}), Error);
    std::ofstream(workspace_->corpusText("c"), std::ios::trunc) << "\n\n";
    QVERIFY_EXCEPTION_THROWN(open(), Error); // no story
    fs::remove(workspace_->corpusText("c"));
    QVERIFY_EXCEPTION_THROWN(open(), Error);
}

void TestTokenCache::a_stop_leaves_nothing() {
    makeCorpus("c", {"abc", "b"});
    std::stop_source stop;
    stop.request_stop();
    try {
        TokenCache::openOrBuild(*workspace_, "c", "t", stop.get_token(), {});
        QFAIL("the stop was not seen");
    } catch (const Error &error) {
        QVERIFY(error.kind() == Error::Kind::Cancelled);
    }
    QVERIFY(!fs::exists(workspace_->tokens("c", "t")));
}

QTEST_APPLESS_MAIN(TestTokenCache)
#include "test_token_cache.moc"
