#include "fail_on_warning.h"

#include "ui/theme.h"
#include "ui/train/number_field.h"

#include <QAccessible>
#include <QSignalSpy>
#include <QSpinBox>
#include <QtTest>

using namespace tt;

namespace {

QAccessibleInterface *accessible(QWidget &widget) {
    return QAccessible::queryAccessibleInterface(&widget);
}

/// What an AT-SPI client does to set the contents of a text.
void writeInto(QWidget &widget, const QString &text) {
    QAccessibleInterface *box = accessible(widget);
    box->editableTextInterface()->replaceText(0, box->textInterface()->characterCount(), text);
}

} // namespace

class TestNumberAccessible : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void a_parameter_is_written_as_if_typed() {
        NumberField field({.key = "steps", .kind = Parameter::Kind::Integer, .minimum = 1, .maximum = 10'000'000});
        field.setAccessibleName(QStringLiteral("Steps"));
        field.setPlainText(QStringLiteral("3000"));
        field.show();
        QCOMPARE(accessible(field)->role(), QAccessible::EditableText); // what Qt's AT-SPI bridge asks for
        QCOMPARE(accessible(field)->text(QAccessible::Name), QStringLiteral("Steps"));
        QCOMPARE(accessible(field)->textInterface()->text(0, 5), QStringLiteral("3,000"));
        QSignalSpy edited(&field, &NumberField::edited);
        writeInto(field, QStringLiteral("1200"));
        QVERIFY(edited.count() > 0);
        QCOMPARE(field.value(), 1200.0);
        QCOMPARE(accessible(field)->valueInterface()->currentValue().toDouble(), 1200.0);
        QCOMPARE(accessible(field)->valueInterface()->maximumValue().toDouble(), 1e7);
        accessible(field)->valueInterface()->setCurrentValue(500.0);
        QCOMPARE(field.value(), 500.0);
    }

    void a_spin_box_takes_only_its_range() {
        QSpinBox box;
        box.setRange(256, 65'536);
        box.setValue(4096);
        box.show();
        QSignalSpy changed(&box, &QSpinBox::valueChanged);
        writeInto(box, QStringLiteral("1024"));
        QCOMPARE(box.value(), 1024);
        QVERIFY(changed.count() > 0);
        writeInto(box, QStringLiteral("many"));
        QCOMPARE(box.value(), 1024);
        accessible(box)->editableTextInterface()->insertText(0, QStringLiteral("2"));
        QCOMPARE(box.value(), 21'024);
        box.setReadOnly(true);
        writeInto(box, QStringLiteral("300"));
        QCOMPARE(box.value(), 21'024);
    }
};

QTEST_MAIN(TestNumberAccessible)
#include "test_number_accessible.moc"
