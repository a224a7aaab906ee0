#include "ui/circuits/graph_view.h"

#include "ui/circuits/mini_map.h"
#include "ui/theme.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <QWheelEvent>

#include <cmath>
#include <utility>

// What mouse, wheel and keyboard do in the attribution graph.
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

std::optional<int> GraphView::edgeAt(QPoint viewportPoint) const {
    for (const QGraphicsItem *item : items(viewportPoint))
        if (item->type() == EdgeItem::Type)
            return static_cast<const EdgeItem *>(item)->index();
    return std::nullopt;
}

void GraphView::mousePressEvent(QMouseEvent *event) {
    if (event->button() != Qt::LeftButton && event->button() != Qt::MiddleButton)
        return;
    press_ = lastDrag_ = event->pos();
    const auto node = event->button() == Qt::LeftButton ? nodeAt(event->pos()) : std::nullopt;
    if (node && traced_.graph.nodes[static_cast<size_t>(*node)].node.kind == NodeKind::Feature)
        dragged_ = node;
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
    if (dragged_) {
        dragNode(event->pos());
        return;
    }
    const QPoint moved = event->pos() - *lastDrag_;
    lastDrag_ = event->pos();
    startMoving();
    fitted_ = false;
    horizontalScrollBar()->setValue(horizontalScrollBar()->value() - moved.x());
    verticalScrollBar()->setValue(verticalScrollBar()->value() - moved.y());
}

/// The node follows the pointer; the feature below it offers itself.
void GraphView::dragNode(QPoint viewportPoint) {
    lastDrag_ = viewportPoint;
    NodeItem *dragged = nodes_[static_cast<size_t>(*dragged_)];
    dragged->setPos(mapToScene(viewportPoint));
    dragged->setZValue(3);
    std::optional<int> below;
    for (const QGraphicsItem *item : items(viewportPoint))
        if (const auto *node = static_cast<const NodeItem *>(item);
            item->type() == NodeItem::Type && node != dragged && !below &&
            traced_.graph.nodes[static_cast<size_t>(node->index())].node.kind == NodeKind::Feature)
            below = node->index();
    for (const std::optional<int> &target : {dropTarget_, below})
        if (target)
            nodes_[static_cast<size_t>(*target)]->setDropTarget(target == below);
    dropTarget_ = below;
}

/// Back to its place; onto another feature: a group.
void GraphView::dropNode() {
    const int dragged = *std::exchange(dragged_, std::nullopt);
    const auto n = static_cast<size_t>(dragged);
    nodes_[n]->setPos(traced_.layout.centres[n].x, traced_.layout.centres[n].y);
    nodes_[n]->setZValue(1);
    const std::optional<int> target = std::exchange(dropTarget_, std::nullopt);
    if (!target)
        return;
    nodes_[static_cast<size_t>(*target)]->setDropTarget(false);
    Q_EMIT groupDropped({*target, dragged});
}

void GraphView::mouseReleaseEvent(QMouseEvent *event) {
    const bool clicked = press_ && *lastDrag_ == *press_ && event->button() == Qt::LeftButton;
    press_.reset();
    lastDrag_.reset();
    viewport()->setCursor(Qt::ArrowCursor);
    if (!clicked) {
        if (dragged_)
            dropNode();
        return;
    }
    dragged_.reset();
    const std::optional<int> node = nodeAt(event->pos());
    if (node && event->modifiers() & (Qt::ControlModifier | Qt::ShiftModifier))
        return toggleSelected(*node);
    if (node || items(event->pos()).isEmpty())
        return selectNode(node);
    if (const std::optional<int> edge = edgeAt(event->pos())) {
        edge_ = edge;
        updateHighlights();
        viewport()->update();
        Q_EMIT edgeSelected(*edge);
    }
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
    map_->follow();
    viewport()->update(); // the names of the ranks stay at the left edge
}

void GraphView::resizeEvent(QResizeEvent *event) {
    QGraphicsView::resizeEvent(event);
    if (fitted_)
        fit();
    else
        updateRoom();
    map_->follow();
}

void GraphView::showEvent(QShowEvent *event) {
    QGraphicsView::showEvent(event);
    if (fitted_)
        fit();
}

QRect GraphView::nodeRect(int node) const {
    if (node < 0 || node >= std::ssize(nodes_))
        return {};
    const NodeItem *item = nodes_[static_cast<size_t>(node)];
    return mapFromScene(item->sceneBoundingRect()).boundingRect();
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
    if (giveKeyCommand(event->key(), event->modifiers()))
        return;
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
        return selected_ || edge_ || !path_.empty() ? selectNode(std::nullopt) : event->ignore();
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (selected_ && !control)
            return Q_EMIT nodeActivated(*selected_);
        return event->ignore();
    default:
        event->ignore();
    }
}

bool GraphView::giveKeyCommand(int key, Qt::KeyboardModifiers modifiers) {
    const bool shift = modifiers & Qt::ShiftModifier;
    if (modifiers & (Qt::ControlModifier | Qt::AltModifier))
        return false;
    std::optional<GraphCommand> command;
    if (key == Qt::Key_H && shift)
        command = GraphCommand::ShowHidden;
    else if (selected_ && !shift)
        switch (key) {
        case Qt::Key_P:
            command = GraphCommand::Pin;
            break;
        case Qt::Key_G:
            command = GraphCommand::Group;
            break;
        case Qt::Key_U:
            command = GraphCommand::Ungroup;
            break;
        case Qt::Key_F2:
            command = GraphCommand::Rename;
            break;
        case Qt::Key_H:
            command = GraphCommand::Hide;
            break;
        case Qt::Key_T:
            command = GraphCommand::MakeTarget;
            break;
        case Qt::Key_I:
            command = GraphCommand::Intervene;
            break;
        default:
            break;
        }
    if (command)
        Q_EMIT commandGiven(*command);
    return command.has_value();
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

} // namespace tt
