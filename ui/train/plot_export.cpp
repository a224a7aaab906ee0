#include "ui/train/plot_export.h"

#include "core/error.h"
#include "core/train/transcoder_evaluation.h"
#include "ui/train/density_chart.h"
#include "ui/train/training_plot.h"

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

CurveTable curves(const TrainingPlot &plot) {
    CurveTable table;
    for (const PlotLine &line : plot.lines()) {
        const Curve *curve = line.history->curve(line.value);
        if (!curve)
            continue;
        table.columns.push_back({columnName(line, ""), curve->steps, curve->values});
        if (line.noisy && plot.isSmoothed())
            table.columns.push_back({columnName(line, " (smoothed)"), curve->steps, curve->smoothed});
    }
    return table;
}

CurveTable histogram(const DensityChart &chart) {
    CurveTable table{.over = "log10_density", .columns = {}};
    for (int layer = 0; layer < chart.layers(); ++layer) {
        CurveColumn column{.name = "layer " + std::to_string(layer), .steps = {}, .values = {}};
        for (int bin = 0; bin < DensityHistogram::bins; ++bin) {
            column.steps.push_back(DensityHistogram::lowest + bin * DensityHistogram::width);
            column.values.push_back(chart.share(layer, bin));
        }
        table.columns.push_back(std::move(column));
    }
    return table;
}

} // namespace

ExportedPlot exportedPlot(TrainingPlot &plot) {
    return {&plot, [&plot](QPainter &painter) { plot.paintOn(painter); }, [&plot] { return curves(plot); }};
}

ExportedPlot exportedPlot(DensityChart &chart) {
    return {&chart, [&chart](QPainter &painter) { chart.render(&painter, chart.rect(), chart.viewport()->rect()); },
            [&chart] { return histogram(chart); }};
}

QImage plotImage(const ExportedPlot &plot) {
    QImage image(plot.widget->size() * oversampling, QImage::Format_RGB32);
    image.setDevicePixelRatio(oversampling);
    QPainter painter(&image);
    plot.paint(painter);
    return image;
}

void writePlotPicture(const ExportedPlot &plot, const QString &file) {
    QSaveFile out(file);
    bool drawn = out.open(QIODevice::WriteOnly);
    if (drawn && QFileInfo(file).suffix().compare(QLatin1String("svg"), Qt::CaseInsensitive) == 0) {
        QSvgGenerator generator;
        generator.setOutputDevice(&out);
        generator.setSize(plot.widget->size());
        generator.setViewBox(plot.widget->rect());
        generator.setTitle(plot.widget->accessibleName());
        generator.setDescription(plot.widget->accessibleDescription());
        QPainter painter(&generator);
        plot.paint(painter);
    } else if (drawn) {
        drawn = plotImage(plot).save(&out, "PNG");
    }
    if (!drawn || !out.commit())
        throw Error("The picture " + file.toStdString() + " cannot be written: " + out.errorString().toStdString() +
                    ". Choose another place.");
}

} // namespace tt
