#pragma once

#include <QKeySequence>
#include <QList>
#include <QObject>
#include <QUndoGroup>

#include <functional>

class QAction;
class QMenu;

namespace tt {

class ExchangeMenu;
class MainWindow;

/// The menu bar of the main window. Every entry does something that exists.
class WindowMenus : public QObject {
    Q_OBJECT
public:
    explicit WindowMenus(MainWindow &window);

    /// The main action of the chosen place, e.g. "Trace"; it is off together with its button.
    void setPrimary(const QString &text, bool enabled);
    void setGraphActions(bool available);
    void setUndoStack(QUndoStack *stack); ///< of the place that is shown; none has nothing to undo
    void setStoppable(bool stoppable);
    void setReadOnly(bool readOnly); ///< the workspace is: nothing can be imported
    void setRecent(const QStringList &folders);
    [[nodiscard]] ExchangeMenu &exchange() const { return *exchange_; }
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
    ExchangeMenu *exchange_ = nullptr;
    QMenu *recent_ = nullptr;
    QAction *primary_ = nullptr, *stop_ = nullptr, *import_ = nullptr;
    QList<QAction *> actions_, graphActions_;
};

} // namespace tt
