#include "core/error.h"
#include "core/text/corpus.h"
#include "core/text/story_generator.h"
#include "core/text/story_reader.h"
#include "core/text/utf8.h"
#include "files_below.h"

#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;
using namespace tt;
using test::filesBelow;

namespace {

std::string contentOf(const fs::path &file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

/// Bytes in memory by a line of /proc/self/status.
int64_t memory(const std::string &what) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(what + ":"))
            return std::stoll(line.substr(what.size() + 1)) * 1024;
    return -1;
}
int64_t peakMemory() {
    return memory("VmHWM");
}
/// Begins a new peak, and says what is used now.
int64_t resetPeakMemory() {
    std::ofstream("/proc/self/clear_refs") << "5";
    return memory("VmRSS");
}

} // namespace

class TestCorpus : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void stories_are_separated_and_cleaned_data();
    void stories_are_separated_and_cleaned();
    void chunk_borders_change_nothing_data();
    void chunk_borders_change_nothing();
    void several_files_make_one_corpus();
    void what_is_no_text_is_refused_and_leaves_nothing_data();
    void what_is_no_text_is_refused_and_leaves_nothing();
    void a_story_that_is_too_long_is_refused();
    void json_lines_are_imported_data();
    void json_lines_are_imported();
    void json_lines_are_independent_of_chunk_borders();
    void a_json_line_that_is_too_long_is_refused();
    void what_is_left_out_is_counted_and_said();
    void mojibake_is_recognised_data();
    void mojibake_is_recognised();
    void memory_is_bounded_whatever_the_size_data();
    void memory_is_bounded_whatever_the_size();
    void real_stories_are_imported();

private:
    [[nodiscard]] fs::path write(const std::string &name, const std::string &text) const;
    std::string importedText(const std::string &text);

    std::unique_ptr<QTemporaryDir> folder_;
    std::optional<Workspace> workspace_;
};

void TestCorpus::init() {
    folder_ = std::make_unique<QTemporaryDir>();
    workspace_ = Workspace::openOrCreate(fs::path(folder_->path().toStdString()) / "workspace");
}

fs::path TestCorpus::write(const std::string &name, const std::string &text) const {
    const fs::path file = fs::path(folder_->path().toStdString()) / name;
    std::ofstream(file, std::ios::binary) << text;
    return file;
}

std::string TestCorpus::importedText(const std::string &text) {
    importCorpus(*workspace_, "c", {write("input.txt", text)}, {}, {});
    return contentOf(workspace_->corpusText("c"));
}

void TestCorpus::stories_are_separated_and_cleaned_data() {
    QTest::addColumn<std::string>("text");
    QTest::addColumn<std::string>("expected");
    QTest::addColumn<qint64>("stories");
    QTest::addColumn<qint64>("empty");
    QTest::addColumn<qint64>("invalid");
    const auto row = [](const char *name, const std::string &text, const std::string &expected, qint64 stories,
                        qint64 empty = 0,
                        qint64 invalid = 0) { QTest::newRow(name) << text << expected << stories << empty << invalid; };
    const std::string end = "\n<|endoftext|>\n";
    row("marks", "One.\n<|endoftext|>\nTwo.\n\nStill two.\n<|endoftext|>\n", "One." + end + "Two.\n\nStill two." + end,
        2);
    row("no mark after the last", "One.\n<|endoftext|>\nTwo.", "One." + end + "Two." + end, 2);
    row("marks inside a line", "One.<|endoftext|>Two.", "One." + end + "Two." + end, 2);
    row("blank lines", "One,\nstill one.\n\nTwo.\n \t\n\n\nThree.\n",
        "One,\nstill one." + end + "Two." + end + "Three." + end, 3);
    row("one late mark", "One.\n\nStill one.\n\n\nStill.\n<|endoftext|>", "One.\n\nStill one.\n\n\nStill." + end, 1);
    row("CR LF", "One,\r\nstill.\r\n\r\nTwo.\r\n", "One,\nstill." + end + "Two." + end, 2);
    row("several CRs before an LF", "One,\r\r\nstill.\r\r\r\n\r\r\nTwo.\r\r\n", "One,\nstill." + end + "Two." + end, 2);
    row("a lone CR inside stays", "One\rstill.\r", "One\rstill." + end, 1);
    row("byte order mark", "\xEF\xBB\xBFOne.", "One." + end, 1);
    row("UTF-16's mark, not at the start", "\n\xFE\xFF\n\xFF\xFEOne.", "One." + end, 1);
    row("byte order marks of joined files", "\xEF\xBB\xBF\xEF\xBB\xBFOne.\n\n\xEF\xBB\xBFTwo.",
        "One." + end + "Two." + end, 2);
    row("blank lines around", "\n \n  One.  \n\n<|endoftext|>\n\n\n", "  One.  " + end, 1);
    row("empty stories", "<|endoftext|>\nOne.\n<|endoftext|>\n\n<|endoftext|>\n \n<|endoftext|>", "One." + end, 1, 3);
    row("not UTF-8",
        "On\xff"
        "e.\n\nTwo \xc3\xa9.",
        "On\xff"
        "e." +
            end + "Two \xc3\xa9." + end,
        2, 0, 1);
    row("part of a mark", "One <|endoftext|.\n\n<|endof", "One <|endoftext|." + end + "<|endof" + end, 2);
}

void TestCorpus::stories_are_separated_and_cleaned() {
    QFETCH(std::string, text);
    QFETCH(std::string, expected);
    QFETCH(qint64, stories);
    QFETCH(qint64, empty);
    QFETCH(qint64, invalid);
    const CorpusInfo info = importCorpus(*workspace_, "c", {write("input.txt", text)}, {}, {});
    QCOMPARE(contentOf(workspace_->corpusText("c")), expected);
    QCOMPARE(info.stories, stories);
    QCOMPARE(info.empty, empty);
    QCOMPARE(info.invalidUtf8, invalid);
    QCOMPARE(info.bytes, static_cast<int64_t>(expected.size()));
    QCOMPARE(info.source, std::string("input.txt"));
    QVERIFY(readCorpusInfo(*workspace_, "c") == info);
    QCOMPARE(workspace_->corpora(), std::vector<std::string>{"c"});
}

void TestCorpus::chunk_borders_change_nothing_data() {
    QTest::addColumn<std::string>("separator");
    QTest::newRow("mark") << std::string("\n<|endoftext|>\n");
    QTest::newRow("mark, CR LF") << std::string("\r\n<|endoftext|>\r\n");
    QTest::newRow("blank line") << std::string("\n  \n");
    QTest::newRow("blank line, CR LF") << std::string("\r\n\r\n");
}

void TestCorpus::chunk_borders_change_nothing() {
    QFETCH(std::string, separator);
    constexpr size_t chunk = size_t{1} << 20U;
    for (size_t shift = 0; shift <= separator.size() + 1; ++shift) {
        const std::string first(chunk - shift, 'a'), second = "Two.";
        QCOMPARE(importedText(first + separator + second) == first + "\n<|endoftext|>\nTwo.\n<|endoftext|>\n", true);
        fs::remove_all(workspace_->corpusInfo("c"));
    }
}

void TestCorpus::several_files_make_one_corpus() {
    const CorpusInfo info =
        importCorpus(*workspace_, "c", {write("a.txt", "A\n\nB"), write("b.txt", "C\n\nD\n<|endoftext|>")}, {}, {});
    QCOMPARE(contentOf(workspace_->corpusText("c")),
             std::string("A\n<|endoftext|>\nB\n<|endoftext|>\nC\n\nD\n<|endoftext|>\n"));
    QCOMPARE(info.stories, int64_t{3});
    QCOMPARE(info.source, std::string("a.txt and 1 more"));
}

void TestCorpus::what_is_no_text_is_refused_and_leaves_nothing_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<std::string>("text");
    QTest::addColumn<QString>("says");
    using namespace std::string_literals;
    QTest::newRow("binary") << "a.txt"
                            << "text \0 more"s
                            << "NUL";
    QTest::newRow("binary at the end") << "a.txt" << std::string(3 << 20, 'x').append("\n\n<|endoftext|>") + "\0"s
                                       << "NUL";
    QTest::newRow("UTF-16 LE") << "a.txt"
                               << "\xFF\xFEo\0n\0"s
                               << "UTF-16";
    QTest::newRow("UTF-16 BE") << "a.txt"
                               << "\xFE\xFF\0o\0n"s
                               << "UTF-16";
    QTest::newRow("empty") << "a.txt"
                           << ""s
                           << "No story";
    QTest::newRow("blank") << "a.txt"
                           << "\n \n\t\n"s
                           << "No story";
    QTest::newRow("only marks") << "a.txt"
                                << "<|endoftext|>\n<|endoftext|>"s
                                << "No story";
    QTest::newRow("JSON") << "a.json"
                          << R"([{"text":"One."}])"s
                          << ".jsonl";
    QTest::newRow("JSON lines without stories") << "a.jsonl"
                                                << "{\"title\":\"One.\"}\n"s
                                                << "No story";
    QTest::newRow("JSON lines that are blank") << "a.jsonl"
                                               << "{\"text\":\" \"}\n\n"s
                                               << "No story";
    QTest::newRow("JSON lines, binary") << "a.jsonl"
                                        << "{\"text\":\"One.\"}\n\0"s
                                        << "NUL";
}

void TestCorpus::what_is_no_text_is_refused_and_leaves_nothing() {
    QFETCH(QString, name);
    QFETCH(std::string, text);
    QFETCH(QString, says);
    const int before = filesBelow(workspace_->folder());
    const fs::path good = write("good.txt", "One.\n\nTwo.");
    const fs::path file = write(name.toStdString(), text);
    for (const auto &files :
         {std::vector{file}, says == "No story" ? std::vector{file, file} : std::vector{good, file}}) {
        try {
            importCorpus(*workspace_, "c", files, {}, {});
            QFAIL("it was imported");
        } catch (const Error &error) {
            QVERIFY2(QString(error.what()).contains(says), error.what());
            QVERIFY2(QString(error.what()).contains(name), error.what());
        }
    }
    QVERIFY_EXCEPTION_THROWN(importCorpus(*workspace_, "c", {workspace_->folder()}, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(importCorpus(*workspace_, "c", {workspace_->folder() / "missing.txt"}, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(importCorpus(*workspace_, "c", {}, {}, {}), Error);
    QCOMPARE(filesBelow(workspace_->folder()), before);
}

void TestCorpus::a_story_that_is_too_long_is_refused() {
    const fs::path file = write("long.txt", std::string(longestStory + (2U << 20U), 'x'));
    try {
        importCorpus(*workspace_, "c", {file}, {}, {});
        QFAIL("it was imported");
    } catch (const Error &error) {
        QVERIFY2(QString(error.what()).contains("16 MB"), error.what());
    }
    QCOMPARE(filesBelow(workspace_->folder()), 1); // workspace.json
}

void TestCorpus::json_lines_are_imported_data() {
    QTest::addColumn<std::string>("text");
    QTest::addColumn<std::string>("expected");
    QTest::addColumn<qint64>("empty");
    QTest::addColumn<qint64>("leftOut");
    QTest::addColumn<QString>("first");
    const auto row = [](const char *name, const std::string &text, const std::string &expected, qint64 empty = 0,
                        qint64 leftOut = 0, const QString &first = {}) {
        QTest::newRow(name) << text << expected << empty << leftOut << first;
    };
    const std::string end = "\n<|endoftext|>\n";
    row("text and story", "{\"text\":\"One.\"}\n{\"story\":\"Two.\",\"x\":[1,{}]}\n", "One." + end + "Two." + end);
    row("no line feed at the end, CR LF, blank lines", "\r\n{\"text\":\"One.\"}\r\n \n{\"text\":\"Two.\"}",
        "One." + end + "Two." + end);
    row("byte order mark", "\xEF\xBB\xBF{\"text\":\"One.\"}\n", "One." + end);
    row("escapes", R"({"text":"\n\nOne,\r\nstill \u00e9 \ud83d\ude00.\n"})", "One,\nstill é 😀." + end);
    row("marks in a text divide it", R"({"text":"One.<|endoftext|>\nTwo.\n<|endoftext|>"})",
        "One." + end + "Two." + end);
    row("empty texts", "{\"text\":\"\"}\n{\"text\":\"One.\"}\n{\"text\":\" \\n\"}\n{\"text\":\"<|endoftext|>\"}",
        "One." + end, 3);
    row("text wins over story", R"({"story":"No.","text":"One."})", "One." + end);
    row("story where text is no string", R"({"text":3,"story":"One."})", "One." + end);
    row("a line that is not JSON", "{\"text\":\"One.\"}\n\n{\"text\":\"Tw\n{\"text\":\"Three.\"}\n[]",
        "One." + end + "Three." + end, 0, 2, "line 3 of input.jsonl is not JSON");
    row("a line that is no object", "\"One.\"\n{\"text\":\"Two.\"}", "Two." + end, 0, 1,
        "line 1 of input.jsonl is not an object");
    row("a line without a story", "{\"title\":\"One.\"}\n{\"text\":\"Two.\"}", "Two." + end, 0, 1,
        "line 1 of input.jsonl has no \"text\" or \"story\"");
    row("a line that is not UTF-8", "{\"text\":\"On\xff\"}\n{\"text\":\"Two.\"}", "Two." + end, 0, 1,
        "line 1 of input.jsonl is not UTF-8");
    row("a NUL character", "{\"text\":\"One\\u0000.\"}\n{\"text\":\"Two.\"}", "Two." + end, 0, 1,
        "line 1 of input.jsonl holds a NUL character");
    row("half a surrogate pair", "{\"text\":\"One \\ud83d.\"}\n{\"text\":\"Two.\"}", "Two." + end, 0, 1,
        "line 1 of input.jsonl is not JSON");
}

void TestCorpus::json_lines_are_imported() {
    QFETCH(std::string, text);
    QFETCH(std::string, expected);
    QFETCH(qint64, empty);
    QFETCH(qint64, leftOut);
    QFETCH(QString, first);
    const CorpusInfo info = importCorpus(*workspace_, "c", {write("input.jsonl", text)}, {}, {});
    QCOMPARE(contentOf(workspace_->corpusText("c")), expected);
    QCOMPARE(info.empty, empty);
    QCOMPARE(info.leftOutLines, leftOut);
    QCOMPARE(QString::fromStdString(info.firstLeftOut), first);
    QVERIFY(readCorpusInfo(*workspace_, "c") == info);
}

void TestCorpus::json_lines_are_independent_of_chunk_borders() {
    constexpr size_t chunk = size_t{1} << 20U;
    for (size_t shift = 0; shift <= 24; ++shift) {
        const std::string story(chunk - shift, 'a');
        importCorpus(*workspace_, "c", {write("input.jsonl", "{\"text\":\"" + story + "\"}\r\n{\"text\":\"Two.\"}\n")},
                     {}, {});
        QVERIFY(contentOf(workspace_->corpusText("c")) == story + "\n<|endoftext|>\nTwo.\n<|endoftext|>\n");
        fs::remove_all(workspace_->corpusInfo("c"));
    }
}

void TestCorpus::a_json_line_that_is_too_long_is_refused() {
    const std::string one = "{\"text\":\"One.\"}\n";
    const auto refusal = [&](const std::string &line) -> QString {
        try {
            importCorpus(*workspace_, "c", {write("long.jsonl", one + line)}, {}, {});
        } catch (const Error &error) {
            return error.what();
        }
        return {};
    };
    const QString endless = refusal(std::string(2 * longestStory + (4U << 20U), ' '));
    QVERIFY2(endless.contains("Line 2") && endless.contains("32 MB"), qPrintable(endless));
    const QString story = refusal("{\"text\":\"" + std::string(longestStory + 1, 'x') + "\"}");
    QVERIFY2(story.contains("Line 2") && story.contains("16 MB"), qPrintable(story));
    QCOMPARE(filesBelow(workspace_->folder()), 1);
}

void TestCorpus::what_is_left_out_is_counted_and_said() {
    const CorpusInfo info =
        importCorpus(*workspace_, "c",
                     {write("a.txt", "One.\n<|endoftext|>\n\n<|endoftext|>\nIt\xE2\x80\x99s Ã©.\n<|endoftext|>\n"
                                     "On\xff.\n<|endoftext|>\nDonâ€™t.\n"),
                      write("b.jsonl", "{\"text\":\"Two.\"}\nno\n{\"text\":\"\"}\nnor this\n")},
                     {}, {});
    QCOMPARE(info.stories, int64_t{5});
    QCOMPARE(info.empty, int64_t{2});
    QCOMPARE(info.invalidUtf8, int64_t{1});
    QCOMPARE(info.mojibake, int64_t{2});
    QCOMPARE(info.leftOutLines, int64_t{2});
    const std::vector<std::string> said = remarks(info);
    QCOMPARE(said.size(), size_t{4});
    QCOMPARE(said[0], std::string("2 lines were left out; the first: line 2 of b.jsonl is not JSON."));
    QCOMPARE(said[1], std::string("2 empty stories were left out."));
    QVERIFY(said[2].starts_with("1 story holds bytes that are not UTF-8"));
    QVERIFY(said[3].starts_with("2 stories show a wrong encoding"));
    QVERIFY(remarks(generateCorpus(*workspace_, "g", 20, 1, {}, {})).empty());
}

void TestCorpus::mojibake_is_recognised_data() {
    QTest::addColumn<std::string>("text");
    QTest::addColumn<bool>("expected");
    // What Windows-1252 makes of the UTF-8 bytes of ’ “ ” – é à £ and of a byte order mark's kin.
    for (const char *broken : {"Donâ€™t", "â€œHello", "bye.â€\xC2\x9D", "a â€“ b", "cafÃ©", "Ã\xC2\xA0 la", "Â£5",
                               "what\xEF\xBF\xBDs", "ends in â€"})
        QTest::newRow(broken) << std::string(broken) << true;
    // What looks alike and is right in some language.
    for (const char *right : {"plain", "Don’t", "“Hello”", "café, à la carte", "là », dit-il", "Spaß“, sagte er",
                              "âge, pâté", "NÃO", "IRMÃ”", "São João", "5 €", "â € apart", "ﷺ ﻿"})
        QTest::newRow(right) << std::string(right) << false;
}

void TestCorpus::mojibake_is_recognised() {
    QFETCH(std::string, text);
    QFETCH(bool, expected);
    QCOMPARE(hasMojibake(text), expected);
}

void TestCorpus::memory_is_bounded_whatever_the_size_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<std::string>("line");
    QTest::newRow("text") << "large.txt"
                          << std::string("Once upon a time there was a very small story.\n<|endoftext|>\n");
    QTest::newRow("JSON lines") << "large.jsonl"
                                << std::string("{\"text\":\"Once upon a time there was a very small story.\"}\n");
}

void TestCorpus::memory_is_bounded_whatever_the_size() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    QSKIP("a sanitizer's own memory would be measured");
#endif
    QFETCH(QString, name);
    QFETCH(std::string, line);
    constexpr int64_t largest = 300'000'000, allowed = 24'000'000; // the program's bound for 2 GB is the same
    std::string block;
    while (block.size() < (4U << 20U))
        block += line;
    const fs::path file = fs::path(folder_->path().toStdString()) / name.toStdString();
    int64_t stories = 0;
    {
        std::ofstream out(file, std::ios::binary);
        const auto lines = static_cast<int64_t>(block.size() / line.size());
        for (int64_t bytes = 0; bytes < largest; bytes += static_cast<int64_t>(block.size()), stories += lines)
            out << block;
    }
    const int64_t before = resetPeakMemory();
    const CorpusInfo info = importCorpus(*workspace_, "c", {file}, {}, {});
    const int64_t grown = peakMemory() - before;
    qInfo("%.0f MB imported, peak memory grew by %.1f MB", static_cast<double>(fs::file_size(file)) / 1e6,
          static_cast<double>(grown) / 1e6);
    QCOMPARE(info.stories, stories);
    QVERIFY2(grown < allowed, qPrintable(QString::number(grown)));
}

void TestCorpus::real_stories_are_imported() {
    const fs::path data = qEnvironmentVariable("TT_TEST_DATA").toStdString();
    if (data.empty() || !fs::exists(data / "tinystories" / "train.txt"))
        QSKIP("TT_TEST_DATA has no tinystories/train.txt: importing real stories is not tested");
    const CorpusInfo info = importCorpus(*workspace_, "c", {data / "tinystories" / "train.txt"}, {}, {});
    QCOMPARE(info.stories, int64_t{11'273}); // the data's own description
}

QTEST_APPLESS_MAIN(TestCorpus)
#include "test_corpus.moc"
