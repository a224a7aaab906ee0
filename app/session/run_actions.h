#pragma once

#include "app/session/worker.h"
#include "core/io/workspace.h"
#include "core/train/curves_csv.h"
#include "core/train/run_files.h"
#include "ui/values.h"

#include <QObject>

#include <map>
#include <memory>

namespace tt {

/// Renames and deletes runs that do not train, on a thread of its own. What was deleted can be undone until the
/// program ends or another workspace is opened.
class RunActions : public QObject {
    Q_OBJECT
public:
    explicit RunActions(QObject *parent = nullptr);
    ~RunActions() override; ///< empties the trash

    void setWorkspace(const Workspace &workspace);
    void rename(const RunRow &run, const QString &name);
    void remove(const RunRow &run);
    /// Brings the run with that ticket back; 0: the one deleted last.
    void undo(int ticket);
    /// Halves the learning rate that a failed run goes on with; rateHalved() follows.
    void halveRate(const RunRow &run);
    void writeCsv(const QString &file, const CurveTable &table);

Q_SIGNALS:
    void renamed(int id, const QString &name);
    void removed(int id, int ticket);
    void restored(const tt::RunRow &run);
    void rateHalved(int id, double rate);
    void csvWritten(const QString &file);
    void failed(const QString &title, const QString &why);

private:
    using Answer = std::function<void()>;
    /// Runs `work` on the worker and what it returns on this thread.
    void post(const QString &failure, std::function<Answer(const Workspace &)> work);

    struct Deleted {
        RunRow run;
        TrashedRun trashed;
    };
    std::unique_ptr<Workspace> workspace_;
    std::map<int, Deleted> deleted_; ///< by ticket
    int nextTicket_ = 1;
    Worker worker_; ///< last: ends before what it uses
};

/// The kind of run as core's functions of the run's folder know it.
RunKind kindOf(const RunRow &run);

} // namespace tt
