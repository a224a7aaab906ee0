#include "ui/train/run_menu.h"

#include "ui/figures/words.h"
#include "ui/icons/icons.h"
#include "ui/train/runs_model.h"

#include <QAction>

#include <array>

namespace tt {

namespace {

struct Entry {
    const char *text, *icon, *key;
};
constexpr std::array<Entry, RunMenu::ItemCount> entries{
    {{QT_TRANSLATE_NOOP("tt::RunMenu", "Pause"), "pause", "Space"},
     {QT_TRANSLATE_NOOP("tt::RunMenu", "Resume"), "play", "Space"},
     {QT_TRANSLATE_NOOP("tt::RunMenu", "Stop"), "stop", ""},
     {QT_TRANSLATE_NOOP("tt::RunMenu", "Duplicate settings"), "", "Ctrl+D"},
     {QT_TRANSLATE_NOOP("tt::RunMenu", "Rename"), "", "F2"},
     {QT_TRANSLATE_NOOP("tt::RunMenu", "Show folder"), "folder", ""},
     {QT_TRANSLATE_NOOP("tt::RunMenu", "Delete"), "", "Del"}}};

QString whyNoPause(const RunRow &run) {
    if (run.state == RunRow::State::Running || run.state == RunRow::State::Waiting)
        return {};
    return RunMenu::tr("%1 is %2: nothing runs that could pause.").arg(run.name, stateText(run.state));
}

QString whyNoResume(const RunRow &run) {
    using enum RunRow::State;
    if (run.state == Paused || run.state == Stopped || run.state == Failed)
        return {};
    if (run.state == Finished)
        return RunMenu::tr("%1 is finished: all its steps are done.").arg(run.name);
    return RunMenu::tr("%1 is %2. Pause or stop it first.").arg(run.name, stateText(run.state));
}

QString whyNoStop(const RunRow &run) {
    if (isActive(run.state) && run.state != RunRow::State::Stopping)
        return {};
    return RunMenu::tr("%1 is %2 already.").arg(run.name, stateText(run.state));
}

QString whyNoChange(const RunRow &run) {
    if (!isActive(run.state))
        return {};
    return RunMenu::tr("%1 is %2. Stop it first.").arg(run.name, stateText(run.state));
}

} // namespace

QString whyNot(RunMenu::Item item, const RunRow &run, bool readOnly) {
    if (readOnly && (item == RunMenu::Resume || item == RunMenu::Rename || item == RunMenu::Delete))
        return readOnlyReason();
    switch (item) {
    case RunMenu::Pause:
        return whyNoPause(run);
    case RunMenu::Resume:
        return whyNoResume(run);
    case RunMenu::Stop:
        return whyNoStop(run);
    case RunMenu::Rename:
    case RunMenu::Delete:
        return whyNoChange(run);
    case RunMenu::Duplicate:
        return run.settings.empty() ? RunMenu::tr("Its settings are not known yet.") : QString();
    default:
        return {};
    }
}

RunMenu::RunMenu(QWidget *parent) : QMenu(parent) {
    setToolTipsVisible(true);
    for (int item = 0; item < ItemCount; ++item) {
        const Entry &entry = entries.at(static_cast<size_t>(item));
        const QString iconName = QString::fromLatin1(entry.icon), key = QString::fromLatin1(entry.key);
        QAction *action = addAction(tr(entry.text));
        if (!iconName.isEmpty())
            action->setIcon(tt::icon(iconName));
        if (!key.isEmpty()) { // the list itself listens to the key
            action->setShortcut(QKeySequence(key));
            action->setShortcutContext(Qt::WidgetShortcut);
        }
        connect(action, &QAction::triggered, this, [this, item] { Q_EMIT chosen(static_cast<Item>(item)); });
        actions_[static_cast<size_t>(item)] = action;
        if (item == Stop)
            addSeparator();
    }
}

void RunMenu::setRun(const RunRow *run, bool readOnly) {
    for (int item = 0; item < ItemCount; ++item) {
        QAction *action = actions_[static_cast<size_t>(item)];
        const QString reason =
            run ? whyNot(static_cast<Item>(item), *run, readOnly) : tr("No run is selected. Start one above.");
        action->setEnabled(reason.isEmpty());
        action->setToolTip(reason.isEmpty() ? action->text() : reason);
    }
}

} // namespace tt
