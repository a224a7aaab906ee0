#pragma once

#include "ui/values.h"

#include <QStatusBar>

class QLabel;
class QProgressBar;
class QPushButton;

namespace tt {

class ElidedLabel;

/// The foot of the window: `Status`, what runs with `Stop all`, workspace, model, threads.
class StatusLine : public QStatusBar {
    Q_OBJECT
public:
    explicit StatusLine(QWidget *parent = nullptr);

    void setStatus(const QString &text);
    void setJob(const JobStatus &job);
    void setRunsActive(const RunsStatus &runs);
    void setWorkspaceFolder(const QString &folder, bool readOnly = false);
    void setModelName(const QString &name);
    void setThreads(int used, int all);
    [[nodiscard]] QString status() const;
    [[nodiscard]] QPushButton *stopButton() const { return stop_; }

Q_SIGNALS:
    void stopAllRequested();

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void refreshProgress();
    void addLine();

    ElidedLabel *status_;
    QLabel *what_, *left_;
    QProgressBar *bar_;
    QPushButton *stop_;
    QLabel *folderIcon_;
    ElidedLabel *folder_, *model_;
    QLabel *threads_;
    JobStatus job_;
    RunsStatus runs_;
};

/// Of runs that train, wait or are paused.
RunsStatus runsStatus(const std::vector<RunRow> &active);

/// "6 min", "48 s", "2 h": rounded to what one remembers.
QString roughDuration(double seconds);

} // namespace tt
