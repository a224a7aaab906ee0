#pragma once

#include "core/circuits/graph.h"

#include <QWidget>

class QLabel;
class QSlider;

namespace tt {

/// The row below the graph: the two thresholds and the zoom.
class GraphFoot : public QWidget {
    Q_OBJECT
public:
    explicit GraphFoot(QWidget *parent = nullptr);
    [[nodiscard]] PruneSettings settings() const;
    void setSettings(const PruneSettings &settings); ///< of a graph that was opened; says nothing
    void setZoom(double zoom);

Q_SIGNALS:
    /// At every step of a slider.
    void settingsChanged(const tt::PruneSettings &settings);
    void zoomRequested(double factor);
    void fitRequested();

private:
    QSlider *addSlider(const QString &name, const QString &toolTip, double value, QLabel *&shown);
    void sliderMoved();
    PruneSettings announced_;
    QSlider *nodes_, *edges_;
    QLabel *nodesShown_ = nullptr, *edgesShown_ = nullptr, *zoom_;
};

} // namespace tt
