#include "ui/train/plot_overlay.h"

#include "ui/theme.h"
#include "ui/train/number_text.h"
#include "ui/train/training_plot.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace tt {

QColor lineColour(const PlotLine &line) {
    const Theme &colours = theme();
    if (line.style == PlotLine::Style::Reference)
        return colours.referenceCurve;
    return colours.curves[static_cast<size_t>(line.colour) % colours.curves.size()];
}

Qt::PenStyle linePenStyle(const PlotLine &line) {
    constexpr std::array references{Qt::DotLine, Qt::DashLine, Qt::DashDotLine, Qt::DashDotDotLine};
    constexpr std::array repeats{Qt::SolidLine, Qt::DashLine, Qt::DashDotLine, Qt::DotLine};
    const auto index = static_cast<size_t>(line.colour);
    if (line.style == PlotLine::Style::Reference)
        return references[index % references.size()];
    return repeats[index / theme().curves.size() % repeats.size()];
}

PlotOverlay::PlotOverlay(TrainingPlot &plot) : QWidget(&plot), plot_(plot) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setFocusPolicy(Qt::NoFocus);
}

void PlotOverlay::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    paintNames(painter);
    if (plot_.cursorStep())
        paintCursor(painter);
}

void PlotOverlay::paintNames(QPainter &painter) const {
    painter.setRenderHint(QPainter::Antialiasing);
    const QRect axes = plot_.axes();
    painter.setFont(tt::font(TextRole::Small));
    painter.setPen(theme().secondaryInk);
    painter.drawText(QRect(axes.left(), height() - scaled(20), axes.width(), scaled(16)),
                     Qt::AlignRight | Qt::AlignVCenter, tr("step"));
    const auto isEmpty = [](const PlotLine &line) { return line.history->curve(line.value) == nullptr; };
    if (std::all_of(plot_.lines().begin(), plot_.lines().end(), isEmpty))
        return paintEmpty(painter);
    paintEndLabels(painter);
}

void PlotOverlay::paintEmpty(QPainter &painter) const {
    painter.setFont(tt::font(TextRole::Secondary));
    painter.setPen(theme().tertiaryInk);
    painter.drawText(plot_.axes(), Qt::AlignCenter, tr("appears after step 1"));
}

void PlotOverlay::paintEndLabels(QPainter &painter) const {
    QFont bold = tt::font(TextRole::Small);
    bold.setWeight(QFont::DemiBold);
    const QFontMetrics metrics(bold);
    painter.setFont(bold);
    const QRect axes = plot_.axes();
    std::vector<QRect> taken;
    for (const PlotLine &line : plot_.lines()) {
        const auto end = line.endLabel ? plot_.reading(line, 1e300) : std::nullopt;
        if (!end)
            continue;
        const QPointF point = plot_.position(end->step, end->value);
        if (!axes.adjusted(-1, -1, 1, 1).contains(point.toPoint()))
            continue;
        const QSize size(metrics.horizontalAdvance(line.name), metrics.height());
        QRect place(point.toPoint() + QPoint(scaled(8), -size.height() / 2), size);
        if (place.right() > width() - 2) // no room beside the line's end: above it
            place.moveTopLeft(QPoint(axes.right() - size.width(), qRound(point.y()) - size.height() - scaled(6)));
        for (const QRect &other : taken)
            if (place.intersects(other))
                place.moveTop(point.y() >= other.center().y() ? other.bottom() + 1 : other.top() - size.height());
        taken.push_back(place);
        painter.setPen(lineColour(line));
        painter.drawText(place, Qt::AlignLeft | Qt::AlignVCenter, line.name);
    }
}

void PlotOverlay::paintCursor(QPainter &painter) const {
    const QRect axes = plot_.axes();
    const double x = plot_.position(*plot_.cursorStep(), 1).x();
    if (x < axes.left() - 1 || x > axes.right() + 1)
        return;
    painter.setPen(QPen(theme().tertiaryInk, 1, Qt::DashLine));
    painter.drawLine(QPointF(x, axes.top()), QPointF(x, axes.bottom()));
    const std::vector<Row> rows = readOut(*plot_.cursorStep());
    if (!rows.empty())
        paintReadOut(painter, x, rows);
}

std::vector<PlotOverlay::Row> PlotOverlay::readOut(double step) const {
    std::vector<Row> rows;
    for (const PlotLine &line : plot_.lines())
        if (const auto found = plot_.reading(line, step))
            rows.push_back({line.name + QLatin1Char(' ') + plot_.valueText(found->value), lineColour(line)});
    return rows;
}

void PlotOverlay::paintReadOut(QPainter &painter, double x, const std::vector<Row> &rows) const {
    const QFont mono = tt::font(TextRole::MonoSmall);
    QFont bold = tt::font(TextRole::Small);
    bold.setWeight(QFont::DemiBold);
    const QString title = tr("step %1").arg(groupedText(std::llround(*plot_.cursorStep())));
    const QFontMetrics metrics(mono);
    const int rowHeight = std::max(scaled(15), metrics.height()), padding = scaled(8);
    int textWidth = QFontMetrics(bold).horizontalAdvance(title);
    for (const Row &row : rows)
        textWidth = std::max(textWidth, metrics.horizontalAdvance(row.text));
    const QRect axes = plot_.axes();
    QRectF box(x + padding, axes.top() + scaled(12), textWidth + 2 * padding,
               rowHeight * static_cast<double>(rows.size() + 1) + padding);
    if (box.right() > width() - 2)
        box.moveRight(x - padding);
    painter.setPen(QPen(theme().fieldBorder, 1));
    painter.setBrush(theme().panel);
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), scaled(4), scaled(4));
    QRectF line(box.left() + padding, box.top() + padding / 2.0, textWidth, rowHeight);
    painter.setFont(bold);
    painter.setPen(theme().ink);
    painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, title);
    painter.setFont(mono);
    for (const Row &row : rows) {
        line.translate(0, rowHeight);
        painter.setPen(row.colour);
        painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, row.text);
    }
}

} // namespace tt
