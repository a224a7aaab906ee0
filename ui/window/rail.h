#pragma once

#include <QFrame>
#include <QToolButton>

class QButtonGroup;

namespace tt {

/// A place in the rail: icon above its name; the chosen one has the accent at its left edge.
class RailButton : public QToolButton {
    Q_OBJECT
public:
    RailButton(const QString &iconName, const QString &name, QWidget *parent);
    void setDot(bool dot);
    [[nodiscard]] bool hasDot() const { return dot_; }
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;

private:
    QString iconName_;
    bool dot_ = false, ring_ = false; ///< the ring is for focus that came by the keyboard
};

/// The places of the window, one of them chosen.
class Rail : public QFrame {
    Q_OBJECT
public:
    explicit Rail(QWidget *parent = nullptr);
    void addPlace(const QString &iconName, const QString &name, const QString &toolTip);
    void choose(int place);
    [[nodiscard]] RailButton *button(int place) const;

Q_SIGNALS:
    void chosen(int place);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QButtonGroup *group_;
};

} // namespace tt
