#include "ui/train/plot_export.h"

#include "core/error.h"

#include <QFileInfo>
#include <QPainter>
#include <QSaveFile>
#include <QSvgGenerator>

namespace tt {

namespace {

constexpr int oversampling = 2;

/// A run's name stands before the value's where several runs are plotted.
std::string columnName(const PlotLine &line, const char *suffix) {
    return (line.name + QString::fromLatin1(suffix)).toStdString();
}

} // namespace

std::vector<CurveColumn> plotColumns(const TrainingPlot &plot) {
    std::vector<CurveColumn> columns;
    for (const PlotLine &line : plot.lines()) {
        const Curve *curve = line.history->curve(line.value);
        if (!curve)
            continue;
        columns.push_back({columnName(line, ""), curve->steps, curve->values});
        if (line.noisy && plot.isSmoothed())
            columns.push_back({columnName(line, " (smoothed)"), curve->steps, curve->smoothed});
    }
    return columns;
}

QImage plotImage(TrainingPlot &plot) {
    QImage image(plot.size() * oversampling, QImage::Format_RGB32);
    image.setDevicePixelRatio(oversampling);
    QPainter painter(&image);
    plot.paintOn(painter);
    return image;
}

void writePlotPicture(TrainingPlot &plot, const QString &file) {
    QSaveFile out(file);
    bool drawn = out.open(QIODevice::WriteOnly);
    if (drawn && QFileInfo(file).suffix().compare(QLatin1String("svg"), Qt::CaseInsensitive) == 0) {
        QSvgGenerator generator;
        generator.setOutputDevice(&out);
        generator.setSize(plot.size());
        generator.setViewBox(plot.rect());
        generator.setTitle(plot.accessibleName());
        generator.setDescription(plot.accessibleDescription());
        QPainter painter(&generator);
        plot.paintOn(painter);
    } else if (drawn) {
        drawn = plotImage(plot).save(&out, "PNG");
    }
    if (!drawn || !out.commit())
        throw Error("The picture " + file.toStdString() + " cannot be written: " + out.errorString().toStdString() +
                    ". Choose another place.");
}

} // namespace tt
