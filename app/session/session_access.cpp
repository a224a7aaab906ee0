// Which workspace is opened, and how: two windows and one workspace, of which the second may look, not change.
#include "app/session/session.h"

#include <QDir>

#include <utility>

namespace tt {

namespace {
const QString readOnlyAction = QStringLiteral("open-read-only:"), writableAction = QStringLiteral("open-writable:"),
              makeAction = QStringLiteral("make-workspace:");
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
    connect(&window_, &MainWindow::openWorkspaceRequested, &data_, &DataJobs::openExisting);
    connect(&window_, &MainWindow::newWorkspaceRequested, this, &Session::open);
    connect(&data_, &DataJobs::noWorkspace, this, [this](const QString &folder) {
        window_.showMessage(
            {.kind = Message::Kind::Warning,
             .title = tr("%1 is no workspace").arg(QDir(folder).dirName()),
             .text = tr("There is no workspace.json in %1. A workspace is a folder in which this program "
                        "keeps what you make. Nothing was changed.")
                         .arg(QDir::toNativeSeparators(folder)),
             .actionText = tr("Make it one"),
             .action = makeAction + folder});
    });
    connect(&data_, &DataJobs::summaryRead, this, [this](const WorkspaceSummary &summary) {
        accessAsked_ = false;
        if (summary.readOnly != readOnlyShown_)
            showAccess(summary);
    });
    connect(&data_, &DataJobs::failed, this, &Session::checkAccess);
    connect(&inspector_, &FeatureInspector::failed, this, &Session::checkAccess);
    connect(&circuits_, &CircuitsSession::failed, this, &Session::checkAccess);
    connect(&interventions_, &InterventionsSession::failed, this, &Session::checkAccess);
    connect(&exchange_, &ExchangeJobs::failed, this, &Session::checkAccess);
    connect(&actions_, &RunActions::failed, this, &Session::checkAccess);
    connect(&window_, &MainWindow::messageAction, this, [this](const QString &action) {
        if (action.startsWith(readOnlyAction))
            data_.open(action.mid(readOnlyAction.size()), Workspace::Access::ReadOnly);
        else if (action.startsWith(writableAction))
            data_.open(action.mid(writableAction.size()));
        else if (action.startsWith(makeAction))
            open(action.mid(makeAction.size()));
    });
}

void Session::showAccess(const WorkspaceSummary &summary) {
    readOnlyShown_ = summary.readOnly;
    if (!summary.readOnly)
        return window_.setNotice({});
    const QString why = summary.unwritable.isEmpty()
                            ? tr("Another window may change it.")
                            : tr("Nothing can be written in its folder: %1.").arg(summary.unwritable);
    window_.setNotice(
        {.kind = Message::Kind::Notice,
         .title = tr("%1 is open read-only").arg(QDir(summary.folder).dirName()),
         .text = why + tr(" It can be looked at, traced and intervened on. Nothing of that is saved in it; "
                          "exports go where you choose."),
         .actionText = tr("Open for writing"),
         .action = writableAction + summary.folder});
}

/// After something failed: the folder may have become one in which nothing can be written. Not again where it is this
/// reading that failed.
void Session::checkAccess() {
    if (workspace_ && !std::exchange(accessAsked_, !accessAsked_))
        data_.refresh(*workspace_);
}

bool Session::hasWorkspace() {
    if (!workspace_)
        window_.showMessage({.kind = Message::Kind::Warning,
                             .title = tr("No workspace is open"),
                             .text = tr("Open one, or make a new one, in the menu File.")});
    return workspace_ != nullptr;
}

} // namespace tt
