#include "ui/train/chart_legend.h"

#include "ui/theme.h"
#include "ui/train/plot_overlay.h"

#include <QPainter>

#include <algorithm>

namespace tt {

ChartLegend::ChartLegend(QWidget *parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void ChartLegend::setContent(const std::vector<PlotLine> &lines, const std::vector<ChartFact> &facts) {
    lines_.clear();
    for (const PlotLine &line : lines)
        if (line.style != PlotLine::Style::Markers && !line.endLabel)
            lines_.push_back(line);
    facts_ = facts;
    QString tip;
    for (const PlotLine &line : lines_)
        tip += (tip.isEmpty() ? QString() : QStringLiteral("\n")) + line.name;
    for (const ChartFact &fact : facts_)
        tip += (tip.isEmpty() ? QString() : QStringLiteral("\n")) + fact.label + QLatin1Char(' ') + fact.figure;
    setToolTip(tip);
    update();
}

QSize ChartLegend::sizeHint() const {
    return {scaled(200), std::max(scaled(20), fontMetrics().height())};
}
QSize ChartLegend::minimumSizeHint() const {
    return {scaled(48), sizeHint().height()};
}

void ChartLegend::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    int x = 0;
    for (const ChartFact &fact : facts_)
        x = paintFact(painter, x, fact);
    for (const PlotLine &line : lines_)
        x = paintLine(painter, x, line);
}

int ChartLegend::paintFact(QPainter &painter, int x, const ChartFact &fact) const {
    const QFont words = tt::font(TextRole::Secondary), mono = tt::font(TextRole::Mono);
    const int wide = QFontMetrics(words).horizontalAdvance(fact.label), gap = scaled(5);
    const int end = x + wide + gap + QFontMetrics(mono).horizontalAdvance(fact.figure);
    if (end > width())
        return width();
    painter.setFont(words);
    painter.setPen(theme().secondaryInk);
    painter.drawText(QRect(x, 0, wide + gap, height()), Qt::AlignLeft | Qt::AlignVCenter, fact.label);
    painter.setFont(mono);
    painter.setPen(theme().ink);
    painter.drawText(QRect(x + wide + gap, 0, width(), height()), Qt::AlignLeft | Qt::AlignVCenter, fact.figure);
    return end + scaled(12);
}

int ChartLegend::paintLine(QPainter &painter, int x, const PlotLine &line) const {
    const QFont words = tt::font(TextRole::Secondary);
    const int sample = scaled(18), gap = scaled(4);
    const int end = x + sample + gap + QFontMetrics(words).horizontalAdvance(line.name);
    if (end > width())
        return width();
    painter.setPen(QPen(lineColour(line), 2, linePenStyle(line), Qt::FlatCap));
    painter.drawLine(QPointF(x, height() / 2.0), QPointF(x + sample, height() / 2.0));
    painter.setFont(words);
    painter.setPen(theme().secondaryInk);
    painter.drawText(QRect(x + sample + gap, 0, width(), height()), Qt::AlignLeft | Qt::AlignVCenter, line.name);
    return end + scaled(12);
}

} // namespace tt
