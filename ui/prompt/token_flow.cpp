// Where the chips of TokenChips stand, and what it paints beside them.
#include "ui/figures/words.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/theme.h"

#include <QEvent>
#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>

namespace tt {
namespace {

QString predictedNext() {
    return TokenChips::tr("predicted next");
}

} // namespace

QString TokenChips::predictionText() const {
    return figure(prediction_->probability, 3);
}

QSize TokenChips::predictionSize() const {
    const ChipMetrics metrics = ChipMetrics::current();
    const QFontMetrics small(tt::font(TextRole::MonoSmall));
    const int box = tokenWidth(QString::fromStdString(prediction_->text)) + metrics.padding +
                    small.horizontalAdvance(predictionText()) + 2 * metrics.padding;
    const int words = QFontMetrics(tt::font(TextRole::Small)).horizontalAdvance(predictedNext());
    return {std::max(box, words) + 2 * metrics.margin, metrics.height()};
}

TokenChips::Flow TokenChips::flow(int width) const {
    Flow result;
    QPoint corner;
    const int height = rowHeight();
    const auto put = [&](const QSize &size, int gap) {
        if (corner.x() > 0 && corner.x() + gap + size.width() > width)
            corner = QPoint(0, corner.y() + height);
        else if (corner.x() > 0)
            corner.rx() += gap;
        const QRect place(corner, QSize(std::min(size.width(), std::max(width, 1)), size.height()));
        corner.rx() += place.width();
        return place;
    };
    const ChipMetrics metrics = ChipMetrics::current();
    for (const QString &token : leftOut_)
        result.leftOut.push_back(put(
            QSize(std::max(tokenWidth(token) + 2 * metrics.padding, metrics.boxHeight) + 2 * metrics.margin, height),
            0));
    for (size_t i = 0; i < tokens_.size(); ++i)
        result.chips.push_back(put(pool_[i]->sizeHint(), 0));
    if (prediction_)
        result.prediction = put(predictionSize(), scaled(10));
    result.height = corner.y() + height;
    return result;
}

int TokenChips::rowHeight() const {
    return ChipMetrics::current().height();
}
int TokenChips::heightForWidth(int width) const {
    return flow(width).height;
}
QSize TokenChips::sizeHint() const {
    return {scaled(200), flow_.height > 0 ? flow_.height : rowHeight()};
}

void TokenChips::place() {
    flow_ = flow(width());
    for (size_t i = 0; i < pool_.size(); ++i) {
        const bool used = i < tokens_.size();
        if (used)
            pool_[i]->setGeometry(flow_.chips[i]);
        pool_[i]->setVisible(used);
    }
    updateGeometry();
    update();
}

std::optional<int> TokenChips::positionAt(const QPoint &point) const {
    for (size_t i = 0; i < flow_.chips.size(); ++i)
        if (flow_.chips[i].contains(point))
            return static_cast<int>(i);
    return std::nullopt;
}

void TokenChips::paintPrediction(QPainter &painter) const {
    const Theme &t = theme();
    const ChipMetrics metrics = ChipMetrics::current();
    const QRectF box =
        QRectF(flow_.prediction.topLeft(), QSizeF(flow_.prediction.width(), metrics.boxHeight + 2 * metrics.margin))
            .adjusted(metrics.margin + 0.5, metrics.margin + 0.5, -metrics.margin - 0.5, -metrics.margin - 0.5);
    painter.setPen(QPen(t.fieldBorder, 1, Qt::DashLine));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(box, 4, 4);
    const QRectF text = box.adjusted(metrics.padding, 0, -metrics.padding, 0);
    painter.setFont(tt::font(TextRole::Mono));
    drawToken(painter, text, QString::fromStdString(prediction_->text), t.secondaryInk, t.tertiaryInk);
    painter.setFont(tt::font(TextRole::MonoSmall));
    painter.setPen(t.tertiaryInk);
    painter.drawText(text, Qt::AlignRight | Qt::AlignVCenter, predictionText());
    painter.setFont(tt::font(TextRole::Small));
    painter.drawText(
        QRectF(flow_.prediction.left(), box.bottom() + metrics.margin, flow_.prediction.width(), metrics.valueHeight),
        Qt::AlignCenter, predictedNext());
}

void TokenChips::paintEvent(QPaintEvent *event) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (faded_)
        painter.setOpacity(0.55);
    const Theme &t = theme();
    const ChipMetrics metrics = ChipMetrics::current();
    for (size_t i = 0; i < flow_.leftOut.size(); ++i) {
        const QRect &place = flow_.leftOut[i];
        if (!place.intersects(event->rect()))
            continue;
        const QRectF box =
            QRectF(place.topLeft(), QSizeF(place.width(), metrics.boxHeight + 2 * metrics.margin))
                .adjusted(metrics.margin + 0.5, metrics.margin + 0.5, -metrics.margin - 0.5, -metrics.margin - 0.5);
        painter.setPen(QPen(t.line, 1, Qt::DashLine));
        painter.drawRoundedRect(box, 4, 4);
        painter.setFont(tt::font(TextRole::Mono));
        const double text = tokenWidth(leftOut_[i]);
        drawToken(painter, QRectF(box.center().x() - text / 2, box.top(), text + 1, box.height()), leftOut_[i],
                  t.disabledInk, t.disabledInk);
    }
    if (prediction_)
        paintPrediction(painter);
}

bool TokenChips::event(QEvent *event) {
    if (event->type() == QEvent::ToolTip && prediction_) {
        const auto *help = static_cast<QHelpEvent *>(event);
        if (flow_.prediction.contains(help->pos()))
            QToolTip::showText(help->globalPos(),
                               plainToolTip(tr("The model's most probable next token: %1\nprobability %2, logit %3")
                                                .arg(shownToken(prediction_->text), figure(prediction_->probability, 3),
                                                     figure(prediction_->logit))),
                               this, flow_.prediction);
        else
            QToolTip::hideText();
        return true;
    }
    return QWidget::event(event);
}

void TokenChips::resizeEvent(QResizeEvent *) {
    place();
}

void TokenChips::changeEvent(QEvent *event) {
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange)
        place();
    QWidget::changeEvent(event);
}

} // namespace tt
