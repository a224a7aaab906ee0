// Corpora of a workspace: made, named, described, deleted and brought back. What is read is in test_corpus.
#include "core/error.h"
#include "core/io/file.h"
#include "core/text/corpus.h"
#include "core/text/story_generator.h"
#include "files_below.h"

#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;
using namespace tt;
using test::filesBelow;

class TestWorkspaceCorpora : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void a_deleted_corpus_comes_back();
    void a_deleted_corpus_goes_for_good();
    void a_taken_or_bad_name_is_refused();
    void a_stop_leaves_nothing();
    void generating_writes_the_generators_stories();
    void generating_into_a_file_writes_the_same_text();
    void impossible_numbers_of_stories_are_refused();
    void damaged_information_is_named();
    void progress_is_in_bytes_and_ends_at_the_total();

private:
    [[nodiscard]] fs::path write(const std::string &name, const std::string &text) const {
        const fs::path file = fs::path(folder_->path().toStdString()) / name;
        writeFileAtomically(file, text);
        return file;
    }

    std::unique_ptr<QTemporaryDir> folder_;
    std::optional<Workspace> workspace_;
};

void TestWorkspaceCorpora::init() {
    folder_ = std::make_unique<QTemporaryDir>();
    workspace_ = Workspace::openOrCreate(fs::path(folder_->path().toStdString()) / "workspace");
}

void TestWorkspaceCorpora::a_deleted_corpus_comes_back() {
    const CorpusInfo info = importCorpus(*workspace_, "c", {write("a.txt", "One.\n\nTwo.")}, {}, {});
    const std::string text = readFile(workspace_->corpusText("c"));
    deleteCorpus(*workspace_, "c");
    QVERIFY(workspace_->corpora().empty());
    QVERIFY_EXCEPTION_THROWN(deleteCorpus(*workspace_, "c"), Error);
    restoreCorpus(*workspace_, "c");
    QVERIFY(readCorpusInfo(*workspace_, "c") == info);
    QCOMPARE(readFile(workspace_->corpusText("c")), text);
    // One of the name made meanwhile is not overwritten.
    deleteCorpus(*workspace_, "c");
    importCorpus(*workspace_, "c", {write("b.txt", "Three.")}, {}, {});
    QVERIFY_EXCEPTION_THROWN(restoreCorpus(*workspace_, "c"), Error);
    QCOMPARE(readFile(workspace_->corpusText("c")), std::string("Three.\n<|endoftext|>\n"));
}

void TestWorkspaceCorpora::a_deleted_corpus_goes_for_good() {
    const int before = filesBelow(workspace_->folder());
    importCorpus(*workspace_, "c", {write("a.txt", "One.")}, {}, {});
    deleteCorpus(*workspace_, "c");
    emptyCorpusTrash(*workspace_);
    QCOMPARE(filesBelow(workspace_->folder()), before);
    QVERIFY_EXCEPTION_THROWN(restoreCorpus(*workspace_, "c"), Error);
    for (const char *name : {"", "../c", ".."})
        QVERIFY_EXCEPTION_THROWN(deleteCorpus(*workspace_, name), Error);
}

void TestWorkspaceCorpora::a_taken_or_bad_name_is_refused() {
    const fs::path file = write("a.txt", "One.");
    importCorpus(*workspace_, "c", {file}, {}, {});
    QVERIFY_EXCEPTION_THROWN(importCorpus(*workspace_, "c", {file}, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(generateCorpus(*workspace_, "c", 1, 0, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(importCorpus(*workspace_, "../c", {file}, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(readCorpusInfo(*workspace_, "other"), Error);
}

void TestWorkspaceCorpora::a_stop_leaves_nothing() {
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

void TestWorkspaceCorpora::generating_writes_the_generators_stories() {
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

void TestWorkspaceCorpora::generating_into_a_file_writes_the_same_text() {
    const fs::path file = fs::path(folder_->path().toStdString()) / "out.txt";
    const CorpusInfo info = generateStories(file, 50, 11, {}, {});
    generateCorpus(*workspace_, "g", 50, 11, {}, {});
    QCOMPARE(readFile(file), readFile(workspace_->corpusText("g")));
    QCOMPARE(info.bytes, static_cast<int64_t>(fs::file_size(file)));
}

void TestWorkspaceCorpora::impossible_numbers_of_stories_are_refused() {
    QVERIFY_EXCEPTION_THROWN(generateCorpus(*workspace_, "g", 0, 0, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(generateCorpus(*workspace_, "g", -5, 0, {}, {}), Error);
    QVERIFY_EXCEPTION_THROWN(generateCorpus(*workspace_, "g", 10'000'001, 0, {}, {}), Error);
}

void TestWorkspaceCorpora::damaged_information_is_named() {
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

void TestWorkspaceCorpora::progress_is_in_bytes_and_ends_at_the_total() {
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

QTEST_APPLESS_MAIN(TestWorkspaceCorpora)
#include "test_workspace_corpora.moc"
