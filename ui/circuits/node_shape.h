#pragma once

#include "core/circuits/graph.h"

#include <QPainterPath>
#include <QString>

class QPainter;

namespace tt {

/// The outline of a kind of node, centred on the origin: feature rounded, error diamond, token square-cornered,
/// position circle, bias triangle, logit hexagon.
QPainterPath nodeOutline(NodeKind kind, const QSizeF &size);
/// The same as a sign of about 12 px in a key or a list row.
void paintNodeGlyph(QPainter &painter, NodeKind kind, const QRectF &box);
/// "feature", "error", …
QString kindName(NodeKind kind);
/// The transcoder's error carries more than half of the MLP's output there.
bool isDominantError(const Node &node);

/// What a node is called in words, without its place: "→ ␣time" or its label, "␣a", "error", "position", "bias".
QString nodeName(const GraphNode &node);
/// Where it is: "1/1184 at 2", "layer 0 at 2", "at 1", "p 0.938".
QString nodePlace(const Node &node);
/// The same; a supernode is as many nodes.
QString nodePlace(const GraphNode &node);
/// Whether its name is a token and therefore set in mono.
bool isNamedByToken(NodeKind kind);

} // namespace tt
