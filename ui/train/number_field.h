#pragma once

#include "core/train/parameter.h"

#include <QAbstractSpinBox>

namespace tt {

/// A spin box for one numeric parameter of any size: mono digits, "1,000" and "1.0e-3". It takes every number, also one
/// out of range, so that the form can say what is wrong with it.
class NumberField : public QAbstractSpinBox {
    Q_OBJECT
    Q_PROPERTY(double value READ value WRITE setValue)
    Q_PROPERTY(double minimum READ minimum)
    Q_PROPERTY(double maximum READ maximum)
public:
    explicit NumberField(const Parameter &parameter, QWidget *parent = nullptr);

    /// As a configuration's set() reads it: no separators.
    [[nodiscard]] QString plainText() const;
    void setPlainText(const QString &text);
    [[nodiscard]] double value() const { return plainText().toDouble(); }
    void setValue(double value);
    [[nodiscard]] double minimum() const { return minimum_; }
    [[nodiscard]] double maximum() const { return maximum_; }

    void stepBy(int steps) override;
    QValidator::State validate(QString &input, int &position) const override;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void edited();

protected:
    [[nodiscard]] StepEnabled stepEnabled() const override;
    void focusOutEvent(QFocusEvent *event) override;

private:
    [[nodiscard]] QString shown(const QString &plain) const;

    bool whole_;
    double minimum_, maximum_;
};

} // namespace tt
