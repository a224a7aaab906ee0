#include "ui/circuits/graph_view.h"

#include "ui/circuits/node_shape.h"
#include "ui/figures/words.h"
#include "ui/theme.h"

#include <QApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <QToolTip>
#include <QWheelEvent>

#include <cmath>

// What mouse, wheel and keyboard do in the attribution graph, and its tooltips.
namespace tt {

namespace {

constexpr double zoomStep = 1.25;

} // namespace

std::optional<int> GraphView::nodeAt(QPoint viewportPoint) const {
    // Nodes lie above edges: the first node wins even where an edge passes over the same place.
    for (const QGraphicsItem *item : items(viewportPoint))
        if (item->type() == NodeItem::Type)
            return static_cast<const NodeItem *>(item)->index();
    return std::nullopt;
}

void GraphView::mousePressEvent(QMouseEvent *event) {
    if (event->button() != Qt::LeftButton && event->button() != Qt::MiddleButton)
        return;
    press_ = lastDrag_ = event->pos();
    event->accept();
}

void GraphView::mouseMoveEvent(QMouseEvent *event) {
    if (!press_) {
        viewport()->setCursor(nodeAt(event->pos()) ? Qt::PointingHandCursor : Qt::ArrowCursor);
        return;
    }
    if ((event->pos() - *press_).manhattanLength() < QApplication::startDragDistance() && *lastDrag_ == *press_)
        return;
    viewport()->setCursor(Qt::ClosedHandCursor);
    const QPoint moved = event->pos() - *lastDrag_;
    lastDrag_ = event->pos();
    startMoving();
    fitted_ = false;
    horizontalScrollBar()->setValue(horizontalScrollBar()->value() - moved.x());
    verticalScrollBar()->setValue(verticalScrollBar()->value() - moved.y());
}

void GraphView::mouseReleaseEvent(QMouseEvent *event) {
    const bool clicked = press_ && *lastDrag_ == *press_ && event->button() == Qt::LeftButton;
    press_.reset();
    lastDrag_.reset();
    viewport()->setCursor(Qt::ArrowCursor);
    if (!clicked)
        return;
    const std::optional<int> node = nodeAt(event->pos());
    if (node || items(event->pos()).isEmpty())
        selectNode(node);
}

void GraphView::mouseDoubleClickEvent(QMouseEvent *event) {
    if (const auto node = nodeAt(event->pos()))
        Q_EMIT nodeActivated(*node);
}

void GraphView::wheelEvent(QWheelEvent *event) {
    if (event->modifiers() & Qt::ControlModifier) {
        zoomBy(std::pow(zoomStep, event->angleDelta().y() / 120.0));
        event->accept();
        return;
    }
    startMoving();
    fitted_ = false;
    QGraphicsView::wheelEvent(event);
}

void GraphView::scrollContentsBy(int dx, int dy) {
    QGraphicsView::scrollContentsBy(dx, dy);
    viewport()->update(); // the names of the ranks stay at the left edge
}

void GraphView::resizeEvent(QResizeEvent *event) {
    QGraphicsView::resizeEvent(event);
    if (fitted_)
        fit();
    else
        updateRoom();
}

void GraphView::showEvent(QShowEvent *event) {
    QGraphicsView::showEvent(event);
    if (fitted_)
        fit();
}

void GraphView::showNode(int node) {
    selectNode(node);
    ensureVisible(nodeItem(node), scaled(40), scaled(40));
}

void GraphView::walkAlong(std::span<const int> edges, bool toSource) {
    for (const int edge : edges) {
        const GraphEdge &ends = traced_.graph.edges[static_cast<size_t>(edge)];
        const int node = toSource ? ends.source : ends.target;
        if (nodeItem(node)->isVisible())
            return showNode(node);
    }
}

void GraphView::walkInRank(int step) {
    auto node = index_.neighbour(*selected_, step);
    while (node && !nodeItem(*node)->isVisible())
        node = index_.neighbour(*node, step);
    if (node)
        showNode(*node);
}

void GraphView::keyPressEvent(QKeyEvent *event) {
    if (nodes_.empty())
        return event->ignore();
    const bool arrow = event->key() >= Qt::Key_Left && event->key() <= Qt::Key_Down;
    if (arrow && !selected_)
        return showNode(index_.byInfluence().front());
    const bool control = event->modifiers() & Qt::ControlModifier;
    switch (event->key()) {
    case Qt::Key_Up:
        return walkAlong(index_.outputs(*selected_), false);
    case Qt::Key_Down:
        return walkAlong(index_.inputs(*selected_), true);
    case Qt::Key_Left:
        return walkInRank(-1);
    case Qt::Key_Right:
        return walkInRank(1);
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        return zoomBy(zoomStep);
    case Qt::Key_Minus:
        return zoomBy(1 / zoomStep);
    case Qt::Key_0:
        return control ? zoomBy(1 / zoom()) : event->ignore();
    case Qt::Key_F:
        return control ? event->ignore() : fit();
    case Qt::Key_Escape:
        return selected_ ? selectNode(std::nullopt) : event->ignore();
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (selected_ && !control)
            return Q_EMIT nodeActivated(*selected_);
        return event->ignore();
    default:
        event->ignore();
    }
}

bool GraphView::focusNextPrevChild(bool next) {
    if (!selected_)
        return QGraphicsView::focusNextPrevChild(next);
    const auto nodes = index_.byInfluence();
    const int step = next ? 1 : -1;
    for (int place = index_.influencePlace(*selected_) - 1 + step; place >= 0 && place < std::ssize(nodes);
         place += step)
        if (const int node = nodes[static_cast<size_t>(place)]; nodeItem(node)->isVisible()) {
            showNode(node);
            return true;
        }
    return QGraphicsView::focusNextPrevChild(next);
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
    for (const QGraphicsItem *item : items(viewportPoint))
        if (item->type() == EdgeItem::Type)
            return edgeToolTip(static_cast<const EdgeItem *>(item)->index());
    return {};
}

QString GraphView::nodeToolTip(int node) const {
    const GraphNode &at = traced_.graph.nodes[static_cast<size_t>(node)];
    const QString place = nodePlace(at.node);
    QString text =
        nodeName(at) + (at.node.kind == NodeKind::Feature ? QStringLiteral(" (%1)").arg(place) : u' ' + place);
    if (at.node.kind == NodeKind::Error)
        text += u'\n' + tr("%1 of the MLP's output here is error").arg(percent(at.node.activation));
    text += u'\n';
    if (at.node.kind == NodeKind::Feature)
        text += tr("activation %1, ").arg(figure(at.node.activation));
    text += tr("influence %1").arg(percent(at.influence));
    if (at.node.kind == NodeKind::Feature)
        text += u'\n' + tr("Return opens it in Features");
    return text;
}

QString GraphView::edgeToolTip(int edge) const {
    const GraphEdge &at = traced_.graph.edges[static_cast<size_t>(edge)];
    const auto name = [this](int node) {
        const GraphNode &end = traced_.graph.nodes[static_cast<size_t>(node)];
        return (nodeName(end) + u' ' + nodePlace(end.node)).trimmed();
    };
    const QString share = percent(std::abs(at.weight) / index_.absoluteInput(at.target));
    return name(at.source) + QStringLiteral(" → ") + name(at.target) + u'\n' +
           (at.weight < 0 ? tr("lowers it by %1, %2 of all its inputs") : tr("raises it by %1, %2 of all its inputs"))
               .arg(figure(std::abs(at.weight), 4), share);
}

} // namespace tt
