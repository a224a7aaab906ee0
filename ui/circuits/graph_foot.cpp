#include "ui/circuits/graph_foot.h"

#include "ui/figures/words.h"
#include "ui/icons/icons.h"
#include "ui/widgets/roles.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>

#include <algorithm>
#include <cmath>

namespace tt {

namespace {

constexpr int sliderSteps = 100;
constexpr double zoomStep = 1.25;

} // namespace

GraphFoot::GraphFoot(QWidget *parent) : QWidget(parent) {
    setGround(this, &Theme::alternate);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(scaled(16), scaled(6), scaled(16), scaled(6));
    layout->setSpacing(scaled(8));
    nodes_ = addSlider(tr("Node threshold"), tr("Share of all influence that the shown nodes carry\n1.00 shows all"),
                       announced_.nodeThreshold, nodesShown_);
    layout->addSpacing(scaled(16));
    edges_ = addSlider(tr("Edge threshold"), tr("Share of all influence that the shown edges carry\n1.00 shows all"),
                       announced_.edgeThreshold, edgesShown_);
    layout->addStretch(1);
    const auto zoomButton = [&](const QString &picture, const QString &name, const QString &key) {
        auto *made = new QToolButton(this);
        made->setIcon(icon(picture));
        made->setAutoRaise(true);
        made->setAccessibleName(name);
        made->setToolTip(name + u'\n' + key);
        layout->addWidget(made);
        return made;
    };
    connect(zoomButton(QStringLiteral("minus"), tr("Zoom out"), tr("− in the graph, Ctrl+wheel")),
            &QToolButton::clicked, this, [this] { Q_EMIT zoomRequested(1 / zoomStep); });
    zoom_ = new QLabel(this);
    setTextRole(zoom_, TextRole::Mono);
    zoom_->setAlignment(Qt::AlignCenter);
    zoom_->setMinimumWidth(QFontMetrics(zoom_->font()).horizontalAdvance(QStringLiteral("100 %")));
    layout->addWidget(zoom_);
    connect(zoomButton(QStringLiteral("plus"), tr("Zoom in"), tr("+ in the graph, Ctrl+wheel")), &QToolButton::clicked,
            this, [this] { Q_EMIT zoomRequested(zoomStep); });
    connect(zoomButton(QStringLiteral("fit"), tr("Fit"), tr("F in the graph")), &QToolButton::clicked, this,
            &GraphFoot::fitRequested);
    setZoom(1);
}

QSlider *GraphFoot::addSlider(const QString &name, const QString &toolTip, double value, QLabel *&shown) {
    auto *layout = static_cast<QHBoxLayout *>(this->layout());
    auto *label = new QLabel(name, this);
    setInk(label, Ink::Secondary);
    auto *slider = new QSlider(Qt::Horizontal, this);
    slider->setAccessibleName(name);
    slider->setToolTip(toolTip);
    slider->setRange(0, sliderSteps);
    slider->setPageStep(sliderSteps / 10);
    slider->setValue(static_cast<int>(std::lround(value * sliderSteps)));
    slider->setMinimumWidth(scaled(72));
    slider->setMaximumWidth(scaled(200));
    label->setBuddy(slider);
    shown = new QLabel(figure(value), this);
    setTextRole(shown, TextRole::Mono);
    layout->addWidget(label);
    layout->addWidget(slider, 2);
    layout->addWidget(shown);
    connect(slider, &QSlider::valueChanged, this, &GraphFoot::sliderMoved);
    return slider;
}

PruneSettings GraphFoot::settings() const {
    return {.nodeThreshold = nodes_->value() / static_cast<double>(sliderSteps),
            .edgeThreshold = edges_->value() / static_cast<double>(sliderSteps)};
}

void GraphFoot::sliderMoved() {
    nodesShown_->setText(figure(settings().nodeThreshold));
    edgesShown_->setText(figure(settings().edgeThreshold));
    if (settings() == announced_)
        return;
    announced_ = settings();
    Q_EMIT settingsChanged(announced_);
}

void GraphFoot::setSettings(const PruneSettings &settings) {
    announced_ = settings;
    const QSignalBlocker nodes(nodes_), edges(edges_);
    nodes_->setValue(static_cast<int>(std::lround(settings.nodeThreshold * sliderSteps)));
    edges_->setValue(static_cast<int>(std::lround(settings.edgeThreshold * sliderSteps)));
    nodesShown_->setText(figure(settings.nodeThreshold));
    edgesShown_->setText(figure(settings.edgeThreshold));
}

void GraphFoot::setZoom(double zoom) {
    zoom_->setText(percent(zoom));
}

} // namespace tt
