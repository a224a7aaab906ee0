#pragma once

#include "ui/circuits/graph_requests.h"

#include <QWidget>

#include <vector>

class QComboBox;
class QLabel;

namespace tt {

class ElidedLabel;
class NodeList;

/// The tab Paths of Circuits: greedy paths from the target, or a chosen node, back to what causes it, strongest first.
class PathsPanel : public QWidget {
    Q_OBJECT
public:
    explicit PathsPanel(QWidget *parent = nullptr);
    /// Another trace: its paths are asked for when the tab is seen. `traced` must live until the next call.
    void setGraph(const TracedGraph &traced);
    /// Paths to this node instead of the graph's targets; asks for them.
    void setTarget(const GraphNode &node);
    void setPaths(const std::vector<GreedyPath> &paths);
    /// "␣time ← ␣time 1/1184 at 2 ← L1H3 from 1 ← ␣upon at 1".
    static QString pathText(const AttributionGraph &graph, const GreedyPath &path);

Q_SIGNALS:
    void pathsRequested(const tt::PathsRequest &request);
    /// Nodes of the graph on a path, from the target down; what is not shown is left out.
    void pathChosen(const std::vector<int> &nodes);

protected:
    void showEvent(QShowEvent *event) override;

private:
    void ask();
    void showTarget(); ///< in the heading
    const AttributionGraph *graph_ = nullptr;
    std::string trace_; ///< which trace the paths belong to
    std::vector<Node> targets_;
    std::vector<GreedyPath> paths_;
    bool wanted_ = false;
    ElidedLabel *title_;
    QLabel *none_, *chosen_; ///< chosen_: the whole of the chosen path
    QComboBox *depth_, *branches_;
    NodeList *list_;
};

} // namespace tt
