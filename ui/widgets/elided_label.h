#pragma once

#include <QLabel>

namespace tt {

/// One line of plain text that ends in … where it does not fit; the tooltip then has all of it.
class ElidedLabel : public QLabel {
    Q_OBJECT
public:
    explicit ElidedLabel(QWidget *parent = nullptr, Qt::TextElideMode mode = Qt::ElideRight);
    void setFullText(const QString &text);
    [[nodiscard]] const QString &fullText() const { return full_; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void elide();
    QString full_;
    Qt::TextElideMode mode_;
};

} // namespace tt
