#pragma once

#include "ui/train/chart_lines.h"

#include <QWidget>

namespace tt {

/// The row above a chart: samples of its lines with their names, or figures with theirs. What has no room is left out.
class ChartLegend : public QWidget {
    Q_OBJECT
public:
    explicit ChartLegend(QWidget *parent = nullptr);
    void setContent(const std::vector<PlotLine> &lines, const std::vector<ChartFact> &facts);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    int paintFact(QPainter &painter, int x, const ChartFact &fact) const;
    int paintLine(QPainter &painter, int x, const PlotLine &line) const;

    std::vector<PlotLine> lines_;
    std::vector<ChartFact> facts_;
};

} // namespace tt
