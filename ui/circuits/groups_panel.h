#pragma once

#include "core/circuits/annotations.h"

#include <QWidget>

#include <vector>

class QLabel;
class QPushButton;

namespace tt {

class FactsRow;
class NodeList;

/// The tab Groups of Circuits: supernodes, proposals for more, and the scores of what is pinned and grouped.
class GroupsPanel : public QWidget {
    Q_OBJECT
public:
    explicit GroupsPanel(QWidget *parent = nullptr);
    /// `graph` must live until the next call.
    void setGraph(const AttributionGraph &graph, const GraphAnnotations &annotations);
    void setProposals(const std::vector<Supernode> &proposals);

Q_SIGNALS:
    void proposalsRequested();
    void nodeChosen(int node);
    void membersPointed(const std::vector<int> &nodes); ///< of a proposal, to be lit
    void proposalAccepted(const tt::Supernode &proposal);
    void ungroupRequested(int supernode);
    void showHiddenRequested();

private:
    void showGroups(const GraphAnnotations &annotations);
    [[nodiscard]] std::vector<int> membersOf(const Supernode &group) const;
    const AttributionGraph *graph_ = nullptr;
    std::vector<Supernode> proposals_;
    QLabel *noScores_, *hidden_;
    FactsRow *scores_;
    NodeList *groups_, *proposed_;
    QPushButton *ungroup_, *propose_, *accept_, *showHidden_;
};

} // namespace tt
