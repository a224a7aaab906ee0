#include "ui/circuits/mini_map.h"

#include "ui/circuits/graph_view.h"
#include "ui/theme.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace tt {

namespace {
constexpr int designWidth = 160, designHeight = 96, margin = 8;
constexpr double leastDot = 2.5;
} // namespace

MiniMap::MiniMap(GraphView &view) : QWidget(view.viewport()), view_(view) {
    setAccessibleName(tr("Overview of the graph"));
    setToolTip(tr("The whole graph; the frame is what the window shows\nClick or drag to move there"));
    setCursor(Qt::PointingHandCursor);
    hide();
}

QTransform MiniMap::toMap() const {
    const QRectF whole = view_.layoutRect();
    const double scale = std::min((width() - 4) / whole.width(), (height() - 4) / whole.height());
    QTransform transform;
    transform.translate(width() / 2.0, height() / 2.0);
    transform.scale(scale, scale);
    transform.translate(-whole.center().x(), -whole.center().y());
    return transform;
}

void MiniMap::follow() {
    const QRectF whole = view_.layoutRect();
    const bool cut = !whole.isEmpty() && !view_.seen().adjusted(-1, -1, 1, 1).contains(whole);
    if (cut) {
        setFixedSize(scaled(designWidth), scaled(designHeight));
        move(view_.viewport()->width() - width() - scaled(margin),
             view_.viewport()->height() - height() - scaled(margin));
        update();
    }
    setVisible(cut);
}

void MiniMap::redraw() {
    picture_ = QPixmap();
    follow();
}

void MiniMap::drawPicture() {
    picture_ = QPixmap(size() * devicePixelRatioF());
    picture_.setDevicePixelRatio(devicePixelRatioF());
    picture_.fill(theme().alternate);
    QPainter painter(&picture_);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    const QTransform map = toMap();
    const TracedGraph &traced = view_.traced();
    for (size_t n = 0; n < traced.graph.nodes.size(); ++n) {
        if (!view_.nodeItem(static_cast<int>(n))->isVisible())
            continue;
        const Size &size = traced.layout.sizes[n];
        const QPointF centre = map.map(QPointF(traced.layout.centres[n].x, traced.layout.centres[n].y));
        const double w = std::max(leastDot, size.width * map.m11()), h = std::max(leastDot, size.height * map.m11());
        painter.setBrush(theme().node(traced.graph.nodes[n].node.kind).border);
        painter.drawRect(QRectF(centre.x() - w / 2, centre.y() - h / 2, w, h));
    }
}

void MiniMap::paintEvent(QPaintEvent *) {
    if (picture_.isNull())
        drawPicture();
    QPainter painter(this);
    painter.drawPixmap(0, 0, picture_);
    painter.setPen(theme().line);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
    painter.setPen(QPen(theme().accent, 2));
    painter.drawRect(toMap().mapRect(view_.seen()).intersected(QRectF(rect()).adjusted(1, 1, -1, -1)));
}

void MiniMap::mousePressEvent(QMouseEvent *event) {
    view_.moveTo(toMap().inverted().map(event->position()));
}

void MiniMap::mouseMoveEvent(QMouseEvent *event) {
    if (event->buttons() & Qt::LeftButton)
        view_.moveTo(toMap().inverted().map(event->position()));
}

} // namespace tt
