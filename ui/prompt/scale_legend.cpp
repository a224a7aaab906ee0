#include "ui/prompt/scale_legend.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

#include <QPainter>

namespace tt {

ScaleLegend::ScaleLegend(QWidget *parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void ScaleLegend::setScale(float maximum, const QString &feature) {
    maximum_ = maximum;
    feature_ = feature;
    const QString sentence = tr("Colours from 0 to %1, the largest activation of %2 on the corpus")
                                 .arg(figure(static_cast<double>(maximum)), feature);
    setAccessibleName(sentence);
    setToolTip(plainToolTip(sentence));
    updateGeometry();
    update();
}

QSize ScaleLegend::sizeHint() const {
    return {scaled(176), QFontMetrics(tt::font(TextRole::Mono)).height() +
                             QFontMetrics(tt::font(TextRole::Secondary)).height() + scaled(8)};
}

void ScaleLegend::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    const QFont mono = tt::font(TextRole::Mono), words = tt::font(TextRole::Secondary);
    const QFontMetrics metrics(mono);
    const QRect top(0, 0, width(), metrics.height() + 2);
    const QString largest = figure(static_cast<double>(maximum_)), zero = QStringLiteral("0");
    painter.setFont(mono);
    painter.setPen(theme().secondaryInk);
    painter.drawText(top, Qt::AlignRight | Qt::AlignVCenter, largest);
    const int right = width() - metrics.horizontalAdvance(largest) - scaled(8), barWidth = scaled(112);
    const QRect bar(right - barWidth, top.center().y() - scaled(5), barWidth, scaled(10));
    painter.drawText(QRect(0, 0, bar.left() - scaled(8), top.height()), Qt::AlignRight | Qt::AlignVCenter, zero);
    constexpr int steps = 16;
    for (int i = 0; i < steps; ++i) {
        const int from = bar.width() * i / steps, to = bar.width() * (i + 1) / steps;
        painter.fillRect(bar.left() + from, bar.top(), to - from, bar.height(), activationColour((i + 1.0) / steps));
    }
    painter.setFont(words);
    const QRect below(0, top.bottom() + scaled(6), width(), QFontMetrics(words).height());
    painter.drawText(below, Qt::AlignRight | Qt::AlignVCenter,
                     QFontMetrics(words).elidedText(feature_, Qt::ElideRight, width()));
}

} // namespace tt
