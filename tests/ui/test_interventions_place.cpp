#include "fail_on_warning.h"
#include "sample_interventions.h"
#include "ui/interventions/effects_model.h"
#include "ui/interventions/effects_pane.h"
#include "ui/interventions/effects_plot.h"
#include "ui/interventions/interventions_place.h"
#include "ui/interventions/interventions_table.h"
#include "ui/interventions/next_token_chart.h"
#include "ui/interventions/next_token_pane.h"
#include "ui/interventions/position_changes_model.h"
#include "ui/interventions/value_editor.h"
#include "ui/interventions/value_slider.h"
#include "ui/theme.h"
#include "ui/widgets/message_bar.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QtTest>

using namespace tt;

namespace {

template <class T>
T *named(const QWidget &inside, const QString &name) {
    for (T *child : inside.findChildren<T *>())
        if (child->accessibleName() == name)
            return child;
    return nullptr;
}

/// The place with a prompt, answered at once as a session would.
struct Shown {
    InterventionsPlace place;
    std::vector<InterventionRequest> asked;

    Shown() {
        QObject::connect(&place, &InterventionsPlace::evaluateRequested, &place,
                         [this](const QString &prompt, const InterventionRequest &request) {
                             asked.push_back(request);
                             place.setOutcome(prompt, request, sample::outcome(request.rows.size(), factor(request)));
                         });
        QObject::connect(&place, &InterventionsPlace::effectsRequested, &place, [this](const QString &prompt) {
            place.setEffects(prompt, sample::effects(sample::promptFeatures()));
        });
        place.resize(1184, 640);
        place.setHasTranscoder(true);
        place.setPromptFeatures(sample::promptFeatures());
        place.show();
    }
    static double factor(const InterventionRequest &request) {
        for (const Intervention &row : request.rows)
            if (row.enabled)
                return row.action == InterventionAction::Multiply ? row.value : 0;
        return 1;
    }
    [[nodiscard]] std::vector<Intervention> rows() const { return place.request().rows; }
    [[nodiscard]] ValueSlider *value() const { return named<ValueSlider>(place, QStringLiteral("Value")); }
    void press(const QString &name) const {
        auto *button = named<QAbstractButton>(place, name);
        QVERIFY2(button, qPrintable(name));
        button->click();
    }
};

PromptFeatures otherPrompt() {
    PromptFeatures other = sample::promptFeatures();
    other.prompt = "Once";
    other.tokens.resize(1);
    other.ids.resize(1);
    other.next.resize(1);
    std::erase_if(other.active, [](const ActiveFeature &active) { return active.position > 0; });
    return other;
}

} // namespace

class TestInterventionsPlace : public QObject {
    Q_OBJECT

    FailOnWarning guard_;

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void the_names_a_screen_reader_needs_are_there() {
        Shown s;
        s.press("Add intervention");
        for (const char *name : {"Add intervention", "Value", "Run", "Before", "After"})
            QVERIFY2(named<QWidget>(s.place, name), name);
        s.press("Add intervention");
        QTRY_COMPARE(s.place.findChildren<ValueSlider *>().size(), 2); // old editors go in the event loop
        QVERIFY(named<ValueSlider>(s.place, "Value of row 1"));        // the second is selected
        s.place.table().select(0);
        QVERIFY(named<ValueSlider>(s.place, "Value of row 2"));
        QVERIFY(!named<ValueSlider>(s.place, "Value of row 1"));
    }

    void the_models_are_sound() {
        Shown s;
        QAbstractItemModelTester rows(s.place.table().model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        s.press("Add intervention");
        s.press("Add intervention");
        s.value()->setValue(100);
        s.place.undoStack()->undo();
        s.place.undoStack()->undo();
        s.place.undoStack()->redo();
        EffectsModel effects;
        QAbstractItemModelTester effectsTester(&effects, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const EffectReport report = sample::effects(sample::promptFeatures());
        effects.setEffects(report.scan.effects, {});
        effects.setForetold(&FeatureEffect::direct);
        QCOMPARE(effects.rowCount(), static_cast<int>(report.scan.effects.size()));
        PositionChangesModel positions;
        QAbstractItemModelTester positionsTester(&positions, QAbstractItemModelTester::FailureReportingMode::QtTest);
        positions.setPositions(sample::outcome(0, 1).positions, sample::promptFeatures().tokens);
        positions.setPositions(sample::outcome(0, 0.5).positions, sample::promptFeatures().tokens);
        QCOMPARE(positions.rowCount(), 4);
    }

    void a_new_row_takes_the_strongest_feature_at_the_chosen_token() {
        Shown s;
        s.place.setSelectedPositions({2});
        s.press("Add intervention");
        const ActiveFeature *expected = nullptr;
        for (const ActiveFeature &active : sample::promptFeatures().active)
            if (active.position == 2 && active.layer == 1 && (!expected || active.activation > expected->activation))
                expected = new ActiveFeature(active);
        QCOMPARE(s.rows().size(), size_t{1});
        QCOMPARE(s.rows()[0].layer, 1);
        QCOMPARE(s.rows()[0].feature, expected->feature);
        QCOMPARE(toString(s.rows()[0].places), std::string("2"));
        QCOMPARE(s.asked.back().rows, s.rows());
        s.press("Add intervention"); // the next one, not the same again
        QVERIFY(s.rows()[1].feature != s.rows()[0].feature || s.rows()[1].layer != s.rows()[0].layer);
    }

    void the_bars_follow_the_slider() {
        Shown s;
        s.press("Add intervention");
        const NextTokenChart &chart = *s.place.nextToken().chart();
        QCOMPARE(chart.shownAfter(0), 0.0);
        for (const int step : {100, 400, 1000}) {
            s.value()->setValue(step);
            QCOMPARE(s.rows()[0].value, 2.0 * step / 1000);
            QCOMPARE(s.asked.back().rows[0].value, 2.0 * step / 1000);
            QVERIFY(std::abs(chart.shownAfter(0) - 0.72 * 2 * step / 1000) < 1e-12);
            QCOMPARE(chart.shownBefore(0), 0.72);
        }
        QVERIFY(chart.accessibleDescription().contains(QStringLiteral(" time from 0.720 to 1.440")));
    }

    void the_keys_of_the_slider_move_the_value_data() {
        QTest::addColumn<int>("key");
        QTest::addColumn<double>("value"); // from × 0.50 on a scale of 0 … 2
        QTest::newRow("left") << int(Qt::Key_Left) << 0.48;
        QTest::newRow("right") << int(Qt::Key_Right) << 0.52;
        QTest::newRow("page up") << int(Qt::Key_PageUp) << 0.70;
        QTest::newRow("page down") << int(Qt::Key_PageDown) << 0.30;
        QTest::newRow("home") << int(Qt::Key_Home) << 0.0;
        QTest::newRow("end") << int(Qt::Key_End) << 2.0;
        QTest::newRow("backspace") << int(Qt::Key_Backspace) << 1.0;
    }
    void the_keys_of_the_slider_move_the_value() {
        QFETCH(int, key);
        QFETCH(double, value);
        Shown s;
        s.press("Add intervention");
        s.value()->setValue(250);
        QTest::keyClick(s.value(), Qt::Key(key));
        QVERIFY(std::abs(s.rows()[0].value - value) < 1e-9);
        s.value()->setValue(250);
        QTest::keyClick(&s.place.table(), Qt::Key(key)); // from the row as well
        QVERIFY(std::abs(s.rows()[0].value - value) < 1e-9);
    }

    void space_turns_a_row_off_and_del_removes_it() {
        Shown s;
        s.press("Add intervention");
        s.press("Add intervention");
        s.place.table().select(0);
        QTest::keyClick(&s.place.table(), Qt::Key_Space);
        QVERIFY(!s.rows()[0].enabled && s.rows()[1].enabled);
        const Intervention second = s.rows()[1];
        QTest::keyClick(&s.place.table(), Qt::Key_Delete);
        QTRY_COMPARE(s.rows(), std::vector{second});
    }

    void steps_are_undone_and_done_again() {
        Shown s;
        s.press("Add intervention");
        const auto first = s.rows();
        for (int step = 10; step < 200; step += 10)
            s.value()->setValue(step); // one drag, one step
        const auto dragged = s.rows();
        s.press("Clear");
        QVERIFY(s.rows().empty());
        s.place.undoStack()->undo();
        QCOMPARE(s.rows(), dragged);
        s.place.undoStack()->undo();
        QCOMPARE(s.rows(), first);
        s.place.undoStack()->undo();
        QVERIFY(s.rows().empty());
        s.place.undoStack()->redo();
        QCOMPARE(s.rows(), first);
    }

    void every_cell_can_be_edited() {
        Shown s;
        s.press("Add intervention");
        named<QSpinBox>(s.place, "Layer of row 1")->setValue(0);
        named<QSpinBox>(s.place, "Feature of row 1")->setValue(77);
        auto *action = named<QComboBox>(s.place, "Action of row 1");
        action->setCurrentIndex(1);
        Q_EMIT action->activated(1);
        auto *position = named<QComboBox>(s.place, "Position of row 1");
        position->setEditText(QStringLiteral("0, 2-3"));
        Q_EMIT position->lineEdit()->editingFinished();
        named<QDoubleSpinBox>(s.place, "Figure of row 1")->setValue(12.5);
        const Intervention row = s.rows()[0];
        QCOMPARE(row.layer, 0);
        QCOMPARE(row.feature, 77);
        QVERIFY(row.action == InterventionAction::Set);
        QCOMPARE(toString(row.places), std::string("0,2,3"));
        QCOMPARE(row.value, 12.5);
        position->setEditText(QStringLiteral("nowhere"));
        Q_EMIT position->lineEdit()->editingFinished();
        QCOMPARE(toString(s.rows()[0].places), std::string("0,2,3")); // words that are no place change nothing
    }

    void a_row_says_what_it_cannot_do() {
        Shown s;
        s.press("Add intervention");
        InterventionOutcome outcome = sample::outcome(1, 1);
        outcome.notes[0] = {RowNote::Kind::Problem, "There is no layer 7."};
        s.place.setOutcome(QString::fromStdString(sample::promptFeatures().prompt), s.place.request(), outcome);
        const QAbstractItemModel &model = *s.place.table().model();
        QCOMPARE(model.index(0, InterventionsModel::Effect).data().toString(), QStringLiteral("There is no layer 7."));
    }

    void an_answer_for_other_rows_is_dropped() {
        Shown s;
        s.press("Add intervention");
        const InterventionRequest old = s.place.request();
        s.value()->setValue(700);
        const double shown = s.place.nextToken().chart()->shownAfter(0);
        s.place.setOutcome(QString::fromStdString(sample::promptFeatures().prompt), old, sample::outcome(1, 0.123));
        QCOMPARE(s.place.nextToken().chart()->shownAfter(0), shown);
    }

    void rows_bound_to_positions_wait_when_the_prompt_changes() {
        Shown s;
        s.place.setSelectedPositions({2});
        s.press("Add intervention");
        const auto before = s.rows();
        const size_t asked = s.asked.size();
        s.place.setPromptFeatures(otherPrompt());
        QVERIFY(s.place.isStale());
        QCOMPARE(s.asked.size(), asked); // nothing is computed with positions of another prompt
        QCOMPARE(s.place.list().prompt, sample::promptFeatures().prompt);
        QSignalSpy wanted(&s.place, &InterventionsPlace::promptWanted);
        s.press("Back to its prompt");
        QCOMPARE(wanted[0][0].toString().toStdString(), sample::promptFeatures().prompt);
        s.place.setPromptFeatures(sample::promptFeatures());
        QVERIFY(!s.place.isStale());
        QCOMPARE(s.rows(), before);
        s.place.setPromptFeatures(otherPrompt());
        s.press("Use them here");
        QVERIFY(!s.place.isStale());
        QCOMPARE(toString(s.rows()[0].places), std::string("last"));
        QCOMPARE(s.place.list().prompt, std::string("Once"));
    }

    void rows_on_the_last_position_follow_the_prompt() {
        Shown s;
        s.place.setList({.transcoder = "plt-k16", .prompt = "Something else", .rows = {{.layer = 1, .feature = 3}}});
        QVERIFY(!s.place.isStale());
        QCOMPARE(s.place.list().prompt, sample::promptFeatures().prompt);
    }

    void a_click_in_the_scatter_finds_the_feature_in_the_list() {
        Shown s;
        auto *plot = s.place.findChild<EffectsPlot *>();
        auto *list = named<QTableView>(s.place, "What matters here");
        QVERIFY(list->model()->rowCount() > 10);
        QTest::qWait(30); // the plot lays its axes out
        QSignalSpy chosen(&s.place, &InterventionsPlace::featureChosen);
        QTest::mouseClick(plot->findChild<QWidget *>(), Qt::LeftButton, {}, plot->positionOf(0).toPoint());
        QCOMPARE(list->currentIndex().row(), 0);
        QCOMPARE(chosen.size(), 1);
        const FeatureEffect &effect = s.place.effects().report()->scan.effects[0];
        QCOMPARE(chosen[0][1].toInt(), effect.feature);
        QTest::keyClick(list, Qt::Key_Return);
        QCOMPARE(s.rows().size(), size_t{1});
        QCOMPARE(s.rows()[0].feature, effect.feature);
        QVERIFY(s.rows()[0].action == InterventionAction::Ablate);
        auto *predicted = named<QComboBox>(s.place, "Predicted by");
        const QString total = list->model()->index(0, EffectsModel::Predicted).data().toString();
        predicted->setCurrentIndex(1);
        QVERIFY(list->model()->index(0, EffectsModel::Predicted).data().toString() != total);
    }

    void texts_stream_side_by_side_and_differ_from_a_token_on() {
        Shown s;
        QSignalSpy asked(&s.place, &InterventionsPlace::generateRequested);
        s.press("Run");
        QCOMPARE(asked.size(), 1);
        TextsPane &texts = s.place.texts();
        QVERIFY(named<QPushButton>(s.place, "Stop"));
        texts.append(TextsPane::BeforeSide, {{1, " there"}, {2, " was"}});
        texts.append(TextsPane::AfterSide, {{1, " there"}, {3, " is"}, {4, " a"}});
        texts.append(TextsPane::BeforeSide, {{5, " cat"}});
        texts.finish();
        QCOMPARE(texts.shared(), size_t{1});
        const QString prompt = QString::fromStdString(sample::promptFeatures().prompt);
        auto *before = named<QPlainTextEdit>(s.place, "Before"), *after = named<QPlainTextEdit>(s.place, "After");
        QCOMPARE(before->toPlainText(), prompt + QStringLiteral(" there was cat"));
        QCOMPARE(after->toPlainText(), prompt + QStringLiteral(" there is a"));
        QCOMPARE(before->extraSelections().last().cursor.selectedText(), QStringLiteral("was"));
        QCOMPARE(after->extraSelections().last().cursor.selectedText(), QStringLiteral("is"));
        QVERIFY(named<QPushButton>(s.place, "Run"));
    }

    void the_command_line_repeats_what_is_shown() {
        Shown s;
        s.place.setSelectedPositions({2});
        s.press("Add intervention");
        s.value()->setValue(100);
        const QString command = s.place.commandLine();
        QVERIFY(
            command.startsWith(QStringLiteral("tinytranscoder-cli intervene --name plt-k16 --prompt 'Once upon a")));
        QVERIFY(command.contains(QStringLiteral(" --scale 1/2/%1=0.2 --mode free").arg(s.rows()[0].feature)));
    }

    void a_demonstration_is_one_click() {
        Shown s;
        QSignalSpy asked(&s.place, &InterventionsPlace::demonstrationRequested);
        QSignalSpy wanted(&s.place, &InterventionsPlace::promptWanted);
        s.press(QStringLiteral("Force “Once upon a → time” after “This is a”"));
        QCOMPARE(asked.size(), 1);
        DemonstrationResult result{.demonstration = asked[0][0].value<Demonstration>(),
                                   .row = {.layer = 1, .feature = 77, .action = InterventionAction::Set, .value = 30},
                                   .target = {640, " time", 0.01, 2},
                                   .natural = 6.4,
                                   .after = 0.6};
        s.place.setDemonstration(result);
        QCOMPARE(s.rows(), std::vector{result.row});
        QCOMPARE(wanted[0][0].toString(), QStringLiteral("This is a"));
        QCOMPARE(s.place.request().target, std::optional<int32_t>(640));
        s.press("Clear");
        result.why = "No feature raises it.";
        s.place.setDemonstration(result);
        QVERIFY(s.rows().empty());
    }

    void the_range_widens_to_a_value_outside_and_stays_while_it_is_moved() {
        Shown s;
        DemonstrationResult result{.demonstration = originalDemonstrations().front(),
                                   .row = {.layer = 1, .feature = 77, .action = InterventionAction::Set, .value = 20.4},
                                   .target = {640, " time", 0.01, 2}};
        s.place.setDemonstration(result);
        QVERIFY((s.value()->valueRange() == ValueRange{0, 20.4, 6.42})); // its own ends at 9.84
        QCOMPARE(s.value()->value(), s.value()->maximum());
        s.value()->setValue(s.value()->maximum() - 10); // a few pixels
        QVERIFY(std::abs(s.rows()[0].value - 0.99 * 20.4) < 1e-9);
        QCOMPARE(s.value()->valueRange().upper, 20.4);
        s.value()->setValue(s.value()->maximum() / 4);
        QVERIFY(std::abs(s.rows()[0].value - 0.25 * 20.4) < 1e-9);
        auto *field = s.place.findChild<ValueEditor *>()->findChild<QDoubleSpinBox *>();
        field->setValue(3);
        QCOMPARE(s.value()->valueRange().upper, 9.84);
        field->setValue(-2);
        QVERIFY((s.value()->valueRange() == ValueRange{-2, 9.84, 6.42}));
        QCOMPARE(s.rows()[0].value, -2.0);
    }

    void what_a_demonstration_says_goes_when_its_row_is_changed() {
        Shown s;
        const DemonstrationResult result{
            .demonstration = originalDemonstrations().front(),
            .row = {.layer = 1, .feature = 77, .action = InterventionAction::Set, .value = 20.4},
            .target = {640, " time", 0.01, 2}};
        const auto *bar = s.place.findChild<MessageBar *>();
        s.place.setDemonstration(result);
        QVERIFY(bar->message().text.contains(QStringLiteral("Forced to 20.40")));
        s.value()->setValue(100);
        QVERIFY(bar->isHidden());
        s.place.setDemonstration(result);
        const Message other{.kind = Message::Kind::Warning, .title = QStringLiteral("Not exported"), .text = {}};
        s.place.showMessage(other);
        s.value()->setValue(100);
        QVERIFY(!bar->isHidden()); // it tells of something else
    }

    void figures_of_effects_are_never_cut() {
        Shown s;
        EffectReport report = sample::effects(sample::promptFeatures());
        auto *list = named<QTableView>(s.place, "What matters here");
        auto *foretold = named<QComboBox>(s.place, "Predicted by");
        report.scan.effects.front().total = -12.34;
        report.scan.effects.front().direct = -12345.67;
        s.place.setEffects(QStringLiteral("Once upon a time"), report);
        for (int which = 0; which < 2; ++which) {
            foretold->setCurrentIndex(which);
            for (const int column : {2, 3})
                QVERIFY2(list->columnWidth(column) >= list->sizeHintForIndex(list->model()->index(0, column)).width(),
                         qPrintable(list->model()->index(0, column).data().toString()));
        }
    }

    /// Ratio, not time: the chart's part of a slider step must be well within a frame; the time is printed.
    void a_slider_step_to_repaint_is_measured() {
        Shown s;
        s.press("Add intervention");
        QTest::qWait(50);
        QElapsedTimer timer;
        timer.start();
        constexpr int times = 60;
        for (int i = 0; i < times; ++i) {
            s.value()->setValue(100 + 10 * i);
            s.place.repaint();
        }
        qInfo("slider step to repaint of the whole place: %.1f ms",
              static_cast<double>(timer.nsecsElapsed()) / 1e6 / times);
        QCOMPARE(s.asked.size() >= times, true);
    }

    void pictures_data() {
        QTest::addColumn<QByteArray>("scheme");
        QTest::addColumn<QSize>("size");
        for (const char *scheme : {"light", "dark"}) {
            QTest::addRow("%s", scheme) << QByteArray(scheme) << QSize(1184, 640);
            QTest::addRow("%s-large", scheme) << QByteArray(scheme) << QSize(2464, 1280);
        }
        QTest::addRow("small") << QByteArray("light") << QSize(928, 480);
    }
    void pictures() {
        QFETCH(QByteArray, scheme);
        QFETCH(QSize, size);
        qputenv("TT_COLOR_SCHEME", scheme);
        applyTheme(*qApp);
        Shown s;
        s.place.resize(size);
        const auto keep = [&](const QString &what) {
            QDir().mkpath(QStringLiteral("pictures"));
            QTest::qWait(30);
            QVERIFY(s.place.grab().save(QStringLiteral("pictures/interventions-%1-%2.png")
                                            .arg(what, QString::fromLatin1(QTest::currentDataTag()))));
        };
        keep(QStringLiteral("empty"));
        s.place.setSelectedPositions({2});
        s.press("Add intervention");
        s.press("Add intervention");
        s.place.table().select(1);
        QTest::keyClick(&s.place.table(), Qt::Key_Space);
        s.place.table().select(0);
        s.value()->setValue(100);
        s.press("Run");
        s.place.texts().append(
            TextsPane::BeforeSide,
            {{1, " time"},
             {2, ", there was a little girl named Lily. She loved to play in the park with her red ball."}});
        s.place.texts().append(
            TextsPane::AfterSide,
            {{3, " day"}, {4, ", a little boy named Tim went to the park with his mom. He saw a big slide."}});
        s.place.texts().finish();
        keep(QStringLiteral("rows"));
        s.press("Positions");
        keep(QStringLiteral("positions"));
        s.place.setPromptFeatures(otherPrompt());
        keep(QStringLiteral("stale"));
    }
};

QTEST_MAIN(TestInterventionsPlace)
#include "test_interventions_place.moc"
