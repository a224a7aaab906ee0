#include "fail_on_warning.h"
#include "train_sample.h"

#include "ui/theme.h"
#include "ui/train/runs_panel.h"

#include <QAbstractItemModelTester>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QtTest>

using namespace tt;

namespace {

struct Panel {
    RunsPanel panel;
    QAbstractItemModelTester tester{&panel.model(), QAbstractItemModelTester::FailureReportingMode::QtTest};
    QTableView *table = panel.findChild<QTableView *>();
    Panel() {
        std::vector<RunRow> runs = sample::runs();
        for (RunRow &run : runs)
            run.settings =
                run.kind == RunRow::Kind::Gpt ? toJson(GptTrainingConfig()) : toJson(TranscoderTrainingConfig());
        panel.resize(1184, 200);
        panel.setRuns(runs);
        panel.show();
    }
    void key(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) { QTest::keyClick(table, key, modifiers); }
    QString nameOf(int id) { return panel.model().find(id)->name; }
};

} // namespace

class TestRunsPanel : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void f2_renames_in_place_and_the_name_waits_for_the_answer() {
        Panel p;
        QSignalSpy asked(&p.panel, &RunsPanel::renameRequested);
        p.panel.select(3);
        p.key(Qt::Key_F2);
        auto *editor = p.table->findChild<QLineEdit *>();
        QVERIFY(editor);
        QCOMPARE(editor->accessibleName(), QStringLiteral("New name of the run"));
        QCOMPARE(editor->text(), QStringLiteral("stories-tiny"));
        editor->selectAll();
        QTest::keyClicks(editor, QStringLiteral("bedtime"));
        QTest::keyClick(editor, Qt::Key_Return);
        QTRY_COMPARE(asked.count(), 1); // the editor commits in the event loop
        QCOMPARE(asked[0], (QVariantList{3, QStringLiteral("bedtime")}));
        QCOMPARE(p.nameOf(3), QStringLiteral("stories-tiny"));
        RunRow renamed = *p.panel.model().find(3);
        renamed.name = QStringLiteral("bedtime");
        p.panel.updateRun(renamed);
        QCOMPARE(p.panel.selected()->name, QStringLiteral("bedtime"));
    }

    void a_name_left_as_it_is_asks_for_nothing() {
        Panel p;
        QSignalSpy asked(&p.panel, &RunsPanel::renameRequested);
        p.panel.select(3);
        p.key(Qt::Key_F2);
        QTest::keyClick(p.table->findChild<QLineEdit *>(), Qt::Key_Return);
        QTRY_VERIFY(!p.table->findChild<QLineEdit *>()); // committed and closed
        QCOMPARE(asked.count(), 0);
    }

    void keys_ask_for_what_can_be_done_with_the_selected_run() {
        Panel p;
        QSignalSpy deleted(&p.panel, &RunsPanel::deleteRequested), copied(&p.panel, &RunsPanel::duplicateRequested),
            paused(&p.panel, &RunsPanel::pauseRequested), resumed(&p.panel, &RunsPanel::resumeRequested);
        p.panel.select(4); // stopped
        p.key(Qt::Key_Delete);
        p.key(Qt::Key_D, Qt::ControlModifier);
        p.key(Qt::Key_Space);
        QCOMPARE(deleted, (QList<QVariantList>{{4}}));
        QCOMPARE(copied, (QList<QVariantList>{{4}}));
        QCOMPARE(resumed, (QList<QVariantList>{{4}}));
        p.panel.select(1); // running
        p.key(Qt::Key_Delete);
        p.key(Qt::Key_F2);
        p.key(Qt::Key_Space);
        QCOMPARE(deleted.count(), 1); // a run that trains is neither deleted nor renamed
        QVERIFY(!p.table->findChild<QLineEdit *>());
        QCOMPARE(paused, (QList<QVariantList>{{1}}));
    }

    void pause_hands_the_focus_to_resume_and_back() {
        Panel p;
        p.panel.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&p.panel));
        const auto button = [&p](const QString &name) {
            for (QPushButton *one : p.panel.findChildren<QPushButton *>())
                if (one->accessibleName() == name)
                    return one;
            return static_cast<QPushButton *>(nullptr);
        };
        const auto answer = [&p](RunRow::State state) {
            RunRow run = *p.panel.model().find(1);
            run.state = state;
            p.panel.updateRun(run);
        };
        QSignalSpy stopped(&p.panel, &RunsPanel::stopRequested), resumed(&p.panel, &RunsPanel::resumeRequested);
        p.panel.select(1); // running
        button(QStringLiteral("Pause"))->setFocus();
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Space);
        answer(RunRow::State::Paused);
        QCOMPARE(QApplication::focusWidget(), button(QStringLiteral("Resume")));
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Space);
        answer(RunRow::State::Running);
        QCOMPARE(QApplication::focusWidget(), button(QStringLiteral("Pause")));
        QCOMPARE(resumed, (QList<QVariantList>{{1}}));
        QCOMPARE(stopped.count(), 0);
        p.table->setFocus(); // what the keys are on otherwise stays
        answer(RunRow::State::Paused);
        QCOMPARE(QApplication::focusWidget(), p.table);
    }

    void the_menu_says_why_something_is_off() {
        Panel p;
        p.panel.select(1);
        const QMenu *menu = p.panel.findChild<RunMenu *>();
        QStringList on;
        for (const QAction *action : menu->actions()) {
            if (action->isSeparator())
                continue;
            if (action->isEnabled())
                on.append(action->text());
            else
                QVERIFY2(action->toolTip().contains(QStringLiteral("bedtime-2")), qPrintable(action->toolTip()));
        }
        QCOMPARE(on, (QStringList{QStringLiteral("Pause"), QStringLiteral("Stop"), QStringLiteral("Duplicate settings"),
                                  QStringLiteral("Show folder")}));
        p.panel.select(3); // finished
        QVERIFY(whyNot(RunMenu::Resume, *p.panel.selected()).contains(QStringLiteral("finished")));
        QVERIFY(whyNot(RunMenu::Delete, *p.panel.selected()).isEmpty());
    }

    void a_row_tells_its_configuration() {
        Panel p;
        RunRow run = *p.panel.model().find(1);
        GptTrainingConfig config;
        config.batch = 48;
        config.steps = 12'345;
        run.settings = toJson(config);
        p.panel.updateRun(run);
        const QString tip = p.panel.model().index(0, RunsModel::Name).data(Qt::ToolTipRole).toString();
        QVERIFY2(tip.contains(QStringLiteral("Steps 12,345 · Batch 48")), qPrintable(tip));
    }
};

QTEST_MAIN(TestRunsPanel)
#include "test_runs_panel.moc"
