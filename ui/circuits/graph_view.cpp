#include "ui/circuits/graph_view.h"

#include "core/circuits/graph_export.h"
#include "ui/circuits/mini_map.h"
#include "ui/circuits/node_shape.h"
#include "ui/theme.h"

#include <QEvent>
#include <QGraphicsScene>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace tt {

namespace {

constexpr double smallestZoom = 0.1, largestZoom = 4, largestFit = 1.5, fitMargin = 24;
constexpr double pictureMargin = 0.3;      ///< of the viewport, on each side
constexpr size_t edgesWorthAPicture = 200; ///< fewer are painted faster than a picture is scaled
constexpr int stillMilliseconds = 150;
constexpr int edgesAlwaysShown = 1000; ///< the others only when they are lit

/// One pixel of the layout at 100 %, in device-independent pixels of the screen.
double baseScale() {
    return scaled(1000) / 1000.0;
}

} // namespace

GraphView::GraphView(QWidget *parent)
    : QGraphicsView(parent), scene_(new QGraphicsScene(this)), map_(new MiniMap(*this)) {
    kindVisible_.fill(true);
    scene_->setItemIndexMethod(
        QGraphicsScene::NoIndex); // a click changes many items: an index costs more than it gives
    setScene(scene_);
    setAccessibleName(tr("Attribution graph"));
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setOptimizationFlags(DontSavePainterState | DontAdjustForAntialiasing);
    setViewportUpdateMode(FullViewportUpdate);
    setFocusPolicy(Qt::StrongFocus);
    viewport()->setMouseTracking(true);
    viewport()->setCursor(Qt::ArrowCursor);
    stillTimer_.setSingleShot(true);
    stillTimer_.setInterval(stillMilliseconds);
    connect(&stillTimer_, &QTimer::timeout, this, [this] {
        moving_ = false;
        picture_ = QPixmap();
        viewport()->update();
    });
}

void GraphView::setGraph(const TracedGraph &traced) {
    const bool samePrompt = traced.graph.prompt == traced_.graph.prompt && !nodes_.empty();
    std::string selectedId;
    QPointF keptPoint = QRectF(viewport()->rect()).center();
    QPointF keptScenePoint = mapToScene(viewport()->rect().center());
    if (selected_) {
        selectedId = nodeId(traced_.graph.nodes[static_cast<size_t>(*selected_)].node);
        keptPoint = viewportTransform().map(nodeItem(*selected_)->pos());
    }
    traced_ = traced;
    index_ = GraphIndex(traced_.graph, traced_.layout);
    selected_.reset();
    edge_.reset();
    also_.clear();
    path_.clear();
    dragged_.reset();
    dropTarget_.reset();
    buildItems();
    setAccessibleDescription(graphSummary(traced_.graph, index_));
    for (size_t i = 0; i < traced_.graph.nodes.size() && !selectedId.empty() && !selected_; ++i)
        if (nodeId(traced_.graph.nodes[i].node) == selectedId)
            selected_ = static_cast<int>(i);
    Q_EMIT graphChanged();
    updateHighlights();
    updateRoom();
    if (selected_)
        keptScenePoint = nodeItem(*selected_)->pos();
    if (selected_ || (samePrompt && !fitted_))
        centerOn(keptScenePoint - (keptPoint - QRectF(viewport()->rect()).center()) / transform().m11());
    else
        fit();
    map_->redraw();
    Q_EMIT nodeSelected(selected_);
}

void GraphView::buildItems() {
    scene_->clear();
    nodes_.clear();
    edges_.clear();
    const AttributionGraph &graph = traced_.graph;
    for (size_t e = 0; e < graph.edges.size(); ++e) {
        const double relative =
            index_.largestWeight() > 0 ? std::abs(graph.edges[e].weight) / index_.largestWeight() : 0;
        edges_.push_back(new EdgeItem(static_cast<int>(e), graph.edges[e], traced_.layout.splines[e], relative));
    }
    // The strongest come first in the graph and belong on top.
    for (auto edge = edges_.rbegin(); edge != edges_.rend(); ++edge)
        scene_->addItem(*edge);
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
        nodes_.push_back(
            new NodeItem(static_cast<int>(n), graph.nodes[n], traced_.layout.centres[n], traced_.layout.sizes[n]));
        scene_->addItem(nodes_.back());
    }
    for (NodeItem *node : nodes_)
        node->setVisible(kindVisible_[static_cast<size_t>(graph.nodes[static_cast<size_t>(node->index())].node.kind)]);
    picture_ = QPixmap();
}

void GraphView::setKindVisible(NodeKind kind, bool visible) {
    kindVisible_[static_cast<size_t>(kind)] = visible;
    const auto isVisible = [this](int node) {
        return kindVisible_[static_cast<size_t>(traced_.graph.nodes[static_cast<size_t>(node)].node.kind)];
    };
    for (NodeItem *node : nodes_)
        node->setVisible(isVisible(node->index()));
    for (EdgeItem *edge : edges_)
        edge->setVisible(isShown(edge->index()));
    std::erase_if(also_, [&](int node) { return !isVisible(node); });
    if (selected_ && !isVisible(*selected_))
        selectNode(std::nullopt);
    map_->redraw();
    viewport()->update();
}

std::vector<NodeKind> GraphView::hiddenKinds() const {
    std::vector<NodeKind> hidden;
    for (size_t kind = 0; kind < kindVisible_.size(); ++kind)
        if (!kindVisible_[kind])
            hidden.push_back(static_cast<NodeKind>(kind));
    return hidden;
}

/// Both ends are shown, and it is strong or lit.
bool GraphView::isShown(int edge) const {
    const EdgeItem &item = *edges_[static_cast<size_t>(edge)];
    const auto kindShown = [this](int node) {
        return kindVisible_[static_cast<size_t>(traced_.graph.nodes[static_cast<size_t>(node)].node.kind)];
    };
    return kindShown(item.edge().source) && kindShown(item.edge().target) &&
           (edge < edgesAlwaysShown || item.highlight() == Highlight::Lit);
}

void GraphView::selectNode(std::optional<int> node) {
    if (node == selected_ && also_.empty() && path_.empty() && !edge_)
        return;
    selected_ = node;
    also_.clear();
    path_.clear();
    edge_.reset();
    updateHighlights();
    Q_EMIT nodeSelected(selected_);
}

void GraphView::toggleSelected(int node) {
    if (!selected_)
        return selectNode(node);
    if (const auto found = std::find(also_.begin(), also_.end(), node); found != also_.end())
        also_.erase(found);
    else if (node != *selected_)
        also_.push_back(node);
    updateHighlights();
    viewport()->update();
}

std::vector<int> GraphView::selection() const {
    std::vector<int> nodes = also_;
    if (selected_)
        nodes.insert(nodes.begin(), *selected_);
    return nodes;
}

void GraphView::lightPath(const std::vector<int> &nodes) {
    selectNode(std::nullopt);
    path_ = nodes;
    updateHighlights();
    if (nodes.empty())
        return;
    QRectF room = nodeItem(nodes.front())->sceneBoundingRect();
    for (const int node : nodes)
        room |= nodeItem(node)->sceneBoundingRect();
    ensureVisible(room, scaled(16), scaled(16));
}

void GraphView::lightEdge(const std::string &source, const std::string &target) {
    std::vector<int> nodes;
    for (const std::string &id : {target, source})
        for (size_t n = 0; n < traced_.graph.nodes.size(); ++n)
            if (nodeId(traced_.graph.nodes[n].node) == id)
                nodes.push_back(static_cast<int>(n));
    lightPath(nodes);
}

void GraphView::updateHighlights() {
    const Highlight others = selected_ || !path_.empty() || edge_ ? Highlight::Dimmed : Highlight::None;
    std::vector<Highlight> nodes(nodes_.size(), others), edges(edges_.size(), others);
    const auto light = [&](int edge) {
        const GraphEdge &ends = traced_.graph.edges[static_cast<size_t>(edge)];
        edges[static_cast<size_t>(edge)] = Highlight::Lit;
        nodes[static_cast<size_t>(ends.source)] = nodes[static_cast<size_t>(ends.target)] = Highlight::Lit;
    };
    for (const int node : selection())
        nodes[static_cast<size_t>(node)] = Highlight::Lit;
    if (selected_)
        for (const auto &list : {index_.inputs(*selected_), index_.outputs(*selected_)})
            for (const int edge : list)
                light(edge);
    if (edge_)
        light(*edge_);
    for (size_t i = 0; i < path_.size(); ++i) {
        nodes[static_cast<size_t>(path_[i])] = Highlight::Lit;
        if (i > 0) // from the target down: the next is a source of the one before
            for (const int edge : index_.inputs(path_[i - 1]))
                if (traced_.graph.edges[static_cast<size_t>(edge)].source == path_[i])
                    light(edge);
    }
    const auto chosen = [this](int node) {
        return selected_ == node || std::find(also_.begin(), also_.end(), node) != also_.end();
    };
    for (size_t i = 0; i < nodes_.size(); ++i)
        nodes_[i]->setHighlight(nodes[i], chosen(static_cast<int>(i)));
    for (size_t i = 0; i < edges_.size(); ++i) {
        edges_[i]->setHighlight(edges[i]);
        edges_[i]->setVisible(isShown(static_cast<int>(i)));
    }
    picture_ = QPixmap();
}

QRectF GraphView::layoutRect() const {
    return {0, 0, traced_.layout.width, traced_.layout.height};
}

QRectF GraphView::seen() const {
    return mapToScene(viewport()->rect()).boundingRect();
}

void GraphView::moveTo(QPointF scenePoint) {
    fitted_ = false;
    startMoving();
    centerOn(scenePoint);
}

void GraphView::updateRoom() {
    // Room to move the graph almost out of the window in every direction, never wholly.
    const double scale = transform().m11();
    const double x = 0.8 * viewport()->width() / scale, y = 0.8 * viewport()->height() / scale;
    setSceneRect(layoutRect().adjusted(-x, -y, x, y));
}

double GraphView::zoom() const {
    return transform().m11() / baseScale();
}

void GraphView::applyZoom(double zoom) {
    const double scale = std::clamp(zoom, smallestZoom, largestZoom) * baseScale();
    const double room = std::max(viewport()->width(), viewport()->height()) / std::min(scale, transform().m11());
    setSceneRect(layoutRect().adjusted(-room, -room, room, room));
    setTransform(QTransform::fromScale(scale, scale));
    updateRoom();
    map_->follow();
    Q_EMIT zoomChanged(this->zoom());
}

void GraphView::fit() {
    if (nodes_.empty() || viewport()->width() < 2)
        return;
    const double across = viewport()->width() / (traced_.layout.width + 2 * fitMargin);
    const double down = viewport()->height() / (traced_.layout.height + 2 * fitMargin);
    setTransformationAnchor(NoAnchor);
    applyZoom(std::min({across / baseScale(), down / baseScale(), largestFit}));
    centerOn(layoutRect().center());
    fitted_ = true;
}

void GraphView::zoomBy(double factor) {
    fitted_ = false;
    startMoving();
    setTransformationAnchor(underMouse() && viewport()->underMouse() ? AnchorUnderMouse : AnchorViewCenter);
    applyZoom(zoom() * factor);
}

void GraphView::startMoving() {
    if (edges_.size() < edgesWorthAPicture)
        return;
    moving_ = true;
    stillTimer_.start();
}

void GraphView::renderPicture() {
    const QSize size = viewport()->size();
    const int x = static_cast<int>(pictureMargin * size.width()), y = static_cast<int>(pictureMargin * size.height());
    const QRect source = QRect(QPoint(0, 0), size).adjusted(-x, -y, x, y);
    QPixmap picture(source.size() * devicePixelRatioF());
    picture.setDevicePixelRatio(devicePixelRatioF());
    QPainter painter(&picture);
    render(&painter, QRectF(QPointF(0, 0), source.size()), source);
    picture_ = picture;
    pictureRect_ = mapToScene(source).boundingRect();
}

void GraphView::paintEvent(QPaintEvent *event) {
    if (moving_) {
        const QRectF seen = mapToScene(viewport()->rect()).boundingRect();
        if (picture_.isNull() || !pictureRect_.adjusted(-1, -1, 1, 1).contains(seen))
            renderPicture();
        QPainter painter(viewport());
        painter.setRenderHint(QPainter::SmoothPixmapTransform);
        painter.drawPixmap(viewportTransform().mapRect(pictureRect_), picture_, QRectF(picture_.rect()));
    } else {
        QGraphicsView::paintEvent(event);
    }
    QPainter painter(viewport());
    paintBandNames(painter);
    if (hasFocus() && !selected_) {
        painter.setPen(QPen(theme().focus, 2));
        painter.drawRect(viewport()->rect().adjusted(1, 1, -1, -1));
    }
}

void GraphView::drawBackground(QPainter *painter, const QRectF &rect) {
    painter->fillRect(rect, theme().panel);
    const GraphLayout &layout = traced_.layout;
    for (size_t rank = 0; rank < layout.rankTop.size(); ++rank)
        painter->fillRect(
            QRectF(QPointF(rect.left(), layout.rankTop[rank]), QPointF(rect.right(), layout.rankBottom[rank])),
            theme().alternate);
}

void GraphView::paintBandNames(QPainter &painter) const {
    const GraphLayout &layout = traced_.layout;
    painter.setFont(tt::font(TextRole::Secondary));
    painter.setPen(theme().tertiaryInk);
    const QFontMetrics metrics(painter.font());
    const int last = static_cast<int>(layout.rankTop.size()) - 1;
    for (int rank = 0; rank <= last; ++rank) {
        const QString name = rank == 0 ? tr("Inputs") : rank == last ? tr("Logits") : tr("Layer %1").arg(rank - 1);
        const double top = viewportTransform().map(QPointF(0, layout.rankTop[static_cast<size_t>(rank)])).y();
        painter.drawText(QPointF(scaled(12), top + metrics.ascent() + scaled(1)), name);
    }
}

void GraphView::changeEvent(QEvent *event) {
    if (event->type() == QEvent::PaletteChange) {
        for (EdgeItem *edge : edges_)
            edge->restyle();
        picture_ = QPixmap();
        map_->redraw();
        viewport()->update();
    } else if (event->type() == QEvent::FontChange && !nodes_.empty()) {
        applyZoom(zoom());
    }
    QGraphicsView::changeEvent(event);
}

} // namespace tt
