#include "ui/data/token_preview.h"

#include "ui/data/token_preview_accessible.h"
#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>

#include <algorithm>

namespace tt {
namespace {

int margin() {
    return scaled(16);
}

QString endOfTextWords() {
    return TokenPreview::tr("end of text");
}

} // namespace

TokenPreview::TokenPreview(QWidget *parent) : QAbstractScrollArea(parent) {
    installTokenPreviewAccessible();
    setAccessibleName(tr("Preview"));
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setGround(viewport(), &Theme::panel);
}

void TokenPreview::setPreview(const StoryPreview &preview) {
    if (preview == preview_)
        return;
    preview_ = preview;
    chosen_ = -1;
    setAccessibleDescription(preview.ids.empty()
                                 ? QString()
                                 : tr("%1 tokens of %2 from story %3 on, cut by %4")
                                       .arg(tt::count(count()), QString::fromStdString(preview.corpus),
                                            tt::count(preview.first), QString::fromStdString(preview.tokenizer)));
    verticalScrollBar()->setValue(0);
    layOut();
    forgetTokenAccessibles(this);
    Q_EMIT tokenChosen(-1);
}

QString TokenPreview::tokenName(int token) const {
    const int32_t id = preview_.ids.at(static_cast<size_t>(token));
    if (id == preview_.endOfText)
        return endOfTextWords();
    const std::string &bytes = preview_.token(id).bytes;
    const QString text = QString::fromUtf8(bytes.data(), static_cast<qsizetype>(bytes.size()));
    return text.toUtf8() == QByteArray::fromStdString(bytes) ? text : shownToken(bytes);
}

int TokenPreview::lineHeight() const {
    return std::max(scaled(28), QFontMetrics(tt::font(TextRole::Mono)).height() + scaled(10));
}

void TokenPreview::layOut() {
    const QFontMetrics metrics(tt::font(TextRole::Mono));
    layout_ = layOutTokens(
        preview_, viewport()->width() - 2 * margin(),
        [&](const QString &text) { return metrics.horizontalAdvance(text); }, endOfTextWords());
    updateScrollBar();
    viewport()->update();
}

void TokenPreview::updateScrollBar() {
    const int height = layout_.lines * lineHeight() + scaled(8);
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setSingleStep(lineHeight());
    verticalScrollBar()->setRange(0, std::max(0, height - viewport()->height()));
}

QRect TokenPreview::pieceRect(const TokenPiece &piece) const {
    const int gap = scaled(2);
    return {margin() + piece.x, piece.line * lineHeight() - verticalScrollBar()->value() + gap, piece.width,
            lineHeight() - 2 * gap};
}

QRect TokenPreview::tokenRect(int token) const {
    if (token < 0 || token >= count())
        return {};
    return pieceRect(layout_.pieces[static_cast<size_t>(layout_.firstOfToken[static_cast<size_t>(token)])]);
}

size_t TokenPreview::firstPieceOfLine(int line) const {
    const auto at = std::lower_bound(layout_.pieces.begin(), layout_.pieces.end(), line,
                                     [](const TokenPiece &piece, int wanted) { return piece.line < wanted; });
    return static_cast<size_t>(at - layout_.pieces.begin());
}

int TokenPreview::tokenAt(const QPoint &point) const {
    const int line = (point.y() + verticalScrollBar()->value()) / lineHeight();
    for (size_t i = firstPieceOfLine(line); i < layout_.pieces.size() && layout_.pieces[i].line == line; ++i)
        if (const QRect box = pieceRect(layout_.pieces[i]); point.x() >= box.left() && point.x() <= box.right())
            return layout_.pieces[i].token;
    return -1;
}

void TokenPreview::choose(int token) {
    token = std::clamp(token, -1, count() - 1);
    if (token == chosen_)
        return;
    chosen_ = token;
    if (token >= 0) {
        const QRect box = tokenRect(token);
        if (box.top() < 0)
            verticalScrollBar()->setValue(verticalScrollBar()->value() + box.top());
        else if (box.bottom() >= viewport()->height())
            verticalScrollBar()->setValue(verticalScrollBar()->value() + box.bottom() + 1 - viewport()->height());
        announceToken(this, token);
    }
    viewport()->update();
    Q_EMIT tokenChosen(token);
}

/// To the token of another line that stands nearest to the chosen one's place.
void TokenPreview::moveByLines(int lines) {
    if (chosen_ < 0 || layout_.lines == 0)
        return choose(0);
    const TokenPiece &from = layout_.pieces[static_cast<size_t>(layout_.firstOfToken[static_cast<size_t>(chosen_)])];
    const int line = std::clamp(from.line + lines, 0, layout_.lines - 1);
    int nearest = chosen_, least = INT_MAX;
    for (size_t i = firstPieceOfLine(line); i < layout_.pieces.size() && layout_.pieces[i].line == line; ++i) {
        const int distance = std::abs(layout_.pieces[i].x - from.x);
        if (distance < least) {
            least = distance;
            nearest = layout_.pieces[i].token;
        }
    }
    choose(nearest);
}

void TokenPreview::keyPressEvent(QKeyEvent *event) {
    const int page = std::max(1, viewport()->height() / lineHeight() - 1);
    if (event->matches(QKeySequence::Copy) && chosen_ >= 0)
        return QGuiApplication::clipboard()->setText(tokenName(chosen_));
    switch (event->key()) {
    case Qt::Key_Left:
        return choose(std::max(0, chosen_ - 1));
    case Qt::Key_Right:
        return choose(chosen_ + 1);
    case Qt::Key_Up:
        return moveByLines(-1);
    case Qt::Key_Down:
        return moveByLines(1);
    case Qt::Key_PageUp:
        return moveByLines(-page);
    case Qt::Key_PageDown:
        return moveByLines(page);
    case Qt::Key_Home:
        return choose(0);
    case Qt::Key_End:
        return choose(count() - 1);
    case Qt::Key_Escape:
        if (chosen_ >= 0)
            return choose(-1);
        break;
    default:
        break;
    }
    event->ignore();
}

void TokenPreview::mousePressEvent(QMouseEvent *event) {
    choose(tokenAt(event->position().toPoint()));
}

void TokenPreview::paintPiece(QPainter &painter, const TokenPiece &piece) const {
    const QRect box = pieceRect(piece);
    const Theme &t = theme();
    if (piece.endOfText) {
        painter.setPen(QPen(t.fieldBorder, 1, Qt::DashLine));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(box).adjusted(3.5, 1.5, -0.5, -1.5), 3, 3);
        painter.setFont(tt::font(TextRole::MonoSmall));
        painter.setPen(t.secondaryInk);
        painter.drawText(box.adjusted(3, 0, 0, 0), Qt::AlignCenter, piece.text);
    } else {
        painter.fillRect(box, piece.token % 2 == 0 ? t.innerLine : t.node(NodeKind::Feature).fill);
        painter.setFont(tt::font(TextRole::Mono));
        const bool mark = piece.text.contains(QChar(0x21B5)) || piece.text.startsWith(QChar(0x27E8));
        painter.setPen(mark ? t.tertiaryInk : t.ink);
        painter.drawText(box, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, piece.text);
    }
    if (piece.token == chosen_) {
        painter.setPen(QPen(hasFocus() ? t.focus : t.ink, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(box).adjusted(0, 0, 0, 0), 2, 2);
    }
}

void TokenPreview::paintEvent(QPaintEvent *event) {
    QPainter painter(viewport());
    painter.setRenderHint(QPainter::Antialiasing);
    const int first = (event->rect().top() + verticalScrollBar()->value()) / lineHeight();
    const int last = (event->rect().bottom() + verticalScrollBar()->value()) / lineHeight();
    std::vector<const TokenPiece *> onTop;
    for (size_t i = firstPieceOfLine(first); i < layout_.pieces.size() && layout_.pieces[i].line <= last; ++i) {
        if (layout_.pieces[i].token == chosen_)
            onTop.push_back(&layout_.pieces[i]); // its ring lies over its neighbours
        else
            paintPiece(painter, layout_.pieces[i]);
    }
    for (const TokenPiece *piece : onTop)
        paintPiece(painter, *piece);
}

bool TokenPreview::viewportEvent(QEvent *event) {
    if (event->type() != QEvent::ToolTip)
        return QAbstractScrollArea::viewportEvent(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    const int token = tokenAt(help->pos());
    if (token < 0) {
        QToolTip::hideText();
    } else {
        const int32_t id = preview_.ids[static_cast<size_t>(token)];
        const std::string &bytes = preview_.token(id).bytes;
        QToolTip::showText(help->globalPos(),
                           plainToolTip(tr("%1\nid %2, %3\n←/→ next token")
                                            .arg(shownToken(bytes), tt::count(id),
                                                 bytes.size() == 1 ? tr("1 byte") : tr("%1 bytes").arg(bytes.size()))),
                           viewport(), tokenRect(token));
    }
    return true;
}

void TokenPreview::resizeEvent(QResizeEvent *) {
    layOut();
}

void TokenPreview::changeEvent(QEvent *event) {
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange)
        layOut();
    QAbstractScrollArea::changeEvent(event);
}

void TokenPreview::focusInEvent(QFocusEvent *event) {
    QAbstractScrollArea::focusInEvent(event);
    viewport()->update();
}

void TokenPreview::focusOutEvent(QFocusEvent *event) {
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

} // namespace tt
