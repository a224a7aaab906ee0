#include "core/error.h"
#include "core/random.h"
#include "core/text/tokenizer.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

namespace fs = std::filesystem;
using namespace tt;

namespace {

std::string contentOf(const fs::path &file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

} // namespace

class TestGpt2Tokenizer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void known_texts_give_the_published_ids_data();
    void known_texts_give_the_published_ids();
    void real_stories_have_the_golden_number_of_tokens_data();
    void real_stories_have_the_golden_number_of_tokens();
    void any_bytes_come_back();
    void a_saved_copy_loads_the_same();
    void a_changed_file_is_refused();
    void threads_may_share_a_handle();

private:
    fs::path data_;
    std::optional<Tokenizer> tokenizer_;
};

void TestGpt2Tokenizer::initTestCase() {
    data_ = qEnvironmentVariable("TT_TEST_DATA").toStdString();
    if (data_.empty() || !fs::exists(data_ / "gpt2" / "vocab.bpe"))
        QSKIP("TT_TEST_DATA has no gpt2/vocab.bpe: GPT-2's tokenizer is not tested");
    tokenizer_ = Tokenizer::gpt2(data_ / "gpt2");
}

void TestGpt2Tokenizer::known_texts_give_the_published_ids_data() {
    // Ids as published with OpenAI's tiktoken and the transformers documentation.
    QTest::addColumn<QString>("text");
    QTest::addColumn<QList<int>>("ids");
    QTest::newRow("hello") << "Hello world" << QList<int>{15496, 995};
    QTest::newRow("comma") << "Hello, my dog is cute" << QList<int>{15496, 11, 616, 3290, 318, 13779};
    QTest::newRow("mark") << "<|endoftext|>" << QList<int>{50256};
    QTest::newRow("opening") << "Once upon a time" << QList<int>{7454, 2402, 257, 640};
}

void TestGpt2Tokenizer::known_texts_give_the_published_ids() {
    QFETCH(QString, text);
    QFETCH(QList<int>, ids);
    const std::vector<int32_t> found = tokenizer_->encode(text.toStdString());
    QCOMPARE(QList<int>(found.begin(), found.end()), ids);
    QCOMPARE(tokenizer_->vocabSize(), 50257);
    QCOMPARE(tokenizer_->kind(), std::string("gpt2"));
}

void TestGpt2Tokenizer::real_stories_have_the_golden_number_of_tokens_data() {
    QTest::addColumn<QString>("file");
    // Ordinary: the golden figures of the data. Marked: an independent Python implementation (module "regex").
    QTest::addColumn<size_t>("ordinary");
    QTest::addColumn<size_t>("marked");
    QTest::newRow("train") << "train.txt" << size_t{2'391'985} << size_t{2'324'347};
    QTest::newRow("valid") << "valid.txt" << size_t{1'062'427} << size_t{1'031'456};
}

void TestGpt2Tokenizer::real_stories_have_the_golden_number_of_tokens() {
    QFETCH(QString, file);
    QFETCH(size_t, ordinary);
    QFETCH(size_t, marked);
    const std::string text = contentOf(data_ / "tinystories" / file.toStdString());
    QElapsedTimer timer;
    timer.start();
    const std::vector<int32_t> ids = tokenizer_->encode(text);
    qInfo("%.1f MB/s",
          static_cast<double>(text.size()) * 1e-3 / static_cast<double>(std::max<qint64>(timer.elapsed(), 1)));
    QCOMPARE(ids.size(), marked);
    QVERIFY(tokenizer_->decode(ids) == text);
    const std::vector<int32_t> all = tokenizer_->encodeOrdinary(text);
    QCOMPARE(all.size(), ordinary);
    QVERIFY(tokenizer_->decode(all) == text);
}

void TestGpt2Tokenizer::any_bytes_come_back() {
    Random random(5);
    for (int round = 0; round < 200; ++round) {
        std::string bytes;
        for (uint64_t length = random.below(400); bytes.size() < length;)
            bytes += static_cast<char>(random.below(256));
        QVERIFY(tokenizer_->decode(tokenizer_->encode(bytes)) == bytes);
    }
    for (int id = 0; id < tokenizer_->vocabSize(); ++id)
        QCOMPARE(tokenizer_->find(tokenizer_->bytes(id)), id);
}

void TestGpt2Tokenizer::a_saved_copy_loads_the_same() {
    QTemporaryDir folder;
    const fs::path place = fs::path(folder.path().toStdString()) / "gpt2";
    tokenizer_->save(place);
    const Tokenizer loaded = Tokenizer::load(place);
    QCOMPARE(loaded.kind(), std::string("gpt2"));
    QCOMPARE(loaded.encode("Once upon a time"), tokenizer_->encode("Once upon a time"));
}

void TestGpt2Tokenizer::a_changed_file_is_refused() {
    QTemporaryDir folder;
    const fs::path place = fs::path(folder.path().toStdString()) / "gpt2";
    tokenizer_->save(place);
    std::ofstream(place / "vocab.bpe", std::ios::app) << "x y\n";
    try {
        Tokenizer::load(place);
        QFAIL("a changed vocab.bpe was loaded");
    } catch (const Error &error) {
        QVERIFY2(QString(error.what()).contains("vocab.bpe"), error.what());
    }
}

void TestGpt2Tokenizer::threads_may_share_a_handle() {
    const std::string text = contentOf(data_ / "tinystories" / "valid.txt").substr(0, 200'000);
    const std::vector<int32_t> expected = tokenizer_->encode(text);
    std::vector<std::vector<int32_t>> found(4);
    std::vector<std::jthread> threads;
    for (auto &ids : found)
        threads.emplace_back([&ids, &text, copy = *tokenizer_] { ids = copy.encode(text); });
    threads.clear();
    for (const auto &ids : found)
        QCOMPARE(ids, expected);
}

QTEST_APPLESS_MAIN(TestGpt2Tokenizer)
#include "test_gpt2_tokenizer.moc"
