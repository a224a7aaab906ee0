// Two windows and one workspace: the second may look, not change.
#include "app/session/session.h"

#include <QDir>

namespace tt {

namespace {
const QString readOnlyAction = QStringLiteral("open-read-only:"), writableAction = QStringLiteral("open-writable:");
} // namespace

void Session::connectAccess() {
    connect(&data_, &DataJobs::openElsewhere, this, [this](const QString &folder, const QString &who) {
        window_.setNotice(
            {.kind = Message::Kind::Warning,
             .title = tr("%1 is open in another window").arg(QDir(folder).dirName()),
             .text = (who.isEmpty() ? QString() : tr("It belongs to %1. ").arg(who)) +
                     tr("Two windows that change one workspace would undo each other's work. Read-only, everything in "
                        "it can be looked at, traced and exported. To change it, close the other window first."),
             .actionText = tr("Open read-only"),
             .action = readOnlyAction + folder});
    });
    connect(&window_, &MainWindow::messageAction, this, [this](const QString &action) {
        if (action.startsWith(readOnlyAction))
            data_.open(action.mid(readOnlyAction.size()), Workspace::Access::ReadOnly);
        else if (action.startsWith(writableAction))
            data_.open(action.mid(writableAction.size()));
    });
}

void Session::showAccess(const WorkspaceSummary &summary) {
    if (!summary.readOnly)
        return window_.setNotice({});
    window_.setNotice({.kind = Message::Kind::Notice,
                       .title = tr("%1 is open read-only").arg(QDir(summary.folder).dirName()),
                       .text = tr("Another window has it, or nothing can be written there. What you do here is not "
                                  "saved in it; exports go where you choose."),
                       .actionText = tr("Open for writing"),
                       .action = writableAction + summary.folder});
}

bool Session::hasWorkspace() {
    if (!workspace_)
        window_.showMessage({.kind = Message::Kind::Warning,
                             .title = tr("No workspace is open"),
                             .text = tr("Open one, or make a new one, in the menu File.")});
    return workspace_ != nullptr;
}

} // namespace tt
