#include "ui/fail_on_warning.h"
#include "ui/sample_workspace.h"

#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/theme.h"
#include "ui/widgets/message_bar.h"

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QContextMenuEvent>
#include <QLineEdit>
#include <QMenu>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>

using namespace tt;

namespace {

QStringList accessibleChildren(QWidget *widget) {
    QStringList names;
    QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(widget);
    for (int i = 0; i < interface->childCount(); ++i)
        names << interface->child(i)->text(QAccessible::Name);
    return names;
}

} // namespace

class TestPromptBar : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;
    PromptBar *bar_ = nullptr;

    QLineEdit *field() const { return bar_->findChild<QLineEdit *>(); }
    TokenChips *chips() const { return bar_->chips(); }

private Q_SLOTS:
    void initTestCase() {
        qputenv("TT_COLOR_SCHEME", "light");
        applyTheme(*qApp);
        qRegisterMetaType<std::vector<int>>();
    }
    void init() {
        bar_ = new PromptBar;
        bar_->resize(1184, 104);
        bar_->show();
        QVERIFY(QTest::qWaitForWindowExposed(bar_));
    }
    void cleanup() { delete bar_; }

    void prompt_tokens_has_one_button_a_token_named_by_its_raw_text() {
        bar_->setPromptFeatures(windowsample::prompt({"Once", " upon", "\n", "⟨E2 80⟩"}, 3));
        QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(chips());
        QCOMPARE(interface->text(QAccessible::Name), QStringLiteral("Prompt tokens"));
        QCOMPARE(accessibleChildren(chips()), (QStringList{"Once", " upon", "\n", "⟨E2 80⟩"}));
        for (int i = 0; i < interface->childCount(); ++i) {
            QCOMPARE(interface->child(i)->role(), QAccessible::Button);
            QCOMPARE(interface->indexOfChild(interface->child(i)), i);
        }
        QVERIFY(interface->text(QAccessible::Description).contains(QStringLiteral("little")));
    }
    void a_screen_reader_can_press_a_token() {
        bar_->setPromptFeatures(windowsample::onceUponATime());
        QSignalSpy selected(bar_, &PromptBar::tokensSelected);
        QAccessibleInterface *chip = QAccessible::queryAccessibleInterface(chips())->child(2);
        QVERIFY(chip->actionInterface());
        QCOMPARE(chip->actionInterface()->actionNames().first(), QAccessibleActionInterface::pressAction());
        chip->actionInterface()->doAction(QAccessibleActionInterface::pressAction());
        QCOMPARE(selected.size(), 1);
        QCOMPARE(selected.first().first().value<std::vector<int>>(), (std::vector<int>{2}));
        QVERIFY(chip->state().checked);
    }
    void a_tokens_menu_traces_to_it_from_the_text_before() {
        PromptFeatures features = windowsample::prompt({"Once", " upon", "⟨E2 80⟩", "⟨99⟩", " day"}, 0);
        features.prompt = "Once upon’ day";
        features.ids = {10, 11, 12, 13, 14};
        bar_->setPromptFeatures(features);
        QSignalSpy traced(chips(), &TokenChips::traceToRequested);
        const auto choose = [&](int position) {
            const QPoint at = chips()->chip(position)->geometry().center();
            QContextMenuEvent event(QContextMenuEvent::Mouse, at, chips()->mapToGlobal(at));
            QApplication::sendEvent(chips(), &event);
            bool enabled = false;
            for (auto *menu : chips()->findChildren<QMenu *>()) {
                for (QAction *action : menu->actions())
                    if (action->text() == QStringLiteral("Trace to this token")) {
                        enabled = action->isEnabled();
                        action->trigger();
                    }
                delete menu;
            }
            return enabled;
        };
        QVERIFY(!choose(0)); // nothing stands before it
        QVERIFY(!choose(3)); // inside a character
        QCOMPARE(traced.size(), 0);
        QVERIFY(choose(1));
        QCOMPARE(traced.last(), (QVariantList{QStringLiteral("Once"), 11, QStringLiteral(" upon")}));
        QVERIFY(choose(4));
        QCOMPARE(traced.last(), (QVariantList{QStringLiteral("Once upon’"), 14, QStringLiteral(" day")}));
    }
    void a_shorter_prompt_leaves_no_tokens_behind() {
        bar_->setPromptFeatures(windowsample::onceUponATime());
        bar_->setPromptFeatures(windowsample::prompt({"A", " cat"}));
        QCOMPARE(accessibleChildren(chips()), (QStringList{"A", " cat"}));
        QVERIFY(!chips()->chip(2)->isVisible());
        bar_->setPromptFeatures(windowsample::prompt({}));
        QCOMPARE(accessibleChildren(chips()), QStringList());
    }

    void clicking_selects_one_and_a_second_click_none() {
        bar_->setPromptFeatures(windowsample::onceUponATime());
        QTest::mouseClick(chips()->chip(1), Qt::LeftButton);
        QCOMPARE(chips()->selection(), (std::vector<int>{1}));
        QTest::mouseClick(chips()->chip(4), Qt::LeftButton);
        QCOMPARE(chips()->selection(), (std::vector<int>{4}));
        QVERIFY(!chips()->chip(1)->isChecked());
        QTest::mouseClick(chips()->chip(4), Qt::LeftButton);
        QVERIFY(chips()->selection().empty());
        QVERIFY(!chips()->chip(4)->isChecked());
    }
    void the_keyboard_walks_selects_and_extends() {
        bar_->setPromptFeatures(windowsample::onceUponATime());
        bar_->activateWindow();
        chips()->chip(0)->setFocus();
        QTRY_VERIFY(chips()->chip(0)->hasFocus());
        QTest::keyClick(chips()->chip(0), Qt::Key_Right);
        QVERIFY(chips()->chip(1)->hasFocus());
        QVERIFY(chips()->selection().empty());
        QTest::keyClick(chips()->chip(1), Qt::Key_Space);
        QCOMPARE(chips()->selection(), (std::vector<int>{1}));
        QTest::keyClick(chips()->chip(1), Qt::Key_Right, Qt::ShiftModifier);
        QTest::keyClick(chips()->chip(2), Qt::Key_Right, Qt::ShiftModifier);
        QCOMPARE(chips()->selection(), (std::vector<int>{1, 2, 3}));
        QTest::keyClick(chips()->chip(3), Qt::Key_End);
        QVERIFY(chips()->chip(6)->hasFocus());
        QTest::keyClick(chips()->chip(6), Qt::Key_Right); // the end is the end
        QVERIFY(chips()->chip(6)->hasFocus());
        QTest::keyClick(chips()->chip(6), Qt::Key_Home);
        QVERIFY(chips()->chip(0)->hasFocus());
        QTest::keyClick(chips()->chip(0), Qt::Key_Escape);
        QVERIFY(chips()->selection().empty());
    }
    void the_selection_stays_by_position_where_it_can() {
        bar_->setPromptFeatures(windowsample::onceUponATime());
        bar_->selectPosition(2);
        QSignalSpy selected(bar_, &PromptBar::tokensSelected);
        bar_->setPromptFeatures(windowsample::prompt({"Once", " upon", " the", " time"}));
        QCOMPARE(chips()->selection(), (std::vector<int>{2}));
        QCOMPARE(selected.size(), 0);
        bar_->setPromptFeatures(windowsample::prompt({"Once"}));
        QVERIFY(chips()->selection().empty());
        QCOMPARE(selected.size(), 1);
        bar_->selectPosition(7); // there is none: nothing happens
        QVERIFY(chips()->selection().empty());
    }

    void typing_asks_once_when_it_rests_and_at_once_on_return() {
        QSignalSpy edited(bar_, &PromptBar::promptEdited);
        QTest::keyClicks(field(), QStringLiteral("Once upon"));
        QCOMPARE(edited.size(), 0);
        QTRY_COMPARE(edited.size(), 1);
        QCOMPARE(edited.first().first().toString(), QStringLiteral("Once upon"));
        QTest::keyClicks(field(), QStringLiteral(" a"));
        QTest::keyClick(field(), Qt::Key_Return);
        QCOMPARE(edited.size(), 2);
        QTest::qWait(2 * PromptBar::debounceMilliseconds);
        QCOMPARE(edited.size(), 2);
    }
    void text_put_in_by_a_screen_reader_asks_too() {
        QSignalSpy edited(bar_, &PromptBar::promptEdited);
        QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(field());
        QCOMPARE(interface->text(QAccessible::Name), QStringLiteral("Prompt"));
        interface->setText(QAccessible::Value, QStringLiteral("A cat sat"));
        QTRY_COMPARE(edited.size(), 1);
        QCOMPARE(edited.first().first().toString(), QStringLiteral("A cat sat"));
    }
    void setting_the_prompt_asks_nothing() {
        QSignalSpy edited(bar_, &PromptBar::promptEdited);
        bar_->setPrompt(QStringLiteral("Once"));
        QTest::qWait(2 * PromptBar::debounceMilliseconds);
        QCOMPARE(edited.size(), 0);
        QCOMPARE(bar_->prompt(), QStringLiteral("Once"));
    }

    void chips_are_coloured_by_the_share_of_the_features_largest_value() {
        bar_->setPromptFeatures(windowsample::onceUponATime());
        bar_->setActivations({0, 2.5F, 5, 0, 0, 0, 0}, 10, QStringLiteral("1/1184 once upon a"));
        QCOMPARE(chips()->chip(0)->share(), 0.0);
        QCOMPARE(chips()->chip(0)->value(), QString());
        QCOMPARE(chips()->chip(1)->share(), 0.25);
        QCOMPARE(chips()->chip(2)->share(), 0.5);
        QCOMPARE(chips()->chip(2)->value(), QStringLiteral("5.00"));
        const QImage picture = chips()->chip(2)->grab().toImage();
        QCOMPARE(QColor(picture.pixel(8, ChipMetrics::current().boxHeight - 2)).name(), activationColour(0.5).name());
        bar_->clearActivations();
        QCOMPARE(chips()->chip(2)->share(), 0.0);
    }
    void choosing_a_feature_or_the_same_prompt_again_moves_no_chip() {
        bar_->setPromptFeatures(windowsample::onceUponATime());
        std::vector<QRect> before;
        std::vector<TokenChip *> widgets;
        for (int i = 0; i < chips()->count(); ++i) {
            before.push_back(chips()->chip(i)->geometry());
            widgets.push_back(chips()->chip(i));
        }
        bar_->setActivations({0, 1.86F, 6.42F, 0.71F, 0, 0, 0}, 9.84F, QStringLiteral("1/1184"));
        bar_->setPromptFeatures(windowsample::onceUponATime());
        QTest::qWait(1);
        for (int i = 0; i < chips()->count(); ++i) {
            QCOMPARE(chips()->chip(i), widgets[static_cast<size_t>(i)]); // the same buttons, not new ones
            QCOMPARE(chips()->chip(i)->geometry(), before[static_cast<size_t>(i)]);
        }
    }
    void no_more_than_three_rows_are_shown() {
        std::vector<std::string> many(200, " butterfly");
        bar_->setPromptFeatures(windowsample::prompt(many));
        auto *strip = bar_->findChild<QScrollArea *>();
        QCOMPARE(strip->height(), 3 * chips()->rowHeight());
        QTRY_VERIFY(chips()->height() > strip->height());
        const QScrollBar *scroll = strip->verticalScrollBar();
        QTRY_VERIFY(scroll->maximum() > 0 && scroll->value() == scroll->maximum()); // where one types
        bar_->selectPosition(0);
        QCOMPARE(scroll->value(), 0);
        bar_->setPromptFeatures(windowsample::prompt(many)); // read again with another transcoder
        QCoreApplication::processEvents();
        QCOMPARE(scroll->value(), 0);
        bar_->selectPosition(199);
        QVERIFY(strip->viewport()->rect().contains(
            chips()->chip(199)->mapTo(strip->viewport(), chips()->chip(199)->rect().center())));
        bar_->setPromptFeatures(windowsample::prompt({"Once"}));
        QCOMPARE(strip->height(), chips()->rowHeight());
    }
    void tokens_that_do_not_fit_are_named_in_a_notice() {
        auto *notice = bar_->findChild<MessageBar *>();
        std::vector<std::string> tokens(128, " the");
        bar_->setPromptFeatures(windowsample::prompt(tokens, 13));
        QVERIFY(notice->isVisible());
        QCOMPARE(notice->message().title, QStringLiteral("141 tokens, the model reads 128."));
        QVERIFY(notice->message().text.startsWith(QStringLiteral("The first 13 are left out")));
        bar_->setPromptFeatures(windowsample::onceUponATime());
        QVERIFY(!notice->isVisible());
    }
    void the_transcoder_is_chosen_by_name_and_only_by_the_user() {
        QSignalSpy chosen(bar_, &PromptBar::transcoderChosen);
        bar_->setTranscoders({QStringLiteral("plt-k16"), QStringLiteral("plt-k32")}, QStringLiteral("plt-k32"));
        QCOMPARE(bar_->transcoder(), QStringLiteral("plt-k32"));
        QCOMPARE(chosen.size(), 0);
        auto *combo = bar_->findChild<QComboBox *>();
        combo->setFocus();
        QTest::keyClick(combo, Qt::Key_Up);
        QCOMPARE(chosen.size(), 1);
        QCOMPARE(chosen.first().first().toString(), QStringLiteral("plt-k16"));
        bar_->setTranscoders({}, QString());
        QVERIFY(!combo->isEnabled());
    }
};

QTEST_MAIN(TestPromptBar)
#include "test_prompt_bar.moc"
