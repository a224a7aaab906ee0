#include "fail_on_warning.h"

#include "ui/theme.h"

#include <QAbstractItemView>
#include <QAccessible>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QtTest>

using namespace tt;

namespace {

QAccessibleInterface *accessible(QWidget &widget) {
    return QAccessible::queryAccessibleInterface(&widget);
}

} // namespace

class TestChoiceAccessible : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void it_is_known_by_its_name_and_read_by_what_is_chosen() {
        QComboBox box;
        box.addItems({QStringLiteral("tiny"), QStringLiteral("small")});
        box.setAccessibleName(QStringLiteral("Preset"));
        box.show();
        QAccessibleInterface *read = accessible(box);
        QCOMPARE(read->role(), QAccessible::ComboBox);
        QCOMPARE(read->text(QAccessible::Name), QStringLiteral("Preset"));
        QCOMPARE(read->text(QAccessible::Value), QStringLiteral("tiny"));
        box.setCurrentIndex(1);
        QCOMPARE(read->text(QAccessible::Name), QStringLiteral("Preset"));
        QCOMPARE(read->text(QAccessible::Value), QStringLiteral("small"));
        QVERIFY(read->textInterface() != nullptr); // what an AT-SPI client reads the value through
        QCOMPARE(read->textInterface()->text(0, -1), QStringLiteral("small"));
        QCOMPARE(read->textInterface()->text(1, 3), QStringLiteral("ma"));
        QCOMPARE(read->textInterface()->characterCount(), 5);
    }

    void without_a_name_it_is_known_by_its_label() {
        QWidget form;
        auto *box = new QComboBox(&form);
        auto *label = new QLabel(QStringLiteral("&Target"), &form);
        label->setBuddy(box);
        QCOMPARE(accessible(*box)->text(QAccessible::Name), QStringLiteral("Target"));
    }

    void its_items_are_children_of_its_list() {
        QComboBox box;
        box.addItems({QStringLiteral("tiny"), QStringLiteral("small")});
        box.show();
        QAccessibleInterface *read = accessible(box);
        QCOMPARE(read->childCount(), 1);
        QAccessibleInterface *list = read->child(0);
        QCOMPARE(list->object(), static_cast<QObject *>(box.view()));
        QCOMPARE(read->indexOfChild(list), 0);
        QCOMPARE(list->childCount(), 2);
        QCOMPARE(list->child(1)->text(QAccessible::Name), QStringLiteral("small"));
    }

    void pressing_opens_and_closes_its_list() {
        QComboBox box;
        box.addItems({QStringLiteral("tiny"), QStringLiteral("small")});
        box.show();
        QVERIFY(QTest::qWaitForWindowExposed(&box));
        QAccessibleActionInterface *actions = accessible(box)->actionInterface();
        QVERIFY(actions->actionNames().contains(QAccessibleActionInterface::pressAction()));
        QVERIFY(!accessible(box)->state().expanded);
        actions->doAction(QAccessibleActionInterface::pressAction());
        QVERIFY(box.view()->isVisible());
        QVERIFY(accessible(box)->state().expanded);
        actions->doAction(QAccessibleActionInterface::pressAction());
        QTRY_VERIFY(!box.view()->isVisible());
    }

    void one_that_can_be_typed_into_has_its_line_as_a_child() {
        QComboBox box;
        box.setEditable(true);
        box.setEditText(QStringLiteral("4096"));
        QAccessibleInterface *read = accessible(box);
        QCOMPARE(read->childCount(), 2);
        QCOMPARE(read->child(1)->object(), static_cast<QObject *>(box.lineEdit()));
        QCOMPARE(read->text(QAccessible::Value), QStringLiteral("4096"));
        QVERIFY(read->state().editable);
    }
};

QTEST_MAIN(TestChoiceAccessible)
#include "test_choice_accessible.moc"
