#include "ui/figures/signed_bar.h"

#include "ui/theme.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace tt {

void paintSignedBar(QPainter &painter, const QRect &room, double share) {
    const double height = scaled(10), length = std::max<double>(scaled(3), std::abs(share) * room.width());
    QRectF bar(room.left(), room.center().y() + 0.5 - height / 2, length, height);
    painter.setRenderHint(QPainter::Antialiasing);
    if (share >= 0) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme().edgeRaises);
    } else {
        painter.setPen(QPen(theme().edgeLowers, 1.5));
        painter.setBrush(Qt::NoBrush);
        bar.adjust(0.75, 0.75, -0.75, -0.75);
    }
    painter.drawRoundedRect(bar, 2, 2);
}

} // namespace tt
