#pragma once

#include "core/train/curves_csv.h"

#include <QMenu>
#include <QString>

#include <vector>

namespace tt {

class TrainingPlot;

/// What can be done with a plot: exports, a copy of its picture, back to following.
class PlotMenu : public QMenu {
    Q_OBJECT
public:
    explicit PlotMenu(TrainingPlot &plot, QWidget *parent = nullptr);
    /// Writes the plot as it stands; what, the file's name says (.csv, .png, .svg).
    void exportTo(const QString &file);

Q_SIGNALS:
    /// Long tables are written elsewhere.
    void csvRequested(const QString &file, const std::vector<tt::CurveColumn> &columns);
    void exported(const QString &file);
    void failed(const QString &why);

private:
    void addExport(const QString &text, const QString &suffix);

    TrainingPlot &plot_;
};

} // namespace tt
