#pragma once

#include <QPointer>
#include <QWidget>

#include <optional>

namespace tt {

/// A ring of two accent pixels around what a step of the tour speaks of. It lies over the window, takes no clicks, and
/// follows its target when that moves or hides.
class TargetRing : public QWidget {
    Q_OBJECT
public:
    /// `over`: the widget in which it may be drawn, usually the window's centre.
    explicit TargetRing(QWidget *over);
    /// Around a widget, or a part of it in its own coordinates; nothing hides the ring.
    void setTarget(QWidget *target, std::optional<QRect> part = std::nullopt);
    [[nodiscard]] QWidget *target() const { return target_; }
    /// What it encloses, in `over`'s coordinates; empty where the target cannot be seen.
    [[nodiscard]] QRect enclosed() const;

Q_SIGNALS:
    void moved(); ///< enclosed() is another

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    void follow();

    QPointer<QWidget> target_;
    std::optional<QRect> part_;
    QRect enclosed_;
};

} // namespace tt
