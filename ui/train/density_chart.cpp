#include "ui/train/density_chart.h"

#include "core/train/transcoder_evaluation.h"
#include "ui/theme.h"
#include "ui/train/number_text.h"

#include <QBarCategoryAxis>
#include <QBarSeries>
#include <QBarSet>
#include <QCategoryAxis>
#include <QChart>
#include <QEvent>
#include <QGraphicsLayout>
#include <QLegendMarker>
#include <QLineSeries>
#include <QPainter>
#include <QValueAxis>

#include <algorithm>
#include <cmath>

namespace tt {

namespace {

constexpr int bins = DensityHistogram::bins;

std::string valueName(int layer, int bin) {
    return "density_" + std::to_string(layer) + "_" + std::to_string(bin);
}

/// Lower end of a bin, log10.
double lowerEnd(int bin) {
    return DensityHistogram::lowest + bin * DensityHistogram::width;
}

/// "10⁻³"
QString powerText(int power) {
    static const QString superscripts = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    return power == 0 ? QStringLiteral("1") : QStringLiteral("10⁻") + superscripts[-power];
}

/// Of the percentages shown up to `top`: three to six, on round numbers.
double tickInterval(double top) {
    return top <= 15 ? 5 : top <= 40 ? 10 : 20;
}

QString densityText(double log10) {
    return figureText(100 * std::pow(10, log10)) + QStringLiteral(" %");
}

} // namespace

DensityChart::DensityChart(QWidget *parent)
    : QChartView(parent), bars_(new QBarSeries), places_(new QBarCategoryAxis), densities_(new QCategoryAxis),
      shares_(new QValueAxis) {
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(scaled(160), scaled(96));
    setAccessibleName(tr("Density histogram"));
    setToolTip(tr("Features by the share of tokens they fire on\nShare of a layer's features in each quarter of a "
                  "decade, on held-out tokens"));
    shares_->setTickType(QValueAxis::TicksDynamic);
    setTop(5);
    shares_->setLabelFormat(QStringLiteral("%.0f %"));
    bars_->setBarWidth(0.9);
    chart()->addSeries(bars_);
    chart()->addAxis(shares_, Qt::AlignLeft);
    bars_->attachAxis(shares_);
    addScale();
    chart()->setAnimationOptions(QChart::NoAnimation);
    chart()->setMargins(QMargins(scaled(4), 0, scaled(12), 0));
    chart()->legend()->setAlignment(Qt::AlignTop);
    applyTheme();
    describe();
}

/// The bars stand at places without names; the scale under them is that of a series without points.
void DensityChart::addScale() {
    QStringList names;
    for (int bin = 0; bin < bins; ++bin)
        names.append(QString::number(bin));
    places_->append(names);
    places_->setVisible(false);
    densities_->setRange(lowerEnd(0), lowerEnd(bins));
    densities_->setStartValue(lowerEnd(0) - 1);
    densities_->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
    for (int power = static_cast<int>(std::lround(lowerEnd(0))); power <= 0; ++power)
        densities_->append(powerText(power), power);
    densities_->setGridLineVisible(false);
    auto *empty = new QLineSeries;
    chart()->addSeries(empty);
    for (QLegendMarker *marker : chart()->legend()->markers(empty))
        marker->setVisible(false);
    chart()->addAxis(places_, Qt::AlignBottom);
    chart()->addAxis(densities_, Qt::AlignBottom);
    bars_->attachAxis(places_);
    empty->attachAxis(densities_);
    empty->attachAxis(shares_);
}

void DensityChart::setHistory(const std::shared_ptr<const TrainingHistory> &history) {
    history_ = history;
    refresh();
}

void DensityChart::setLayers(int layers) {
    if (layers == layers_)
        return;
    bars_->clear();
    layers_ = layers;
    for (int layer = 0; layer < layers; ++layer) {
        auto *set = new QBarSet(tr("layer %1").arg(layer));
        for (int bin = 0; bin < bins; ++bin)
            set->append(0);
        bars_->append(set);
    }
    applyTheme();
}

void DensityChart::refresh() {
    int layers = 0;
    while (history_ && history_->curve(valueName(layers, 0)))
        ++layers;
    setLayers(layers);
    double most = 0;
    for (int layer = 0; layer < layers; ++layer) {
        QBarSet *set = bars_->barSets().at(layer);
        for (int bin = 0; bin < bins; ++bin) {
            const double percent = history_->last(valueName(layer, bin)).value_or(0) * 100;
            if (set->at(bin) != percent)
                set->replace(bin, percent);
            most = std::max(most, percent);
        }
    }
    const double top = std::max(5.0, std::ceil(most / 5) * 5);
    if (top > shares_->max() || top < shares_->max() / 2 || layers == 0)
        setTop(top);
    describe();
    viewport()->update();
}

void DensityChart::setTop(double percent) {
    shares_->setTickInterval(tickInterval(percent));
    shares_->setRange(0, percent);
    chart()->layout()->invalidate(); // the labels may be wider than before, and would be cut
}

double DensityChart::share(int layer, int bin) const {
    return bars_->barSets().at(layer)->at(bin) / 100;
}

/// Where most features of each layer are, in words.
void DensityChart::describe() {
    QStringList sentences;
    for (int layer = 0; layer < layers_; ++layer) {
        int most = 0;
        for (int bin = 1; bin < bins; ++bin)
            if (share(layer, bin) > share(layer, most))
                most = bin;
        sentences.append(tr("layer %1: most features fire on %2 to %3 of tokens")
                             .arg(layer)
                             .arg(densityText(lowerEnd(most)), densityText(lowerEnd(most + 1))));
    }
    const QString text = sentences.isEmpty() ? tr("Nothing yet: appears after the first measurement.")
                                             : sentences.join(QStringLiteral("; "));
    if (text != accessibleDescription())
        setAccessibleDescription(text);
}

void DensityChart::applyTheme() {
    const Theme &colours = theme();
    setBackgroundBrush(colours.panel);
    chart()->setBackgroundBrush(colours.panel);
    chart()->setBackgroundRoundness(0);
    chart()->legend()->setFont(tt::font(TextRole::Secondary));
    chart()->legend()->setLabelColor(colours.secondaryInk);
    for (QAbstractAxis *axis : std::initializer_list<QAbstractAxis *>{densities_, shares_}) {
        axis->setLabelsFont(tt::font(TextRole::MonoSmall));
        axis->setLabelsColor(colours.secondaryInk);
        axis->setLinePen(QPen(colours.fieldBorder, 1));
        axis->setGridLinePen(QPen(colours.chartGrid, 1));
        axis->setTitleFont(tt::font(TextRole::Small));
        axis->setTitleBrush(colours.secondaryInk);
    }
    for (int layer = 0; layer < layers_; ++layer) {
        QBarSet *set = bars_->barSets().at(layer);
        const QColor colour = colours.curves[static_cast<size_t>(layer) % colours.curves.size()];
        const bool repeated = static_cast<size_t>(layer) >= colours.curves.size();
        set->setBrush(QBrush(colour, repeated ? Qt::BDiagPattern : Qt::SolidPattern));
        set->setPen(QPen(colour, repeated ? 1 : 0));
    }
}

void DensityChart::drawForeground(QPainter *painter, const QRectF &rect) {
    QChartView::drawForeground(painter, rect);
    if (layers_ > 0)
        return;
    painter->setFont(tt::font(TextRole::Secondary));
    painter->setPen(theme().tertiaryInk);
    painter->drawText(chart()->plotArea(), Qt::AlignCenter, tr("appears after the first measurement"));
}

void DensityChart::changeEvent(QEvent *event) {
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        applyTheme();
    QChartView::changeEvent(event);
}

} // namespace tt
