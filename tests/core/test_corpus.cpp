#include "core/error.h"
#include "core/text/corpus.h"
#include "core/text/story_generator.h"
#include "core/text/story_reader.h"

#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;
using namespace tt;

namespace {

std::string contentOf(const fs::path &file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

int filesBelow(const fs::path &folder) {
    int files = 0;
    for (const auto &entry : fs::recursive_directory_iterator(folder))
        files += entry.is_regular_file() ? 1 : 0;
    return files;
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
    void a_taken_or_bad_name_is_refused();
    void a_stop_leaves_nothing();
    void generating_writes_the_generators_stories();
    void generating_into_a_file_writes_the_same_text();
    void impossible_numbers_of_stories_are_refused();
    void damaged_information_is_named();
    void progress_is_in_bytes_and_ends_at_the_total();
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
    row("a lone CR inside stays", "One\rstill.\r", "One\rstill." + end, 1);
    row("byte order mark", "\xEF\xBB\xBFOne.", "One." + end, 1);
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
    QTest::newRow("JSON lines") << "a.jsonl"
                                << R"({"text":"One."})"s
                                << ".txt";
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

void TestCorpus::a_taken_or_bad_name_is_refused() {
    const fs::path file = write("a.txt", "One.");
    importCorpus(*workspace_, "c", {file}, {}, {});
    QVERIFY_EXCEPTION_THROWN(importCorpus(*workspace_, "c", {file}, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(generateCorpus(*workspace_, "c", 1, 0, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(importCorpus(*workspace_, "../c", {file}, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(readCorpusInfo(*workspace_, "other"), Error);
}

void TestCorpus::a_stop_leaves_nothing() {
    std::stop_source stop;
    const fs::path file = write("a.txt", "One.\n\nTwo.");
    const auto stopAtOnce = [&](const Progress &) { stop.request_stop(); };
    try {
        generateCorpus(*workspace_, "c", 100'000, 0, stop.get_token(), stopAtOnce);
        QFAIL("the stop was not seen");
    } catch (const Error &error) {
        QVERIFY(error.kind() == Error::Kind::Cancelled);
    }
    QVERIFY_EXCEPTION_THROWN(importCorpus(*workspace_, "c", {file}, stop.get_token(), {}), Error);
    QCOMPARE(filesBelow(workspace_->folder()), 1);
}

void TestCorpus::generating_writes_the_generators_stories() {
    const CorpusInfo info = generateCorpus(*workspace_, "g", 50, 11, {}, {});
    QCOMPARE(info.stories, int64_t{50});
    QCOMPARE(info.seed, uint64_t{11});
    QCOMPARE(info.source, std::string("generated"));
    QVERIFY(readCorpusInfo(*workspace_, "g") == info);
    const StoryGenerator generator(11);
    uint64_t index = 0;
    forEachStory(workspace_->corpusText("g"),
                 [&](std::string_view story) { return std::string(story) == generator.story(index++) && index < 40; });
    QCOMPARE(index, uint64_t{40}); // all were the same, and returning false ended the loop
}

void TestCorpus::generating_into_a_file_writes_the_same_text() {
    const fs::path file = fs::path(folder_->path().toStdString()) / "out.txt";
    const CorpusInfo info = generateStories(file, 50, 11, {}, {});
    generateCorpus(*workspace_, "g", 50, 11, {}, {});
    QCOMPARE(contentOf(file), contentOf(workspace_->corpusText("g")));
    QCOMPARE(info.bytes, static_cast<int64_t>(fs::file_size(file)));
}

void TestCorpus::impossible_numbers_of_stories_are_refused() {
    QVERIFY_EXCEPTION_THROWN(generateCorpus(*workspace_, "g", 0, 0, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(generateCorpus(*workspace_, "g", -5, 0, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(generateCorpus(*workspace_, "g", 10'000'001, 0, {}, {}), Error);
}

void TestCorpus::damaged_information_is_named() {
    importCorpus(*workspace_, "c", {write("a.txt", "One.")}, {}, {});
    for (const char *text : {"", "{", "[]", "{}", R"({"version":1,"stories":"two","bytes":3})", R"({"version":9})"}) {
        std::ofstream(workspace_->corpusInfo("c"), std::ios::trunc) << text;
        try {
            readCorpusInfo(*workspace_, "c");
            QFAIL(text);
        } catch (const Error &error) {
            QVERIFY2(QString(error.what()).contains("c.json"), error.what());
        }
    }
}

void TestCorpus::progress_is_in_bytes_and_ends_at_the_total() {
    const std::string text = "One.\n\nTwo.";
    std::vector<Progress> reports;
    importCorpus(*workspace_, "c", {write("a.txt", text)}, {}, [&](const Progress &now) { reports.push_back(now); });
    QVERIFY(!reports.empty());
    for (size_t i = 0; i < reports.size(); ++i) {
        QCOMPARE(reports[i].unit, std::string("bytes"));
        QVERIFY(reports[i].done <= reports[i].total);
        QVERIFY(i == 0 || reports[i].done >= reports[i - 1].done);
    }
    QCOMPARE(reports.back().done, reports.back().total);
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
