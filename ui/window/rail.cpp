#include "ui/window/rail.h"

#include "ui/icons/icons.h"
#include "ui/theme.h"

#include <QButtonGroup>
#include <QFocusEvent>
#include <QPainter>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

RailButton::RailButton(const QString &iconName, const QString &name, QWidget *parent)
    : QToolButton(parent), iconName_(iconName) {
    setText(name);
    setAccessibleName(name);
    setCheckable(true);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void RailButton::setDot(bool dot) {
    dot_ = dot;
    update();
}

void RailButton::focusInEvent(QFocusEvent *event) {
    ring_ = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    QToolButton::focusInEvent(event);
}

QSize RailButton::sizeHint() const {
    const QFontMetrics metrics(tt::font(TextRole::Secondary));
    return {std::max(scaled(96), metrics.horizontalAdvance(text()) + 16),
            std::max(scaled(64), scaled(40) + metrics.height())};
}

void RailButton::paintEvent(QPaintEvent *) {
    const Theme &t = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (isChecked()) {
        painter.fillRect(rect(), t.panel);
        painter.fillRect(QRect(0, 0, width(), 1), t.line);
        painter.fillRect(QRect(0, height() - 1, width(), 1), t.line);
        painter.fillRect(QRect(0, 0, scaled(3), height()), t.link);
    } else if (underMouse()) {
        painter.fillRect(rect(), t.hover);
    }
    const QColor colour = isChecked() ? t.link : t.secondaryInk;
    const int side = scaled(24);
    QFont words = tt::font(TextRole::Secondary);
    if (isChecked())
        words.setWeight(QFont::DemiBold);
    const QFontMetrics metrics(words);
    const int top = (height() - side - scaled(4) - metrics.height()) / 2;
    const QPoint corner((width() - side) / 2, top);
    painter.drawPixmap(corner, iconPixmap(iconName_, colour, side, devicePixelRatioF()));
    painter.setPen(colour);
    painter.setFont(words);
    painter.drawText(QRect(0, top + side + scaled(4), width(), metrics.height()), Qt::AlignCenter, text());
    if (dot_) {
        painter.setPen(QPen(isChecked() ? t.panel : t.rail, 1.5));
        painter.setBrush(t.link);
        const double radius = scaled(4.5);
        painter.drawEllipse(QPointF(corner.x() + side + radius, corner.y() + radius), radius, radius);
    }
    if (hasFocus() && ring_) {
        painter.setPen(QPen(t.focus, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(5, 3, -3, -3), 4, 4);
    }
}

Rail::Rail(QWidget *parent) : QFrame(parent), group_(new QButtonGroup(this)) {
    setAccessibleName(tr("Places"));
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Expanding);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, scaled(8), 1, 0);
    layout->setSpacing(0);
    layout->addStretch(1);
    // Toggled, not clicked: a screen reader checks the button without a click.
    connect(group_, &QButtonGroup::idToggled, this, [this](int place, bool on) {
        if (on)
            Q_EMIT chosen(place);
    });
}

void Rail::addPlace(const QString &iconName, const QString &name, const QString &toolTip) {
    auto *button = new RailButton(iconName, name, this);
    button->setToolTip(toolTip);
    auto *column = static_cast<QVBoxLayout *>(layout());
    column->insertWidget(column->count() - 1, button);
    group_->addButton(button, static_cast<int>(group_->buttons().size()));
}

RailButton *Rail::button(int place) const {
    return static_cast<RailButton *>(group_->button(place));
}

void Rail::choose(int place) {
    const QSignalBlocker blocker(group_);
    button(place)->setChecked(true);
}

void Rail::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().rail);
    painter.fillRect(QRect(width() - 1, 0, 1, height()), theme().line);
}

} // namespace tt
