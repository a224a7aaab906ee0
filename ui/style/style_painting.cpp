#include "ui/style/style_painting.h"

#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QPainter>
#include <QPainterPath>
#include <QWidget>

#include <algorithm>

namespace tt::painting {
namespace {

constexpr double radius = 4;

/// A border of one device-independent pixel lies on the middle of the outermost row of pixels.
QRectF inside(const QRect &rect, double border) {
    return QRectF(rect).adjusted(border / 2, border / 2, -border / 2, -border / 2);
}

void box(QPainter &painter, const QRect &rect, const QColor &fill, const QColor &border, double width = 1,
         double corner = radius) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(border.alpha() ? QPen(border, width) : QPen(Qt::NoPen));
    painter.setBrush(fill);
    painter.drawRoundedRect(inside(rect, border.alpha() ? width : 0), corner, corner);
    painter.restore();
}

bool has(const QStyleOption &option, QStyle::StateFlag flag) {
    return option.state.testFlag(flag);
}

} // namespace

void focusRing(QPainter &painter, const QRect &rect) {
    box(painter, rect, Qt::transparent, theme().focus, 2);
}

void pushButton(QPainter &painter, const QStyleOption &option, const QWidget *widget) {
    const Theme &t = theme();
    const bool enabled = has(option, QStyle::State_Enabled), focused = has(option, QStyle::State_HasFocus);
    const bool pressed = has(option, QStyle::State_Sunken) || has(option, QStyle::State_On);
    const bool hovered = enabled && has(option, QStyle::State_MouseOver);
    if (isLink(widget)) {
        if (focused)
            focusRing(painter, option.rect);
        return;
    }
    if (isPrimary(widget) && enabled) {
        const QColor fill = pressed ? t.accent.darker(120) : hovered ? t.accent.darker(108) : t.accent;
        box(painter, option.rect, fill, Qt::transparent);
        if (focused)
            box(painter, option.rect.adjusted(2, 2, -2, -2), Qt::transparent, t.accentText, 1, radius - 2);
        return;
    }
    const QColor fill = pressed ? t.selected : hovered ? t.hover : t.panel;
    box(painter, option.rect, fill, enabled ? t.fieldBorder : t.line);
    if (focused)
        focusRing(painter, option.rect);
}

void toolButtonPanel(QPainter &painter, const QStyleOption &option) {
    const bool raised = !has(option, QStyle::State_AutoRaise);
    const bool pressed = has(option, QStyle::State_Sunken) || has(option, QStyle::State_On);
    const bool hovered = has(option, QStyle::State_Enabled) && has(option, QStyle::State_MouseOver);
    const QColor fill = pressed ? theme().selected : hovered ? theme().hover : raised ? theme().panel : Qt::transparent;
    const bool enabled = has(option, QStyle::State_Enabled);
    box(painter, option.rect, fill, raised ? enabled ? theme().fieldBorder : theme().line : QColor(Qt::transparent));
    if (has(option, QStyle::State_HasFocus))
        focusRing(painter, option.rect);
}

void field(QPainter &painter, const QStyleOption &option, const QWidget *widget) {
    const Theme &t = theme();
    const bool enabled = has(option, QStyle::State_Enabled);
    const bool focused = enabled && has(option, QStyle::State_HasFocus);
    QColor border = enabled ? t.fieldBorder : t.line;
    if (hasFieldError(widget))
        border = t.errorText;
    else if (focused)
        border = t.focus;
    box(painter, option.rect, enabled ? t.panel : t.alternate, border, focused || hasFieldError(widget) ? 2 : 1);
}

void checkBox(QPainter &painter, const QStyleOption &option) {
    const bool on = has(option, QStyle::State_On), enabled = has(option, QStyle::State_Enabled);
    const int side = std::min(option.rect.width(), option.rect.height());
    const QRect square(option.rect.center() - QPoint((side - 1) / 2, (side - 1) / 2), QSize(side, side));
    const QColor fill = !on ? theme().panel : enabled ? theme().accent : theme().disabledInk;
    box(painter, square, fill, on ? QColor(Qt::transparent) : enabled ? theme().fieldBorder : theme().line, 1, 3);
    if (on)
        painter.drawPixmap(square.topLeft(), iconPixmap(QStringLiteral("check"), theme().accentText, side,
                                                        painter.device()->devicePixelRatioF()));
}

void spinArrow(QPainter &painter, const QRect &rect, bool up, bool enabled) {
    const double half = scaled(3.5), height = scaled(4);
    const QPointF centre = QRectF(rect).center();
    const double tip = up ? -height / 2 : height / 2;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(enabled ? theme().secondaryInk : theme().disabledInk);
    painter.drawPolygon(
        QPolygonF{centre + QPointF(-half, -tip), centre + QPointF(half, -tip), centre + QPointF(0, tip)});
    painter.restore();
}

void chevron(QPainter &painter, const QRect &rect, bool enabled) {
    const int size = scaled(14);
    const QColor colour = enabled ? theme().secondaryInk : theme().disabledInk;
    painter.drawPixmap(rect.center() - QPoint((size - 1) / 2, (size - 1) / 2),
                       iconPixmap(QStringLiteral("chevron-down"), colour, size, painter.device()->devicePixelRatioF()));
}

namespace {
/// The bar of a progress: 8 design pixels, centred.
QRect bar(const QRect &rect) {
    const int height = std::min(rect.height(), scaled(8));
    return {rect.left(), rect.center().y() - (height - 1) / 2, rect.width(), height};
}
} // namespace

void progressGroove(QPainter &painter, const QRect &rect) {
    const QRect groove = bar(rect);
    box(painter, groove, theme().line, Qt::transparent, 1, groove.height() / 2.0);
}

void progressContents(QPainter &painter, const QStyleOptionProgressBar &option) {
    QRect filled = bar(option.rect);
    const double corner = filled.height() / 2.0;
    if (option.maximum <= option.minimum) { // how much there is, is not known: a part in the middle
        filled.adjust(filled.width() / 3, 0, -filled.width() / 3, 0);
    } else {
        const double share = static_cast<double>(option.progress - option.minimum) / (option.maximum - option.minimum);
        filled.setWidth(static_cast<int>(filled.width() * std::clamp(share, 0.0, 1.0)));
    }
    if (filled.width() > 0)
        box(painter, filled, theme().accent, Qt::transparent, 1, corner);
}

void slider(QPainter &painter, const QStyleOptionSlider &option, const QRect &handle) {
    const int height = scaled(4), middle = handle.center().y();
    const QRect groove(option.rect.left(), middle - height / 2, option.rect.width(), height);
    const bool enabled = has(option, QStyle::State_Enabled);
    box(painter, groove, theme().line, Qt::transparent, 1, height / 2.0);
    QRect filled = groove;
    option.upsideDown ? filled.setLeft(handle.center().x()) : filled.setRight(handle.center().x());
    box(painter, filled, enabled ? theme().accent : theme().disabledInk, Qt::transparent, 1, height / 2.0);
    const int side = std::min({handle.width(), handle.height(), scaled(14)});
    const QRect knob(handle.center() - QPoint((side - 1) / 2, (side - 1) / 2), QSize(side, side));
    box(painter, knob, theme().panel, enabled ? theme().accent : theme().disabledInk,
        has(option, QStyle::State_HasFocus) ? 3.5 : 2, side / 2.0);
}

void scrollBar(QPainter &painter, const QStyleOptionSlider &option, const QRect &handle) {
    if (option.maximum <= option.minimum)
        return;
    const bool active = has(option, QStyle::State_MouseOver) || has(option, QStyle::State_Sunken);
    const QRect thumb = handle.adjusted(2, 2, -2, -2);
    box(painter, thumb, active ? theme().tertiaryInk : theme().fieldBorder, Qt::transparent, 1,
        std::min(thumb.width(), thumb.height()) / 2.0);
}

void headerSection(QPainter &painter, const QStyleOption &option) {
    painter.fillRect(option.rect, theme().alternate);
    painter.fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1), theme().line);
}

void tab(QPainter &painter, const QStyleOption &option) {
    if (has(option, QStyle::State_MouseOver) && !has(option, QStyle::State_Selected))
        painter.fillRect(option.rect, theme().hover);
    if (has(option, QStyle::State_Selected)) {
        const int height = scaled(3);
        painter.fillRect(option.rect.left(), option.rect.bottom() + 1 - height, option.rect.width(), height,
                         theme().link);
    }
    if (has(option, QStyle::State_HasFocus))
        focusRing(painter, option.rect);
}

} // namespace tt::painting
