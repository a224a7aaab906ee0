#include "ui/train/plot_axes.h"

#include "ui/train/number_text.h"

#include <algorithm>
#include <cmath>

namespace tt {

namespace {

const std::vector<double> roundMantissas{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10};

double roundDown(double value) {
    const double decade = std::pow(10, std::floor(std::log10(value)));
    const auto above = std::upper_bound(roundMantissas.begin(), roundMantissas.end(), value / decade * (1 + 1e-12));
    return *(above - 1) * decade;
}

double roundUp(double value) {
    const double decade = std::pow(10, std::floor(std::log10(value)));
    return *std::lower_bound(roundMantissas.begin(), roundMantissas.end() - 1, value / decade * (1 - 1e-12)) * decade;
}

AxisSpan logarithmicSpan(double minimum, double maximum) {
    const double upper = maximum > 0 ? maximum : 1;
    const double lower = minimum > 0 ? minimum : upper * 1e-3; // what is 0 has no place on this axis
    const AxisSpan span{roundDown(lower), roundUp(upper)};
    return span.upper > span.lower ? span : AxisSpan{span.lower, roundUp(span.upper * 1.05)};
}

AxisSpan linearSpan(double minimum, double maximum) {
    if (minimum >= 0 && minimum < maximum * 0.6)
        return {0, roundUp(maximum)};
    const double size = std::max({maximum - minimum, std::abs(maximum) * 0.02, 1e-12});
    const double unit = roundUp(size) / 10;
    const AxisSpan span{std::floor(minimum / unit) * unit, std::ceil(maximum / unit) * unit};
    return span.upper > span.lower ? span : AxisSpan{span.lower - unit, span.upper + unit};
}

/// Values m · 10ⁿ in the range, m from `mantissas`, n every `decades`.
QVector<double> logarithmicTicks(const QCPRange &range, const std::vector<double> &mantissas, int decades) {
    QVector<double> ticks;
    const int first = static_cast<int>(std::floor(std::log10(range.lower)));
    const int last = static_cast<int>(std::ceil(std::log10(range.upper)));
    for (int exponent = first; exponent <= last; ++exponent) {
        if (exponent % decades != 0)
            continue;
        for (const double mantissa : mantissas) {
            const double tick = mantissa * std::pow(10, exponent);
            if (tick >= range.lower * (1 - 1e-9) && tick <= range.upper * (1 + 1e-9))
                ticks.append(tick);
        }
    }
    return ticks;
}

} // namespace

AxisSpan roundedSpan(double minimum, double maximum, bool logarithmic) {
    if (logarithmic)
        return logarithmicSpan(minimum, maximum);
    if (minimum == maximum && maximum == 0)
        return {0, 1};
    return linearSpan(minimum, maximum);
}

double StepTicker::getTickStep(const QCPRange &range) {
    return std::max(1.0, QCPAxisTicker::getTickStep(range));
}

QString StepTicker::getTickLabel(double tick, const QLocale &, QChar, int) {
    return groupedText(static_cast<int64_t>(std::llround(tick)));
}

QVector<double> ValueTicker::createTickVector(double tickStep, const QCPRange &range) {
    if (!logarithmic_ || range.lower <= 0)
        return QCPAxisTicker::createTickVector(tickStep, range);
    const std::vector<std::vector<double>> choices{{1, 1.5, 2, 3, 4, 6, 8}, {1, 2, 3, 4, 6, 8}, {1, 2, 5}, {1, 3}};
    for (const auto &mantissas : choices) {
        const QVector<double> ticks = logarithmicTicks(range, mantissas, 1);
        if (ticks.size() < 3)
            return QCPAxisTicker::createTickVector(tickStep, range);
        if (ticks.size() <= most_)
            return ticks;
    }
    const int decades = static_cast<int>(std::ceil(std::log10(range.upper / range.lower) / most_));
    return logarithmicTicks(range, {1}, std::max(1, decades));
}

} // namespace tt
