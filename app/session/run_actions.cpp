#include "app/session/run_actions.h"

#include "core/error.h"

#include <utility>

namespace tt {

RunKind kindOf(const RunRow &run) {
    return run.kind == RunRow::Kind::Gpt ? RunKind::Gpt : RunKind::Transcoder;
}

RunActions::RunActions(QObject *parent) : QObject(parent) {}

namespace {
void emptyIfWritable(const Workspace &workspace) {
    try {
        emptyRunTrash(workspace);
    } catch (const Error &) { // nothing can be written there; the next window tries again
    }
}
} // namespace

RunActions::~RunActions() {
    if (workspace_)
        emptyIfWritable(*workspace_);
}

void RunActions::setWorkspace(const Workspace &workspace) {
    deleted_.clear();
    if (workspace_)
        worker_.post([left = *workspace_](const std::stop_token &) { emptyIfWritable(left); });
    workspace_ = std::make_unique<Workspace>(workspace);
    worker_.post([workspace](const std::stop_token &) { emptyIfWritable(workspace); }); // what a killed program left
}

void RunActions::post(const QString &failure, std::function<Answer(const Workspace &)> work) {
    if (!workspace_)
        return;
    worker_.post([this, failure, work = std::move(work), workspace = *workspace_](const std::stop_token &) {
        try { // the one place where their errors arrive
            handOver(this, work(workspace));
        } catch (const std::exception &error) {
            handOver(this,
                     [this, failure, why = QString::fromStdString(error.what())] { Q_EMIT failed(failure, why); });
        }
    });
}

void RunActions::rename(const RunRow &run, const QString &name) {
    post(tr("%1 keeps its name").arg(run.name), [this, run, name](const Workspace &workspace) -> Answer {
        renameRun(workspace, kindOf(run), run.name.toStdString(), name.toStdString());
        return [this, id = run.id, name] { Q_EMIT renamed(id, name); };
    });
}

void RunActions::remove(const RunRow &run) {
    post(tr("%1 was not deleted").arg(run.name), [this, run](const Workspace &workspace) -> Answer {
        const TrashedRun trashed = trashRun(workspace, kindOf(run), run.name.toStdString());
        return [this, run, trashed] {
            const int ticket = nextTicket_++;
            deleted_.emplace(ticket, Deleted{run, trashed});
            Q_EMIT removed(run.id, ticket);
        };
    });
}

void RunActions::undo(int ticket) {
    const auto found = ticket == 0 && !deleted_.empty() ? std::prev(deleted_.end()) : deleted_.find(ticket);
    if (found == deleted_.end())
        return;
    post(tr("%1 did not come back").arg(found->second.run.name),
         [this, ticket = found->first, deleted = found->second](const Workspace &workspace) -> Answer {
             restoreRun(workspace, deleted.trashed);
             return [this, ticket, run = deleted.run] {
                 if (deleted_.erase(ticket) > 0)
                     Q_EMIT restored(run);
             };
         });
}

void RunActions::halveRate(const RunRow &run) {
    post(tr("%1 cannot go on").arg(run.name), [this, run](const Workspace &workspace) -> Answer {
        const double rate = scaleLearningRate(workspace, kindOf(run), run.name.toStdString(), 0.5);
        return [this, id = run.id, rate] { Q_EMIT rateHalved(id, rate); };
    });
}

void RunActions::writeCsv(const QString &file, const CurveTable &table) {
    post(tr("The export failed"), [this, file, table](const Workspace &) -> Answer {
        writeCurvesCsv(file.toStdString(), table);
        return [this, file] { Q_EMIT csvWritten(file); };
    });
}

} // namespace tt
