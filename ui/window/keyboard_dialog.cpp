#include "ui/window/keyboard_dialog.h"

#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QAction>
#include <QHeaderView>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <utility>
#include <vector>

namespace tt {
namespace {

using Keys = std::vector<std::pair<QString, QString>>;

/// Keys that no menu shows, by the view that has the focus.
std::vector<std::pair<QString, Keys>> keysOfViews() {
    const auto tr = [](const char *text) { return KeyboardDialog::tr(text); };
    return {{tr("Prompt tokens"),
             {{tr("Previous or next token"), tr("← →")},
              {tr("First or last token"), tr("Home, End")},
              {tr("Select"), tr("Space")},
              {tr("Select several"), tr("Shift+← →")},
              {tr("Select none"), tr("Esc")}}},
            {tr("Attribution graph"),
             {{tr("Strongest output or input"), tr("↑ ↓")},
              {tr("Neighbour in the layer"), tr("← →")},
              {tr("Next by influence"), tr("Tab")},
              {tr("Fit"), tr("F")},
              {tr("Feature of the node"), tr("Return")},
              {tr("Add to the selection"), tr("Ctrl+click")},
              {tr("Pin"), tr("P")},
              {tr("Group, ungroup"), tr("G, U")},
              {tr("Rename"), tr("F2")},
              {tr("Hide, show hidden"), tr("H, Shift+H")},
              {tr("Make target"), tr("T")},
              {tr("Intervene"), tr("I")},
              {tr("Verify"), tr("V")}}},
            {tr("Runs"),
             {{tr("Pause or resume"), tr("Space")},
              {tr("Rename"), tr("F2")},
              {tr("Duplicate the settings"), tr("Ctrl+D")},
              {tr("Delete, undo"), tr("Del, Ctrl+Z")},
              {tr("Show in the charts"), tr("P")}}},
            {tr("Charts"),
             {{tr("Read a step"), tr("← →")},
              {tr("Zoom"), tr("+ −, wheel, Shift+wheel")},
              {tr("Follow again"), tr("Home, double-click")},
              {tr("Logarithmic, smooth"), tr("L, M")}}},
            {tr("Interventions"),
             {{tr("Value by 1 %"), tr("← →")},
              {tr("Value by 10 %"), tr("PgUp, PgDn")},
              {tr("0, largest value"), tr("Home, End")},
              {tr("Present value"), tr("Backspace")},
              {tr("Row on or off"), tr("Space")},
              {tr("Remove the row"), tr("Del")}}},
            {tr("Message"), {{tr("Close"), tr("Esc")}}}};
}

} // namespace

KeyboardDialog::KeyboardDialog(const QList<QAction *> &menuActions, QWidget *parent) : QDialog(parent) {
    setWindowTitle(tr("Keyboard"));
    setAttribute(Qt::WA_DeleteOnClose);
    setGround(this, &Theme::panel);
    auto *list = new QTreeWidget(this);
    list->setAccessibleName(tr("Keys"));
    list->setColumnCount(2);
    list->setHeaderLabels({tr("what"), tr("key")});
    list->setRootIsDecorated(false);
    list->setFrameShape(QFrame::NoFrame);
    list->setSelectionMode(QAbstractItemView::NoSelection);
    const auto group = [list](const QString &title) {
        auto *item = new QTreeWidgetItem(list, {title});
        item->setFont(0, tt::font(TextRole::SectionTitle));
        return item;
    };
    QTreeWidgetItem *everywhere = group(tr("Everywhere"));
    for (const QAction *action : menuActions)
        if (!action->shortcut().isEmpty())
            new QTreeWidgetItem(everywhere,
                                {action->text().remove(u'&'), action->shortcut().toString(QKeySequence::NativeText)});
    for (const auto &[view, keys] : keysOfViews()) {
        QTreeWidgetItem *item = group(view);
        for (const auto &[what, key] : keys)
            new QTreeWidgetItem(item, {what, key});
    }
    list->expandAll();
    list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    list->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    list->header()->setStretchLastSection(false);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(list);
    resize(scaled(460), scaled(560));
}

} // namespace tt
