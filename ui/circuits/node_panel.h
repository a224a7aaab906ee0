#pragma once

#include "core/features/prompt_features.h"
#include "ui/circuits/graph_command.h"
#include "ui/circuits/graph_index.h"
#include "ui/circuits/graph_requests.h"

#include <QStackedWidget>

#include <map>
#include <optional>
#include <utility>

class QLabel;
class QPushButton;

namespace tt {

class FactsRow;
class NodeGlyph;
class NodeList;

/// The tab Node of Circuits: the selected node with its inputs, their sum against its pre-activation, its outputs, and
/// the heads that carry them; or, with nothing selected, what was traced and its strongest nodes.
class NodePanel : public QStackedWidget {
    Q_OBJECT
public:
    explicit NodePanel(QWidget *parent = nullptr);
    /// `graph` and `index` must live until the next call.
    void setGraph(const AttributionGraph &graph, const GraphIndex &index);
    void showNode(std::optional<int> node);
    /// What is known of the prompt's features on the corpus.
    void setPromptFeatures(const PromptFeatures &features);
    /// Asks for the split of one edge of the graph.
    void showEdge(int edge);
    /// The answer to splitRequested(); another one's is left aside.
    void setSplit(const SplitRequest &request, const EdgeSplit &split);

    /// What the shown edges, the pruned ones and the bias add up to, against the node's pre-activation.
    struct Sum {
        double sum = 0;
        bool exact = false; ///< to 1e-4 of Σ|edges| + |pruned| + |bias|, which is what single precision leaves
    };
    static Sum sumOfInputs(const AttributionGraph &graph, const GraphIndex &index, int node);

Q_SIGNALS:
    void nodeChosen(int node);
    void commandGiven(tt::GraphCommand command); ///< for the node shown
    void splitRequested(const tt::SplitRequest &request);
    void patternRequested(const tt::PatternRequest &request);

private:
    QWidget *makeOverview();
    QWidget *makeNodePage();
    QWidget *makeActions(QWidget *parent);
    void showOverview();
    void showActions(const GraphNode &node);
    void showSum(int node);
    void askForInputs(int node);
    void askForEdge(int source, int target);
    void openListMenu(int node, bool input, QPoint globalPoint);
    void openHead(int row);

    const AttributionGraph *graph_ = nullptr;
    const GraphIndex *index_ = nullptr;
    QLabel *prompt_;
    FactsRow *made_;
    NodeList *strongest_;

    NodeGlyph *glyph_;
    QLabel *name_, *place_;
    FactsRow *facts_;
    QWidget *actions_;
    QPushButton *pin_, *group_, *rename_, *intervene_;
    NodeList *inputs_, *outputs_, *heads_;
    SplitRequest asked_; ///< what the heads stand for
    std::vector<HeadShare> shown_;
    std::optional<int> node_;
    struct OnCorpus {
        float maximum = 0, density = 0;
    };
    std::map<std::pair<int, int>, OnCorpus> onCorpus_; ///< by layer, feature
    QLabel *noInputs_;
    QWidget *sumLine_;
    FactsRow *sumParts_, *sum_;
    QLabel *verdict_;
};

} // namespace tt
