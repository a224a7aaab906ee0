#pragma once

#include "core/circuits/graph_layout.h"

#include <QGraphicsItem>
#include <QPen>

#include <vector>

namespace tt {

/// How an item stands to the selection.
enum class Highlight { None, Lit, Dimmed };

/// A node as its kind is drawn (design.md §2), with its label; keeps no Qt object of its own.
class NodeItem : public QGraphicsItem {
public:
    enum { Type = UserType + 1 };
    NodeItem(int index, const GraphNode &node, const Point &centre, const Size &size);
    [[nodiscard]] int type() const override { return Type; }
    [[nodiscard]] int index() const { return index_; }
    [[nodiscard]] Highlight highlight() const { return highlight_; }
    [[nodiscard]] bool isChosen() const { return chosen_; }
    void setHighlight(Highlight highlight, bool chosen);
    /// Another node is being dragged over it.
    void setDropTarget(bool target);

    [[nodiscard]] QRectF boundingRect() const override;
    [[nodiscard]] QPainterPath shape() const override { return outline_; }
    void paint(QPainter *painter, const QStyleOptionGraphicsItem *option, QWidget *widget) override;

private:
    void paintShadow(QPainter &painter) const;
    void paintMarks(QPainter &painter) const;
    void paintRing(QPainter &painter) const;
    void paintLabel(QPainter &painter) const;
    void paintBeside(QPainter &painter) const;
    [[nodiscard]] QColor dimmed(const QColor &colour) const;

    int index_;
    Node node_;
    bool pinned_;
    qsizetype members_; ///< of a supernode, else 0
    QSizeF size_;
    std::vector<QString> lines_;
    QPainterPath outline_;
    Highlight highlight_ = Highlight::None;
    bool chosen_ = false, dropTarget_ = false;
};

/// An edge along its spline: colour and dash by sign, width by weight.
class EdgeItem : public QGraphicsItem {
public:
    enum { Type = UserType + 2 };
    /// `relative`: |weight| as a share of the graph's largest, 0 … 1.
    EdgeItem(int index, const GraphEdge &edge, const std::vector<Point> &spline, double relative);
    [[nodiscard]] int type() const override { return Type; }
    [[nodiscard]] int index() const { return index_; }
    [[nodiscard]] const GraphEdge &edge() const { return edge_; }
    [[nodiscard]] Highlight highlight() const { return highlight_; }
    [[nodiscard]] const QPen &pen() const { return pen_; }
    void setHighlight(Highlight highlight);
    /// Reads the theme again.
    void restyle();

    [[nodiscard]] QRectF boundingRect() const override { return bounds_; }
    [[nodiscard]] QPainterPath shape() const override; ///< 8 px wide along the curve
    void paint(QPainter *painter, const QStyleOptionGraphicsItem *option, QWidget *widget) override;

private:
    int index_;
    GraphEdge edge_;
    double width_;
    QPainterPath path_;
    mutable QPainterPath hitShape_;
    QRectF bounds_;
    QPen pen_;
    Highlight highlight_ = Highlight::None;
};

/// min(6, 1 + |w|^0.9) with the largest weight of the graph at w = 5.9 (design.md §2).
double edgeWidth(double relative);

} // namespace tt
