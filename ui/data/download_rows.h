#pragma once

#include "ui/values.h"

#include <QWidget>

#include <map>

class QLabel;
class QProgressBar;
class QPushButton;
class QVBoxLayout;

namespace tt {

/// One download: how far it is, how fast and how long yet; Pause or Resume, and Cancel.
class DownloadRowView : public QWidget {
    Q_OBJECT
public:
    explicit DownloadRowView(QWidget *parent = nullptr);
    void setRow(const DownloadRow &row);

Q_SIGNALS:
    void pauseRequested(const QString &name);
    void resumeRequested(const QString &name);
    void cancelRequested(const QString &name);

private:
    DownloadRow row_;
    QLabel *name_, *state_, *size_, *details_;
    QProgressBar *bar_;
    QPushButton *pause_, *cancel_;
};

/// The downloads of the workspace below each other; takes no room while there are none.
class DownloadRows : public QWidget {
    Q_OBJECT
public:
    explicit DownloadRows(QWidget *parent = nullptr);
    void setRows(const std::vector<DownloadRow> &rows);

Q_SIGNALS:
    void pauseRequested(const QString &name);
    void resumeRequested(const QString &name);
    void cancelRequested(const QString &name);

private:
    std::map<QString, DownloadRowView *> views_;
    QVBoxLayout *layout_;
};

/// "812 MB of 2.23 GB".
QString bytesOf(double done, double total);

} // namespace tt
