#include "ui/circuits/verify_panel.h"

#include "core/circuits/graph_export.h"
#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QEvent>
#include <QKeyEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace tt {

namespace {

constexpr double hitDistance = 12;
constexpr double allowedResidual = 1e-4, allowedError = 5e-4; // as of Verification::pass

QString exponent(double value) {
    return QString::number(value, 'g', 2);
}

QString nodeText(const Node &node) {
    return QString::fromStdString(nodeId(node));
}

/// Circle, square, triangle, diamond by layer; the targets' layer counts.
void paintMark(QPainter &painter, QPointF at, int layer, double radius) {
    switch (layer % 4) {
    case 0:
        painter.drawEllipse(at, radius, radius);
        break;
    case 1:
        painter.drawRect(QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius));
        break;
    case 2:
        painter.drawPolygon(
            QPolygonF({at + QPointF(0, -radius), at + QPointF(radius, radius), at + QPointF(-radius, radius)}));
        break;
    default:
        painter.drawPolygon(QPolygonF(
            {at + QPointF(0, -radius), at + QPointF(radius, 0), at + QPointF(0, radius), at + QPointF(-radius, 0)}));
    }
}

} // namespace

EffectScatter::EffectScatter(QWidget *parent) : QWidget(parent) {
    setAccessibleName(tr("Predicted against measured effects"));
    setToolTip(
        tr("Each point is an edge: what the graph predicts across, what the frozen intervention measured upwards\n"
           "Click a point for its edge, ← → walk"));
    setFocusPolicy(Qt::StrongFocus);
}

void EffectScatter::setEdges(std::vector<VerifiedEdge> edges) {
    edges_ = std::move(edges);
    chosen_.reset();
    reach_ = 0;
    for (const VerifiedEdge &edge : edges_)
        reach_ = std::max({reach_, std::abs(edge.predicted), std::abs(edge.measured)});
    if (reach_ == 0)
        reach_ = 1;
    setAccessibleDescription(tr("%1 edges between −%2 and %2").arg(count(std::ssize(edges_))).arg(figure(reach_)));
    update();
}

QSize EffectScatter::sizeHint() const {
    return {scaled(280), scaled(280)};
}

QRectF EffectScatter::plot() const {
    const int low = scaled(44), gap = scaled(12);
    const double side = std::min(width() - low - gap, height() - low - gap);
    return {static_cast<double>(low), static_cast<double>(gap), side, side};
}

QPointF EffectScatter::placeOf(const VerifiedEdge &edge) const {
    const QRectF room = plot();
    const auto share = [this](double value) { return (value / reach_ * 0.95 + 1) / 2; };
    return {room.left() + share(edge.predicted) * room.width(), room.bottom() - share(edge.measured) * room.height()};
}

void EffectScatter::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF room = plot();
    painter.setPen(theme().chartGrid);
    painter.drawLine(QPointF(room.left(), room.center().y()), QPointF(room.right(), room.center().y()));
    painter.drawLine(QPointF(room.center().x(), room.top()), QPointF(room.center().x(), room.bottom()));
    painter.setPen(theme().fieldBorder);
    painter.drawLine(room.bottomLeft(), room.topLeft());
    painter.drawLine(room.bottomLeft(), room.bottomRight());
    painter.setPen(QPen(theme().referenceCurve, 1.5, Qt::DashLine));
    painter.drawLine(room.bottomLeft(), room.topRight());
    painter.setFont(tt::font(TextRole::MonoSmall));
    painter.setPen(theme().secondaryInk);
    const int line = QFontMetrics(painter.font()).height();
    const QString low = figure(-reach_), high = figure(reach_);
    painter.drawText(QRectF(room.left(), room.bottom() + 2, room.width(), line), Qt::AlignLeft, low);
    painter.drawText(QRectF(room.left(), room.bottom() + 2, room.width(), line), Qt::AlignRight, high);
    painter.drawText(QRectF(0, room.top(), room.left() - 4, line), Qt::AlignRight, high);
    painter.drawText(QRectF(0, room.bottom() - line, room.left() - 4, line), Qt::AlignRight, low);
    painter.setFont(tt::font(TextRole::Small));
    painter.drawText(QRectF(room.left(), room.bottom() + 2, room.width(), line), Qt::AlignHCenter, tr("predicted"));
    painter.save();
    painter.translate(room.left() - line - 4, room.center().y());
    painter.rotate(-90);
    painter.drawText(QRectF(-room.height() / 2, 0, room.height(), line), Qt::AlignHCenter, tr("measured"));
    painter.restore();
    for (size_t e = edges_.size(); e-- > 0;) { // the strongest last, on top
        const int layer = std::max(edges_[e].target.layer, 0);
        painter.setPen(QPen(theme().panel, 0.5));
        painter.setBrush(theme().curves[static_cast<size_t>(layer) % theme().curves.size()]);
        paintMark(painter, placeOf(edges_[e]), layer, scaled(3));
    }
    if (chosen_) {
        painter.setPen(QPen(theme().ink, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(placeOf(edges_[static_cast<size_t>(*chosen_)]), scaled(7), scaled(7));
    }
    if (hasFocus()) {
        painter.setPen(QPen(theme().focus, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(rect().adjusted(1, 1, -1, -1));
    }
}

void EffectScatter::choose(int edge) {
    if (edge < 0 || edge >= std::ssize(edges_))
        return;
    chosen_ = edge;
    update();
    Q_EMIT edgeChosen(edge);
}

void EffectScatter::mousePressEvent(QMouseEvent *event) {
    double nearest = hitDistance * hitDistance;
    int found = -1;
    for (size_t e = 0; e < edges_.size(); ++e) {
        const QPointF apart = placeOf(edges_[e]) - event->position();
        if (const double distance = QPointF::dotProduct(apart, apart); distance < nearest) {
            nearest = distance;
            found = static_cast<int>(e);
        }
    }
    choose(found);
}

void EffectScatter::keyPressEvent(QKeyEvent *event) {
    if (event->key() == Qt::Key_Left)
        return choose(chosen_.value_or(1) - 1);
    if (event->key() == Qt::Key_Right)
        return choose(chosen_.value_or(-1) + 1);
    QWidget::keyPressEvent(event);
}

void EffectScatter::changeEvent(QEvent *event) {
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        update();
    QWidget::changeEvent(event);
}

VerifyPanel::VerifyPanel(QWidget *parent) : QWidget(parent) {
    setGround(this, &Theme::panel);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(new SectionHeader(tr("Sums"), this, 32));
    const auto sentence = [&] {
        auto *label = new QLabel(this);
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
        label->setContentsMargins(scaled(12), 0, scaled(12), scaled(10));
        layout->addWidget(label);
        return label;
    };
    residual_ = sentence();
    layout->addWidget(horizontalLine(this));
    layout->addWidget(new SectionHeader(tr("Frozen interventions"), this, 32));
    effects_ = sentence();
    layout->addWidget(scatter_ = new EffectScatter(this), 1);
    chosen_ = sentence();
    connect(scatter_, &EffectScatter::edgeChosen, this, [this](int index) {
        const VerifiedEdge &edge = scatter_->edges()[static_cast<size_t>(index)];
        chosen_->setText(tr("%1 → %2: predicted %3, measured %4")
                             .arg(nodeText(edge.source), nodeText(edge.target), figure(edge.predicted, 5),
                                  figure(edge.measured, 5)));
        Q_EMIT edgeChosen(edge.source, edge.target);
    });
    setVerification(std::nullopt);
}

void VerifyPanel::setResidual(double maxResidual) {
    const bool exact = maxResidual <= allowedResidual;
    residual_->setText(
        exact ? tr("✓ The edges and the bias of every node sum to its pre-activation to %1 of their sizes, "
                   "before anything is pruned.")
                    .arg(exponent(maxResidual))
              : tr("The edges and the bias miss a node's pre-activation by %1 of their sizes; %2 is allowed.")
                    .arg(exponent(maxResidual), exponent(allowedResidual)));
    setInk(residual_, exact ? Ink::Ok : Ink::Error);
}

void VerifyPanel::setVerification(const std::optional<Verification> &verification) {
    chosen_->clear();
    scatter_->setVisible(verification.has_value());
    if (!verification) {
        effects_->setText(
            tr("Not run yet. Verify doubles features in the model with attention, norms and MLPs held, and "
               "compares what changes with the edges."));
        setInk(effects_, Ink::Secondary);
        return;
    }
    const bool agrees = verification->maxAbsError <= allowedError;
    effects_->setText(
        tr("%1 effects were measured; the largest difference from an edge is %2, %3 is allowed.")
            .arg(count(verification->checked), exponent(verification->maxAbsError), exponent(allowedError)));
    setInk(effects_, agrees ? Ink::Ok : Ink::Error);
    scatter_->setEdges(verification->edges);
}

} // namespace tt
