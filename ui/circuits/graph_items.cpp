#include "ui/circuits/graph_items.h"

#include "ui/circuits/node_shape.h"
#include "ui/figures/words.h"
#include "ui/icons/icons.h"
#include "ui/theme.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace tt {

namespace {

constexpr double labelPixels = 11, monoPixels = 12, chosenGrowth = 4, ringDistance = 4, ringWidth = 2.5;
constexpr double unlitWidth = 1.6, hitWidth = 8, dashOn = 6, dashOff = 3;
constexpr double besideGap = 4, besideRoom = 80;
constexpr double shadowStep = 3, pinSize = 14; // a supernode's second outline, the pin above right

/// Lengths in the scene are the layout's pixels, the view scales them: no hinting, so text keeps its place at any zoom.
QFont labelFont(NodeKind kind, bool bold, bool mono) {
    QFont face = font(mono ? TextRole::MonoSmall : TextRole::Small);
    face.setPixelSize(static_cast<int>(mono && kind != NodeKind::Logit ? monoPixels : labelPixels));
    face.setWeight(bold ? QFont::DemiBold : QFont::Normal);
    face.setHintingPreference(QFont::PreferNoHinting);
    return face;
}

QColor blend(const QColor &colour, const QColor &ground, double share) {
    const auto mix = [share](float a, float b) { return static_cast<float>(share * a + (1 - share) * b); };
    return QColor::fromRgbF(mix(colour.redF(), ground.redF()), mix(colour.greenF(), ground.greenF()),
                            mix(colour.blueF(), ground.blueF()));
}

} // namespace

double edgeWidth(double relative) {
    return std::min(6.0, 1 + std::pow(5.9 * relative, 0.9));
}

NodeItem::NodeItem(int index, const GraphNode &node, const Point &centre, const Size &size)
    : index_(index), node_(node.node), pinned_(node.pinned), members_(std::ssize(node.members)),
      size_(size.width, size.height) {
    for (const std::string &line : labelLines(node))
        lines_.push_back(QString::fromStdString(line));
    setPos(centre.x, centre.y);
    setZValue(1);
    outline_ = nodeOutline(node_.kind, size_);
}

void NodeItem::setHighlight(Highlight highlight, bool chosen) {
    if (highlight == highlight_ && chosen == chosen_)
        return;
    if (chosen != chosen_) {
        const double growth = chosen && node_.kind == NodeKind::Feature ? chosenGrowth : 0;
        outline_ = nodeOutline(node_.kind, {size_.width(), size_.height() + growth});
    }
    highlight_ = highlight;
    chosen_ = chosen;
    setZValue(chosen ? 2 : 1);
    update();
}

void NodeItem::setDropTarget(bool target) {
    dropTarget_ = target;
    update();
}

QRectF NodeItem::boundingRect() const {
    const double room = chosenGrowth + ringDistance + ringWidth + (pinned_ || members_ > 0 ? pinSize : 0);
    const double beside = node_.kind == NodeKind::Bias || isDominantError(node_) ? besideRoom : 0;
    return QRectF(-size_.width() / 2, -size_.height() / 2, size_.width(), size_.height())
        .adjusted(-room - beside / 2, -room, room + beside / 2, room + beside / 4);
}

QColor NodeItem::dimmed(const QColor &colour) const {
    // Opaque even when it stands back: edges end behind a node.
    return highlight_ == Highlight::Dimmed ? blend(colour, theme().panel, 0.55) : colour;
}

void NodeItem::paint(QPainter *painter, const QStyleOptionGraphicsItem *, QWidget *) {
    const auto &colours = theme().node(node_.kind);
    painter->setRenderHint(QPainter::Antialiasing);
    if (members_ > 0)
        paintShadow(*painter);
    painter->setPen(QPen(dimmed(dropTarget_ ? theme().accent : colours.border), dropTarget_ ? ringWidth : 1.5));
    painter->setBrush(dimmed(isDominantError(node_) ? colours.border : colours.fill));
    painter->drawPath(outline_);
    if (chosen_)
        paintRing(*painter);
    paintLabel(*painter);
    paintBeside(*painter);
    paintMarks(*painter);
}

/// The second outline of a supernode, behind it.
void NodeItem::paintShadow(QPainter &painter) const {
    const auto &colours = theme().node(node_.kind);
    painter.setPen(QPen(dimmed(colours.border), 1.5));
    painter.setBrush(dimmed(colours.fill));
    painter.drawPath(outline_.translated(shadowStep, -shadowStep));
}

/// "×4" of a supernode and the pin, above its right corner.
void NodeItem::paintMarks(QPainter &painter) const {
    double x = size_.width() / 2;
    const double y = -size_.height() / 2 - pinSize;
    if (pinned_) {
        const QPixmap pin = iconPixmap(QStringLiteral("pin"), dimmed(theme().secondaryInk), static_cast<int>(pinSize),
                                       painter.device()->devicePixelRatioF());
        painter.drawPixmap(QPointF(x - pinSize / 2, y), pin);
        x -= pinSize;
    }
    if (members_ > 0) {
        painter.setFont(labelFont(node_.kind, true, true));
        painter.setPen(dimmed(theme().node(node_.kind).border));
        painter.drawText(QRectF(x - besideRoom, y - 2, besideRoom, pinSize), Qt::AlignRight | Qt::AlignVCenter,
                         QStringLiteral("×%1").arg(members_));
    }
}

void NodeItem::paintRing(QPainter &painter) const {
    QPainterPathStroker stroker;
    stroker.setWidth(2 * ringDistance);
    stroker.setJoinStyle(node_.kind == NodeKind::Token ? Qt::MiterJoin : Qt::RoundJoin);
    painter.setPen(QPen(theme().ink, ringWidth));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath((stroker.createStroke(outline_) + outline_).simplified());
}

void NodeItem::paintLabel(QPainter &painter) const {
    if (node_.kind == NodeKind::Bias)
        return;
    const bool dominant = isDominantError(node_), mono = isNamedByToken(node_.kind) || node_.kind == NodeKind::Position;
    const size_t lines = dominant ? 1 : lines_.size(); // "57 % error" stands below
    painter.setPen(dimmed(dominant ? theme().panel : theme().node(node_.kind).text));
    const double lineHeight = std::ceil(QFontMetricsF(labelFont(node_.kind, false, mono)).height());
    double y = -lineHeight * static_cast<double>(lines) / 2;
    for (size_t i = 0; i < lines; ++i, y += lineHeight) {
        painter.setFont(labelFont(node_.kind, dominant || chosen_ || (node_.kind == NodeKind::Logit && i == 0), mono));
        painter.drawText(QRectF(-size_.width(), y, 2 * size_.width(), lineHeight), Qt::AlignCenter, lines_[i]);
    }
}

void NodeItem::paintBeside(QPainter &painter) const {
    if (node_.kind == NodeKind::Bias) {
        painter.setFont(labelFont(node_.kind, false, false));
        painter.setPen(dimmed(theme().secondaryInk));
        painter.drawText(QRectF(size_.width() / 2 + besideGap, -size_.height() / 2, besideRoom, size_.height()),
                         Qt::AlignLeft | Qt::AlignVCenter, kindName(node_.kind));
    } else if (isDominantError(node_)) {
        painter.setFont(labelFont(node_.kind, true, false));
        painter.setPen(dimmed(theme().node(node_.kind).border));
        painter.drawText(QRectF(-besideRoom / 2, size_.height() / 2, besideRoom, besideRoom / 4), Qt::AlignCenter,
                         lines_.size() > 1 ? lines_[1] : QString());
    }
}

EdgeItem::EdgeItem(int index, const GraphEdge &edge, const std::vector<Point> &spline, double relative)
    : index_(index), edge_(edge), width_(edgeWidth(relative)) {
    if (!spline.empty())
        path_.moveTo(spline[0].x, spline[0].y);
    for (size_t i = 1; i + 2 < spline.size(); i += 3)
        path_.cubicTo(spline[i].x, spline[i].y, spline[i + 1].x, spline[i + 1].y, spline[i + 2].x, spline[i + 2].y);
    const double room = std::max(hitWidth, width_) / 2;
    bounds_ = path_.controlPointRect().adjusted(-room, -room, room, room);
    restyle();
}

void EdgeItem::setHighlight(Highlight highlight) {
    if (highlight == highlight_)
        return;
    highlight_ = highlight;
    setZValue(highlight == Highlight::Lit ? 0.5 : 0);
    restyle();
}

void EdgeItem::restyle() {
    const bool lowers = edge_.weight < 0, unlit = highlight_ == Highlight::Dimmed;
    const QColor sign = lowers ? theme().edgeLowers : theme().edgeRaises;
    const double width = unlit ? std::min(width_, unlitWidth) : width_;
    pen_ = QPen(unlit ? theme().edgeUnlit : sign, width, Qt::SolidLine, Qt::FlatCap);
    if (lowers)
        pen_.setDashPattern({dashOn / width, dashOff / width});
    update();
}

QPainterPath EdgeItem::shape() const {
    if (hitShape_.isEmpty()) {
        QPainterPathStroker stroker;
        stroker.setWidth(std::max(hitWidth, width_));
        hitShape_ = stroker.createStroke(path_);
    }
    return hitShape_;
}

void EdgeItem::paint(QPainter *painter, const QStyleOptionGraphicsItem *, QWidget *) {
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setBrush(Qt::NoBrush);
    painter->setPen(pen_);
    painter->drawPath(path_);
}

} // namespace tt
