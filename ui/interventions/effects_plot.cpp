#include <qcustomplot.h> // first: it needs the bare words that other headers hide

#include "ui/interventions/effects_plot.h"

#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/train/plot_axes.h"

#include <QMouseEvent>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <cmath>

namespace tt {
namespace {

constexpr int labelled = 3;
constexpr double reach = 14; // pixels from a mark that still mean it
constexpr std::array shapes{QCPScatterStyle::ssCircle, QCPScatterStyle::ssSquare, QCPScatterStyle::ssDiamond,
                            QCPScatterStyle::ssTriangle};

/// With as many decimals as tell it from its neighbours: "−1.5", "0.25", "2".
QString tickText(double value) {
    constexpr int most = 3;
    int decimals = 0;
    for (double scaled = value; decimals < most && std::abs(scaled - std::round(scaled)) > 1e-6; scaled *= 10)
        ++decimals;
    return figure(value, decimals);
}

} // namespace

EffectsPlot::EffectsPlot(QWidget *parent) : QWidget(parent), plot_(new QCustomPlot(this)) {
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(plot_);
    setMinimumSize(scaled(180), scaled(150));
    setAccessibleName(tr("Predicted and measured"));
    plot_->setFocusPolicy(Qt::NoFocus);
    plot_->setMouseTracking(true);
    plot_->installEventFilter(this);
    plot_->xAxis->setLabel(tr("predicted"));
    plot_->yAxis->setLabel(tr("measured"));
    plot_->xAxis->grid()->setVisible(false);
    for (QCPAxis *axis : {plot_->xAxis, plot_->yAxis}) {
        axis->setTicker(QSharedPointer<ValueTicker>::create(false, tickText));
        axis->ticker()->setTickCount(5);
    }
    applyTheme();
    rebuild();
}

EffectsPlot::~EffectsPlot() = default;

double EffectsPlot::foretold(const FeatureEffect &effect) const {
    return foretold_ == Foretold::Total ? effect.total : effect.direct;
}

void EffectsPlot::setEffects(const std::vector<FeatureEffect> &effects, const QStringList &names, int layers) {
    effects_ = effects;
    names_ = names;
    layers_ = layers;
    selected_ = -1;
    rebuild();
}

void EffectsPlot::setForetold(Foretold foretold) {
    foretold_ = foretold;
    rebuild();
}

void EffectsPlot::select(int effect) {
    if (effect == selected_)
        return;
    selected_ = effect;
    rebuild();
}

QPointF EffectsPlot::positionOf(int effect) const {
    const FeatureEffect &at = effects_[static_cast<size_t>(effect)];
    return {plot_->xAxis->coordToPixel(foretold(at)), plot_->yAxis->coordToPixel(at.measured)};
}

/// The nearest mark within reach; of equals the stronger.
int EffectsPlot::effectAt(const QPointF &point) const {
    int best = -1;
    double nearest = scaled(reach);
    for (int effect = 0; effect < static_cast<int>(effects_.size()); ++effect) {
        const QPointF away = positionOf(effect) - point;
        const double distance = std::hypot(away.x(), away.y());
        if (distance < nearest) {
            nearest = distance;
            best = effect;
        }
    }
    return best;
}

void EffectsPlot::rebuild() {
    plot_->clearGraphs();
    plot_->clearItems();
    auto *diagonal = new QCPItemStraightLine(plot_);
    diagonal->point1->setCoords(0, 0);
    diagonal->point2->setCoords(1, 1);
    diagonal->setPen(QPen(theme().fieldBorder, 1, Qt::DashLine));
    for (int layer = 0; layer < layers_; ++layer) {
        QCPGraph *graph = plot_->addGraph();
        const QColor colour = theme().curves[static_cast<size_t>(layer) % theme().curves.size()];
        QColor fill = colour;
        fill.setAlpha(128);
        graph->setLineStyle(QCPGraph::lsNone);
        graph->setScatterStyle(
            QCPScatterStyle(shapes[static_cast<size_t>(layer) % shapes.size()], colour, fill, scaled(7)));
        QVector<double> x, y;
        for (const FeatureEffect &effect : effects_)
            if (effect.layer == layer) {
                x << foretold(effect);
                y << effect.measured;
            }
        graph->setData(x, y);
    }
    const int count = static_cast<int>(effects_.size());
    const auto mark = [&](int effect, bool chosen) {
        auto *text = new QCPItemText(plot_);
        const FeatureEffect &at = effects_[static_cast<size_t>(effect)];
        const bool right = foretold(at) < (plot_->xAxis->range().lower + plot_->xAxis->range().upper) / 2;
        text->setPositionAlignment((right ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
        text->setPadding(QMargins(scaled(10), 0, scaled(10), 0));
        text->position->setCoords(foretold(at), at.measured);
        text->setText(names_.value(effect));
        text->setFont(tt::font(TextRole::MonoSmall));
        text->setColor(chosen ? theme().ink : theme().secondaryInk);
        text->setClipToAxisRect(false);
    };
    fitAxes();
    std::vector<QPointF> places; // of what is labelled: two labels do not cover each other
    if (selected_ >= 0 && selected_ < count)
        places.push_back(positionOf(selected_));
    for (int effect = 0; effect < count && effect < 3 * labelled && static_cast<int>(places.size()) < labelled;
         ++effect) {
        const QPointF here = positionOf(effect);
        const bool room = std::none_of(places.begin(), places.end(), [&](const QPointF &other) {
            return std::abs(other.y() - here.y()) < scaled(16);
        });
        if (effect == selected_ || !room)
            continue;
        places.push_back(here);
        mark(effect, false);
    }
    if (selected_ >= 0 && selected_ < count) {
        const FeatureEffect &at = effects_[static_cast<size_t>(selected_)];
        QCPGraph *ring = plot_->addGraph();
        ring->setLineStyle(QCPGraph::lsNone);
        ring->setScatterStyle(
            QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(theme().ink, 2), Qt::NoBrush, scaled(16)));
        ring->setData({foretold(at)}, {at.measured});
        mark(selected_, true);
    }
    setAccessibleDescription(count == 0 ? tr("Nothing measured yet.")
                                        : tr("%1 features; the strongest, %2, predicted %3, measured %4")
                                              .arg(count)
                                              .arg(names_.value(0), signedFigure(foretold(effects_.front())),
                                                   signedFigure(effects_.front().measured)));
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

/// Both axes have the same unit.
void EffectsPlot::fitAxes() {
    double lower = 0, upper = 0;
    for (const FeatureEffect &effect : effects_) {
        lower = std::min({lower, foretold(effect), effect.measured});
        upper = std::max({upper, foretold(effect), effect.measured});
    }
    const double margin = std::max(0.08 * (upper - lower), 1e-3);
    for (QCPAxis *axis : {plot_->xAxis, plot_->yAxis})
        axis->setRange(lower - margin, upper + margin);
}

void EffectsPlot::applyTheme() {
    const Theme &colours = theme();
    plot_->setBackground(colours.panel);
    for (QCPAxis *axis : {plot_->xAxis, plot_->yAxis}) {
        axis->setBasePen(QPen(colours.fieldBorder, 1));
        axis->setTickPen(QPen(colours.fieldBorder, 1));
        axis->setSubTickPen(Qt::NoPen);
        axis->setTickLabelFont(tt::font(TextRole::MonoSmall));
        axis->setTickLabelColor(colours.secondaryInk);
        axis->setLabelFont(tt::font(TextRole::Small));
        axis->setLabelColor(colours.secondaryInk);
        axis->grid()->setPen(QPen(colours.chartGrid, 1));
        axis->grid()->setZeroLinePen(QPen(colours.chartGrid, 1));
    }
}

bool EffectsPlot::eventFilter(QObject *watched, QEvent *event) {
    if (watched == plot_ && event->type() == QEvent::MouseButtonPress) {
        const int effect = effectAt(static_cast<QMouseEvent *>(event)->position());
        if (effect >= 0)
            Q_EMIT effectClicked(effect);
    }
    if (watched == plot_ && event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        if (const int effect = effectAt(help->pos()); effect >= 0) {
            const FeatureEffect &at = effects_[static_cast<size_t>(effect)];
            QToolTip::showText(
                help->globalPos(),
                plainToolTip(
                    tr("%1 (%2 at %3)\npredicted %4, measured %5\nClick for the table and the prompt's colours")
                        .arg(names_.value(effect), featureName(at.layer, at.feature))
                        .arg(at.position)
                        .arg(signedFigure(foretold(at)), signedFigure(at.measured))),
                plot_);
        }
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

void EffectsPlot::changeEvent(QEvent *event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
        applyTheme();
        rebuild();
    }
}

void EffectsPlot::resizeEvent(QResizeEvent *event) {
    QWidget::resizeEvent(event);
    rebuild();
}

} // namespace tt
