#include "ui/data/job_row.h"

#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QGridLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QTimer>

#include <algorithm>
#include <cmath>

namespace tt {

namespace {
constexpr int quick = 300; // milliseconds: a job that is done by then does not show itself
}

void showProgress(QProgressBar &bar, double done, double total) {
    constexpr int thousandths = 1000;
    bar.setRange(0, total > 0 ? thousandths : 0);
    if (total > 0)
        bar.setValue(static_cast<int>(std::lround(thousandths * std::clamp(done / total, 0.0, 1.0))));
}

QString progressText(double done, double total) {
    return total > 0 ? QStringLiteral("%1 %").arg(static_cast<int>(100 * std::clamp(done / total, 0.0, 1.0)))
                     : QString();
}

JobRow::JobRow(QWidget *parent)
    : QWidget(parent), what_(new QLabel(this)), share_(new QLabel(this)), bar_(new QProgressBar(this)),
      cancel_(new QPushButton(tr("Cancel"), this)), appear_(new QTimer(this)) {
    what_->setTextFormat(Qt::PlainText);
    what_->setWordWrap(true);
    setTextRole(share_, TextRole::Mono);
    bar_->setAccessibleName(tr("Job progress"));
    bar_->setTextVisible(false);
    cancel_->setAccessibleName(cancel_->text());
    cancel_->setToolTip(tr("Stops the job; nothing of it is kept"));
    auto *layout = new QGridLayout(this);
    layout->setContentsMargins(scaled(16), scaled(8), scaled(16), scaled(8));
    layout->setHorizontalSpacing(scaled(12));
    layout->setVerticalSpacing(scaled(4));
    layout->addWidget(what_, 0, 0);
    layout->addWidget(share_, 0, 1, Qt::AlignRight | Qt::AlignTop);
    layout->addWidget(bar_, 1, 0);
    layout->addWidget(cancel_, 1, 1);
    layout->setColumnStretch(0, 1);
    appear_->setSingleShot(true);
    appear_->setInterval(quick);
    connect(appear_, &QTimer::timeout, this, &QWidget::show);
    connect(cancel_, &QPushButton::clicked, this, &JobRow::cancelRequested);
    hide();
}

void JobRow::setJob(const JobStatus &job) {
    if (!job.running) {
        appear_->stop();
        hide();
    } else if (!isVisible() && !appear_->isActive()) {
        appear_->start();
    }
    what_->setText(job.what);
    share_->setText(progressText(job.done, job.total));
    showProgress(*bar_, job.done, job.total);
}

} // namespace tt
