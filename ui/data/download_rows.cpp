#include "ui/data/download_rows.h"

#include "ui/data/job_row.h"
#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/train/number_text.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

#include <cmath>
#include <set>

namespace tt {
namespace {

/// Three figures in MB below a GB, else in GB: "6.40 MB", "812 MB", "2.23 GB".
QString amount(double bytes) {
    const bool giga = bytes >= 999.5e6;
    const double value = bytes / (giga ? 1e9 : 1e6);
    const int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return QStringLiteral("%1 %2").arg(QString::number(value, 'f', decimals),
                                       giga ? QStringLiteral("GB") : QStringLiteral("MB"));
}

QString stateText(const DownloadRow &row) {
    switch (row.state) {
    case DownloadRow::State::Running: // "Downloading tinystories" beside the name is its first word
        return row.what.endsWith(row.name) ? row.what.section(u' ', 0, 0).toLower()
                                           : DownloadRowView::tr("downloading");
    case DownloadRow::State::Paused:
        return DownloadRowView::tr("paused");
    case DownloadRow::State::Failed:
        return DownloadRowView::tr("stopped");
    case DownloadRow::State::Finished:
        break;
    }
    return {};
}

QString detailsText(const DownloadRow &row) {
    if (row.state == DownloadRow::State::Failed)
        return row.problem;
    if (row.state == DownloadRow::State::Paused)
        return DownloadRowView::tr("What arrived is kept in the workspace. Resume goes on from there.");
    if (!row.what.endsWith(row.name)) // "tinystories: the connection broke; trying again"
        return row.what.section(QStringLiteral(": "), 1);
    if (row.bytesPerSecond <= 0 || row.secondsLeft < 0)
        return DownloadRowView::tr("Continues where it stopped if the connection breaks.");
    return DownloadRowView::tr("%1/s, %2 left. Continues where it stopped if the connection breaks.")
        .arg(amount(row.bytesPerSecond), durationText(row.secondsLeft));
}

} // namespace

QString bytesOf(double done, double total) {
    return DownloadRowView::tr("%1 of %2").arg(amount(done), amount(total));
}

DownloadRowView::DownloadRowView(QWidget *parent)
    : QWidget(parent), name_(new QLabel(this)), state_(new QLabel(this)), size_(new QLabel(this)),
      details_(new QLabel(this)), bar_(new QProgressBar(this)), pause_(new QPushButton(this)),
      cancel_(new QPushButton(tr("Cancel"), this)) {
    for (QLabel *label : {name_, state_, size_, details_})
        label->setTextFormat(Qt::PlainText);
    setInk(state_, Ink::Secondary);
    setTextRole(size_, TextRole::Mono);
    setTextRole(details_, TextRole::Secondary);
    details_->setWordWrap(true);
    bar_->setTextVisible(false);
    auto *title = new QHBoxLayout;
    title->setSpacing(scaled(4));
    title->addWidget(name_);
    title->addWidget(state_, 1);
    title->addWidget(size_);
    auto *controls = new QHBoxLayout;
    controls->setSpacing(scaled(12));
    controls->addWidget(bar_, 1);
    controls->addWidget(pause_);
    controls->addWidget(cancel_);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(scaled(16), scaled(8), scaled(16), scaled(8));
    layout->setSpacing(scaled(6));
    layout->addLayout(title);
    layout->addLayout(controls);
    layout->addWidget(details_);
    connect(pause_, &QPushButton::clicked, this, [this] {
        if (row_.state == DownloadRow::State::Running)
            Q_EMIT pauseRequested(row_.name);
        else
            Q_EMIT resumeRequested(row_.name);
    });
    connect(cancel_, &QPushButton::clicked, this, [this] { Q_EMIT cancelRequested(row_.name); });
}

void DownloadRowView::setRow(const DownloadRow &row) {
    const bool running = row.state == DownloadRow::State::Running;
    if (row.name != row_.name || row.state != row_.state || pause_->text().isEmpty()) {
        pause_->setText(running ? tr("Pause") : tr("Resume"));
        pause_->setIcon(icon(running ? QStringLiteral("pause") : QStringLiteral("play")));
        pause_->setAccessibleName(running ? tr("Pause %1").arg(row.name) : tr("Resume %1").arg(row.name));
        pause_->setToolTip(running ? tr("What arrived is kept") : tr("Goes on where it stopped"));
        cancel_->setAccessibleName(tr("Cancel %1").arg(row.name));
        cancel_->setToolTip(tr("Stops and removes what arrived"));
        setInk(details_, row.state == DownloadRow::State::Failed ? Ink::Error : Ink::Secondary);
    }
    row_ = row;
    name_->setText(row.name);
    state_->setText(stateText(row));
    size_->setText(bytesOf(row.done, row.total));
    showProgress(*bar_, row.done, row.total);
    bar_->setAccessibleName(tr("Progress of %1").arg(row.name));
    details_->setText(detailsText(row));
    setAccessibleName(QStringLiteral("%1 %2, %3").arg(row.name, state_->text(), size_->text()));
    setAccessibleDescription(details_->text());
}

DownloadRows::DownloadRows(QWidget *parent) : QWidget(parent), layout_(new QVBoxLayout(this)) {
    layout_->setContentsMargins(0, 0, 0, 0);
    layout_->setSpacing(0);
    hide();
}

void DownloadRows::setRows(const std::vector<DownloadRow> &rows) {
    std::set<QString> present;
    for (const DownloadRow &row : rows) {
        present.insert(row.name);
        DownloadRowView *&view = views_[row.name];
        if (!view) {
            view = new DownloadRowView(this);
            layout_->addWidget(view);
            connect(view, &DownloadRowView::pauseRequested, this, &DownloadRows::pauseRequested);
            connect(view, &DownloadRowView::resumeRequested, this, &DownloadRows::resumeRequested);
            connect(view, &DownloadRowView::cancelRequested, this, &DownloadRows::cancelRequested);
        }
        view->setRow(row);
    }
    for (auto at = views_.begin(); at != views_.end();) {
        if (present.count(at->first) == 0) {
            at->second->hide();
            at->second->deleteLater();
            at = views_.erase(at);
        } else {
            ++at;
        }
    }
    setVisible(!rows.empty());
}

} // namespace tt
