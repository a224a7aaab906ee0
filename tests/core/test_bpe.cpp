#include "core/error.h"
#include "core/random.h"
#include "core/text/bpe.h"
#include "core/text/pieces.h"
#include "core/text/tokenizer.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

namespace fs = std::filesystem;
using namespace tt;

namespace {

fs::path pathIn(const QTemporaryDir &folder, const char *name) {
    return fs::path(folder.path().toStdString()) / name;
}

void writeText(const fs::path &path, const std::string &text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
}

std::vector<std::string> pieces(std::string_view text) {
    std::vector<std::string> all;
    PieceCursor cursor(text);
    std::string_view piece;
    while (cursor.next(piece))
        all.emplace_back(piece);
    return all;
}

/// The definition of merging: look for the lowest rank, merge its leftmost place, start over.
std::vector<int32_t> mergedByDefinition(const MergeList &merges, std::vector<int32_t> ids) {
    for (size_t rank = 0; rank < merges.size(); ++rank) {
        for (size_t i = 0; i + 1 < ids.size(); ++i) {
            if (ids[i] == merges[rank].first && ids[i + 1] == merges[rank].second) {
                ids[i] = 256 + static_cast<int32_t>(rank);
                ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(i) + 1);
            }
        }
    }
    return ids;
}

/// The definition of learning: recount every pair after every merge.
MergeList learntByDefinition(const std::map<std::string, int> &words, int merges) {
    std::vector<std::pair<std::vector<int32_t>, int>> state;
    for (const auto &[word, count] : words) {
        std::vector<int32_t> ids;
        for (const char byte : word)
            ids.push_back(static_cast<unsigned char>(byte));
        state.emplace_back(ids, count);
    }
    MergeList learnt;
    while (static_cast<int>(learnt.size()) < merges) {
        std::map<std::pair<int32_t, int32_t>, int> counts;
        for (const auto &[ids, count] : state) {
            for (size_t i = 0; i + 1 < ids.size(); ++i)
                counts[{ids[i], ids[i + 1]}] += count;
        }
        if (counts.empty())
            break;
        // std::map is ordered by the pair, so the first of the largest counts is the smallest pair
        const auto best = std::max_element(counts.begin(), counts.end(),
                                           [](const auto &a, const auto &b) { return a.second < b.second; });
        learnt.push_back(best->first);
        const auto token = 255 + static_cast<int32_t>(learnt.size());
        for (auto &[ids, count] : state) {
            for (size_t i = 0; i + 1 < ids.size(); ++i) {
                if (ids[i] == best->first.first && ids[i + 1] == best->first.second) {
                    ids[i] = token;
                    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(i) + 1);
                }
            }
        }
    }
    return learnt;
}

std::string randomText(Random &random, size_t length, const std::string &alphabet) {
    std::string text;
    while (text.size() < length)
        text += alphabet[random.below(alphabet.size())];
    return text;
}

MergeList randomMerges(Random &random, int count, int letters) {
    MergeList merges;
    while (static_cast<int>(merges.size()) < count) {
        const auto pick = [&] {
            const auto id = static_cast<int32_t>(random.below(static_cast<uint64_t>(letters) + merges.size()));
            return id < letters ? 'a' + id : 256 + id - letters;
        };
        const std::pair<int32_t, int32_t> merge{pick(), pick()};
        if (std::find(merges.begin(), merges.end(), merge) == merges.end())
            merges.push_back(merge);
    }
    return merges;
}

} // namespace

class TestBpe : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void text_is_cut_as_gpt2_cuts_it_data();
    void text_is_cut_as_gpt2_cuts_it();
    void bytes_that_are_not_utf8_are_pieces_of_their_own();
    void merging_follows_the_definition_for_short_and_long_pieces();
    void any_bytes_come_back_from_decode();
    void learning_equals_recounting_every_pair();
    void a_text_with_few_pairs_gives_a_smaller_vocabulary();
    void end_of_text_is_one_token_and_the_last();
    void a_saved_tokenizer_loads_the_same();
    void damaged_files_are_named_data();
    void damaged_files_are_named();
    void impossible_requests_are_refused();
    void partial_characters_show_as_hex();
    void long_pieces_take_no_quadratic_time_data();
    void long_pieces_take_no_quadratic_time();
    void a_stop_ends_the_training();
};

void TestBpe::text_is_cut_as_gpt2_cuts_it_data() {
    // Expected: Python's "regex" module with OpenAI's published pattern.
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("expected");
    QTest::newRow("words") << "Hello world, it's 2024!"
                           << QStringList{"Hello", " world", ",", " it", "'s", " 2024", "!"};
    QTest::newRow("spaces") << "a   b  \n\n c " << QStringList{"a", "  ", " b", "  \n\n", " c", " "};
    QTest::newRow("letters") << QString::fromUtf8("naïve Ünï 日本語x²")
                             << QStringList{QString::fromUtf8("naïve"), QString::fromUtf8(" Ünï"),
                                            QString::fromUtf8(" 日本語x"), QString::fromUtf8("²")};
    QTest::newRow("contractions") << "I'LL don't we've 'd''re"
                                  << QStringList{"I", "'", "LL", " don", "'t", " we", "'ve", " '", "d", "''", "re"};
    QTest::newRow("white space")
        << QString::fromUtf8("a\u00a0b\u0085\u3000c")
        << QStringList{"a", QString::fromUtf8("\u00a0"), "b", QString::fromUtf8("\u0085"), QString::fromUtf8("\u3000"),
                       "c"};
    QTest::newRow("no white space") << QString::fromUtf8("a\u180eb")
                                    << QStringList{"a", QString::fromUtf8("\u180e"), "b"};
    QTest::newRow("nothing") << "" << QStringList{};
}

void TestBpe::text_is_cut_as_gpt2_cuts_it() {
    QFETCH(QString, text);
    QFETCH(QStringList, expected);
    QStringList found;
    for (const std::string &piece : pieces(text.toStdString()))
        found << QString::fromStdString(piece);
    QCOMPARE(found, expected);
}

void TestBpe::bytes_that_are_not_utf8_are_pieces_of_their_own() {
    const std::vector<std::string> expected{"ab", "\xff\xfe", "cd", "\xe2\x80", " x", "\xed\xa0\x80", "\xc3\xa9"};
    QCOMPARE(pieces("ab\xff\xfe"
                    "cd\xe2\x80 x\xed\xa0\x80\xc3\xa9"),
             expected);
}

void TestBpe::merging_follows_the_definition_for_short_and_long_pieces() {
    Random random(7);
    for (int round = 0; round < 60; ++round) {
        const MergeList merges = randomMerges(random, 40, 3);
        const MergeTable table(merges);
        for (const size_t length : {1, 2, 3, 17, 48, 49, 400}) {
            std::vector<int32_t> ids;
            for (const char letter : randomText(random, length, "abc"))
                ids.push_back(letter);
            const std::vector<int32_t> expected = mergedByDefinition(merges, ids);
            mergeIds(table, ids);
            QCOMPARE(ids, expected);
        }
    }
}

void TestBpe::any_bytes_come_back_from_decode() {
    Random random(3);
    const Tokenizer tokenizer = Tokenizer::fromMerges(randomMerges(random, 60, 26));
    for (int round = 0; round < 300; ++round) {
        std::string bytes;
        for (uint64_t length = random.below(300); bytes.size() < length;)
            bytes += static_cast<char>(random.below(round % 2 == 0 ? 256 : 0x80));
        QCOMPARE(tokenizer.decode(tokenizer.encode(bytes)), bytes);
    }
    const std::string withNul("a\0b", 3);
    QCOMPARE(tokenizer.decode(tokenizer.encode(withNul)), withNul);
}

void TestBpe::learning_equals_recounting_every_pair() {
    QTemporaryDir folder;
    Random random(11);
    for (int round = 0; round < 25; ++round) {
        std::map<std::string, int> words;
        std::string text;
        for (int i = 0; i < 120; ++i) {
            const std::string word = randomText(random, 1 + random.below(9), round % 2 == 0 ? "ab" : "abcde");
            const std::string piece = i == 0 ? word : " " + word;
            ++words[piece];
            text += piece;
        }
        const fs::path file = pathIn(folder, "text.txt");
        writeText(file, text + "\n<|endoftext|>\n");
        const Tokenizer learnt = trainTokenizer(file, 257 + 60, {}, {});
        const Tokenizer expected = Tokenizer::fromMerges(learntByDefinition(words, 60));
        QCOMPARE(learnt.vocabSize(), expected.vocabSize());
        for (int id = 0; id < learnt.vocabSize(); ++id)
            QCOMPARE(std::string(learnt.bytes(id)), std::string(expected.bytes(id)));
    }
}

void TestBpe::a_text_with_few_pairs_gives_a_smaller_vocabulary() {
    QTemporaryDir folder;
    const fs::path file = pathIn(folder, "text.txt");
    writeText(file, "abab\n<|endoftext|>\nab\n<|endoftext|>\n");
    const Tokenizer tokenizer = trainTokenizer(file, 4096, {}, {});
    QCOMPARE(tokenizer.vocabSize(), 256 + 2 + 1); // ab, abab
    QCOMPARE(std::string(tokenizer.bytes(257)), std::string("abab"));
}

void TestBpe::end_of_text_is_one_token_and_the_last() {
    const Tokenizer tokenizer = Tokenizer::fromMerges({{'a', 'b'}});
    QCOMPARE(tokenizer.endOfText(), 257);
    QCOMPARE(tokenizer.vocabSize(), 258);
    QCOMPARE(tokenizer.encode("ab<|endoftext|>b"), (std::vector<int32_t>{256, 257, 'b'}));
    QCOMPARE(tokenizer.encode("<|endoftext|"),
             (std::vector<int32_t>{'<', '|', 'e', 'n', 'd', 'o', 'f', 't', 'e', 'x', 't', '|'}));
    QCOMPARE(tokenizer.find("ab"), 256);
    QCOMPARE(tokenizer.find("<|endoftext|>"), 257);
    QCOMPARE(tokenizer.find("abc"), -1);
}

void TestBpe::a_saved_tokenizer_loads_the_same() {
    QTemporaryDir folder;
    const fs::path place = pathIn(folder, "own");
    const Tokenizer tokenizer = Tokenizer::fromMerges({{'a', 'b'}, {256, 'c'}, {' ', 257}});
    tokenizer.save(place);
    const Tokenizer loaded = Tokenizer::load(place);
    QCOMPARE(loaded.kind(), std::string("bpe"));
    QCOMPARE(loaded.vocabSize(), tokenizer.vocabSize());
    QCOMPARE(loaded.encode("abc abc"), (std::vector<int32_t>{257, 258}));
    QVERIFY_EXCEPTION_THROWN(tokenizer.save(place), Error);
    QCOMPARE(std::distance(fs::directory_iterator(folder.path().toStdString()), fs::directory_iterator()), 1);
}

void TestBpe::damaged_files_are_named_data() {
    QTest::addColumn<QString>("text");
    QTest::newRow("empty") << "";
    QTest::newRow("cut short") << R"({"version":1,"kind":"bpe","merges":[[97,98)";
    QTest::newRow("no merges") << R"({"version":1,"kind":"bpe"})";
    QTest::newRow("a merge of three") << R"({"version":1,"kind":"bpe","merges":[[97,98,99]]})";
    QTest::newRow("a negative id") << R"({"version":1,"kind":"bpe","merges":[[97,-1]]})";
    QTest::newRow("an id from the future") << R"({"version":1,"kind":"bpe","merges":[[97,256]]})";
    QTest::newRow("the same merge twice") << R"({"version":1,"kind":"bpe","merges":[[97,98],[97,98]]})";
    QTest::newRow("a huge id") << R"({"version":1,"kind":"bpe","merges":[[97,99999999999999]]})";
    QTest::newRow("another kind") << R"({"version":1,"kind":"words","merges":[]})";
    QTest::newRow("a newer version") << R"({"version":2,"kind":"bpe","merges":[]})";
    QTest::newRow("a text") << R"({"version":"1","kind":"bpe","merges":[]})";
}

void TestBpe::damaged_files_are_named() {
    QFETCH(QString, text);
    QTemporaryDir folder;
    writeText(pathIn(folder, "tokenizer.json"), text.toStdString());
    try {
        Tokenizer::load(folder.path().toStdString());
        QFAIL("a damaged tokenizer was loaded");
    } catch (const Error &error) {
        QVERIFY2(QString(error.what()).contains("tokenizer.json"), error.what());
    }
}

void TestBpe::impossible_requests_are_refused() {
    QTemporaryDir folder;
    const fs::path file = pathIn(folder, "text.txt");
    QVERIFY_EXCEPTION_THROWN(trainTokenizer(file, 4096, {}, {}), Error); // no file
    writeText(file, "\n\n<|endoftext|>\n\n");
    QVERIFY_EXCEPTION_THROWN(trainTokenizer(file, 4096, {}, {}), Error); // no story
    QVERIFY_EXCEPTION_THROWN(trainTokenizer(file, 256, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(trainTokenizer(file, 65537, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(Tokenizer::load(folder.path().toStdString()), Error); // no tokenizer
    const Tokenizer tokenizer = Tokenizer::fromMerges({});
    QCOMPARE(tokenizer.vocabSize(), 257);
    QVERIFY_EXCEPTION_THROWN(tokenizer.decode(std::vector<int32_t>{257}), Error);
    QVERIFY_EXCEPTION_THROWN(tokenizer.decode(std::vector<int32_t>{-1}), Error);
    QVERIFY_EXCEPTION_THROWN(Tokenizer::fromMerges({{0, 256}}), Error);
    MergeList doubling{{'a', 'a'}};
    for (int32_t id = 256; doubling.size() < 40; ++id)
        doubling.emplace_back(id, id); // the last token would be 2^40 bytes
    QVERIFY_EXCEPTION_THROWN(Tokenizer::fromMerges(doubling), Error);
}

void TestBpe::partial_characters_show_as_hex() {
    const Tokenizer tokenizer = Tokenizer::fromMerges({{0xE2, 0x80}, {256, 0x9C}});
    QCOMPARE(QString::fromStdString(tokenizer.text(256)), QString::fromUtf8("⟨E2 80⟩"));
    QCOMPARE(QString::fromStdString(tokenizer.text(257)), QString::fromUtf8("“"));
    QCOMPARE(QString::fromStdString(tokenizer.text('a')), QString("a"));
}

void TestBpe::long_pieces_take_no_quadratic_time_data() {
    QTest::addColumn<std::string>("unit");
    QTest::newRow("letters") << std::string("a");
    QTest::newRow("spaces") << std::string(" ");
    QTest::newRow("lines") << std::string("\n");
    QTest::newRow("NUL") << std::string(1, '\0');
    QTest::newRow("not UTF-8") << std::string("\xff");
    QTest::newRow("not UTF-8, letter") << std::string("\xff"
                                                      "a");
    QTest::newRow("apostrophes") << std::string("'");
    QTest::newRow("marks") << std::string("<|endoftext|>");
}

void TestBpe::long_pieces_take_no_quadratic_time() {
    QFETCH(std::string, unit);
    std::string text;
    while (text.size() < 2'000'000)
        text += unit;
    MergeList merges{{' ', ' '}, {'a', 'a'}, {256, 256}, {257, 257}, {'\'', '\''}};
    const Tokenizer tokenizer = Tokenizer::fromMerges(merges);
    QElapsedTimer timer;
    timer.start();
    const std::vector<int32_t> ids = tokenizer.encode(text);
    QVERIFY2(timer.elapsed() < 20'000, "2 MB took more than 20 s"); // quadratic work would take hours
    QCOMPARE(tokenizer.decode(ids), text);
}

void TestBpe::a_stop_ends_the_training() {
    QTemporaryDir folder;
    const fs::path file = pathIn(folder, "text.txt");
    writeText(file, "one two three\n<|endoftext|>\n");
    std::stop_source stop;
    stop.request_stop();
    try {
        trainTokenizer(file, 300, stop.get_token(), {});
        QFAIL("the stop was not seen");
    } catch (const Error &error) {
        QVERIFY(error.kind() == Error::Kind::Cancelled);
    }
}

QTEST_APPLESS_MAIN(TestBpe)
#include "test_bpe.moc"
