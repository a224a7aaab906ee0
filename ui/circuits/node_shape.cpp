#include "ui/circuits/node_shape.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

#include <QPainter>

#include <algorithm>

namespace tt {

namespace {

QPainterPath polygon(std::initializer_list<QPointF> points) {
    QPainterPath path;
    path.addPolygon(QPolygonF(QList<QPointF>(points)));
    path.closeSubpath();
    return path;
}

} // namespace

QPainterPath nodeOutline(NodeKind kind, const QSizeF &size) {
    const double x = size.width() / 2, y = size.height() / 2;
    QPainterPath path;
    switch (kind) {
    case NodeKind::Feature:
        path.addRoundedRect(-x, -y, 2 * x, 2 * y, std::min(8.0, 0.7 * y), std::min(8.0, 0.7 * y));
        return path;
    case NodeKind::Error: { // a dominant one is laid out with room for the words below it
        const double half = std::min(x, y);
        return polygon({{0, -half}, {half, 0}, {0, half}, {-half, 0}});
    }
    case NodeKind::Token:
        path.addRect(-x, -y, 2 * x, 2 * y);
        return path;
    case NodeKind::Position:
        path.addEllipse(-std::min(x, y), -std::min(x, y), 2 * std::min(x, y), 2 * std::min(x, y));
        return path;
    case NodeKind::Bias:
        return polygon({{0, -y}, {x, y}, {-x, y}});
    case NodeKind::Logit: {
        const double corner = std::min(x / 3, 0.65 * y);
        return polygon({{-x, 0}, {-x + corner, -y}, {x - corner, -y}, {x, 0}, {x - corner, y}, {-x + corner, y}});
    }
    }
    return path;
}

void paintNodeGlyph(QPainter &painter, NodeKind kind, const QRectF &box) {
    const auto &colours = theme().node(kind);
    const bool flat = kind == NodeKind::Feature || kind == NodeKind::Token || kind == NodeKind::Logit;
    const QSizeF size(box.width() - 1.5, (flat ? 0.72 : 1.0) * box.height() - 1.5);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(box.center());
    painter.setPen(QPen(colours.border, 1.5));
    painter.setBrush(colours.fill);
    painter.drawPath(nodeOutline(kind, size));
    painter.restore();
}

QString kindName(NodeKind kind) {
    switch (kind) {
    case NodeKind::Feature:
        return QStringLiteral("feature");
    case NodeKind::Error:
        return QStringLiteral("error");
    case NodeKind::Token:
        return QStringLiteral("token");
    case NodeKind::Position:
        return QStringLiteral("position");
    case NodeKind::Bias:
        return QStringLiteral("bias");
    case NodeKind::Logit:
        return QStringLiteral("logit");
    }
    return {};
}

bool isDominantError(const Node &node) {
    return node.kind == NodeKind::Error && node.activation > 0.5;
}

QString nodeName(const GraphNode &node) {
    switch (node.node.kind) {
    case NodeKind::Feature:
        if (node.label.empty())
            return node.members.empty() ? featureName(node.node.layer, node.node.id) : QStringLiteral("group");
        // A token has a space at its beginning at most; what has one elsewhere are a person's words.
        return node.label.find(' ', 1) == std::string::npos ? shownToken(node.label)
                                                            : QString::fromStdString(node.label);
    case NodeKind::Token:
    case NodeKind::Logit:
        return node.label.empty() ? QStringLiteral("id %1").arg(node.node.id) : shownToken(node.label);
    default:
        return kindName(node.node.kind);
    }
}

QString nodePlace(const GraphNode &node) {
    if (node.members.empty())
        return nodePlace(node.node);
    return QStringLiteral("%1 nodes").arg(node.members.size());
}

QString nodePlace(const Node &node) {
    const QString at = QStringLiteral("at %1").arg(node.position);
    switch (node.kind) {
    case NodeKind::Feature:
        return featureName(node.layer, node.id) + u' ' + at;
    case NodeKind::Error:
        return QStringLiteral("layer %1 %2").arg(node.layer).arg(at);
    case NodeKind::Token:
        return at;
    case NodeKind::Position:
        return QString::number(node.position);
    case NodeKind::Bias:
        return {};
    case NodeKind::Logit:
        return node.minus >= 0 ? QStringLiteral("difference") : QStringLiteral("p ") + figure(node.activation, 3);
    }
    return {};
}

bool isNamedByToken(NodeKind kind) {
    return kind == NodeKind::Token || kind == NodeKind::Logit;
}

} // namespace tt
