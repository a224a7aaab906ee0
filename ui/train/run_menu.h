#pragma once

#include "ui/values.h"

#include <QMenu>

class QAction;

namespace tt {

/// What can be done with the selected run: the right-click menu of a row, and of the button above the list. What cannot
/// be done now is off and says why.
class RunMenu : public QMenu {
    Q_OBJECT
public:
    enum Item { Pause, Resume, Stop, Duplicate, Rename, ShowFolder, Delete, ItemCount };
    explicit RunMenu(QWidget *parent = nullptr);

    void setRun(const RunRow *run, bool readOnly); ///< null: none is selected
    [[nodiscard]] bool can(Item item) const { return actions_.at(static_cast<size_t>(item))->isEnabled(); }

Q_SIGNALS:
    void chosen(tt::RunMenu::Item item);

private:
    std::array<QAction *, ItemCount> actions_{};
};

/// Why that cannot be done with the run now; empty where it can. `readOnly`: the workspace is.
QString whyNot(RunMenu::Item item, const RunRow &run, bool readOnly = false);

} // namespace tt
