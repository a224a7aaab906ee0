#include "ui/train/estimate_text.h"

#include "ui/train/number_text.h"

#include <QCoreApplication>
#include <QStringList>

namespace tt {

namespace {

QString words(const char *text) {
    return QCoreApplication::translate("TrainEstimate", text);
}

QString beside(int runs) {
    return runs == 1 ? words("beside 1 run") : words("beside %1 runs").arg(runs);
}

/// "About 17 min beside 2 runs (10 min alone)"
QString timeText(const TrainingEstimate &estimate, int otherRuns, int otherThreads) {
    const double slowdown = slowdownBeside(estimate.threads, otherThreads, estimate.hardwareThreads);
    const QString now = words("<b>About %1</b>").arg(roundedDurationText(estimate.seconds * slowdown));
    if (otherRuns == 0)
        return now;
    if (slowdown < 1.05)
        return now + QLatin1Char(' ') + beside(otherRuns);
    return now + QLatin1Char(' ') + beside(otherRuns) + words(" (%1 alone)").arg(roundedDurationText(estimate.seconds));
}

/// "; activations in memory: 4.7 GB"
QString activationsText(const TrainingEstimate &estimate) {
    if (!estimate.activations)
        return {};
    const QString size = bytesText(static_cast<double>(estimate.activations->bytes));
    switch (estimate.activations->source) {
    case ActivationSource::Memory:
        return words("; activations in memory: %1").arg(size);
    case ActivationSource::Disk:
        return words("; activations on disk: %1").arg(size);
    case ActivationSource::Auto:
    case ActivationSource::Recompute:
        break;
    }
    return words("; activations recomputed");
}

QString detailsText(const TrainingEstimate &estimate) {
    QStringList lines;
    if (estimate.seconds > 0)
        lines.append(words("%1 tokens/s on %2 of %3 threads, measured on a few steps of this shape")
                         .arg(figureText(estimate.tokensPerSecond))
                         .arg(estimate.threads)
                         .arg(estimate.hardwareThreads));
    if (estimate.activations)
        lines.append(QString::fromStdString(estimate.activations->why));
    lines.append(
        words("%1 of memory, %2 are free").arg(bytesText(estimate.memoryBytes), bytesText(estimate.freeMemory)));
    lines.append(
        words("%1 on the disk, %2 while it saves; %3 are free")
            .arg(bytesText(estimate.diskBytes), bytesText(estimate.diskPeakBytes), bytesText(estimate.freeDisk)));
    return lines.join(QLatin1Char('\n'));
}

} // namespace

QString bytesText(double bytes) {
    const double mega = bytes / 1e6;
    return mega >= 1000 ? words("%1 GB").arg(mega / 1000, 0, 'f', 1)
                        : words("%1 MB").arg(mega, 0, 'f', mega < 9.95 ? 1 : 0);
}

EstimateText estimateText(const EstimateState &state, int otherRuns, int otherThreads) {
    using enum EstimateState::State;
    const TrainingEstimate &estimate = state.estimate;
    if (state.state == Measuring)
        return {words("Measuring a few steps of this shape…"), {}, false};
    if (state.state == Failed)
        return {words("No estimate: %1").arg(state.failure.toHtmlEscaped()), {}, true};
    if (state.state == Unknown)
        return {};
    const QString needs =
        words("%1 memory, %2 disk").arg(bytesText(estimate.memoryBytes), bytesText(estimate.diskBytes)) +
        activationsText(estimate);
    if (!estimate.warnings.empty()) {
        QStringList sentences;
        for (const std::string &warning : estimate.warnings)
            sentences.append(QString::fromStdString(warning));
        return {sentences.front().toHtmlEscaped(),
                sentences.join(QLatin1Char('\n')) + QLatin1Char('\n') + detailsText(estimate), true};
    }
    if (estimate.seconds <= 0)
        return {words("Too large to be timed here: ") + needs, detailsText(estimate), true};
    return {timeText(estimate, otherRuns, otherThreads) + QStringLiteral(", ") + needs, detailsText(estimate), false};
}

} // namespace tt
