#include "ui/train/story_view.h"

#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <QTextBlock>
#include <QToolTip>

#include <algorithm>

namespace tt {

StoryView::StoryView(QWidget *parent) : QPlainTextEdit(parent) {
    setReadOnly(true);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    setFrameShape(QFrame::NoFrame);
    setTabChangesFocus(true);
    setMouseTracking(true);
    viewport()->setMouseTracking(true);
    viewport()->setCursor(Qt::ArrowCursor);
    setAccessibleName(tr("Story"));
    setAccessibleDescription(tr("Move through it with the arrow keys: each token tells how probable it was."));
    document()->setDocumentMargin(0);
    connect(this, &QPlainTextEdit::cursorPositionChanged, this, [this] {
        if (hasFocus())
            light(tokenAt(textCursor().position()));
    });
}

void StoryView::begin(const QString &prompt) {
    shown_.clear();
    decoder_.resetState();
    light(-1);
    setPlainText(prompt);
    promptEnd_ = static_cast<int>(prompt.size());
    colourPrompt();
}

void StoryView::append(const std::vector<StoryToken> &tokens) {
    QString text;
    int end = document()->characterCount() - 1;
    const QScrollBar *bar = verticalScrollBar();
    const bool atEnd = bar->value() == bar->maximum();
    for (const StoryToken &token : tokens) {
        const QString more =
            decoder_.decode(QByteArrayView(token.bytes.data(), static_cast<qsizetype>(token.bytes.size())));
        text += more;
        end += static_cast<int>(more.size());
        shown_.push_back({token.bytes, token.probability, end});
    }
    QTextCursor cursor(document());
    cursor.movePosition(QTextCursor::End);
    QTextCharFormat format;
    format.setForeground(theme().ink);
    cursor.insertText(text, format);
    if (atEnd)
        verticalScrollBar()->setValue(verticalScrollBar()->maximum());
}

int StoryView::tokenAt(int position) const {
    if (position < promptEnd_)
        return -1;
    const auto found = std::upper_bound(shown_.begin(), shown_.end(), position,
                                        [](int place, const Shown &token) { return place < token.end; });
    return found == shown_.end() ? -1 : static_cast<int>(found - shown_.begin());
}

QString StoryView::tokenText(int token) const {
    return shownToken(shown_.at(static_cast<size_t>(token)).bytes) + QLatin1Char(' ') + percent(probability(token));
}

void StoryView::light(int token) {
    if (token == lit_)
        return;
    lit_ = token;
    QList<QTextEdit::ExtraSelection> selections;
    if (token >= 0) {
        QTextEdit::ExtraSelection selection;
        selection.cursor = QTextCursor(document());
        selection.cursor.setPosition(token == 0 ? promptEnd_ : shown_[static_cast<size_t>(token) - 1].end);
        selection.cursor.setPosition(shown_[static_cast<size_t>(token)].end, QTextCursor::KeepAnchor);
        selection.format.setBackground(theme().selected);
        selections.append(selection);
    }
    setExtraSelections(selections);
    Q_EMIT tokenLit(token >= 0 ? tokenText(token) : QString());
}

void StoryView::mouseMoveEvent(QMouseEvent *event) {
    QPlainTextEdit::mouseMoveEvent(event);
    const QPoint place = event->position().toPoint();
    QTextCursor cursor = cursorForPosition(place);
    if (cursorRect(cursor).left() > place.x() && cursor.positionInBlock() > 0)
        cursor.movePosition(QTextCursor::PreviousCharacter); // the caret's place is the nearest gap, not the letter
    const QRect line = cursorRect(cursor);
    const bool onText = place.y() >= line.top() && place.y() <= line.bottom();
    const int token = onText ? tokenAt(cursor.position()) : -1;
    light(token);
    if (token >= 0)
        QToolTip::showText(event->globalPosition().toPoint(),
                           plainToolTip(tokenText(token) + QLatin1Char('\n') +
                                        tr("probability under the model, before temperature and cuts")),
                           this);
    else
        QToolTip::hideText();
}

void StoryView::leaveEvent(QEvent *event) {
    light(-1);
    QPlainTextEdit::leaveEvent(event);
}

/// The prompt is paler than what the model wrote.
void StoryView::colourPrompt() {
    QTextCursor cursor(document());
    cursor.setPosition(promptEnd_, QTextCursor::KeepAnchor);
    QTextCharFormat format;
    format.setForeground(theme().tertiaryInk);
    cursor.mergeCharFormat(format);
    cursor.setPosition(promptEnd_);
    cursor.movePosition(QTextCursor::End, QTextCursor::KeepAnchor);
    format.setForeground(theme().ink);
    cursor.mergeCharFormat(format);
}

void StoryView::changeEvent(QEvent *event) {
    if (event->type() == QEvent::PaletteChange)
        colourPrompt();
    QPlainTextEdit::changeEvent(event);
}

} // namespace tt
