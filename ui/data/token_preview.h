#pragma once

#include "ui/data/token_layout.h"

#include <QAbstractScrollArea>

namespace tt {

/// `Preview`: stories with every token on one of two alternating grounds. A click or the arrow keys choose a token;
/// its accessible children are the tokens.
class TokenPreview : public QAbstractScrollArea {
    Q_OBJECT
public:
    explicit TokenPreview(QWidget *parent = nullptr);

    void setPreview(const StoryPreview &preview);
    [[nodiscard]] const StoryPreview &preview() const { return preview_; }
    [[nodiscard]] int count() const { return static_cast<int>(preview_.ids.size()); }
    /// Place of the chosen token, −1 if none.
    [[nodiscard]] int chosen() const { return chosen_; }
    void choose(int token);
    /// Text of a token as a screen reader says it.
    [[nodiscard]] QString tokenName(int token) const;
    /// In viewport coordinates; of its first piece.
    [[nodiscard]] QRect tokenRect(int token) const;
    [[nodiscard]] int tokenAt(const QPoint &point) const; ///< −1 where there is none

Q_SIGNALS:
    void tokenChosen(int token);

protected:
    bool viewportEvent(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;

private:
    void layOut();
    void updateScrollBar();
    void moveByLines(int lines);
    void paintPiece(QPainter &painter, const TokenPiece &piece) const;
    [[nodiscard]] QRect pieceRect(const TokenPiece &piece) const;
    [[nodiscard]] int lineHeight() const;
    [[nodiscard]] size_t firstPieceOfLine(int line) const;

    StoryPreview preview_;
    TokenLayout layout_;
    int chosen_ = -1;
};

} // namespace tt
