#pragma once

#include "ui/circuits/graph_requests.h"

#include <QWidget>

#include <map>
#include <string>
#include <utility>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace tt {

class NodeList;

/// What the nodes of a graph are called and where they are, by their ids.
using GraphNames = std::map<std::string, std::pair<QString, QString>>;

/// The tab Compare of Circuits: what the second graph is, and the edges of both by how much they differ.
class GraphComparePanel : public QWidget {
    Q_OBJECT
public:
    explicit GraphComparePanel(QWidget *parent = nullptr);
    void setTranscoders(const QStringList &names);
    void setGraph(const AttributionGraph &graph); ///< the first; fills the form
    void setCompared(const ComparedGraph &compared);
    void clear(); ///< the first graph is another one

Q_SIGNALS:
    void compareRequested(const tt::CompareRequest &request);
    void edgeChosen(const tt::AlignedEdge &edge);

private:
    void fill(const QString &transcoder);
    [[nodiscard]] bool isOther() const; ///< the form names another graph than the first
    void ask();
    QComboBox *transcoder_;
    QLineEdit *prompt_;
    QPushButton *compare_;
    QLabel *summary_;
    NodeList *edges_;
    std::vector<AlignedEdge> shown_;
    QString first_, firstPrompt_; ///< of the first graph
    GraphNames names_;            ///< of its nodes
};

} // namespace tt
