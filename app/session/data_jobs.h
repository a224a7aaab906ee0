#pragma once

#include "app/session/worker.h"
#include "core/io/folder_lock.h"
#include "core/io/workspace.h"
#include "ui/values.h"

#include <QObject>
#include <QStringList>

#include <memory>
#include <optional>
#include <vector>

namespace tt {

/// What is to be said of a corpus that came in.
Message corpusMessage(const CorpusInfo &info);
/// Begin of the action of a message that offers to bring a corpus back; its name follows.
inline const QString restoreAction = QStringLiteral("restore-corpus:");

/// The work of the place Data, on one thread: generating, importing, tokenizers; and reading what a workspace holds.
class DataJobs : public QObject {
    Q_OBJECT
public:
    explicit DataJobs(QObject *parent = nullptr);

    /// Opens or makes a workspace and takes its lock, so that no other window changes it; opened(), openElsewhere() or
    /// openFailed() follows. Read-only asks for no lock. Where nothing can be written it is opened read-only.
    void open(const QString &folder, Workspace::Access access = Workspace::Access::Full);
    /// The same, but makes none: noWorkspace() follows where there is none.
    void openExisting(const QString &folder);
    /// Reads again what the workspace holds; summaryRead() follows.
    void refresh(const Workspace &workspace);
    void generate(const Workspace &workspace, const QString &name, qint64 stories, quint64 seed);
    void import(const Workspace &workspace, const QStringList &files);
    void trainTokenizer(const Workspace &workspace, const QString &corpus, int vocabulary);
    /// From a folder, or downloaded where it is empty.
    void takeGpt2Tokenizer(const Workspace &workspace, const QString &folder);
    /// Into the trash, with a message that offers to undo it; restore() does. Opening a workspace empties its trash.
    void deleteCorpus(const Workspace &workspace, const QString &name);
    void restoreCorpus(const Workspace &workspace, const QString &name);
    void readMetrics(int run, const std::string &file);
    void cancel();

    static WorkspaceSummary summarise(const Workspace &workspace);

Q_SIGNALS:
    void opened(const std::shared_ptr<tt::Workspace> &workspace, const tt::WorkspaceSummary &summary,
                const std::vector<tt::RunRow> &runs);
    void openFailed(const QString &folder, const QString &why);
    void noWorkspace(const QString &folder);
    /// Another window has it; `who` names the process where that is known.
    void openElsewhere(const QString &folder, const QString &who);
    void summaryRead(const tt::WorkspaceSummary &summary);
    void metricsRead(int run, const std::vector<tt::TrainingPoint> &points);
    void jobChanged(const tt::JobStatus &job);
    void finished(const tt::Message &message); ///< what a job did, for the place's message bar
    void failed(const QString &what, const QString &why);

private:
    using Work = std::function<Message(const std::stop_token &, const ProgressSink &)>;
    /// A job with progress; a second one waits for the first.
    void start(const QString &what, Work work);

    /// Read-only where the lock could not be had for want of rights; nothing where another window has it.
    std::optional<Workspace> openLocked(const QString &folder);

    std::stop_source stop_{std::nostopstate};
    std::unique_ptr<FolderLock> lock_; ///< of the workspace that is open; used on the worker only
    Worker worker_;                    ///< last: ends before what it uses
};

} // namespace tt
