#pragma once

#include "ui/train/run_menu.h"
#include "ui/train/runs_model.h"

#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;
class QTableView;

namespace tt {

/// The Runs list with one bar above it whose progress and buttons belong to the selected row.
class RunsPanel : public QWidget {
    Q_OBJECT
public:
    explicit RunsPanel(QWidget *parent = nullptr);

    void setRuns(const std::vector<RunRow> &runs);
    void updateRun(const RunRow &run);
    [[nodiscard]] RunsModel &model() { return model_; }
    [[nodiscard]] const RunRow *selected() const; ///< null if no row is
    void select(int id);
    void setReadOnly(bool readOnly);     ///< the workspace is
    void setComparable(int transcoders); ///< how many there are to compare

Q_SIGNALS:
    void selectionChanged(int id);
    void pauseRequested(int id);
    void resumeRequested(int id);
    void stopRequested(int id);
    void duplicateRequested(int id);
    void renameRequested(int id, const QString &name);
    void deleteRequested(int id);
    void showFolderRequested(int id);
    void compareRequested(); ///< the transcoders, in place of the runs

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    QWidget *makeBar();
    void makeTable();
    void placeColumns();
    void updateBar();
    void keepFocus(const RunRow &run);
    void pauseOrResume();
    void act(RunMenu::Item item);
    [[nodiscard]] bool actOnKey(const QKeyEvent &key);

    RunsModel model_;
    bool readOnly_ = false;
    RunMenu *menu_;
    QTableView *table_;
    QLabel *name_, *percent_;
    QProgressBar *progress_;
    QPushButton *pause_, *resume_, *stop_, *compare_, *more_;
};

} // namespace tt
