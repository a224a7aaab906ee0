// One window may change a workspace, however the one before it ended; read-only, nothing is written at all.
#include "core/circuits/saved_graph.h"
#include "core/io/workspace_lock.h"
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
        const WorkspaceLock lock(folder);
        const char byte = lock.state() == WorkspaceLock::State::Ours ? 'y' : 'n';
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
        const auto first = std::make_unique<WorkspaceLock>(path_);
        QVERIFY(first->state() == WorkspaceLock::State::Ours && first->holds(path_));
        const WorkspaceLock second(path_);
        QVERIFY(second.state() == WorkspaceLock::State::Elsewhere && !second.holds(path_));
        QCOMPARE(*second.holder(), static_cast<long>(::getpid()));
    }

    void it_is_free_when_the_window_has_gone() {
        std::make_unique<WorkspaceLock>(path_).reset();
        QVERIFY(WorkspaceLock(path_).state() == WorkspaceLock::State::Ours);
    }

    void a_killed_window_leaves_no_lock_behind() {
        const pid_t other = holdInAnotherProcess(path_);
        QVERIFY(other > 0);
        const WorkspaceLock refused(path_);
        QVERIFY(refused.state() == WorkspaceLock::State::Elsewhere);
        QCOMPARE(*refused.holder(), static_cast<long>(other));
        ::kill(other, SIGKILL);
        ::waitpid(other, nullptr, 0);
        QVERIFY(fs::exists(path_ / ".lock")); // the file stays, the lock does not
        const WorkspaceLock taken(path_);
        QVERIFY(taken.state() == WorkspaceLock::State::Ours);
        QCOMPARE(*taken.holder(), static_cast<long>(::getpid()));
    }

    void a_folder_that_cannot_be_written_has_no_lock() {
        fs::permissions(path_, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read |
                                   fs::perms::others_exec);
        fs::permissions(path_.parent_path(), fs::perms::others_all, fs::perm_options::add);
        {
            const test::Unprivileged nobody;
            QVERIFY(WorkspaceLock(path_).state() == WorkspaceLock::State::Unwritable);
        }
        fs::permissions(path_, fs::perms::owner_all);
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
