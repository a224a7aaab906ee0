#pragma once

#include <QDialog>

namespace tt {

/// The list of keys: those of the window's menus, then those of the views.
class KeyboardDialog : public QDialog {
    Q_OBJECT
public:
    explicit KeyboardDialog(const QList<QAction *> &menuActions, QWidget *parent = nullptr);
};

} // namespace tt
