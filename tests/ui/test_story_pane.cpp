#include "fail_on_warning.h"

#include "ui/theme.h"
#include "ui/train/story_pane.h"
#include "ui/train/story_view.h"

#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTextBlock>
#include <QToolButton>
#include <QtTest>

using namespace tt;

namespace {

const QString begin = QStringLiteral("Once upon a time");
const std::vector<StoryToken> words{{" there", 0.9}, {" was", 0.8}, {" a", 0.5},
                                    {" caf", 0.25},  {"\xC3", 0.2}, {"\xA9", 1}};

RunRow training() {
    return {.id = 1,
            .state = RunRow::State::Running,
            .name = QStringLiteral("bedtime-2"),
            .step = 640,
            .steps = 1000,
            .secondsLeft = 373,
            .checkpointEvery = 200};
}

RunRow finished() {
    return {
        .id = 3, .state = RunRow::State::Finished, .name = QStringLiteral("stories-tiny"), .step = 1000, .steps = 1000};
}

struct Pane {
    StoryPane pane;
    StoryView *view = pane.findChild<StoryView *>();
    RunRow run = training();
    Pane() {
        pane.resize(304, 420);
        pane.show();
        pane.setRun(&run);
    }
    template <class Widget>
    Widget *named(const char *name) {
        for (Widget *widget : pane.findChildren<Widget *>())
            if (widget->accessibleName() == QString::fromLatin1(name))
                return widget;
        qFatal("Nothing is named %s.", name);
    }
    bool says(const QString &text) {
        const auto labels = pane.findChildren<QLabel *>();
        return std::any_of(labels.begin(), labels.end(), [&](QLabel *label) { return label->text() == text; });
    }
};

} // namespace

class TestStoryPane : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void tokens_become_text_and_parts_of_a_character_wait_for_the_rest() {
        StoryView view;
        view.begin(begin);
        view.append({words[0], words[1], words[2], words[3], words[4]});
        QCOMPARE(view.toPlainText(), QStringLiteral("Once upon a time there was a caf"));
        view.append({words[5]});
        QCOMPARE(view.toPlainText(), QStringLiteral("Once upon a time there was a café"));
        QCOMPARE(view.tokens(), words.size());
    }

    void each_place_of_the_text_knows_its_token() {
        StoryView view;
        view.begin(begin);
        view.append(words);
        const int start = static_cast<int>(begin.size());
        QCOMPARE(view.tokenAt(0), -1); // the prompt
        QCOMPARE(view.tokenAt(start - 1), -1);
        QCOMPARE(view.tokenAt(start), 0);
        QCOMPARE(view.tokenAt(start + 5), 0); // the last letter of " there"
        QCOMPARE(view.tokenAt(start + 6), 1);
        QCOMPARE(view.tokenAt(static_cast<int>(view.toPlainText().size()) - 1), 5); // é, whole with its last part
        QCOMPARE(view.tokenAt(static_cast<int>(view.toPlainText().size())), -1);
        QCOMPARE(view.tokenText(1), QStringLiteral("␣was 80 %"));
    }

    void pointing_at_a_word_tells_its_probability() {
        Pane p;
        p.pane.begin(1, 600, begin);
        p.pane.append(1, words);
        QSignalSpy lit(p.view, &StoryView::tokenLit);
        QTextCursor cursor(p.view->document());
        cursor.setPosition(static_cast<int>(begin.size()) + 8); // inside " was"
        const QPoint place = p.view->cursorRect(cursor).center() + QPoint(2, 0);
        QMouseEvent move(QEvent::MouseMove, QPointF(place), QPointF(p.view->viewport()->mapToGlobal(place)),
                         Qt::NoButton, Qt::NoButton, Qt::NoModifier);
        QCoreApplication::sendEvent(p.view->viewport(), &move);
        QCOMPARE(lit.count(), 1);
        QCOMPARE(lit[0][0].toString(), QStringLiteral("␣was 80 %"));
        QVERIFY(p.says(QStringLiteral("␣was 80 %")));
        QEvent leave(QEvent::Leave);
        QCoreApplication::sendEvent(p.view, &leave);
        QCOMPARE(lit.last()[0].toString(), QString());
    }

    void a_story_grows_and_earlier_ones_can_be_read_again() {
        Pane p;
        p.pane.begin(1, 400, begin);
        p.pane.append(1, {words[0]});
        p.pane.end(1, {});
        p.pane.begin(1, 600, begin);
        p.pane.append(1, {words[0], words[1]});
        QVERIFY(p.says(QStringLiteral("Story at step 600")));
        QCOMPARE(p.view->toPlainText(), begin + QStringLiteral(" there was"));
        p.named<QToolButton>("Earlier story")->click();
        QVERIFY(p.says(QStringLiteral("Story at step 400")));
        QCOMPARE(p.view->toPlainText(), begin + QStringLiteral(" there"));
        p.pane.append(1, {words[2]}); // the newest one goes on unseen
        QCOMPARE(p.view->toPlainText(), begin + QStringLiteral(" there"));
        QVERIFY(!p.named<QToolButton>("Earlier story")->isEnabled());
        p.named<QToolButton>("Later story")->click();
        QCOMPARE(p.view->toPlainText(), begin + QStringLiteral(" there was a"));
    }

    void another_run_has_stories_of_its_own() {
        Pane p;
        p.pane.begin(1, 400, begin);
        p.pane.append(1, {words[0]});
        const RunRow other = finished();
        p.pane.setRun(&other);
        QCOMPARE(p.view->toPlainText(), QString());
        p.pane.append(1, {words[1]});
        QCOMPARE(p.view->toPlainText(), QString());
        p.pane.setRun(&p.run);
        QCOMPARE(p.view->toPlainText(), begin + QStringLiteral(" there was"));
    }

    void generate_asks_with_the_prompt_and_the_sampling() {
        Pane p;
        QSignalSpy asked(&p.pane, &StoryPane::generateRequested), stopped(&p.pane, &StoryPane::stopRequested);
        auto *prompt = p.named<QLineEdit>("Story prompt");
        prompt->setText(QStringLiteral("The cat"));
        p.named<QPushButton>("Sampling")->click();
        auto *temperature = p.named<QWidget>("Temperature, story")->findChild<QLineEdit *>();
        temperature->selectAll();
        QTest::keyClicks(temperature, QStringLiteral("0.3"));
        p.named<QPushButton>("Generate story")->click();
        QCOMPARE(asked.count(), 1);
        QCOMPARE(asked[0][0].toInt(), 1);
        QCOMPARE(asked[0][1].toString(), QStringLiteral("The cat"));
        const auto sampling = asked[0][2].value<SamplingConfig>();
        QCOMPARE(sampling.temperature, 0.3);
        QCOMPARE(sampling.tokens, 150);
        QCOMPARE(sampling.topP, 1.0);
        QVERIFY(sampling.stopAtEndOfText);
        p.pane.begin(1, 600, QStringLiteral("The cat"));
        p.named<QPushButton>("Generate story")->click(); // now it stops
        QCOMPARE(asked.count(), 1);
        QCOMPARE(stopped.count(), 1);
        p.pane.end(1, {});
        prompt->clear();
        QVERIFY(!p.named<QPushButton>("Generate story")->isEnabled());
    }

    void the_foot_says_when_the_next_one_comes() {
        Pane p; // step 640 of 1,000, 373 s left
        QVERIFY(p.says(QStringLiteral("Written anew every 200 steps, next in 2\u00a0min\u00a046\u00a0s")));
        RunRow done = finished();
        p.pane.setRun(&done);
        QVERIFY(p.says(QStringLiteral("stories-tiny writes when you press Generate.")));
        p.pane.end(done.id, QStringLiteral("The checkpoint is damaged."));
        QVERIFY(p.says(QStringLiteral("The checkpoint is damaged.")));
    }
};

QTEST_MAIN(TestStoryPane)
#include "test_story_pane.moc"
