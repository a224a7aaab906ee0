#pragma once

#include <QFrame>

class QLabel;
class QPushButton;

namespace tt {

/// The bar of the tour, above the place it speaks of: a heading, one sentence, where one is, Skip and Next. It covers
/// nothing: the layout makes room for it.
class TourBar : public QFrame {
    Q_OBJECT
public:
    explicit TourBar(QWidget *parent = nullptr); ///< hidden until there is a step

    /// `step` counts from 0. `next` are the words on the main button.
    void showStep(int step, int steps, const QString &heading, const QString &text, const QString &next);
    /// x of a notch at the upper edge that points to a target above; −1 for none.
    void setNotch(int x);
    [[nodiscard]] QPushButton *nextButton() const { return next_; }

Q_SIGNALS:
    void nextRequested();
    void skipRequested();

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    int step_ = 0, steps_ = 0, notch_ = -1;
    QLabel *heading_, *count_, *text_;
    QWidget *dots_;
    QPushButton *skip_, *next_;
};

} // namespace tt
