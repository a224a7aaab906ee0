#include "ui/interventions/value_editor.h"

#include "ui/figures/words.h"
#include "ui/interventions/value_slider.h"
#include "ui/widgets/roles.h"

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QStackedWidget>

#include <cmath>

namespace tt {
namespace {

constexpr double largestTyped = 1e12; // larger than what can be computed, so that the row can say so

QLabel *endLabel(QWidget *parent) {
    auto *label = new QLabel(parent);
    setTextRole(label, TextRole::MonoSmall);
    setInk(label, Ink::Secondary);
    label->setMinimumWidth(QFontMetrics(font(TextRole::MonoSmall)).horizontalAdvance(QStringLiteral("−00.0")));
    return label;
}

} // namespace

ValueEditor::ValueEditor(QWidget *parent)
    : QWidget(parent), pages_(new QStackedWidget(this)), lower_(endLabel(this)), upper_(endLabel(this)),
      slider_(new ValueSlider(this)), field_(new QDoubleSpinBox(this)) {
    auto *outer = new QHBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(pages_);
    auto *words = new QLabel(tr("sets the activation to 0"), this);
    setInk(words, Ink::Secondary);
    pages_->addWidget(words);
    auto *scale = new QWidget(this);
    auto *layout = new QHBoxLayout(scale);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(scaled(8));
    lower_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    layout->addWidget(lower_);
    layout->addWidget(slider_, 1);
    layout->addWidget(upper_);
    layout->addWidget(field_);
    pages_->addWidget(scale);
    slider_->setToolTip(tr("Drag to change the value; the bars follow\n← → 1 %, PgUp PgDn 10 %, Home 0, End the "
                           "largest, Backspace the present value"));
    field_->setDecimals(2);
    field_->setRange(-largestTyped, largestTyped);
    field_->setKeyboardTracking(false);
    field_->setFixedWidth(scaled(92));
    field_->setToolTip(tr("The value in the feature's own units; for multiply, a factor"));
    setTextRole(field_, TextRole::Mono);
    setFocusProxy(slider_);
    connect(slider_, &ValueSlider::moved, this, &ValueEditor::take);
    connect(field_, &QDoubleSpinBox::valueChanged, this, &ValueEditor::take);
}

void ValueEditor::take(double value) {
    if (value == value_)
        return;
    value_ = value;
    Q_EMIT edited();
}

void ValueEditor::setNames(const QString &slider, const QString &field) {
    slider_->setAccessibleName(slider);
    field_->setAccessibleName(field);
}

void ValueEditor::setContent(InterventionAction action, const ValueRange &range, double value) {
    action_ = action;
    value_ = value;
    pages_->setCurrentIndex(action == InterventionAction::Ablate ? 0 : 1);
    const bool factor = action == InterventionAction::Multiply;
    const auto end = [&](double x) {
        return (factor && x > 0 ? QStringLiteral("×") : QString()) + figure(x, factor && x == std::round(x) ? 0 : 1);
    };
    slider_->setRangeAndValue(range, value);
    const ValueRange &shown = slider_->valueRange();
    lower_->setText(shown.lower == 0 ? QStringLiteral("0") : end(shown.lower));
    upper_->setText(end(shown.upper));
    const QSignalBlocker quiet(field_);
    field_->setPrefix(factor ? QStringLiteral("× ") : QString());
    field_->setSingleStep((shown.upper - shown.lower) / 100);
    if (field_->value() != value && !(field_->hasFocus() && std::abs(field_->value() - value) < 0.005))
        field_->setValue(value);
}

} // namespace tt
