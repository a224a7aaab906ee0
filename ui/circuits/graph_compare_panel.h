#pragma once

#include "ui/circuits/graph_requests.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace tt {

class NodeList;

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
    QComboBox *transcoder_;
    QLineEdit *prompt_;
    QPushButton *compare_;
    QLabel *summary_;
    NodeList *edges_;
    std::vector<AlignedEdge> shown_;
    QString first_; ///< the transcoder of the first graph
};

} // namespace tt
