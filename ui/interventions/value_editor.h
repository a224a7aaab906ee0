#pragma once

#include "ui/interventions/value_range.h"

#include <QWidget>

class QDoubleSpinBox;
class QLabel;
class QStackedWidget;

namespace tt {

class ValueSlider;

/// The value of a row: slider between its ends, and the figure to type. Ablate needs none and says so in words.
class ValueEditor : public QWidget {
    Q_OBJECT
public:
    explicit ValueEditor(QWidget *parent = nullptr);
    void setContent(InterventionAction action, const ValueRange &range, double value);
    /// Accessible names of the slider and the field.
    void setNames(const QString &slider, const QString &field);
    [[nodiscard]] double value() const { return value_; }
    [[nodiscard]] ValueSlider *slider() const { return slider_; }

Q_SIGNALS:
    void edited(); ///< by the user; value() has it

private:
    void take(double value);
    InterventionAction action_ = InterventionAction::Ablate;
    double value_ = 0;
    QStackedWidget *pages_;
    QLabel *lower_, *upper_;
    ValueSlider *slider_;
    QDoubleSpinBox *field_;
};

} // namespace tt
