#include "ui/features/histogram_view.h"

#include "core/features/feature_index.h"
#include "ui/figures/words.h"
#include "ui/theme.h"

#include <QAreaSeries>
#include <QCategoryAxis>
#include <QChart>
#include <QEvent>
#include <QGraphicsLayout>
#include <QLineSeries>
#include <QPainter>
#include <QValueAxis>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tt {

namespace {
/// One activation stands a little above the axis.
double barHeight(uint32_t count) {
    return count == 0 ? 0 : std::log10(static_cast<double>(count)) + 0.15;
}

/// The bars one after another as one line, bin i in the middle of i: a chart takes a line over at once, where bars are
/// items that it makes and lays out singly.
QList<QPointF> outline(const std::vector<uint32_t> &counts) {
    constexpr double half = 0.425;
    QList<QPointF> points;
    for (size_t i = 0; i < counts.size(); ++i) {
        const double x = static_cast<double>(i), height = barHeight(counts[i]);
        points << QPointF(x - half, 0) << QPointF(x - half, height) << QPointF(x + half, height)
               << QPointF(x + half, 0);
    }
    return points;
}

QString power(int exponent) {
    const char *names[] = {"1", "10", "100", "1k", "10k", "100k", "1M", "10M", "100M", "1G"};
    return QString::fromLatin1(names[std::clamp(exponent, 0, 9)]);
}
} // namespace

HistogramView::HistogramView(QWidget *parent)
    : QChartView(parent), bars_(new QLineSeries(this)), area_(new QAreaSeries(bars_)), counts_(new QCategoryAxis),
      values_(new QValueAxis) {
    setAccessibleName(tr("Activations"));
    setFrameShape(NoFrame);
    setRenderHint(QPainter::Antialiasing);
    setFocusPolicy(Qt::NoFocus);
    chart()->addSeries(area_);
    chart()->legend()->hide();
    chart()->setMargins({scaled(8), 0, scaled(12), 0});
    chart()->layout()->setContentsMargins(0, 0, 0, 0);
    chart()->setBackgroundRoundness(0);
    counts_->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
    counts_->setTruncateLabels(false);
    values_->setTruncateLabels(false);
    auto *places = new QValueAxis; // of the bars, one a unit; what is written below are the activations
    places->setVisible(false);
    chart()->addAxis(counts_, Qt::AlignLeft);
    chart()->addAxis(places, Qt::AlignBottom);
    chart()->addAxis(values_, Qt::AlignBottom);
    values_->setTickCount(3);
    values_->setLabelFormat(QStringLiteral("%.2f"));
    values_->setGridLineVisible(false);
    area_->attachAxis(counts_);
    area_->attachAxis(places);
    places->setRange(-0.5, FeatureIndex::histogramBins - 0.5);
    updateColours();
}

void HistogramView::setHistogram(const std::vector<uint32_t> &counts, float maximum) {
    if (counts == shown_ && maximum == maximum_)
        return;
    shown_ = counts;
    maximum_ = maximum;
    bars_->replace(outline(counts));
    const uint32_t largest = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
    const int top = largest == 0 ? 1 : static_cast<int>(std::floor(std::log10(static_cast<double>(largest)))) + 1;
    if (top != top_) { // an axis that is made anew lays the whole chart out
        top_ = top;
        for (const QString &label : counts_->categoriesLabels())
            counts_->remove(label);
        for (int exponent = 0; exponent <= top; exponent += top > 4 ? 2 : 1)
            counts_->append(power(exponent), exponent + 0.15);
        counts_->setRange(0, top + 0.4);
    }
    values_->setRange(0, std::max(maximum, 1e-6F));
    const int64_t all = std::accumulate(counts.begin(), counts.end(), int64_t{0});
    const auto mode = counts.empty() ? 0 : std::max_element(counts.begin(), counts.end()) - counts.begin();
    setAccessibleDescription(tr("%1 activations from 0 to %2, most of them near %3")
                                 .arg(count(all), figure(static_cast<double>(maximum)),
                                      figure((static_cast<double>(mode) + 0.5) * static_cast<double>(maximum) /
                                             std::max<double>(1, static_cast<double>(counts.size())))));
    setToolTip(plainToolTip(accessibleDescription()));
    viewport()->update();
}

void HistogramView::setHere(std::optional<float> activation) {
    if (activation == here_)
        return;
    here_ = activation;
    viewport()->update();
}

void HistogramView::drawForeground(QPainter *painter, const QRectF &rect) {
    QChartView::drawForeground(painter, rect);
    if (!here_ || maximum_ <= 0)
        return;
    const QRectF plot = chart()->plotArea();
    const double x = plot.left() + plot.width() * std::min(1.0, static_cast<double>(*here_ / maximum_));
    painter->setPen(QPen(theme().ink, 1.5));
    painter->drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
    painter->setFont(tt::font(TextRole::Small));
    const QString text = tr("here %1").arg(figure(static_cast<double>(*here_)));
    const double width = painter->fontMetrics().horizontalAdvance(text) + scaled(4);
    const bool left = x + width > plot.right();
    painter->drawText(QRectF(left ? x - width : x + scaled(4), plot.top(), width, painter->fontMetrics().height()),
                      Qt::AlignLeft | Qt::AlignTop, text);
}

void HistogramView::updateColours() {
    const Theme &t = theme();
    chart()->setBackgroundBrush(t.panel);
    setBackgroundBrush(t.panel);
    area_->setBrush(t.bar);
    area_->setPen(Qt::NoPen);
    for (QAbstractAxis *axis : {static_cast<QAbstractAxis *>(counts_), static_cast<QAbstractAxis *>(values_)}) {
        axis->setLabelsFont(tt::font(TextRole::MonoSmall));
        axis->setLabelsColor(t.tertiaryInk);
        axis->setLinePen(QPen(t.line));
        axis->setGridLinePen(QPen(t.chartGrid));
    }
}

void HistogramView::changeEvent(QEvent *event) {
    QChartView::changeEvent(event);
    if ((event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) && bars_)
        updateColours();
}

} // namespace tt
