#pragma once

#include <QChartView>

#include <cstdint>
#include <optional>
#include <vector>

QT_BEGIN_NAMESPACE
class QAreaSeries;
class QCategoryAxis;
class QLineSeries;
class QValueAxis;
QT_END_NAMESPACE

namespace tt {

/// How many of a feature's activations lie in each of 50 bins up to its largest; counts on a log scale, zero as
/// nothing.
class HistogramView : public QChartView {
    Q_OBJECT
public:
    explicit HistogramView(QWidget *parent = nullptr);
    void setHistogram(const std::vector<uint32_t> &counts, float maximum);
    /// Marks the activation at the selected token.
    void setHere(std::optional<float> activation);

protected:
    void drawForeground(QPainter *painter, const QRectF &rect) override;
    void changeEvent(QEvent *event) override;

private:
    void updateColours();
    QLineSeries *bars_; ///< their outline
    QAreaSeries *area_;
    QCategoryAxis *counts_;
    QValueAxis *values_;
    std::vector<uint32_t> shown_;
    float maximum_ = 0;
    int top_ = -1; ///< power of ten that ends the axis of counts
    std::optional<float> here_;
};

} // namespace tt
