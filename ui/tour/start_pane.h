#pragma once

#include "core/circuits/saved_graph.h"

#include <QWidget>

#include <vector>

class QLabel;
class QTreeWidget;

namespace tt {

class GraphView;

/// What stands beside the features of the demonstration until one of them is chosen: what the model is, its traced
/// prompts, and where to go on with a model of one's own.
class StartPane : public QWidget {
    Q_OBJECT
public:
    explicit StartPane(QWidget *parent = nullptr);

    /// `parameters` of the GPT, `features` of its transcoder.
    void setModel(int64_t parameters, int64_t features);
    void setGraphs(const std::vector<SavedGraphSummary> &graphs);
    /// Whose picture is shown small; it lives longer.
    void setView(const GraphView *view);

Q_SIGNALS:
    void openCircuitsRequested();
    void graphRequested(const QString &name);
    void trainRequested();
    void importRequested();
    void workspaceRequested();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QLabel *text_;
    QWidget *picture_;
    QTreeWidget *graphs_;
};

} // namespace tt
