#include "ui/widgets/number_accessible.h"

#include <QAbstractSpinBox>
#include <QAccessibleWidget>
#include <QLineEdit>

#include <algorithm>

namespace tt {

namespace {

/// The text is that of the box's line edit. Role EditableText, as Qt's bridge offers the writing of text to no other.
class NumberAccessible : public QAccessibleWidget,
                         public QAccessibleEditableTextInterface,
                         public QAccessibleValueInterface {
public:
    explicit NumberAccessible(QAbstractSpinBox *box)
        : QAccessibleWidget(box, QAccessible::EditableText), box_(box), line_(box->findChild<QLineEdit *>()) {
        line_->setObjectName(QStringLiteral("ttNumberText")); // by its first name Qt hides it, and its text with it
    }

    void *interface_cast(QAccessible::InterfaceType type) override {
        if (type == QAccessible::EditableTextInterface)
            return static_cast<QAccessibleEditableTextInterface *>(this);
        if (type == QAccessible::ValueInterface)
            return static_cast<QAccessibleValueInterface *>(this);
        if (type == QAccessible::TextInterface)
            return QAccessible::queryAccessibleInterface(line_)->interface_cast(type);
        return QAccessibleWidget::interface_cast(type);
    }
    [[nodiscard]] int childCount() const override { return 0; }
    [[nodiscard]] QAccessibleInterface *child(int) const override { return nullptr; }
    [[nodiscard]] QString text(QAccessible::Text kind) const override {
        return kind == QAccessible::Value ? box_->text() : QAccessibleWidget::text(kind);
    }

    void insertText(int offset, const QString &text) override { replaceText(offset, offset, text); }
    void deleteText(int start, int end) override { replaceText(start, end, {}); }
    /// As if typed and left: who listens to typing hears it, and the box takes its form again.
    void replaceText(int start, int end, const QString &text) override {
        if (box_->isReadOnly() || !box_->isEnabled())
            return;
        line_->setSelection(start, end - start);
        line_->insert(text);
        box_->interpretText();
        Q_EMIT box_->editingFinished();
    }

    [[nodiscard]] QVariant currentValue() const override { return box_->property("value"); }
    void setCurrentValue(const QVariant &value) override { box_->setProperty("value", value); }
    [[nodiscard]] QVariant minimumValue() const override { return box_->property("minimum"); }
    [[nodiscard]] QVariant maximumValue() const override { return box_->property("maximum"); }
    [[nodiscard]] QVariant minimumStepSize() const override {
        const QVariant step = box_->property("singleStep");
        return step.isValid() ? step : QVariant(0.0);
    }

private:
    QAbstractSpinBox *box_;
    QLineEdit *line_;
};

QAccessibleInterface *numberAccessible(const QString &, QObject *object) {
    auto *box = qobject_cast<QAbstractSpinBox *>(object);
    return box && box->findChild<QLineEdit *>() ? new NumberAccessible(box) : nullptr;
}

} // namespace

void installNumberAccessible() {
    [[maybe_unused]] static const bool installed = (QAccessible::installFactory(numberAccessible), true);
}

} // namespace tt
