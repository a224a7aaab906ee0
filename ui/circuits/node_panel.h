#pragma once

#include "ui/circuits/graph_index.h"

#include <QStackedWidget>

class QLabel;

namespace tt {

class FactsRow;
class NodeGlyph;
class NodeList;

/// The right side of Circuits: the selected node with its inputs, their sum against its pre-activation, its outputs;
/// or, with nothing selected, what was traced and its strongest nodes.
class NodePanel : public QStackedWidget {
    Q_OBJECT
public:
    explicit NodePanel(QWidget *parent = nullptr);
    /// `graph` and `index` must live until the next call.
    void setGraph(const AttributionGraph &graph, const GraphIndex &index);
    void showNode(std::optional<int> node);

    /// What the shown edges, the pruned ones and the bias add up to, against the node's pre-activation.
    struct Sum {
        double sum = 0;
        bool exact = false; ///< to 1e-4 of Σ|edges| + |pruned| + |bias|, which is what single precision leaves
    };
    static Sum sumOfInputs(const AttributionGraph &graph, const GraphIndex &index, int node);

Q_SIGNALS:
    void nodeChosen(int node);

private:
    QWidget *makeOverview();
    QWidget *makeNodePage();
    void showOverview();
    void showSum(int node);

    const AttributionGraph *graph_ = nullptr;
    const GraphIndex *index_ = nullptr;
    QLabel *prompt_;
    FactsRow *made_;
    NodeList *strongest_;

    NodeGlyph *glyph_;
    QLabel *name_, *place_;
    FactsRow *facts_;
    NodeList *inputs_, *outputs_;
    QLabel *noInputs_;
    QWidget *sumLine_;
    FactsRow *sumParts_, *sum_;
    QLabel *verdict_;
};

} // namespace tt
