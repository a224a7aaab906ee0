#include "ui/circuits/attention_view.h"

#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QEvent>
#include <QKeyEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace tt {

namespace {
constexpr int cellPixels = 22, longestLabel = 96, margin = 8;
} // namespace

AttentionView::AttentionView(QWidget *parent) : QWidget(parent) {
    setAccessibleName(tr("Attention pattern"));
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
}

void AttentionView::setPattern(std::vector<std::string> tokens, std::vector<float> pattern, int query) {
    tokens_ = std::move(tokens);
    pattern_ = std::move(pattern);
    query_ = query;
    atQuery_ = std::clamp(query, 0, static_cast<int>(std::ssize(tokens_)) - 1);
    atKey_ = 0;
    const auto row = pattern_.begin() + static_cast<std::ptrdiff_t>(atQuery_) * std::ssize(tokens_);
    atKey_ = static_cast<int>(std::max_element(row, row + atQuery_ + 1) - row);
    updateGeometry();
    point(atQuery_, atKey_);
}

int AttentionView::labelWidth() const {
    const QFontMetrics metrics(tt::font(TextRole::MonoSmall));
    int width = 0;
    for (const std::string &token : tokens_)
        width = std::max(width, metrics.horizontalAdvance(shownToken(token)));
    return std::min(width, scaled(longestLabel)) + scaled(margin);
}

double AttentionView::cellSide() const {
    return std::max(scaled(cellPixels), QFontMetrics(tt::font(TextRole::MonoSmall)).height() + scaled(4));
}

QSize AttentionView::sizeHint() const {
    const int side = static_cast<int>(cellSide() * static_cast<double>(tokens_.size()));
    return {labelWidth() + side + scaled(2 * margin), labelWidth() + side + scaled(2 * margin)};
}

QSize AttentionView::minimumSizeHint() const {
    return sizeHint();
}

QString AttentionView::sentence(int query, int key) const {
    const auto at = [this](int position) { return tokens_[static_cast<size_t>(position)]; };
    const float share = pattern_[static_cast<size_t>(query) * tokens_.size() + static_cast<size_t>(key)];
    return tr("%1 at %2 reads %3 at %4 with %5")
        .arg(shownToken(at(query)))
        .arg(query)
        .arg(shownToken(at(key)))
        .arg(key)
        .arg(percent(static_cast<double>(share)));
}

void AttentionView::point(int query, int key) {
    if (tokens_.empty())
        return;
    atQuery_ = std::clamp(query, 0, static_cast<int>(std::ssize(tokens_)) - 1);
    atKey_ = std::clamp(key, 0, atQuery_);
    const QString text = sentence(atQuery_, atKey_);
    setAccessibleDescription(text);
    Q_EMIT cellPointed(text);
    update();
}

void AttentionView::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
    const double side = cellSide(), left = labelWidth() + scaled(margin), top = left;
    const int length = static_cast<int>(std::ssize(tokens_));
    painter.setFont(tt::font(TextRole::MonoSmall));
    const QFontMetrics metrics(painter.font());
    for (int p = 0; p < length; ++p) {
        const QString token =
            metrics.elidedText(shownToken(tokens_[static_cast<size_t>(p)]), Qt::ElideRight, labelWidth() - scaled(4));
        painter.setPen(p == query_ ? theme().ink : theme().secondaryInk);
        painter.drawText(QRectF(scaled(margin), top + p * side, labelWidth() - scaled(4), side),
                         Qt::AlignRight | Qt::AlignVCenter, token);
        painter.save();
        painter.translate(left + p * side, top - scaled(4));
        painter.rotate(-90);
        painter.setPen(theme().secondaryInk);
        painter.drawText(QRectF(0, 0, labelWidth(), side), Qt::AlignLeft | Qt::AlignVCenter, token);
        painter.restore();
        for (int s = 0; s <= p; ++s) {
            const QRectF cell(left + s * side, top + p * side, side - 1, side - 1);
            const auto share = static_cast<double>(pattern_[static_cast<size_t>(p * length + s)]);
            painter.fillRect(cell, theme().alternate);
            if (const QColor fill = activationColour(share); fill.alpha() > 0)
                painter.fillRect(cell, fill);
        }
    }
    painter.setBrush(Qt::NoBrush);
    if (query_ >= 0) {
        painter.setPen(QPen(theme().accent, 2));
        painter.drawRect(QRectF(left - 1, top + query_ * side - 1, (query_ + 1) * side + 1, side + 1));
    }
    painter.setPen(QPen(theme().ink, hasFocus() ? 2 : 1));
    painter.drawRect(QRectF(left + atKey_ * side, top + atQuery_ * side, side - 1, side - 1));
}

void AttentionView::mouseMoveEvent(QMouseEvent *event) {
    const double left = labelWidth() + scaled(margin);
    const int query = static_cast<int>(std::floor((event->position().y() - left) / cellSide()));
    const int key = static_cast<int>(std::floor((event->position().x() - left) / cellSide()));
    if (query >= 0 && query < std::ssize(tokens_) && key >= 0 && key <= query)
        point(query, key);
}

void AttentionView::keyPressEvent(QKeyEvent *event) {
    switch (event->key()) {
    case Qt::Key_Left:
        return point(atQuery_, atKey_ - 1);
    case Qt::Key_Right:
        return point(atQuery_, atKey_ + 1);
    case Qt::Key_Up:
        return point(atQuery_ - 1, atKey_);
    case Qt::Key_Down:
        return point(atQuery_ + 1, atKey_);
    default:
        QWidget::keyPressEvent(event);
    }
}

void AttentionView::changeEvent(QEvent *event) {
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange) {
        updateGeometry();
        update();
    }
    QWidget::changeEvent(event);
}

AttentionDialog::AttentionDialog(QWidget *parent) : QDialog(parent) {
    setGround(this, &Theme::panel);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    sentence_ = new QLabel(this);
    sentence_->setTextFormat(Qt::PlainText);
    sentence_->setContentsMargins(scaled(16), scaled(12), scaled(16), scaled(4));
    layout->addWidget(sentence_);
    auto *area = new QScrollArea(this);
    area->setFrameShape(QFrame::NoFrame);
    area->setWidgetResizable(true);
    area->setWidget(view_ = new AttentionView(area));
    layout->addWidget(area, 1);
    connect(view_, &AttentionView::cellPointed, sentence_, &QLabel::setText);
}

void AttentionDialog::showPattern(const PatternRequest &request, const std::vector<std::string> &tokens,
                                  const std::vector<float> &pattern) {
    setWindowTitle(tr("Attention of layer %1, head %2").arg(request.layer).arg(request.head));
    view_->setPattern(tokens, pattern, request.query);
    const QSize wanted = view_->sizeHint() + QSize(scaled(32), scaled(64));
    resize(std::clamp(wanted.width(), scaled(320), scaled(720)), std::clamp(wanted.height(), scaled(240), scaled(640)));
    show();
    raise();
    view_->setFocus();
}

} // namespace tt
