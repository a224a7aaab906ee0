#pragma once

#include <qcustomplot.h> // only sources that draw plots include this header

#include <functional>

namespace tt {

struct AxisSpan {
    double lower = 0, upper = 1;
};

/// The span a chart shows for values in [minimum, maximum]: widened to round figures, so that it rarely moves. A wider
/// span of values never gives a narrower result.
AxisSpan roundedSpan(double minimum, double maximum, bool logarithmic);

/// Ticks of whole steps: "0", "250", "1,000".
class StepTicker : public QCPAxisTicker {
public:
    StepTicker() { setTickCount(4); }

protected:
    double getTickStep(const QCPRange &range) override;
    int getSubTickCount(double) override { return 0; }
    QString getTickLabel(double tick, const QLocale &locale, QChar formatChar, int precision) override;
};

/// Ticks of values, on a logarithmic axis at 1, 2, 3, 4, 6, 8 of each decade, or fewer where many decades show.
class ValueTicker : public QCPAxisTicker {
public:
    using Label = std::function<QString(double)>;
    ValueTicker(bool logarithmic, Label label) : logarithmic_(logarithmic), label_(std::move(label)) {}
    /// As many as the axis has room for.
    void setMost(int ticks) {
        most_ = ticks;
        setTickCount(ticks);
    }

protected:
    int getSubTickCount(double) override { return 0; }
    QString getTickLabel(double tick, const QLocale &, QChar, int) override { return label_(tick); }
    QVector<double> createTickVector(double tickStep, const QCPRange &range) override;

private:
    bool logarithmic_;
    int most_ = 7;
    Label label_;
};

} // namespace tt
