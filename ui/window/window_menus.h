#pragma once

#include <QKeySequence>
#include <QList>
#include <QObject>
#include <QUndoGroup>

#include <functional>

class QAction;
class QMenu;

namespace tt {

class MainWindow;

/// The menu bar of the main window. Every entry does something that exists.
class WindowMenus : public QObject {
    Q_OBJECT
public:
    explicit WindowMenus(MainWindow &window);

    /// The main action of the chosen place, e.g. "Trace"; it is off together with its button.
    void setPrimary(const QString &text, bool enabled);
    void setGraphActions(bool available);
    void setStoppable(bool stoppable);
    void setRecent(const QStringList &folders);
    [[nodiscard]] QList<QAction *> actions() const { return actions_; }

private:
    QAction *add(QMenu *menu, const QString &text, const QKeySequence &key, const std::function<void()> &does);
    void buildFile();
    void buildEdit();
    void buildView();
    void buildGo();
    void buildRun();
    void buildHelp();

    MainWindow &window_;
    QUndoGroup undo_; ///< of the place that is shown
    QMenu *recent_ = nullptr;
    QAction *primary_ = nullptr, *stop_ = nullptr;
    QList<QAction *> actions_, graphActions_;
};

} // namespace tt
