#include "ui/circuits/graph_key.h"

#include "ui/circuits/node_shape.h"
#include "ui/figures/elided_text.h"
#include "ui/figures/words.h"
#include "ui/widgets/roles.h"

#include <QAbstractButton>
#include <QHBoxLayout>
#include <QPainter>

#include <algorithm>

namespace tt {

namespace {

/// Glyph and word; struck through while the kind is hidden.
class KindButton : public QAbstractButton {
public:
    KindButton(NodeKind kind, QWidget *parent) : QAbstractButton(parent), kind_(kind) {
        setText(kindName(kind));
        setAccessibleName(kindName(kind));
        setToolTip(GraphKey::tr("Shows or hides nodes of this kind: %1").arg(kindName(kind)));
        setCheckable(true);
        setChecked(true);
        setCursor(Qt::PointingHandCursor);
        setFocusPolicy(Qt::TabFocus);
    }
    QSize sizeHint() const override {
        const QFontMetrics metrics(tt::font(TextRole::Secondary));
        return {metrics.horizontalAdvance(text()) + scaled(26), std::max(scaled(24), metrics.height() + scaled(4))};
    }
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent *) override {
        QPainter painter(this);
        const double side = scaled(14);
        painter.setOpacity(isChecked() ? 1 : 0.45);
        paintNodeGlyph(painter, kind_, QRectF(scaled(3), (height() - side) / 2, side, side));
        QFont face = tt::font(TextRole::Secondary);
        face.setStrikeOut(!isChecked());
        painter.setFont(face);
        painter.setPen(theme().secondaryInk);
        painter.drawText(rect().adjusted(scaled(22), 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, text());
        painter.setOpacity(1);
        if (hasFocus()) {
            painter.setPen(QPen(theme().focus, 2));
            painter.drawRect(rect().adjusted(1, 1, -1, -1));
        }
    }

private:
    NodeKind kind_;
};

/// A piece of an edge and its meaning.
class EdgeSign : public QWidget {
public:
    EdgeSign(bool lowers, QWidget *parent) : QWidget(parent), lowers_(lowers) {
        setAccessibleName(word());
        setToolTip(lowers ? GraphKey::tr("Orange and dashed: lowers its target")
                          : GraphKey::tr("Blue: raises its target"));
    }
    QSize sizeHint() const override {
        const QFontMetrics metrics(tt::font(TextRole::Secondary));
        return {metrics.horizontalAdvance(word()) + scaled(30), metrics.height() + scaled(4)};
    }
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent *) override {
        QPainter painter(this);
        QPen pen(lowers_ ? theme().edgeLowers : theme().edgeRaises, scaled(lowers_ ? 2 : 3), Qt::SolidLine,
                 Qt::FlatCap);
        if (lowers_)
            pen.setDashPattern({3, 1.5});
        painter.setPen(pen);
        painter.drawLine(0, height() / 2, scaled(24), height() / 2);
        painter.setFont(tt::font(TextRole::Secondary));
        painter.setPen(theme().secondaryInk);
        painter.drawText(rect().adjusted(scaled(30), 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, word());
    }

private:
    [[nodiscard]] QString word() const { return lowers_ ? GraphKey::tr("lowers") : GraphKey::tr("raises"); }
    bool lowers_;
};

} // namespace

GraphKey::GraphKey(QWidget *parent) : QWidget(parent) {
    setGround(this, &Theme::panel);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(scaled(13), scaled(4), scaled(16), scaled(4));
    layout->setSpacing(scaled(8));
    for (int kind = 0; kind < 6; ++kind) {
        auto *button = new KindButton(static_cast<NodeKind>(kind), this);
        connect(button, &QAbstractButton::toggled, this,
                [this, kind](bool shown) { Q_EMIT kindToggled(static_cast<NodeKind>(kind), shown); });
        kinds_.push_back(button);
        layout->addWidget(button);
    }
    layout->addStretch(1);
    layout->addWidget(new EdgeSign(false, this));
    layout->addSpacing(scaled(4));
    layout->addWidget(new EdgeSign(true, this));
    layout->addSpacing(scaled(8));
    counts_ = new ElidedText(this);
    setTextRole(counts_, TextRole::Secondary);
    layout->addWidget(counts_);
}

void GraphKey::setGraph(const AttributionGraph &graph) {
    counts_->setText(tr("%1 of %2 nodes, %3 of %4 edges")
                         .arg(count(std::ssize(graph.nodes)), count(graph.allNodes), count(std::ssize(graph.edges)),
                              count(graph.allEdges)));
    for (size_t kind = 0; kind < kinds_.size(); ++kind)
        kinds_[kind]->setVisible(
            std::any_of(graph.nodes.begin(), graph.nodes.end(),
                        [&](const GraphNode &node) { return static_cast<size_t>(node.node.kind) == kind; }) ||
            !kinds_[kind]->isChecked());
}

} // namespace tt
