#include "ui/train/chart_lines.h"

#include "ui/train/number_text.h"

#include <QCoreApplication>
#include <QStringList>

#include <functional>

namespace tt {

namespace {

using Style = PlotLine::Style;

QString words(const char *text) {
    return QCoreApplication::translate("TrainCharts", text);
}

/// The value of a chart that each layer has, without the layer's number; null for charts of the whole run.
const char *layerValue(Chart chart) {
    switch (chart) {
    case Chart::Fvu:
        return "fvu_";
    case Chart::L0:
        return "l0_";
    case Chart::Dead:
        return "dead_";
    default:
        return nullptr;
    }
}

struct WholeRun {
    const char *value, *name;
    bool noisy, measured;
};

/// Values of a chart that belong to the run as a whole. The first stands for a reference run.
std::vector<WholeRun> wholeRunValues(Chart chart) {
    switch (chart) {
    case Chart::Loss:
        return {{"train_loss", "train", true, false}, {"val_loss", "validation", false, true}};
    case Chart::LearningRate:
        return {{"learning_rate", "learning rate", false, false}};
    case Chart::Gradient:
        return {{"gradient_norm", "gradient norm", true, false}};
    case Chart::Speed:
        return {{"tokens_per_second", "tokens/s", true, false}};
    case Chart::Utilisation:
        return {{"flop_utilisation", "FLOP utilisation", true, false}};
    case Chart::CeRecovered:
        return {{"ce_recovered", "CE recovered", false, true}};
    default:
        return {};
    }
}

PlotLine referenceLine(const PlottedRun &run, const std::string &value, const QString &name, bool noisy) {
    return {run.history, value, name, Style::Reference, noisy, run.reference, 0, false};
}

void addWholeRunLines(std::vector<PlotLine> &lines, Chart chart, const PlottedRun &run) {
    int colour = 0;
    for (const WholeRun &value : wholeRunValues(chart)) {
        if (run.reference >= 0)
            return lines.push_back(referenceLine(run, value.value, run.name, value.noisy));
        lines.push_back({run.history, value.value, words(value.name), value.measured ? Style::Measured : Style::Line,
                         value.noisy, colour++, 0, false});
    }
}

void addLayerLines(std::vector<PlotLine> &lines, Chart chart, const PlottedRun &run) {
    for (int layer = 0; layer < run.history->layers(); ++layer) {
        const std::string number = std::to_string(layer), value = layerValue(chart) + number;
        const QString name = words("layer %1").arg(layer);
        if (run.reference >= 0) {
            lines.push_back(referenceLine(run, value, run.name + QLatin1Char(' ') + name, false));
            continue;
        }
        const std::string trained = "train_fvu_" + number;
        const bool both = chart == Chart::Fvu && run.history->curve(trained);
        if (both)
            lines.push_back({run.history, trained, name, Style::Line, true, layer, layer, true});
        lines.push_back({run.history, value, both ? words("%1 held out").arg(name) : name,
                         both ? Style::Markers : Style::Measured, false, layer, layer, !both});
    }
}

QString gptFigures(const TrainingHistory &history) {
    QStringList parts;
    if (const auto train = history.lastSmoothed("train_loss"))
        parts.append(words("train %1").arg(figureText(*train)));
    if (const auto validation = history.last("val_loss"))
        parts.append(words("validation %1").arg(figureText(*validation)));
    return parts.join(QStringLiteral(", "));
}

QString transcoderFigures(const TrainingHistory &history) {
    QStringList parts;
    for (int layer = 0; layer < history.layers(); ++layer)
        if (const auto fvu = history.last("fvu_" + std::to_string(layer)))
            parts.append(words("layer %1 FVU %2").arg(layer).arg(figureText(*fvu)));
    for (const ChartFact &fact : chartFacts(history))
        parts.append(fact.label + QLatin1Char(' ') + fact.figure);
    return parts.join(QStringLiteral(", "));
}

} // namespace

const std::vector<ChartSpec> &chartsOf(RunRow::Kind kind) {
    using Unit = TrainingPlot::Unit;
    static const std::vector<ChartSpec> gpt{
        {Chart::Loss, words("Loss"), true, Unit::Figure},
        {Chart::LearningRate, words("Learning rate"), false, Unit::Figure},
        {Chart::Gradient, words("Gradient"), true, Unit::Figure,
         words("Norm of the whole gradient, before it is clipped")},
        {Chart::Speed, words("Speed"), false, Unit::Figure,
         words("Tokens learned from a second, measurements included")},
        {Chart::Utilisation, words("Utilisation"), false, Unit::Percent,
         words("Floating-point operations of the model's matrix products in a step, "
               "as a share of the rate that one large product reached on the run's "
               "threads when the program measured it")}};
    static const std::vector<ChartSpec> transcoder{{Chart::Fvu, words("FVU"), true, Unit::Figure},
                                                   {Chart::L0, words("L0"), false, Unit::Figure},
                                                   {Chart::Dead, words("Dead"), false, Unit::Percent},
                                                   {Chart::CeRecovered, words("CE recovered"), false, Unit::Figure},
                                                   {Chart::Density, words("Density"), false, Unit::Percent,
                                                    words("How many features fire on how large a share of tokens")}};
    return kind == RunRow::Kind::Gpt ? gpt : transcoder;
}

std::vector<PlotLine> chartLines(Chart chart, const std::vector<PlottedRun> &runs) {
    std::vector<PlotLine> lines;
    for (const PlottedRun &run : runs)
        if (layerValue(chart))
            addLayerLines(lines, chart, run);
        else
            addWholeRunLines(lines, chart, run);
    return lines;
}

QString chartSummary(RunRow::Kind kind, const std::vector<PlottedRun> &runs) {
    QStringList sentences;
    for (const PlottedRun &run : runs) {
        if (run.history->empty())
            continue;
        const QString figures = kind == RunRow::Kind::Gpt ? gptFigures(*run.history) : transcoderFigures(*run.history);
        sentences.append(
            words("%1: step %2 of %3, %4")
                .arg(run.name, groupedText(run.history->step()), groupedText(run.history->steps()), figures));
    }
    return sentences.isEmpty() ? words("Nothing yet: the curve appears after step 1.")
                               : sentences.join(QStringLiteral("; "));
}

std::vector<ChartFact> chartFacts(const TrainingHistory &history) {
    std::vector<ChartFact> facts;
    const auto ofLayers = [&](const char *value, const QString &label, const std::function<QString(double)> &text) {
        QStringList figures;
        for (int layer = 0; layer < history.layers(); ++layer)
            if (const auto last = history.last(value + std::to_string(layer)))
                figures.append(text(*last));
        if (!figures.isEmpty())
            facts.push_back({label, figures.join(QStringLiteral(", "))});
    };
    ofLayers("l0_", words("L0"), figureText);
    ofLayers("dead_", words("dead"), percentText);
    if (const auto recovered = history.last("ce_recovered"))
        facts.push_back({words("CE recovered"), figureText(*recovered)});
    return facts;
}

} // namespace tt
