#pragma once

#include "ui/train/training_history.h"

#include <QString>
#include <QTimer>
#include <QWidget>

#include <memory>
#include <optional>
#include <vector>

class QCustomPlot; // qcustomplot.h stays in the source: it needs the bare word "signals"

namespace tt {

class PlotOverlay;

/// One line of a TrainingPlot: a named value of a run.
struct PlotLine {
    enum class Style {
        Line,      ///< noisy: raw thin and pale, smoothed on top
        Measured,  ///< hollow markers on measured points, joined
        Markers,   ///< hollow markers only
        Reference, ///< another run: grey and dotted
    };
    std::shared_ptr<const TrainingHistory> history;
    std::string value; ///< name in TrainingPoint
    QString name;      ///< in legend and read-out
    Style style = Style::Line;
    bool noisy = false;    ///< one value a step of a batch: smoothing says more
    int colour = 0;        ///< index of curve colour and (References) dash; any number ≥ 0
    int marker = 0;        ///< index of the marker's shape
    bool endLabel = false; ///< its name is written at the line's end
    bool operator==(const PlotLine &) const = default;
};

/// Curves of training over the steps. Follows the runs until the user zooms or drags, then again after resetView().
class TrainingPlot : public QWidget {
    Q_OBJECT
public:
    enum class Unit { Figure, Percent };
    explicit TrainingPlot(QWidget *parent = nullptr);
    ~TrainingPlot() override;

    /// Shows these lines. Lines that stay keep their points and the view.
    void setLines(const std::vector<PlotLine> &lines);
    [[nodiscard]] const std::vector<PlotLine> &lines() const { return lines_; }
    /// Takes over what the histories gained; replots at most 30 times a second.
    void refresh();
    /// While running, the y range only grows.
    void setRunning(bool running) { running_ = running; }
    void setUnit(Unit unit);
    void setLogarithmic(bool logarithmic);
    void setSmoothed(bool smoothed);
    [[nodiscard]] bool isSmoothed() const { return smoothed_; }
    void resetView();
    [[nodiscard]] bool isFollowing() const { return following_; }

    struct Range {
        double lower = 0, upper = 0;
    };
    [[nodiscard]] Range stepRange() const;
    [[nodiscard]] Range valueRange() const;
    /// Points of line `index` in the plot.
    [[nodiscard]] qsizetype shownPoints(int index) const;
    [[nodiscard]] int64_t replots() const { return replots_; }
    /// Draws now instead of within 1/30 s.
    void replotNow();
    [[nodiscard]] QString valueText(double value) const;
    /// What the cursor reads at `step` of a line: the step measured nearest and its value, smoothed where that is
    /// shown.
    struct Reading {
        double step = 0, value = 0;
    };
    [[nodiscard]] std::optional<Reading> reading(const PlotLine &line, double step) const;
    /// Where the axes are, and where a value lies, in this widget.
    [[nodiscard]] QRect axes() const;
    [[nodiscard]] QPointF position(double step, double value) const;
    [[nodiscard]] std::optional<double> cursorStep() const { return cursorStep_; }
    [[nodiscard]] QSize sizeHint() const override;
    /// Draws curves and names as they stand, for a picture; the cursor is left out.
    void paintOn(QPainter &painter);

Q_SIGNALS:
    void viewReset();

protected:
    void changeEvent(QEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    struct Drawn; ///< the graphs of a line

    void connectPlot();
    void applyTheme();
    void styleLines();
    void appendPoints(size_t index);
    void follow();
    void limitTicks();
    void setCursorStep(std::optional<double> step);
    void moveCursor(int direction);
    [[nodiscard]] const Curve *densestCurve() const;
    void stopFollowing() { following_ = false; }

    QCustomPlot *plot_;
    PlotOverlay *overlay_;
    std::vector<PlotLine> lines_;
    std::vector<std::unique_ptr<Drawn>> drawn_;
    QTimer throttle_;
    Unit unit_ = Unit::Figure;
    bool logarithmic_ = false, smoothed_ = true, running_ = false, following_ = true, rangeKnown_ = false;
    std::optional<double> cursorStep_;
    int64_t replots_ = 0;
};

} // namespace tt
