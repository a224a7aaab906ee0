#include "ui/circuits/graph_view.h"

#include "ui/circuits/node_shape.h"
#include "ui/figures/words.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QMenu>
#include <QToolTip>

// The menus and tooltips of the attribution graph.
namespace tt {

QAction *GraphView::add(QMenu &menu, const QString &text, const QString &key, GraphCommand command) {
    return menu.addAction(key.isEmpty() ? text : text + u'\t' + key, this,
                          [this, command] { Q_EMIT commandGiven(command); });
}

void GraphView::addNodeActions(QMenu &menu) {
    const GraphNode &node = traced_.graph.nodes[static_cast<size_t>(*selected_)];
    const bool feature = node.node.kind == NodeKind::Feature, group = !node.members.empty();
    if (feature && !group) {
        add(menu, tr("Open card"), tr("Return"), GraphCommand::OpenCard);
        add(menu, tr("Make target"), tr("T"), GraphCommand::MakeTarget);
    }
    if (feature || node.node.kind == NodeKind::Logit)
        add(menu, tr("Paths to this node"), {}, GraphCommand::FindPaths);
    if (feature) {
        add(menu, tr("Intervene"), tr("I"), GraphCommand::Intervene);
        menu.addSeparator();
        add(menu, node.pinned ? tr("Unpin") : tr("Pin"), tr("P"), GraphCommand::Pin);
        add(menu, tr("Group…"), tr("G"), GraphCommand::Group)->setEnabled(selection().size() > 1);
        add(menu, tr("Ungroup"), tr("U"), GraphCommand::Ungroup)->setEnabled(group);
        add(menu, tr("Rename…"), tr("F2"), GraphCommand::Rename);
    }
    add(menu, tr("Hide"), tr("H"), GraphCommand::Hide);
    menu.addSeparator();
    add(menu, tr("Copy as text"), {}, GraphCommand::CopyText);
}

void GraphView::contextMenuEvent(QContextMenuEvent *event) {
    if (nodes_.empty())
        return;
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const bool byKey = event->reason() == QContextMenuEvent::Keyboard;
    const std::optional<int> node = byKey ? selected_ : nodeAt(event->pos());
    const std::optional<int> edge = byKey || node ? std::nullopt : edgeAt(event->pos());
    if (node) {
        const std::vector<int> chosen = selection();
        if (std::find(chosen.begin(), chosen.end(), *node) == chosen.end())
            selectNode(node);
        addNodeActions(*menu);
    } else if (edge) {
        edge_ = edge;
        updateHighlights();
        add(*menu, tr("Split by head"), {}, GraphCommand::SplitEdge);
        add(*menu, tr("Copy weight"), {}, GraphCommand::CopyWeight);
    } else {
        menu->addAction(tr("Fit\tF"), this, &GraphView::fit);
        add(*menu, tr("Show hidden"), tr("Shift+H"), GraphCommand::ShowHidden)
            ->setEnabled(!traced_.annotations.hidden.empty());
        add(*menu, tr("Lay out again"), {}, GraphCommand::LayOut)->setEnabled(!traced_.newLayout);
        menu->addSeparator();
        add(*menu, tr("Export…"), tr("Ctrl+E"), GraphCommand::Export);
        add(*menu, tr("Copy image"), {}, GraphCommand::CopyImage);
    }
    menu->popup(byKey && node ? viewport()->mapToGlobal(mapFromScene(nodeItem(*node)->pos())) : event->globalPos());
}

bool GraphView::viewportEvent(QEvent *event) {
    if (event->type() != QEvent::ToolTip)
        return QGraphicsView::viewportEvent(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    const QString text = toolTipAt(help->pos());
    if (text.isEmpty())
        QToolTip::hideText();
    else
        QToolTip::showText(help->globalPos(), plainToolTip(text), viewport());
    return true;
}

QString GraphView::toolTipAt(QPoint viewportPoint) const {
    if (const auto node = nodeAt(viewportPoint))
        return nodeToolTip(*node);
    if (const auto edge = edgeAt(viewportPoint))
        return edgeToolTip(*edge);
    return {};
}

QString GraphView::nodeToolTip(int node) const {
    const GraphNode &at = traced_.graph.nodes[static_cast<size_t>(node)];
    const QString place = nodePlace(at);
    QString text =
        nodeName(at) + (at.node.kind == NodeKind::Feature ? QStringLiteral(" (%1)").arg(place) : u' ' + place);
    if (at.node.kind == NodeKind::Error)
        text += u'\n' + tr("%1 of the MLP's output here is error").arg(percent(at.node.activation));
    text += u'\n';
    if (at.node.kind == NodeKind::Feature)
        text += tr("activation %1, ").arg(figure(at.node.activation));
    text += tr("influence %1").arg(percent(at.influence));
    if (at.pinned)
        text += tr(", pinned");
    if (!at.members.empty())
        text += u'\n' + tr("A group: U takes it apart");
    else if (at.node.kind == NodeKind::Feature)
        text += u'\n' + tr("Return opens its card");
    return text;
}

QString GraphView::edgeToolTip(int edge) const {
    const GraphEdge &at = traced_.graph.edges[static_cast<size_t>(edge)];
    const auto name = [this](int node) {
        const GraphNode &end = traced_.graph.nodes[static_cast<size_t>(node)];
        return (nodeName(end) + u' ' + nodePlace(end)).trimmed();
    };
    const QString share = percent(std::abs(at.weight) / index_.absoluteInput(at.target));
    return name(at.source) + QStringLiteral(" → ") + name(at.target) + u'\n' +
           (at.weight < 0 ? tr("lowers it by %1, %2 of all its inputs") : tr("raises it by %1, %2 of all its inputs"))
               .arg(figure(std::abs(at.weight), 4), share);
}

} // namespace tt
