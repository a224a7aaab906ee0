#pragma once

#include "ui/train/training_plot.h"
#include "ui/values.h"

#include <QString>

#include <memory>
#include <vector>

namespace tt {

/// What can be plotted of a run.
enum class Chart { Loss, LearningRate, Gradient, Speed, Utilisation, Fvu, L0, Dead, CeRecovered, Density };
struct ChartSpec {
    Chart chart;
    QString title;
    bool logarithmic; ///< by default
    TrainingPlot::Unit unit;
    QString toolTip{};
};
/// The tabs of a kind of run.
const std::vector<ChartSpec> &chartsOf(RunRow::Kind kind);

/// A run as a chart shows it.
struct PlottedRun {
    int id = 0;
    QString name;
    bool running = false;
    int reference = -1; ///< which reference it is, −1 for the main run
    std::shared_ptr<const TrainingHistory> history;
};

/// The lines of one chart. Layers of a transcoder are lines of their own.
std::vector<PlotLine> chartLines(Chart chart, const std::vector<PlottedRun> &runs);
/// One sentence for people who do not see the chart: "bedtime-2: step 640 of 1,000, train 2.16, validation 2.22".
QString chartSummary(RunRow::Kind kind, const std::vector<PlottedRun> &runs);

/// A figure that stands above the transcoder's charts.
struct ChartFact {
    QString label, figure;
};
std::vector<ChartFact> chartFacts(const TrainingHistory &history);

} // namespace tt
