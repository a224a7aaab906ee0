// One window may change a workspace, however the one before it ended; read-only, nothing is written at all.
#include "core/circuits/saved_graph.h"
#include "core/features/ce_effects.h"
#include "core/features/feature_index_build.h"
#include "core/features/feature_labels.h"
#include "core/io/file.h"
#include "core/io/folder_lock.h"
#include "core/text/published.h"
#include "core/text/tokenizer.h"
#include "core/train/gpt_training.h"
#include "core/train/import_original.h"
#include "core/train/run_files.h"
#include "core/train/transcoder_exchange.h"
#include "core/train/transcoder_training.h"
#include "unprivileged.h"

#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <functional>
#include <map>
#include <sys/wait.h>

using namespace tt;
namespace fs = std::filesystem;

namespace {

/// Every file and folder with its time of change.
std::map<fs::path, fs::file_time_type> contentsOf(const fs::path &folder) {
    std::map<fs::path, fs::file_time_type> found;
    for (const auto &entry : fs::recursive_directory_iterator(folder))
        found[entry.path()] = entry.last_write_time();
    return found;
}

/// A process of its own that takes the lock, says so, and waits to be killed.
pid_t holdInAnotherProcess(const fs::path &folder) {
    int told[2];
    if (::pipe(told) != 0)
        return -1;
    const pid_t child = ::fork();
    if (child == 0) {
        const FolderLock lock(folder);
        const char byte = lock.state() == FolderLock::State::Ours ? 'y' : 'n';
        [[maybe_unused]] const auto written = ::write(told[1], &byte, 1);
        while (true)
            ::pause();
    }
    char byte = 'n';
    const bool answered = ::read(told[0], &byte, 1) == 1;
    ::close(told[0]);
    ::close(told[1]);
    return answered && byte == 'y' ? child : -1;
}

} // namespace

class TestWorkspaceLock : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        folder_ = std::make_unique<QTemporaryDir>();
        path_ = folder_->filePath("w").toStdString();
        (void)Workspace::openOrCreate(path_);
    }

    void one_window_at_a_time() {
        const auto first = std::make_unique<FolderLock>(path_);
        QVERIFY(first->state() == FolderLock::State::Ours && first->holds(path_));
        const FolderLock second(path_);
        QVERIFY(second.state() == FolderLock::State::Elsewhere && !second.holds(path_));
        QCOMPARE(*second.holder(), static_cast<long>(::getpid()));
    }

    void it_is_free_when_the_window_has_gone() {
        std::make_unique<FolderLock>(path_).reset();
        QVERIFY(FolderLock(path_).state() == FolderLock::State::Ours);
    }

    void a_killed_window_leaves_no_lock_behind() {
        const pid_t other = holdInAnotherProcess(path_);
        QVERIFY(other > 0);
        const FolderLock refused(path_);
        QVERIFY(refused.state() == FolderLock::State::Elsewhere);
        QCOMPARE(*refused.holder(), static_cast<long>(other));
        ::kill(other, SIGKILL);
        ::waitpid(other, nullptr, 0);
        QVERIFY(fs::exists(path_ / ".lock")); // the file stays, the lock does not
        const FolderLock taken(path_);
        QVERIFY(taken.state() == FolderLock::State::Ours);
        QCOMPARE(*taken.holder(), static_cast<long>(::getpid()));
    }

    void a_folder_that_cannot_be_written_has_no_lock() {
        fs::permissions(path_, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read |
                                   fs::perms::others_exec);
        fs::permissions(path_.parent_path(), fs::perms::others_all, fs::perm_options::add);
        {
            const test::Unprivileged nobody;
            QVERIFY(FolderLock(path_).state() == FolderLock::State::Unwritable);
        }
        fs::permissions(path_, fs::perms::owner_all);
    }

    void two_programs_that_label_lose_nothing() {
        constexpr int each = 60;
        const auto label = [this](int layer) {
            for (int feature = 0; feature < each; ++feature)
                writeFeatureNote(path_, layer, feature, {.label = std::to_string(feature)});
        };
        const pid_t other = ::fork();
        if (other == 0) {
            label(1);
            ::_exit(0);
        }
        label(0);
        int status = -1;
        QCOMPARE(::waitpid(other, &status, 0), other);
        QCOMPARE(status, 0);
        QCOMPARE(readFeatureLabels(path_).notes.size(), size_t{2 * each});
    }

    void what_another_program_noted_of_the_feature_meanwhile_stays() {
        const FeatureNote known{.label = "a", .notes = "n"}, theirs{.label = "b", .notes = "n"};
        writeFeatureNote(path_, 0, 1, theirs);
        const FeatureNotes after =
            changeFeatureNote(path_, 0, 1, known, {.label = "a", .notes = "more", .starred = true});
        const FeatureNote both{.label = "b", .notes = "more", .starred = true};
        QVERIFY(after.at({0, 1}) == both && readFeatureLabels(path_).notes == after);
    }

    void effects_that_another_program_measured_meanwhile_stay() {
        const IndexIdentity identity{.transcoder = "t", .gpt = "g", .tokens = "s", .corpus = "c"};
        CeEffects ours{.layers = 1, .features = 2, .tokens = 9, .sum = {1, 2}, .measured = {4, 4}, .firing = {9, 9}};
        CeEffects theirs = ours;
        theirs.sum = {0.5, 7};
        theirs.measured = {2, 8};
        addCeEffects(path_ / "effects", theirs, identity);
        addCeEffects(path_ / "effects", ours, identity);
        const CeEffects read = readCeEffects(path_ / "effects", identity);
        QCOMPARE(read.measured, (std::vector<int32_t>{4, 8}));
        QCOMPARE(read.sum, (std::vector<double>{1, 7}));
    }

    void where_nothing_can_be_written_the_work_is_not_begun() {
        const Workspace workspace = Workspace::open(path_);
        const fs::path folder = workspace.transcoder("t");
        fs::create_directories(folder);
        fs::permissions(path_.parent_path(), fs::perms::others_all, fs::perm_options::add);
        const std::vector<std::pair<const char *, std::function<void()>>> works{
            {"anything of the workspace", [&] { workspace.requireWritable(); }},
            {"a label", [&] { writeFeatureNote(folder, 0, 1, {.label = "x"}); }},
            {"an index",
             [&] {
                 const TokenCache tokens = TokenCache::fromTokens(std::vector<int32_t>(100, 1), 90, 10, 300);
                 buildFeatureIndex({}, {}, tokens, {}, folder / "features.index", {}, {});
             }},
            {"cards", [&] { requireWritableFolder(folder / "cards/of/all"); }}};
        const test::Unprivileged nobody;
        for (const auto &[name, work] : works)
            try {
                work();
                QFAIL(name);
            } catch (const Error &error) {
                QVERIFY2(QString::fromUtf8(error.what()).startsWith("Nothing can be written in "), error.what());
            }
    }

    void read_only_nothing_is_changed_data() {
        QTest::addColumn<int>("writer");
        int row = 0;
        for (const auto &[name, write] : writers())
            QTest::newRow(name) << row++;
    }
    void read_only_nothing_is_changed() {
        QFETCH(int, writer);
        (void)generateCorpus(Workspace::open(path_), "c", 20, 1, {}, {});
        const Workspace workspace = Workspace::open(path_, Workspace::Access::ReadOnly);
        QVERIFY(workspace.readOnly());
        QCOMPARE(workspace.corpora(), std::vector<std::string>{"c"});
        const auto before = contentsOf(path_);
        try {
            writers()[static_cast<size_t>(writer)].second(workspace);
            QFAIL("it was written");
        } catch (const Error &error) {
            QVERIFY2(QString::fromUtf8(error.what()).contains("read-only"), error.what());
        }
        QCOMPARE(contentsOf(path_), before);
    }

private:
    using Writer = std::function<void(const Workspace &)>;
    static std::vector<std::pair<const char *, Writer>> writers() {
        const TokenCache tokens = TokenCache::fromTokens(std::vector<int32_t>(4000, 1), 3000, 100, 300);
        return {{"generate", [](const Workspace &w) { generateCorpus(w, "d", 20, 1, {}, {}); }},
                {"import", [](const Workspace &w) { importCorpus(w, "d", {w.corpusText("c")}, {}, {}); }},
                {"download", [](const Workspace &w) { downloadCorpus(w, publishedCorpora().front(), {}, {}, {}); }},
                {"GPT-2's vocabulary", [](const Workspace &w) { downloadGpt2Tokenizer(w, {}, {}, {}, {}); }},
                {"delete", [](const Workspace &w) { deleteCorpus(w, "c"); }},
                {"restore", [](const Workspace &w) { restoreCorpus(w, "c"); }},
                {"corpora's trash", emptyCorpusTrash},
                {"runs' trash", emptyRunTrash},
                {"train a GPT", [tokens](const Workspace &w) { trainGpt(w, "g", {}, tokens, {}, {}); }},
                {"resume a GPT", [tokens](const Workspace &w) { resumeGpt(w, "g", tokens, {}, {}); }},
                {"train a transcoder", [tokens](const Workspace &w) { trainTranscoder(w, "t", {}, tokens, {}, {}); }},
                {"resume a transcoder", [tokens](const Workspace &w) { resumeTranscoder(w, "t", tokens, {}, {}); }},
                {"rename a run", [](const Workspace &w) { renameRun(w, RunKind::Gpt, "g", "h"); }},
                {"delete a run", [](const Workspace &w) { trashRun(w, RunKind::Gpt, "g"); }},
                {"halve the rate", [](const Workspace &w) { scaleLearningRate(w, RunKind::Gpt, "g", 0.5); }},
                {"import the original's files", [](const Workspace &w) { importOriginal(w, {}, {}, {}); }},
                {"import a transcoder", [](const Workspace &w) { importTranscoder(w, {}, {}, {}); }},
                {"save a graph", [](const Workspace &w) { saveGraph(w, {}, "g"); }}};
    }

    std::unique_ptr<QTemporaryDir> folder_;
    fs::path path_;
};

QTEST_GUILESS_MAIN(TestWorkspaceLock)
#include "test_workspace_lock.moc"
