#pragma once

#include "ui/interventions/value_range.h"

#include <QSlider>

namespace tt {

/// A slider over a row's range, with a mark at the value that changes nothing. ←/→ move by 1 %, PgUp/PgDn by 10 %, Home
/// goes to 0, End to the largest, Backspace to the mark.
class ValueSlider : public QSlider {
    Q_OBJECT
public:
    explicit ValueSlider(QWidget *parent = nullptr);
    void setRangeAndValue(const ValueRange &range, double value);
    [[nodiscard]] const ValueRange &valueRange() const { return range_; }

Q_SIGNALS:
    void moved(double value); ///< by the user

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;

private:
    [[nodiscard]] int stepOf(double value) const;
    void move(double value);
    void tell();
    ValueRange range_;
    double value_ = 0;
    bool quiet_ = false;   ///< the value is set, not moved
    bool telling_ = false; ///< the value is moved: the range stays as it is under the hand
};

} // namespace tt
