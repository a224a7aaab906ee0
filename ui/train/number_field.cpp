#include "ui/train/number_field.h"

#include "ui/theme.h"
#include "ui/train/number_text.h"
#include "ui/widgets/roles.h"

#include <QLineEdit>
#include <QRegularExpression>

#include <algorithm>
#include <cmath>

namespace tt {

NumberField::NumberField(const Parameter &parameter, QWidget *parent)
    : QAbstractSpinBox(parent), whole_(parameter.kind == Parameter::Kind::Integer), minimum_(parameter.minimum),
      maximum_(parameter.maximum) {
    setTextRole(this, TextRole::Mono);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    connect(lineEdit(), &QLineEdit::textEdited, this, &NumberField::edited);
}

QString NumberField::plainText() const {
    QString plain = lineEdit()->text().remove(QLatin1Char(',')).trimmed();
    return plain.replace(QChar(0x2212), QLatin1Char('-'));
}

QString NumberField::shown(const QString &plain) const {
    bool isNumber = false;
    const double number = plain.toDouble(&isNumber);
    if (!isNumber)
        return plain;
    const bool exact = whole_ && number == std::floor(number) && std::abs(number) < 9e15;
    return exact ? groupedText(static_cast<int64_t>(number)) : realText(number);
}

void NumberField::setPlainText(const QString &text) {
    lineEdit()->setText(shown(text));
}

void NumberField::setValue(double value) {
    setPlainText(QString::number(value, 'g', 17));
    Q_EMIT edited();
}

void NumberField::stepBy(int steps) {
    const double now = value();
    // One unit of the second figure: 64 → 65, 1,000 → 1,100, 1.0e-3 → 1.1e-3; downwards 1.0e-3 → 9.0e-4.
    const double size = steps < 0 && now > 0 ? now * (1 - 1e-9) : std::abs(now);
    double unit = size > 0 ? std::pow(10, std::floor(std::log10(size)) - 1) : 0.1;
    if (whole_)
        unit = std::max(1.0, unit);
    const double next = std::round(now / unit + steps) * unit;
    setPlainText(QString::number(std::clamp(next, minimum_, maximum_), 'g', 12));
    selectAll();
    Q_EMIT edited();
}

QAbstractSpinBox::StepEnabled NumberField::stepEnabled() const {
    StepEnabled enabled = StepNone;
    if (value() > minimum_)
        enabled |= StepDownEnabled;
    if (value() < maximum_)
        enabled |= StepUpEnabled;
    return enabled;
}

QValidator::State NumberField::validate(QString &input, int &) const {
    static const QRegularExpression allowed(QStringLiteral("^[-+0-9.,eE\\x{2212} ]*$"));
    return allowed.match(input).hasMatch() ? QValidator::Acceptable : QValidator::Invalid;
}

void NumberField::focusOutEvent(QFocusEvent *event) {
    QAbstractSpinBox::focusOutEvent(event);
    setPlainText(plainText());
}

QSize NumberField::sizeHint() const {
    return {scaled(112), std::max(scaled(28), fontMetrics().height() + 8)};
}
QSize NumberField::minimumSizeHint() const {
    return {fontMetrics().horizontalAdvance(QStringLiteral("1,000")) + scaled(32), sizeHint().height()};
}

} // namespace tt
