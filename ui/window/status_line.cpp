#include "ui/window/status_line.h"

#include "ui/data/job_row.h"
#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QDir>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>

#include <algorithm>
#include <cmath>

namespace tt {

QString roughDuration(double seconds) {
    if (seconds < 0 || !std::isfinite(seconds))
        return {};
    if (seconds < 90)
        return StatusLine::tr("%1 s").arg(std::lround(seconds));
    if (seconds < 5400)
        return StatusLine::tr("%1 min").arg(std::lround(seconds / 60));
    return StatusLine::tr("%1 h").arg(seconds / 3600, 0, 'f', 1);
}

RunsStatus runsStatus(const std::vector<RunRow> &active) {
    const auto isPaused = [](const RunRow &row) { return row.state == RunRow::State::Paused; };
    RunsStatus status;
    status.paused = static_cast<int>(std::count_if(active.begin(), active.end(), isPaused));
    status.training = static_cast<int>(active.size()) - status.paused;
    double done = 0, total = 0, left = 0;
    for (const RunRow &row : active) {
        if (isPaused(row) && status.training > 0)
            continue;
        done += static_cast<double>(row.step);
        total += static_cast<double>(row.steps);
        left = std::max(left, row.secondsLeft);
    }
    status.share = total > 0 ? done / total : 0;
    status.secondsLeft = status.training > 0 && left > 0 ? left : -1;
    return status;
}

StatusLine::StatusLine(QWidget *parent)
    : QStatusBar(parent), status_(new ElidedLabel(this)), what_(new QLabel(this)), left_(new QLabel(this)),
      bar_(new QProgressBar(this)), stop_(new QPushButton(tr("Stop all"), this)), folderIcon_(new QLabel(this)),
      folder_(new ElidedLabel(this, Qt::ElideMiddle)), model_(new ElidedLabel(this)), threads_(new QLabel(this)) {
    setSizeGripEnabled(false);
    setAccessibleName(tr("Status bar"));
    status_->setAccessibleName(tr("Status"));
    bar_->setAccessibleName(tr("Progress of what runs"));
    bar_->setTextVisible(false);
    bar_->setFixedWidth(scaled(96));
    stop_->setAccessibleName(stop_->text());
    stop_->setIcon(icon(QStringLiteral("stop")));
    stop_->setMaximumHeight(std::max(scaled(24), fontMetrics().height() + 4));
    for (QLabel *label : {static_cast<QLabel *>(status_), what_, static_cast<QLabel *>(folder_),
                          static_cast<QLabel *>(model_), threads_}) {
        setTextRole(label, TextRole::Secondary);
        setInk(label, Ink::Secondary);
    }
    setTextRole(left_, TextRole::MonoSmall);
    setTextRole(stop_, TextRole::Secondary);
    connect(stop_, &QPushButton::clicked, this, &StatusLine::stopAllRequested);

    auto *row = new QWidget(this);
    auto *layout = new QHBoxLayout(row);
    layout->setContentsMargins(scaled(12), 1, scaled(12), 1);
    layout->setSpacing(scaled(8));
    layout->addWidget(status_, 1);
    layout->addWidget(what_);
    layout->addWidget(bar_);
    layout->addWidget(left_);
    layout->addWidget(stop_);
    addWidget(row, 1);
    addLine();
    layout->addWidget(folderIcon_);
    layout->addWidget(folder_);
    addLine();
    layout->addWidget(model_);
    addLine();
    layout->addWidget(threads_);
    folderIcon_->setPixmap(iconPixmap(QStringLiteral("folder"), Ink::Secondary, scaled(16), devicePixelRatioF()));
    setMinimumHeight(std::max(scaled(28), fontMetrics().height() + 8));
    refreshProgress();
    setWorkspaceFolder({});
}

void StatusLine::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    painter.fillRect(QRect(0, 0, width(), 1), theme().line);
}

/// A thin line between two facts.
void StatusLine::addLine() {
    QWidget *row = status_->parentWidget();
    QWidget *line = verticalLine(row);
    line->setFixedHeight(scaled(16));
    auto *layout = static_cast<QHBoxLayout *>(row->layout());
    layout->addSpacing(scaled(4));
    layout->addWidget(line);
    layout->addSpacing(scaled(4));
}

void StatusLine::setStatus(const QString &text) {
    status_->setFullText(text);
    status_->setAccessibleDescription(text);
}
QString StatusLine::status() const {
    return status_->fullText();
}

void StatusLine::setJob(const JobStatus &job) {
    job_ = job;
    refreshProgress();
}

void StatusLine::setRunsActive(const RunsStatus &runs) {
    runs_ = runs;
    refreshProgress();
}

void StatusLine::refreshProgress() {
    const bool training = runs_.training > 0, paused = !training && !job_.running && runs_.paused > 0;
    const bool active = training || job_.running || runs_.paused > 0;
    const QString words = training
                              ? runs_.training == 1 ? tr("1 run training") : tr("%1 runs training").arg(runs_.training)
                          : paused ? runs_.paused == 1 ? tr("1 run paused") : tr("%1 runs paused").arg(runs_.paused)
                                   : job_.what;
    what_->setText(fontMetrics().elidedText(words, Qt::ElideRight, scaled(260)));
    what_->setVisible(active);
    bar_->setVisible(active);
    left_->setVisible(active);
    left_->setText(training ? roughDuration(runs_.secondsLeft)
                   : paused ? QString()
                            : progressText(job_.done, job_.total));
    training || paused ? showProgress(*bar_, runs_.share, 1) : showProgress(*bar_, job_.done, job_.total);
    stop_->setEnabled(active);
    stop_->setToolTip(active ? tr("Stops every run and job; runs are saved\nCtrl+.")
                             : tr("Nothing runs that could be stopped"));
}

void StatusLine::setWorkspaceFolder(const QString &folder, bool readOnly) {
    const QString name = QDir(folder).dirName();
    folder_->setFullText(folder.isEmpty() ? tr("no workspace") : readOnly ? tr("%1, read-only").arg(name) : name);
    folder_->setToolTip(folder.toHtmlEscaped());
    folder_->setAccessibleName(readOnly ? tr("Workspace %1, read-only").arg(folder) : tr("Workspace %1").arg(folder));
}

void StatusLine::setModelName(const QString &name) {
    model_->setFullText(name.isEmpty() ? tr("no model yet") : name);
}

void StatusLine::setThreads(int used, int all) {
    threads_->setText(tr("CPU, %1 of %2 threads").arg(used).arg(all));
}

} // namespace tt
