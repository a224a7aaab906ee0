#include "ui/circuits/circuits_place.h"

#include "core/circuits/graph_export.h"
#include "ui/circuits/graph_view.h"
#include "ui/circuits/groups_panel.h"
#include "ui/circuits/node_panel.h"
#include "ui/circuits/node_shape.h"
#include "ui/circuits/paths_panel.h"
#include "ui/circuits/trace_bar.h"
#include "ui/figures/words.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QInputDialog>
#include <QRegularExpression>
#include <QTabWidget>

#include <algorithm>

// What is done with the selected nodes of the graph.
namespace tt {

namespace {
/// Asks for one line without stopping the window.
QInputDialog *askForText(QWidget *parent, const QString &title, const QString &label, const QString &text) {
    auto *dialog = new QInputDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(title);
    dialog->setLabelText(label);
    dialog->setTextValue(text);
    dialog->open();
    return dialog;
}
} // namespace

GraphAnnotator::Nodes CircuitsPlace::selectedNodes() const {
    GraphAnnotator::Nodes nodes;
    for (const int node : view_->selection())
        nodes.push_back(view_->graph().nodes[static_cast<size_t>(node)]);
    return nodes;
}

void CircuitsPlace::execute(GraphCommand command) {
    const GraphAnnotator::Nodes nodes = selectedNodes();
    switch (command) {
    case GraphCommand::ShowHidden:
        return annotator_.showHidden();
    case GraphCommand::LayOut:
        return Q_EMIT arrangementChanged(settings().prune, true);
    case GraphCommand::Export:
        return exportGraph();
    case GraphCommand::CopyImage:
        return QApplication::clipboard()->setPixmap(view_->grab());
    case GraphCommand::SplitEdge:
        if (view_->selectedEdge()) {
            panel_->showEdge(*view_->selectedEdge());
            tabs_->setCurrentWidget(panel_);
        }
        return;
    case GraphCommand::CopyWeight:
        if (view_->selectedEdge())
            QApplication::clipboard()->setText(
                QString::number(view_->graph().edges[static_cast<size_t>(*view_->selectedEdge())].weight, 'g', 17));
        return;
    case GraphCommand::Group:
        return askForGroup(nodes);
    case GraphCommand::Ungroup:
        return annotator_.ungroup(nodes);
    case GraphCommand::Hide:
        return annotator_.hide(nodes);
    case GraphCommand::Rename:
        return askForName();
    case GraphCommand::Pin: {
        GraphAnnotator::Nodes features = nodes;
        std::erase_if(features, [](const GraphNode &node) { return node.node.kind != NodeKind::Feature; });
        return annotator_.togglePins(features);
    }
    default:
        if (!nodes.empty())
            executeOnNode(command, nodes.front());
    }
}

void CircuitsPlace::executeOnNode(GraphCommand command, const GraphNode &node) {
    const bool feature = node.node.kind == NodeKind::Feature, single = node.members.empty();
    if (command == GraphCommand::OpenCard && feature && single)
        Q_EMIT nodeActivated(node.node.layer, node.node.id, node.node.position);
    else if (command == GraphCommand::MakeTarget && feature && single)
        traceFeature(node.node.layer, node.node.position, node.node.id);
    else if (command == GraphCommand::Intervene && feature)
        Q_EMIT interveneRequested(single ? std::vector<Node>{node.node} : node.members);
    else if (command == GraphCommand::FindPaths && (feature || node.node.kind == NodeKind::Logit)) {
        paths_->setTarget(node);
        tabs_->setCurrentWidget(paths_);
    } else if (command == GraphCommand::CopyText) {
        QString text = (nodeName(node) + u' ' + nodePlace(node)).trimmed();
        if (feature)
            text += tr(", activation %1, influence %2").arg(figure(node.node.activation, 4), percent(node.influence));
        QApplication::clipboard()->setText(text);
    }
}

QString CircuitsPlace::defaultGroupName(const GraphAnnotator::Nodes &nodes) const {
    const auto strongest = std::max_element(
        nodes.begin(), nodes.end(), [](const GraphNode &a, const GraphNode &b) { return a.influence < b.influence; });
    return strongest == nodes.end() ? QString() : nodeName(*strongest);
}

/// Asks for the name of a new group without stopping the window.
void CircuitsPlace::askForGroup(const GraphAnnotator::Nodes &nodes) {
    GraphAnnotator::Nodes features = nodes;
    std::erase_if(features, [](const GraphNode &node) { return node.node.kind != NodeKind::Feature; });
    if (features.size() < 2) {
        Q_EMIT said(tr("A group needs two features: select more with Ctrl, or drag one onto another"));
        return;
    }
    const QInputDialog *dialog = askForText(this, tr("Group"), tr("Name of the group of %1 nodes").arg(features.size()),
                                            defaultGroupName(features));
    connect(dialog, &QInputDialog::textValueSelected, this, [this, features](const QString &name) {
        annotator_.group(features, name.trimmed().isEmpty() ? defaultGroupName(features) : name.trimmed());
    });
}

void CircuitsPlace::askForName() {
    const GraphAnnotator::Nodes nodes = selectedNodes();
    if (nodes.empty() || nodes.front().node.kind != NodeKind::Feature)
        return;
    const QInputDialog *dialog = askForText(
        this, tr("Rename"), tr("Name in this graph; nothing brings its own name back"), nodeName(nodes.front()));
    connect(dialog, &QInputDialog::textValueSelected, this,
            [this, node = nodes.front()](const QString &name) { annotator_.rename(node, name); });
}

void CircuitsPlace::askForTarget() {
    const QInputDialog *dialog =
        askForText(this, tr("Target"),
                   tr("A token with its space (“ time”), two tokens for their difference (“ time | little”),\n"
                      "or a feature as feature:layer/position/index"),
                   QString());
    connect(dialog, &QInputDialog::textValueSelected, this, &CircuitsPlace::targetTyped);
}

void CircuitsPlace::askForSaving() {
    QString name = QString::fromStdString(view_->graph().prompt).toLower();
    name.replace(QRegularExpression(QStringLiteral("[^a-z0-9]+")), QStringLiteral("-"));
    name = name.left(40).remove(QRegularExpression(QStringLiteral("^-|-$")));
    const QInputDialog *dialog = askForText(this, tr("Save graph"), tr("Name; a graph of the same name is replaced"),
                                            name.isEmpty() ? QStringLiteral("graph") : name);
    connect(dialog, &QInputDialog::textValueSelected, this, &CircuitsPlace::saveRequested);
}

void CircuitsPlace::selectVerified(const Node &source, const Node &target) {
    const AttributionGraph &graph = view_->graph();
    for (size_t n = 0; n < graph.nodes.size(); ++n)
        if (nodeId(graph.nodes[n].node) == nodeId(target)) {
            view_->showNode(static_cast<int>(n));
            return;
        }
    Q_EMIT said(tr("%1 → %2 is not shown under these thresholds")
                    .arg(QString::fromStdString(nodeId(source)), QString::fromStdString(nodeId(target))));
}

void CircuitsPlace::exportGraph() {
    if (!hasGraph_)
        return;
    const QStringList filters{tr("SVG picture (*.svg)"),
                              tr("PDF (*.pdf)"),
                              tr("PNG picture, 2× (*.png)"),
                              tr("PNG picture, 1× (*.png)"),
                              tr("PNG picture, 4× (*.png)"),
                              tr("Graphviz source (*.dot)"),
                              tr("Edges as CSV (*.csv)"),
                              tr("Graph as JSON (*.json)"),
                              tr("Graph to open again (*.ttgraph)")};
    QString filter = filters.front();
    QString file = QFileDialog::getSaveFileName(this, tr("Export the graph"), QStringLiteral("graph.svg"),
                                                filters.join(QStringLiteral(";;")), &filter);
    if (file.isEmpty())
        return;
    if (QFileInfo(file).suffix().isEmpty())
        file += filter.section(u'*', 1).chopped(1);
    const double scale = filter.contains(QStringLiteral("1×")) ? 1 : filter.contains(QStringLiteral("4×")) ? 4 : 2;
    Q_EMIT exportRequested({.file = file, .hiddenKinds = view_->hiddenKinds(), .scale = scale});
}

} // namespace tt
