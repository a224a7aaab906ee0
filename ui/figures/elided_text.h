#pragma once

#include <QLabel>

namespace tt {

/// One line of plain text that gives way: it ends in … where there is no room, with the whole of it as tooltip.
class ElidedText : public QLabel {
    Q_OBJECT
public:
    explicit ElidedText(QWidget *parent = nullptr);
    [[nodiscard]] QSize minimumSizeHint() const override { return {0, QLabel::minimumSizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override;
};

} // namespace tt
