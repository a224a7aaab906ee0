#include "ui/figures/stale_veil.h"

#include "ui/theme.h"

#include <QEvent>
#include <QPainter>

namespace tt {

StaleVeil::StaleVeil(QWidget *content) : QWidget(content) {
    hide();
    setAttribute(Qt::WA_TransparentForMouseEvents);
    content->installEventFilter(this);
}

void StaleVeil::showEvent(QShowEvent *event) {
    setGeometry(parentWidget()->rect());
    raise();
    QWidget::showEvent(event);
}

bool StaleVeil::eventFilter(QObject *watched, QEvent *event) {
    if (watched == parent() && event->type() == QEvent::Resize)
        setGeometry(parentWidget()->rect());
    return QWidget::eventFilter(watched, event);
}

void StaleVeil::paintEvent(QPaintEvent *) {
    QColor veil = theme().panel;
    veil.setAlphaF(0.45F);
    QPainter(this).fillRect(rect(), veil);
}

} // namespace tt
