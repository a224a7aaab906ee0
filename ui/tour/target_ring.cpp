#include "ui/tour/target_ring.h"

#include "ui/theme.h"

#include <QApplication>
#include <QEvent>
#include <QPainter>
#include <QTimer>

namespace tt {

namespace {
constexpr int gap = 2, pen = 2; // pixels around the target
}

TargetRing::TargetRing(QWidget *over) : QWidget(over) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setFocusPolicy(Qt::NoFocus);
    hide();
}

void TargetRing::setTarget(QWidget *target, std::optional<QRect> part) {
    if (target_ != target) {
        qApp->removeEventFilter(this);
        if (target)
            qApp->installEventFilter(this); // a target moves when any widget around it does
    }
    target_ = target;
    part_ = part;
    follow();
}

QRect TargetRing::enclosed() const {
    if (!target_ || !target_->isVisible())
        return {};
    QRect seen = target_->rect(); // but for what its surroundings cut off; what it holds itself covers nothing
    QPoint at;
    for (const QWidget *inside = target_; !inside->isWindow() && inside->parentWidget();
         inside = inside->parentWidget()) {
        at += inside->pos();
        seen &= inside->parentWidget()->rect().translated(-at);
    }
    const QRect wanted = part_ ? part_->intersected(seen) : seen;
    if (wanted.isEmpty())
        return {};
    return {target_->mapTo(target_->window(), wanted.topLeft()) - parentWidget()->mapTo(target_->window(), QPoint()),
            wanted.size()};
}

void TargetRing::follow() {
    const QRect now = enclosed();
    if (now == enclosed_ && isVisible() == !now.isEmpty())
        return;
    enclosed_ = now;
    if (now.isEmpty()) {
        hide();
    } else {
        setGeometry(now.adjusted(-gap - pen, -gap - pen, gap + pen, gap + pen).intersected(parentWidget()->rect()));
        show();
        raise();
    }
    Q_EMIT moved();
}

bool TargetRing::eventFilter(QObject *watched, QEvent *event) {
    switch (event->type()) {
    case QEvent::Move:
    case QEvent::Resize:
    case QEvent::Show:
    case QEvent::Hide:
    case QEvent::LayoutRequest:
        if (watched != this && watched->isWidgetType()) // after the layout has done its work
            QTimer::singleShot(0, this, &TargetRing::follow);
        break;
    default:
        break;
    }
    return QWidget::eventFilter(watched, event);
}

void TargetRing::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme().accent, pen));
    painter.drawRoundedRect(QRectF(rect()).adjusted(pen / 2.0, pen / 2.0, -pen / 2.0, -pen / 2.0), 5, 5);
}

} // namespace tt
