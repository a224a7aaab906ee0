#pragma once

#include "core/circuits/graph.h"

#include <QWidget>

#include <vector>

class QAbstractButton;

namespace tt {

class ElidedText;

/// The row above the graph: what each shape means (a click hides the kind), what the edges' colours mean, how much of
/// the graph is shown.
class GraphKey : public QWidget {
    Q_OBJECT
public:
    explicit GraphKey(QWidget *parent = nullptr);
    void setGraph(const AttributionGraph &graph);

Q_SIGNALS:
    void kindToggled(tt::NodeKind kind, bool visible);

private:
    std::vector<QAbstractButton *> kinds_;
    ElidedText *counts_;
};

} // namespace tt
