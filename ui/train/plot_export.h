#pragma once

#include "core/train/curves_csv.h"

#include <QImage>
#include <QSize>
#include <QString>

#include <functional>

class QPainter;
class QWidget;

namespace tt {

class DensityChart;
class TrainingPlot;

/// What an export takes from a chart; as long as that lives.
struct ExportedPlot {
    QWidget *widget;                       ///< named and described
    std::function<void(QPainter &)> paint; ///< as it stands, over the widget's rectangle
    std::function<CurveTable()> table;
};

/// The curves of a plot, as measured, and the smoothed ones beside them where they are shown.
ExportedPlot exportedPlot(TrainingPlot &plot);
/// Shares of each layer's features (0 to 1) over the lower ends of the bins, log10 of density.
ExportedPlot exportedPlot(DensityChart &chart);

/// The plot as it stands, drawn at twice the screen's resolution.
QImage plotImage(const ExportedPlot &plot);
/// Writes .png or .svg by the file's name; throws Error where the file cannot be written.
void writePlotPicture(const ExportedPlot &plot, const QString &file);

} // namespace tt
