#pragma once

#include <QWidget>

#include <optional>
#include <vector>

namespace tt {

class TrainingPlot;
struct PlotLine;

/// What lies over the curves: the lines' names at their ends, the cursor with its read-out box, the text of an empty
/// chart. A widget of its own, so that moving the mouse draws no curve again.
class PlotOverlay : public QWidget {
    Q_OBJECT
public:
    explicit PlotOverlay(TrainingPlot &plot);
    /// All but the cursor.
    void paintNames(QPainter &painter) const;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void paintEmpty(QPainter &painter) const;
    void paintEndLabels(QPainter &painter) const;
    void paintCursor(QPainter &painter) const;
    struct Row {
        QString text;
        QColor colour;
    };
    [[nodiscard]] std::vector<Row> readOut(double step) const;
    void paintReadOut(QPainter &painter, double x, const std::vector<Row> &rows) const;

    TrainingPlot &plot_;
};

/// Colour of a line's curve, marker and name.
QColor lineColour(const PlotLine &line);
/// Solid, then dashed where the colours repeat; references dotted, then dashed.
Qt::PenStyle linePenStyle(const PlotLine &line);

} // namespace tt
