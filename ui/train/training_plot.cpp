#undef QT_NO_KEYWORDS // qcustomplot.h uses them
#include "ui/train/training_plot.h"

#include "ui/theme.h"
#include "ui/train/number_text.h"
#include "ui/train/plot_axes.h"
#include "ui/train/plot_overlay.h"

#include <QKeyEvent>
#include <QPicture>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace tt {

namespace {

constexpr int replotInterval = 33; ///< milliseconds: at most 30 a second
constexpr double rawOpacity = 0.38, smoothWidth = 1.5;
constexpr int mostMarkers = 40;

QCPScatterStyle::ScatterShape markerShape(int marker) {
    constexpr std::array shapes{QCPScatterStyle::ssCircle, QCPScatterStyle::ssSquare, QCPScatterStyle::ssTriangle,
                                QCPScatterStyle::ssDiamond};
    return shapes[static_cast<size_t>(marker) % shapes.size()];
}

bool isMarked(const PlotLine &line) {
    return line.style == PlotLine::Style::Measured || line.style == PlotLine::Style::Markers;
}

} // namespace

struct TrainingPlot::Drawn {
    QCPGraph *raw = nullptr;    ///< the values; null for a noisy reference
    QCPGraph *smooth = nullptr; ///< their moving average; null unless noisy
    size_t points = 0;          ///< taken over from the history
    int revision = 0;           ///< of the history then
    void clear() {
        for (QCPGraph *graph : {raw, smooth})
            if (graph)
                graph->data()->clear();
        points = 0;
    }
};

TrainingPlot::TrainingPlot(QWidget *parent)
    : QWidget(parent), plot_(new QCustomPlot(this)), overlay_(new PlotOverlay(*this)) {
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(scaled(160), scaled(96));
    plot_->setFocusPolicy(Qt::NoFocus);
    plot_->setPlottingHints(QCP::phFastPolylines | QCP::phCacheLabels);
    plot_->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    plot_->setAutoAddPlottableToLegend(false);
    plot_->xAxis->setTicker(QSharedPointer<StepTicker>::create());
    QCPAxisRect *axes = plot_->axisRect();
    axes->setAutoMargins(QCP::msLeft);
    axes->setMinimumMargins(QMargins(scaled(44), 0, 0, 0));
    axes->setMargins(QMargins(0, scaled(8), scaled(32), scaled(40)));
    axes->setRangeDrag(Qt::Horizontal | Qt::Vertical);
    throttle_.setSingleShot(true);
    throttle_.setInterval(replotInterval);
    connect(&throttle_, &QTimer::timeout, this, &TrainingPlot::replotNow);
    connectPlot();
    setUnit(Unit::Figure);
    applyTheme();
    resetView();
}

TrainingPlot::~TrainingPlot() = default;

void TrainingPlot::connectPlot() {
    plot_->installEventFilter(this);
    plot_->setMouseTracking(true);
    connect(plot_, &QCustomPlot::mouseWheel, this, [this](QWheelEvent *event) {
        const bool vertical = event->modifiers() & Qt::ShiftModifier;
        plot_->axisRect()->setRangeZoom(vertical ? Qt::Vertical : Qt::Horizontal);
        stopFollowing();
    });
    connect(plot_, &QCustomPlot::mouseMove, this, [this](QMouseEvent *event) {
        if (event->buttons() & Qt::LeftButton)
            stopFollowing();
        const bool inside = plot_->axisRect()->rect().contains(event->pos());
        setCursorStep(inside ? std::optional(plot_->xAxis->pixelToCoord(event->pos().x())) : std::nullopt);
    });
    connect(plot_, &QCustomPlot::mouseDoubleClick, this, &TrainingPlot::resetView);
    connect(plot_, &QCustomPlot::afterReplot, this, [this] {
        ++replots_;
        overlay_->update();
    });
}

void TrainingPlot::setLines(const std::vector<PlotLine> &lines) {
    if (lines == lines_)
        return refresh();
    plot_->clearGraphs();
    drawn_.clear();
    lines_ = lines;
    rangeKnown_ = false;
    for (size_t i = 0; i < lines_.size(); ++i) {
        drawn_.push_back(std::make_unique<Drawn>());
        const PlotLine &line = lines_[i];
        if (line.style != PlotLine::Style::Reference || !line.noisy)
            drawn_[i]->raw = plot_->addGraph();
        if (line.noisy)
            drawn_[i]->smooth = plot_->addGraph();
    }
    styleLines();
    refresh();
}

void TrainingPlot::refresh() {
    if (!throttle_.isActive() && isVisible())
        throttle_.start();
}

void TrainingPlot::replotNow() {
    throttle_.stop();
    for (size_t i = 0; i < lines_.size(); ++i)
        appendPoints(i);
    if (following_)
        follow();
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

void TrainingPlot::appendPoints(size_t index) {
    const PlotLine &line = lines_[index];
    Drawn &drawn = *drawn_[index];
    const Curve *curve = line.history->curve(line.value);
    if (drawn.revision != line.history->revision() || !curve)
        drawn.clear();
    drawn.revision = line.history->revision();
    if (!curve || curve->size() == drawn.points)
        return;
    const auto append = [&](QCPGraph *graph, const std::vector<double> &values) {
        QVector<QCPGraphData> added;
        added.reserve(static_cast<qsizetype>(values.size() - drawn.points));
        for (size_t i = drawn.points; i < values.size(); ++i)
            added.append(QCPGraphData(curve->steps[i], values[i]));
        graph->data()->add(added, true);
    };
    if (drawn.raw)
        append(drawn.raw, curve->values);
    if (drawn.smooth)
        append(drawn.smooth, curve->smoothed);
    drawn.points = curve->size();
    if (drawn.raw && isMarked(line))
        drawn.raw->setScatterSkip(static_cast<int>(drawn.points) / mostMarkers);
}

void TrainingPlot::follow() {
    int64_t steps = 1;
    double least = 1e300, most = -1e300;
    for (const PlotLine &line : lines_) {
        steps = std::max(steps, line.history->steps());
        if (const Curve *curve = line.history->curve(line.value)) {
            least = std::min(least, curve->minimum);
            most = std::max(most, curve->maximum);
        }
    }
    plot_->xAxis->setRange(0, static_cast<double>(steps));
    const bool empty = least > most;
    AxisSpan span = empty ? AxisSpan{logarithmic_ ? 0.1 : 0, 1} : roundedSpan(least, most, logarithmic_);
    if (running_ && rangeKnown_) {
        span.lower = std::min(span.lower, plot_->yAxis->range().lower);
        span.upper = std::max(span.upper, plot_->yAxis->range().upper);
    }
    rangeKnown_ = !empty;
    plot_->yAxis->setRange(span.lower, span.upper);
    plot_->yAxis->setTickLabels(!empty);
}

void TrainingPlot::setUnit(Unit unit) {
    unit_ = unit;
    setLogarithmic(logarithmic_);
}

void TrainingPlot::setLogarithmic(bool logarithmic) {
    logarithmic_ = logarithmic;
    rangeKnown_ = false;
    plot_->yAxis->setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    plot_->yAxis->setTicker(QSharedPointer<ValueTicker>::create(logarithmic, [this](double value) {
        const double digits = std::abs(value) < 1e-12 ? 0 : value;
        if (unit_ == Unit::Percent)
            return QString::number(digits * 100, 'g', 3) + QStringLiteral(" %");
        return std::abs(digits) >= 1000 ? groupedText(std::llround(digits)) : QString::number(digits, 'g', 4);
    }));
    limitTicks();
    resetView();
}

void TrainingPlot::setSmoothed(bool smoothed) {
    smoothed_ = smoothed;
    styleLines();
    refresh();
}

void TrainingPlot::resetView() {
    following_ = true;
    rangeKnown_ = false;
    refresh();
    Q_EMIT viewReset();
}

void TrainingPlot::styleLines() {
    for (size_t i = 0; i < lines_.size(); ++i) {
        const PlotLine &line = lines_[i];
        QColor colour = lineColour(line);
        const QPen pen(colour, smoothWidth, linePenStyle(line));
        const bool reference = line.style == PlotLine::Style::Reference;
        if (QCPGraph *smooth = drawn_[i]->smooth) {
            smooth->setPen(pen);
            smooth->setVisible(smoothed_ || reference);
        }
        QCPGraph *raw = drawn_[i]->raw;
        if (!raw)
            continue;
        if (isMarked(line))
            raw->setScatterStyle(
                QCPScatterStyle(markerShape(line.marker), QPen(colour, smoothWidth), theme().panel, scaled(7)));
        raw->setLineStyle(line.style == PlotLine::Style::Markers ? QCPGraph::lsNone : QCPGraph::lsLine);
        if (line.noisy && smoothed_)
            colour.setAlphaF(rawOpacity);
        raw->setPen(line.noisy ? QPen(colour, 1) : pen);
    }
}

void TrainingPlot::applyTheme() {
    const Theme &colours = theme();
    plot_->setBackground(QBrush(colours.panel));
    for (QCPAxis *axis : {plot_->xAxis, plot_->yAxis}) {
        axis->setBasePen(QPen(colours.fieldBorder, 1));
        axis->setTickPen(QPen(colours.fieldBorder, 1));
        axis->setTickLabelColor(colours.secondaryInk);
        axis->setTickLabelFont(tt::font(TextRole::MonoSmall));
        axis->setTickLabelPadding(scaled(4));
        axis->grid()->setPen(QPen(colours.chartGrid, 1));
        axis->grid()->setZeroLinePen(Qt::NoPen);
        axis->setTickLength(0, scaled(3));
    }
    plot_->xAxis->grid()->setVisible(false);
    plot_->yAxis->setTickLength(0, 0);
    styleLines();
    refresh();
}

TrainingPlot::Range TrainingPlot::stepRange() const {
    return {plot_->xAxis->range().lower, plot_->xAxis->range().upper};
}
TrainingPlot::Range TrainingPlot::valueRange() const {
    return {plot_->yAxis->range().lower, plot_->yAxis->range().upper};
}

qsizetype TrainingPlot::shownPoints(int index) const {
    const Drawn &drawn = *drawn_.at(static_cast<size_t>(index));
    return (drawn.raw ? drawn.raw : drawn.smooth)->dataCount();
}

QString TrainingPlot::valueText(double value) const {
    return unit_ == Unit::Percent ? percentText(value) : figureText(value);
}

std::optional<TrainingPlot::Reading> TrainingPlot::reading(const PlotLine &line, double step) const {
    const Curve *curve = line.history->curve(line.value);
    if (!curve)
        return std::nullopt;
    const size_t index = curve->nearest(step);
    const bool smoothed = line.noisy && (smoothed_ || line.style == PlotLine::Style::Reference);
    return Reading{curve->steps[index], (smoothed ? curve->smoothed : curve->values)[index]};
}

QRect TrainingPlot::axes() const {
    return plot_->axisRect()->rect();
}

QPointF TrainingPlot::position(double step, double value) const {
    return {plot_->xAxis->coordToPixel(step), plot_->yAxis->coordToPixel(value)};
}

const Curve *TrainingPlot::densestCurve() const {
    const Curve *most = nullptr;
    for (const PlotLine &line : lines_)
        if (const Curve *curve = line.history->curve(line.value); curve && (!most || curve->size() > most->size()))
            most = curve;
    return most;
}

void TrainingPlot::setCursorStep(std::optional<double> step) {
    const Curve *curve = densestCurve();
    cursorStep_ = step && curve ? std::optional(curve->steps[curve->nearest(*step)]) : std::nullopt;
    overlay_->update();
}

void TrainingPlot::moveCursor(int direction) {
    const Curve *curve = densestCurve();
    if (!curve)
        return;
    const auto size = static_cast<int64_t>(curve->size());
    const auto from = static_cast<int64_t>(curve->nearest(cursorStep_.value_or(stepRange().lower)));
    const int64_t index = std::clamp<int64_t>(from + direction * std::max<int64_t>(1, size / 100), 0, size - 1);
    setCursorStep(curve->steps[static_cast<size_t>(index)]);
}

void TrainingPlot::keyPressEvent(QKeyEvent *event) {
    constexpr double zoom = 1.25;
    const double middle = cursorStep_.value_or(plot_->xAxis->range().center());
    switch (event->key()) {
    case Qt::Key_Left:
        return moveCursor(-1);
    case Qt::Key_Right:
        return moveCursor(1);
    case Qt::Key_Plus:
    case Qt::Key_Minus:
        stopFollowing();
        plot_->xAxis->scaleRange(event->key() == Qt::Key_Plus ? 1 / zoom : zoom, middle);
        return refresh();
    case Qt::Key_Home:
        return resetView();
    case Qt::Key_Escape:
        if (cursorStep_)
            return setCursorStep(std::nullopt);
        break;
    default:
        break;
    }
    QWidget::keyPressEvent(event);
}

bool TrainingPlot::eventFilter(QObject *watched, QEvent *event) {
    if (event->type() == QEvent::Leave)
        setCursorStep(std::nullopt);
    if (event->type() == QEvent::MouseButtonPress)
        setFocus(Qt::MouseFocusReason);
    return QWidget::eventFilter(watched, event);
}

void TrainingPlot::changeEvent(QEvent *event) {
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        applyTheme();
    QWidget::changeEvent(event);
}

void TrainingPlot::limitTicks() {
    const int room = height() - scaled(48), label = QFontMetrics(tt::font(TextRole::MonoSmall)).height();
    if (const auto ticker = plot_->yAxis->ticker().dynamicCast<ValueTicker>())
        ticker->setMost(std::clamp(room / (2 * label), 3, 7));
}

void TrainingPlot::showEvent(QShowEvent *event) {
    QWidget::showEvent(event);
    replotNow();
}

void TrainingPlot::resizeEvent(QResizeEvent *event) {
    QWidget::resizeEvent(event);
    plot_->setGeometry(rect());
    limitTicks();
    overlay_->setGeometry(rect());
    overlay_->raise();
}

void TrainingPlot::paintOn(QPainter &painter) {
    replotNow();
    plot_->replot(QCustomPlot::rpImmediateRefresh);
    QPicture curves;
    {
        QCPPainter recorder(&curves);
        plot_->toPainter(&recorder, width(), height());
    }
    painter.drawPicture(0, 0, curves);
    overlay_->paintNames(painter);
}

QSize TrainingPlot::sizeHint() const {
    return {scaled(400), scaled(240)};
}

} // namespace tt
