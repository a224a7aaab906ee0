#pragma once

#include "ui/train/plot_export.h"

#include <QMenu>
#include <QString>

namespace tt {

/// What can be done with a chart: exports, and a copy of its picture.
class PlotMenu : public QMenu {
    Q_OBJECT
public:
    explicit PlotMenu(ExportedPlot plot, QWidget *parent = nullptr);
    /// Writes the plot as it stands; what, the file's name says (.csv, .png, .svg).
    void exportTo(const QString &file);

Q_SIGNALS:
    /// Long tables are written elsewhere.
    void csvRequested(const QString &file, const tt::CurveTable &table);
    void exported(const QString &file);
    void failed(const QString &why);

private:
    void addExport(const QString &text, const QString &suffix);

    ExportedPlot plot_;
};

} // namespace tt
