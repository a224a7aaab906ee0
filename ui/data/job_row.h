#pragma once

#include "ui/values.h"

#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;
class QTimer;

namespace tt {

/// A long job of the place: what it does, how far it is, Cancel. Hidden while nothing runs.
class JobRow : public QWidget {
    Q_OBJECT
public:
    explicit JobRow(QWidget *parent = nullptr);
    void setJob(const JobStatus &job);

Q_SIGNALS:
    void cancelRequested();

private:
    QLabel *what_, *share_;
    QProgressBar *bar_;
    QPushButton *cancel_;
    QTimer *appear_;
};

/// Puts a job's progress into a bar: a share in thousandths, or busy where the total is not known.
void showProgress(QProgressBar &bar, double done, double total);
/// "38 %", empty where the total is not known.
QString progressText(double done, double total);

} // namespace tt
