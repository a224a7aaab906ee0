#include "ui/circuits/busy_veil.h"

#include "ui/widgets/roles.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>

namespace tt {

namespace {

constexpr int quietMilliseconds = 300, adviceMilliseconds = 1000, tickMilliseconds = 100;

} // namespace

BusyVeil::BusyVeil(QWidget *content, const QString &advice)
    : QWidget(content), what_(new QLabel(this)), seconds_(new QLabel(this)), advice_(new QLabel(advice, this)),
      stop_(new QPushButton(tr("Stop"), this)) {
    hide();
    content->installEventFilter(this);
    what_->setTextFormat(Qt::PlainText);
    setTextRole(seconds_, TextRole::Mono);
    setInk(advice_, Ink::Secondary);
    setTextRole(advice_, TextRole::Secondary);
    stop_->setAccessibleName(tr("Stop tracing")); // Stop alone names the one of the runs
    stop_->setToolTip(tr("Stops this; what is shown stays"));
    auto *progress = new QProgressBar(this);
    progress->setRange(0, 0);
    progress->setTextVisible(false);
    progress->setAccessibleName(tr("Working"));
    auto *box = box_ = new QWidget(this);
    setGround(box, &Theme::panel);
    box->setFixedWidth(scaled(400));
    auto *grid = new QGridLayout(box);
    grid->setContentsMargins(scaled(16), scaled(16), scaled(16), scaled(16));
    grid->setSpacing(scaled(8));
    grid->addWidget(what_, 0, 0);
    grid->addWidget(seconds_, 0, 1, Qt::AlignRight);
    grid->addWidget(progress, 1, 0);
    grid->addWidget(stop_, 1, 1);
    grid->addWidget(advice_, 2, 0, 1, 2);
    grid->setColumnStretch(0, 1);
    auto *layout = new QGridLayout(this);
    layout->addWidget(box, 0, 0, Qt::AlignCenter);
    connect(stop_, &QPushButton::clicked, this, &BusyVeil::stopRequested);
    timer_.setInterval(tickMilliseconds);
    connect(&timer_, &QTimer::timeout, this, &BusyVeil::tick);
}

void BusyVeil::start(const QString &what) {
    what_->setText(what);
    if (busy_)
        return;
    busy_ = true;
    since_.start();
    advice_->hide();
    timer_.start();
}

void BusyVeil::finish() {
    busy_ = false;
    timer_.stop();
    hide();
}

void BusyVeil::tick() {
    if (since_.elapsed() < quietMilliseconds)
        return;
    seconds_->setText(tr("%1 s").arg(since_.elapsed() / 1000));
    advice_->setVisible(since_.elapsed() >= adviceMilliseconds && !advice_->text().isEmpty());
    if (isHidden()) {
        setGeometry(parentWidget()->rect());
        raise();
        show();
    }
}

bool BusyVeil::eventFilter(QObject *watched, QEvent *event) {
    if (watched == parent() && event->type() == QEvent::Resize)
        setGeometry(parentWidget()->rect());
    return QWidget::eventFilter(watched, event);
}

void BusyVeil::paintEvent(QPaintEvent *) {
    QColor veil = theme().panel;
    veil.setAlphaF(0.45F);
    QPainter painter(this);
    painter.fillRect(rect(), veil);
    painter.setPen(theme().line);
    painter.drawRect(box_->geometry().adjusted(-1, -1, 0, 0));
}

} // namespace tt
