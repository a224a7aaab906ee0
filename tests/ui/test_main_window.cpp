#include "ui/fail_on_warning.h"
#include "ui/sample_workspace.h"

#include "ui/circuits/circuits_place.h"
#include "ui/data/data_place.h"
#include "ui/features/features_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/theme.h"
#include "ui/widgets/message_bar.h"
#include "ui/window/closing_dialog.h"
#include "ui/window/main_window.h"
#include "ui/window/rail.h"
#include "ui/window/status_line.h"

#include <QAbstractButton>
#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QLabel>
#include <QMenuBar>
#include <QProgressBar>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <set>

using namespace tt;

class TestMainWindow : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;
    QTemporaryDir settings_;
    MainWindow *window_ = nullptr;

    template <class T = QWidget>
    T *named(const QString &name) const {
        for (T *widget : window_->findChildren<T *>())
            if (widget->accessibleName() == name)
                return widget;
        return nullptr;
    }
    bool shows(const QString &text) const {
        const QList<QLabel *> labels = window_->findChildren<QLabel *>();
        return std::any_of(labels.begin(), labels.end(),
                           [&](const QLabel *label) { return label->text() == text && !label->isHidden(); });
    }
    QAction *action(const QString &text) const {
        for (QAction *action : window_->findChildren<QAction *>())
            if (action->text().remove(u'&') == text)
                return action;
        return nullptr;
    }
    static void collect(QAccessibleInterface *interface, std::set<QString> &names) {
        names.insert(interface->text(QAccessible::Name).remove(u'&'));
        for (int i = 0; i < interface->childCount(); ++i)
            if (QAccessibleInterface *child = interface->child(i))
                collect(child, names);
    }
    static RunRow run(const char *name, int64_t step, int64_t steps) {
        RunRow row;
        row.state = RunRow::State::Running;
        row.name = QString::fromLatin1(name);
        row.step = step;
        row.steps = steps;
        return row;
    }

private Q_SLOTS:
    void initTestCase() {
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings_.path());
        qputenv("TT_COLOR_SCHEME", "light");
        applyTheme(*qApp);
    }
    void init() {
        window_ = new MainWindow;
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_));
    }
    void cleanup() {
        delete window_;
        QSettings(QStringLiteral("TinyTranscoder"), QStringLiteral("TinyTranscoder")).clear();
    }

    void every_name_of_the_contract_can_be_found() {
        window_->setWorkspace(windowsample::workspace());
        window_->promptBar().setPromptFeatures(windowsample::onceUponATime());
        std::set<QString> names;
        collect(QAccessible::queryAccessibleInterface(window_), names);
        for (const char *name : {"Data",
                                 "Train",
                                 "Features",
                                 "Circuits",
                                 "Interventions",
                                 "Add intervention",
                                 "Run",
                                 "Before",
                                 "After",
                                 "Prompt",
                                 "Generate stories",
                                 "Import…",
                                 "Train tokenizer",
                                 "Preset",
                                 "Start GPT training",
                                 "Start transcoder training",
                                 "Runs",
                                 "Pause",
                                 "Resume",
                                 "Stop",
                                 "Training progress",
                                 "Loss curve",
                                 "Stop all",
                                 "Layer",
                                 "Feature",
                                 "Prompt tokens",
                                 "Active features",
                                 "Feature card",
                                 "Target",
                                 "Trace",
                                 "Node threshold",
                                 "Edge threshold",
                                 "Attribution graph",
                                 "Verify",
                                 "Export…",
                                 "Status",
                                 "Copy as command"})
            QVERIFY2(names.contains(QString::fromUtf8(name)), name);
    }
    void the_rail_chooses_the_place() {
        window_->setWorkspace(windowsample::workspace());
        QSignalSpy changed(window_, &MainWindow::placeChanged);
        named<RailButton>(QStringLiteral("Circuits"))->click();
        QCOMPARE(window_->place(), MainWindow::Place::Circuits);
        QVERIFY(window_->promptBar().isVisible());
        QVERIFY(named(QStringLiteral("Trace"))->isVisible());
        named<RailButton>(QStringLiteral("Data"))->click();
        QVERIFY(!window_->promptBar().isVisible());
        QVERIFY(named(QStringLiteral("Generate stories"))->isVisible());
        QVERIFY(named<RailButton>(QStringLiteral("Data"))->isChecked());
        QVERIFY(!named<RailButton>(QStringLiteral("Circuits"))->isChecked());
        QCOMPARE(changed.size(), 2);
    }
    void a_screen_reader_can_choose_the_place() {
        for (const char *name : {"Features", "Train", "Data", "Circuits"}) {
            QAccessibleInterface *item =
                QAccessible::queryAccessibleInterface(named<RailButton>(QString::fromLatin1(name)));
            QAccessibleActionInterface *actions = item ? item->actionInterface() : nullptr;
            QVERIFY(actions);
            actions->doAction(actions->actionNames().value(0));
            QVERIFY(named<RailButton>(QString::fromLatin1(name))->isChecked());
        }
        QCOMPARE(window_->place(), MainWindow::Place::Circuits);
        QVERIFY(window_->promptBar().isVisible());
    }
    void keys_go_to_the_places_and_the_prompt() {
        window_->activateWindow();
        QTRY_VERIFY(window_->isActiveWindow());
        QTest::keyClick(window_, Qt::Key_2, Qt::ControlModifier);
        QCOMPARE(window_->place(), MainWindow::Place::Train);
        QTest::keyClick(window_, Qt::Key_4, Qt::ControlModifier);
        QCOMPARE(window_->place(), MainWindow::Place::Circuits);
        QTest::keyClick(window_, Qt::Key_1, Qt::ControlModifier);
        QCOMPARE(window_->place(), MainWindow::Place::Data);
        QTest::keyClick(window_, Qt::Key_L, Qt::ControlModifier);
        QCOMPARE(window_->place(), MainWindow::Place::Features);
        QVERIFY(named(QStringLiteral("Prompt"))->hasFocus());
    }
    void the_main_action_is_that_of_the_place_and_off_with_its_button() {
        QSignalSpy generate(&window_->dataPlace(), &DataPlace::generateRequested);
        window_->activateWindow();
        QTRY_VERIFY(window_->isActiveWindow());
        QVERIFY(action(QStringLiteral("Main action: Generate stories")));
        QTest::keyClick(window_, Qt::Key_Return, Qt::ControlModifier);
        QCOMPARE(generate.size(), 1);
        window_->setJob({.running = true, .what = QStringLiteral("Writing generated-20k"), .done = 1, .total = 10});
        QVERIFY(!action(QStringLiteral("Main action: Generate stories"))->isEnabled());
        window_->setJob({});
        QVERIFY(action(QStringLiteral("Main action: Generate stories"))->isEnabled());
    }
    void no_two_entries_of_the_menus_share_a_key() {
        std::set<QString> keys;
        for (const QAction *entry : window_->findChildren<QAction *>())
            if (!entry->shortcut().isEmpty() && entry->shortcutContext() != Qt::WidgetShortcut) // a list's own key
                QVERIFY2(keys.insert(entry->shortcut().toString()).second, qPrintable(entry->text()));
        QVERIFY(keys.size() >= 14);
    }
    void the_chosen_feature_colours_the_tokens_of_every_new_prompt() {
        PromptFeatures features = windowsample::onceUponATime();
        features.active = {{.position = 2, .layer = 1, .feature = 1184, .activation = 6, .maximum = 12}};
        window_->setPromptFeatures(features);
        window_->chooseFeature(1, 1184);
        TokenChips *chips = window_->promptBar().chips();
        QCOMPARE(chips->chip(2)->share(), 0.5);
        QCOMPARE(chips->chip(2)->value(), QStringLiteral("6.00"));
        QCOMPARE(chips->chip(1)->share(), 0.0);
        features.active = {{.position = 1, .layer = 1, .feature = 1184, .activation = 3, .maximum = 12}};
        window_->setPromptFeatures(features);
        QCOMPARE(chips->chip(1)->share(), 0.25);
        QCOMPARE(chips->chip(2)->share(), 0.0);
    }
    void a_feature_leads_to_its_trace_and_a_node_to_its_feature() {
        window_->setWorkspace(windowsample::workspace());
        PromptFeatures features = windowsample::onceUponATime();
        features.active = {{.position = 2, .layer = 1, .feature = 1184, .activation = 6, .maximum = 12}};
        window_->setPromptFeatures(features);
        QSignalSpy trace(&window_->circuitsPlace(), &CircuitsPlace::traceRequested);
        Q_EMIT window_->featuresPlace().traceFeatureRequested(1, 2, 1184);
        QCOMPARE(window_->place(), MainWindow::Place::Circuits);
        QCOMPARE(trace.size(), 1);
        Q_EMIT window_->circuitsPlace().nodeActivated(1, 1184, 2);
        QCOMPARE(window_->place(), MainWindow::Place::Features);
        QCOMPARE(window_->promptBar().chips()->selection(), (std::vector<int>{2}));
        QCOMPARE(window_->promptBar().chips()->chip(2)->share(), 0.5);
    }
    void stop_all_is_off_until_something_runs() {
        auto *stop = named<QPushButton>(QStringLiteral("Stop all"));
        QVERIFY(!stop->isEnabled());
        QVERIFY(!stop->toolTip().isEmpty());
        window_->setRunsActive({.training = 2, .share = 0.4, .secondsLeft = 380});
        QVERIFY(stop->isEnabled());
        QVERIFY(named<RailButton>(QStringLiteral("Train"))->hasDot());
        QSignalSpy stopped(window_, &MainWindow::stopAllRequested);
        stop->click();
        QCOMPARE(stopped.size(), 1);
        window_->setRunsActive({});
        QVERIFY(!stop->isEnabled());
        QVERIFY(!named<RailButton>(QStringLiteral("Train"))->hasDot());
        window_->setJob({.running = true, .what = QStringLiteral("Importing"), .done = 0, .total = 0});
        QVERIFY(stop->isEnabled());
    }
    void a_paused_run_is_not_said_to_train() {
        RunRow runs[2];
        runs[0] = {.state = RunRow::State::Paused, .step = 250, .steps = 1000, .secondsLeft = 88};
        runs[1] = {.state = RunRow::State::Running, .step = 100, .steps = 200, .secondsLeft = 40};
        auto *train = named<RailButton>(QStringLiteral("Train"));
        auto *stop = named<QPushButton>(QStringLiteral("Stop all"));
        auto *bar = named<QProgressBar>(QStringLiteral("Progress of what runs"));
        window_->setRunsActive(runsStatus({runs[0], runs[1]}));
        QVERIFY(shows(QStringLiteral("1 run training")));
        QVERIFY(shows(QStringLiteral("40 s")));
        QCOMPARE(bar->value() * 2, bar->maximum());
        QVERIFY(train->hasDot());
        QCOMPARE(train->accessibleDescription(), QStringLiteral("1 run is training, 1 run is paused"));
        window_->setRunsActive(runsStatus({runs[0]}));
        QVERIFY(shows(QStringLiteral("1 run paused")));
        QVERIFY(!shows(QStringLiteral("88 s")));
        QCOMPARE(bar->value() * 4, bar->maximum());
        QVERIFY(stop->isEnabled()); // it stops a paused run too
        QVERIFY(!train->hasDot());
        QCOMPARE(train->accessibleDescription(), QStringLiteral("1 run is paused"));
        window_->setJob({.running = true, .what = QStringLiteral("Importing"), .done = 0, .total = 0});
        QVERIFY(shows(QStringLiteral("Importing")));
        window_->setRunsActive(runsStatus({runs[0], runs[1]}));
        QVERIFY(shows(QStringLiteral("1 run training")));
    }
    void work_on_features_is_a_job_like_the_others() {
        auto *stop = named<QPushButton>(QStringLiteral("Stop all"));
        auto *bar = named<QProgressBar>(QStringLiteral("Progress of what runs"));
        using Show = void (MainWindow::*)(const JobStatus &);
        for (const Show show : {&MainWindow::setIndexing, &MainWindow::setFeaturesWork}) {
            QVERIFY(!stop->isEnabled());
            (window_->*show)({.running = true, .what = QStringLiteral("Ablating, 6 s left"), .done = 0.25, .total = 1});
            QVERIFY(stop->isEnabled());
            QCOMPARE(bar->value() * 4, bar->maximum());
            QVERIFY(!bar->isHidden());
            QVERIFY(shows(QStringLiteral("Ablating, 6 s left")));
            QVERIFY(shows(QStringLiteral("25 %")));
            (window_->*show)({});
            QVERIFY(bar->isHidden());
        }
        window_->setFeaturesWork({.running = true, .what = QStringLiteral("Ablating")});
        window_->setIndexing({.running = true, .what = QStringLiteral("Indexing")});
        window_->setIndexing({}); // what still runs is shown again
        QVERIFY(shows(QStringLiteral("Ablating")));
    }
    void status_is_readable_by_name_and_description() {
        window_->setStatus(QStringLiteral("Traced “Once upon a” in 41 ms"));
        QCOMPARE(named(QStringLiteral("Status"))->accessibleDescription(),
                 QStringLiteral("Traced “Once upon a” in 41 ms"));
        window_->showMessage({.kind = Message::Kind::Error,
                              .title = QStringLiteral("plt-old belongs to another GPT."),
                              .text = QStringLiteral("Nothing was changed."),
                              .actionText = {},
                              .action = {}});
        QCOMPARE(window_->status(), QStringLiteral("plt-old belongs to another GPT."));
        QVERIFY(window_->dataPlace().findChild<MessageBar *>()->isVisible());
    }
    void copy_as_command_puts_the_places_line_on_the_clipboard() {
        window_->setWorkspace(windowsample::workspace());
        window_->copyCommand();
        QVERIFY(QApplication::clipboard()->text().startsWith(QStringLiteral("tinytranscoder-cli corpus generate")));
    }

    void closing_with_runs_asks_and_saves() {
        std::vector<RunRow> runs{run("bedtime-2", 640, 1000), run("plt-k32", 1410, 3000)};
        window_->setActiveRuns([&runs] { return runs; });
        QSignalSpy save(window_, &MainWindow::saveAndCloseRequested);
        window_->close();
        QVERIFY(window_->isVisible());
        auto *dialog = window_->findChild<ClosingDialog *>();
        QVERIFY(dialog && dialog->isVisible());
        QCOMPARE(ClosingDialog::heading(runs), QStringLiteral("Two runs are training"));
        QCOMPARE(
            ClosingDialog::sentence(runs),
            QStringLiteral("bedtime-2 is at step 640 of 1,000 and plt-k32 at 1,410 of 3,000. Both are saved on closing "
                           "and go on from there with Resume, bit for bit."));
        dialog->reject();
        QVERIFY(window_->isVisible());
        QCOMPARE(save.size(), 0);
        window_->close();
        const QList<ClosingDialog *> dialogs = window_->findChildren<ClosingDialog *>();
        dialogs.last()->accept();
        QCOMPARE(save.size(), 1);
        window_->closeNow();
        QVERIFY(!window_->isVisible());
    }
    void closing_without_runs_just_closes_and_keeps_the_place() {
        window_->goTo(MainWindow::Place::Circuits);
        window_->resize(1100, 700);
        window_->close();
        QVERIFY(!window_->isVisible());
        MainWindow again;
        QCOMPARE(again.place(), MainWindow::Place::Circuits);
        QCOMPARE(again.size(), QSize(1100, 700));
    }
    void the_workspace_is_offered_as_recent() {
        window_->setWorkspace(windowsample::workspace());
        QSignalSpy open(window_, &MainWindow::openWorkspaceRequested);
        action(QStringLiteral("/home/mia/Demonstration"))->trigger();
        QCOMPARE(open.first().first().toString(), QStringLiteral("/home/mia/Demonstration"));
    }
    void it_fits_a_small_window_in_every_place() {
        window_->setWorkspace(windowsample::workspace());
        window_->resize(window_->minimumSize());
        for (int place = 0; place < 4; ++place) {
            window_->goTo(static_cast<MainWindow::Place>(place));
            QTest::qWait(1);
            QCOMPARE(window_->size(), QSize(scaled(1024), scaled(640)));
        }
    }
};

QTEST_MAIN(TestMainWindow)
#include "test_main_window.moc"
