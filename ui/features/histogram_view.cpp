#include "ui/features/histogram_view.h"

#include "core/features/feature_index.h"
#include "ui/figures/words.h"
#include "ui/theme.h"

#include <QBarSeries>
#include <QBarSet>
#include <QCategoryAxis>
#include <QChart>
#include <QEvent>
#include <QGraphicsLayout>
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

QString power(int exponent) {
    const char *names[] = {"1", "10", "100", "1k", "10k", "100k", "1M", "10M", "100M", "1G"};
    return QString::fromLatin1(names[std::clamp(exponent, 0, 9)]);
}
} // namespace

HistogramView::HistogramView(QWidget *parent)
    : QChartView(parent), bars_(new QBarSet(QString())), counts_(new QCategoryAxis), values_(new QValueAxis) {
    setAccessibleName(tr("Activations"));
    setFrameShape(NoFrame);
    setRenderHint(QPainter::Antialiasing);
    setFocusPolicy(Qt::NoFocus);
    auto *series = new QBarSeries;
    series->append(bars_);
    series->setBarWidth(0.85);
    chart()->addSeries(series);
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
    series->attachAxis(counts_);
    series->attachAxis(places);
    places->setRange(-0.5, FeatureIndex::histogramBins - 0.5);
    updateColours();
}

void HistogramView::setHistogram(const std::vector<uint32_t> &counts, float maximum) {
    maximum_ = maximum;
    bars_->remove(0, bars_->count());
    QList<qreal> heights;
    for (const uint32_t count : counts)
        heights << barHeight(count);
    bars_->append(heights);
    const uint32_t largest = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
    const int top = largest == 0 ? 1 : static_cast<int>(std::floor(std::log10(static_cast<double>(largest)))) + 1;
    for (const QString &label : counts_->categoriesLabels())
        counts_->remove(label);
    for (int exponent = 0; exponent <= top; exponent += top > 4 ? 2 : 1)
        counts_->append(power(exponent), exponent + 0.15);
    counts_->setRange(0, top + 0.4);
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
    bars_->setColor(t.bar);
    bars_->setBorderColor(t.bar);
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
