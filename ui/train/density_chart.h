#pragma once

#include "ui/train/training_history.h"

#include <QChartView>

#include <memory>
#include <vector>

class QBarCategoryAxis;
class QBarSeries;
class QCategoryAxis;
class QValueAxis;

namespace tt {

/// How a transcoder's features spread over log10 of their density, one set of bars a layer, as last measured.
class DensityChart : public QChartView {
    Q_OBJECT
public:
    explicit DensityChart(QWidget *parent = nullptr);
    /// Shows the newest histogram of that run; null empties the chart.
    void setHistory(const std::shared_ptr<const TrainingHistory> &history);
    /// Takes over what the history gained; bars that are there are replaced, not made anew.
    void refresh();
    [[nodiscard]] int layers() const { return layers_; }
    /// Share of a layer's features in a bin, as shown.
    [[nodiscard]] double share(int layer, int bin) const;

protected:
    void changeEvent(QEvent *event) override;
    void drawForeground(QPainter *painter, const QRectF &rect) override;

private:
    void applyTheme();
    void addScale();
    void setTop(double percent);
    void setLayers(int layers);
    void describe();

    std::shared_ptr<const TrainingHistory> history_;
    QBarSeries *bars_;
    QBarCategoryAxis *places_; ///< of the bars, hidden
    QCategoryAxis *densities_;
    QValueAxis *shares_;
    int layers_ = 0;
};

} // namespace tt
