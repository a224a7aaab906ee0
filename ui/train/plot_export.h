#pragma once

#include "core/train/curves_csv.h"
#include "ui/train/training_plot.h"

#include <QImage>
#include <QString>

#include <vector>

namespace tt {

/// The curves of a plot, as measured, and the smoothed ones beside them where they are shown.
std::vector<CurveColumn> plotColumns(const TrainingPlot &plot);
/// The plot as it stands, drawn at twice the screen's resolution.
QImage plotImage(TrainingPlot &plot);
/// Writes .png or .svg by the file's name; throws Error where the file cannot be written.
void writePlotPicture(TrainingPlot &plot, const QString &file);

} // namespace tt
