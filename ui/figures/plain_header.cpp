#include "ui/figures/plain_header.h"

#include "ui/theme.h"

#include <QPainter>

namespace tt {

PlainHeader::PlainHeader(QWidget *parent) : QHeaderView(Qt::Horizontal, parent) {
    setHighlightSections(false);
    setSectionsClickable(false);
    setMinimumSectionSize(0);
}

void PlainHeader::paintSection(QPainter *painter, const QRect &rect, int logicalIndex) const {
    const auto given = [&](int role) { return model()->headerData(logicalIndex, Qt::Horizontal, role); };
    const QVariant face = given(Qt::FontRole), colour = given(Qt::ForegroundRole),
                   alignment = given(Qt::TextAlignmentRole);
    painter->save();
    painter->fillRect(rect, theme().alternate);
    painter->setFont(face.isValid() ? face.value<QFont>() : tt::font(TextRole::Secondary));
    painter->setPen(colour.isValid() ? colour.value<QColor>() : theme().secondaryInk);
    const int first = visualIndex(logicalIndex) == 0 ? scaled(sidePadding) : scaled(4);
    const int last = visualIndex(logicalIndex) == count() - 1 ? scaled(sidePadding) : scaled(4);
    const QRect room = rect.adjusted(first, 0, -last, 0);
    const QString text =
        painter->fontMetrics().elidedText(given(Qt::DisplayRole).toString(), Qt::ElideRight, room.width());
    painter->drawText(room, alignment.isValid() ? alignment.toInt() : int{Qt::AlignLeft | Qt::AlignVCenter}, text);
    painter->restore();
}

void PlainHeader::paintEvent(QPaintEvent *event) {
    QHeaderView::paintEvent(event);
    QPainter painter(viewport());
    if (length() < viewport()->width())
        painter.fillRect(QRect(length() - offset(), 0, viewport()->width(), height()), theme().alternate);
    painter.fillRect(QRect(0, height() - 1, viewport()->width(), 1), theme().innerLine);
}

} // namespace tt
