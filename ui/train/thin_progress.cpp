#include "ui/train/thin_progress.h"

#include "ui/theme.h"

#include <QPainter>

namespace tt {

ThinProgress::ThinProgress(QWidget *parent) : QProgressBar(parent) {
    setRange(0, 100);
    setTextVisible(false);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

QSize ThinProgress::sizeHint() const { return {scaled(160), scaled(8)}; }
QSize ThinProgress::minimumSizeHint() const { return {scaled(64), scaled(8)}; }

void ThinProgress::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    const double radius = height() / 2.0;
    painter.setBrush(theme().line);
    painter.drawRoundedRect(rect(), radius, radius);
    const double share = static_cast<double>(value() - minimum()) / std::max(1, maximum() - minimum());
    painter.setBrush(theme().accent);
    painter.setClipRect(QRectF(0, 0, width() * share, height()));
    painter.drawRoundedRect(rect(), radius, radius);
}

} // namespace tt
