#include "ui/interventions/value_slider.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

#include <QKeyEvent>
#include <QPainter>
#include <QStyle>
#include <QStyleOptionSlider>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace tt {
namespace {
constexpr int steps = 1000, smallStep = steps / 100, largeStep = steps / 10;
} // namespace

ValueSlider::ValueSlider(QWidget *parent) : QSlider(Qt::Horizontal, parent) {
    setRange(0, steps);
    setSingleStep(smallStep);
    setPageStep(largeStep);
    setFocusPolicy(Qt::StrongFocus);
    connect(this, &QSlider::valueChanged, this, [this](int step) {
        if (quiet_)
            return;
        value_ = range_.lower + (range_.upper - range_.lower) * step / steps;
        tell();
    });
}

void ValueSlider::tell() {
    telling_ = true;
    Q_EMIT moved(value_);
    telling_ = false;
}

int ValueSlider::stepOf(double value) const {
    const double share = (value - range_.lower) / (range_.upper - range_.lower);
    return static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * steps));
}

void ValueSlider::setRangeAndValue(const ValueRange &range, double value) {
    range_ = telling_ ? ValueRange{range_.lower, range_.upper, range.present} : range;
    if (value != value_ || stepOf(value) != QSlider::value()) {
        value_ = value;
        quiet_ = true;
        setValue(stepOf(value));
        quiet_ = false;
    }
    setAccessibleDescription(
        tr("%1, from %2 to %3; %4 changes nothing")
            .arg(figure(value), figure(range_.lower), figure(range_.upper), figure(range_.present)));
    update();
}

/// Exactly `value`, which may lie between two steps.
void ValueSlider::move(double value) {
    if (value == value_)
        return;
    setRangeAndValue(range_, value);
    tell();
}

void ValueSlider::keyPressEvent(QKeyEvent *event) {
    switch (event->key()) {
    case Qt::Key_Backspace:
        return move(range_.present);
    case Qt::Key_Home:
        return move(std::clamp(0.0, range_.lower, range_.upper));
    case Qt::Key_End:
        return move(range_.upper);
    case Qt::Key_Up:
    case Qt::Key_Down: // the table's: another row
        return event->ignore();
    default:
        QSlider::keyPressEvent(event);
    }
}

/// The wheel scrolls the rows; a value is not changed in passing.
void ValueSlider::wheelEvent(QWheelEvent *event) {
    event->ignore();
}

void ValueSlider::paintEvent(QPaintEvent *event) {
    QStyleOptionSlider option;
    initStyleOption(&option);
    const QRect groove = style()->subControlRect(QStyle::CC_Slider, &option, QStyle::SC_SliderGroove, this);
    const int handle = style()->pixelMetric(QStyle::PM_SliderLength, &option, this);
    const int x = groove.left() + handle / 2 +
                  QStyle::sliderPositionFromValue(0, steps, stepOf(range_.present), groove.width() - handle);
    QPainter painter(this);
    painter.fillRect(QRect(x, height() / 2 + scaled(4), std::max(1, scaled(1.5)), scaled(6)), theme().fieldBorder);
    painter.end();
    QSlider::paintEvent(event);
}

} // namespace tt
