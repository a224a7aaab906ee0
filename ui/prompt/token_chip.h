#pragma once

#include <QAbstractButton>

namespace tt {

/// Text of a token with its white space drawn as ␣, ⏎ or ⇥ in `markInk`, one line, from the left of `box`.
void drawToken(QPainter &painter, const QRectF &box, const QString &token, const QColor &ink, const QColor &markInk);
int tokenWidth(const QString &token);

/// Measures of a chip: a box with the token and, below it, the chosen feature's value.
struct ChipMetrics {
    int boxHeight, valueHeight, margin, padding;
    [[nodiscard]] int height() const { return boxHeight + valueHeight + 2 * margin; }
    static ChipMetrics current(); ///< for the theme's fonts
};

/// A token of the prompt as a button. Its accessible name is the raw token.
class TokenChip : public QAbstractButton {
    Q_OBJECT
public:
    explicit TokenChip(QWidget *parent);

    /// `given`: probability the model gave it after the tokens before, negative where there is none; id −1: not known.
    void setToken(int position, const QString &token, int id = -1, double given = -1);
    /// `share` of the feature's largest activation, 0 … 1; `value` is written below, empty for none.
    void setActivation(double share, const QString &value);
    void setFaded(bool faded);

    [[nodiscard]] int position() const { return position_; }
    [[nodiscard]] const QString &token() const { return token_; }
    [[nodiscard]] double share() const { return share_; }
    [[nodiscard]] const QString &value() const { return value_; }
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    bool hitButton(const QPoint &point) const override { return rect().contains(point); }

private:
    void updateToolTip();

    int position_ = 0, id_ = -1;
    double given_ = -1;
    QString token_, value_;
    double share_ = 0;
    bool faded_ = false;
};

} // namespace tt
