#include "ui/widgets/choice_accessible.h"

#include <QAbstractItemView>
#include <QAccessibleWidget>
#include <QComboBox>
#include <QLineEdit>

#include <algorithm>

namespace tt {

namespace {

/// Its children are those of Qt's own: the list, and where one may type the line edit. AT-SPI has no value that is a
/// text, so what is chosen is also read through the interface for texts.
class ChoiceAccessible : public QAccessibleWidget, public QAccessibleTextInterface {
public:
    explicit ChoiceAccessible(QComboBox *box) : QAccessibleWidget(box, QAccessible::ComboBox), box_(box) {}

    void *interface_cast(QAccessible::InterfaceType type) override {
        if (type == QAccessible::TextInterface)
            return static_cast<QAccessibleTextInterface *>(this);
        return QAccessibleWidget::interface_cast(type);
    }
    [[nodiscard]] QString text(QAccessible::Text kind) const override {
        return kind == QAccessible::Value ? box_->currentText() : QAccessibleWidget::text(kind);
    }
    [[nodiscard]] QAccessible::State state() const override {
        QAccessible::State state = QAccessibleWidget::state();
        state.expandable = true;
        state.expanded = box_->view()->isVisible();
        state.editable = box_->isEditable();
        return state;
    }

    [[nodiscard]] int childCount() const override { return box_->isEditable() ? 2 : 1; }
    [[nodiscard]] QAccessibleInterface *child(int index) const override {
        QWidget *inside = index == 0 ? static_cast<QWidget *>(box_->view()) : index == 1 ? box_->lineEdit() : nullptr;
        return inside ? QAccessible::queryAccessibleInterface(inside) : nullptr;
    }
    [[nodiscard]] int indexOfChild(const QAccessibleInterface *child) const override {
        const QObject *inside = child ? child->object() : nullptr;
        return !inside ? -1 : inside == box_->view() ? 0 : inside == box_->lineEdit() ? 1 : -1;
    }

    [[nodiscard]] QStringList actionNames() const override {
        return QStringList{showMenuAction(), pressAction()} + QAccessibleWidget::actionNames();
    }
    void doAction(const QString &name) override {
        if (name != showMenuAction() && name != pressAction())
            return QAccessibleWidget::doAction(name);
        if (box_->view()->isVisible())
            box_->hidePopup();
        else if (box_->isEnabled())
            box_->showPopup();
    }

    [[nodiscard]] QString text(int start, int end) const override {
        const QString all = box_->currentText();
        return all.mid(start, (end < 0 ? static_cast<int>(all.size()) : end) - start);
    }
    [[nodiscard]] int characterCount() const override { return static_cast<int>(box_->currentText().size()); }
    [[nodiscard]] QString attributes(int, int *start, int *end) const override {
        *start = 0;
        *end = characterCount();
        return {};
    }
    // It is read only as a whole: nothing is selected in it, and no place in it can be pointed at.
    void selection(int, int *start, int *end) const override { *start = *end = 0; }
    [[nodiscard]] int selectionCount() const override { return 0; }
    void addSelection(int, int) override {}
    void removeSelection(int) override {}
    void setSelection(int, int, int) override {}
    [[nodiscard]] int cursorPosition() const override { return 0; }
    void setCursorPosition(int) override {}
    [[nodiscard]] QRect characterRect(int) const override { return rect(); }
    [[nodiscard]] int offsetAtPoint(const QPoint &) const override { return -1; }
    void scrollToSubstring(int, int) override {}

private:
    QComboBox *box_;
};

QAccessibleInterface *choiceAccessible(const QString &, QObject *object) {
    auto *box = qobject_cast<QComboBox *>(object);
    return box ? new ChoiceAccessible(box) : nullptr;
}

} // namespace

void installChoiceAccessible() {
    [[maybe_unused]] static const bool installed = (QAccessible::installFactory(choiceAccessible), true);
}

} // namespace tt
