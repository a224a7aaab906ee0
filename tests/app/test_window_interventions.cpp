// The place Interventions in the real window with its session, against the command line on the same workspace.
#include "app/cli_runner.h"
#include "app/window_program.h"
#include "ui/fail_on_warning.h"

#include "ui/interventions/effects_pane.h"
#include "ui/interventions/interventions_place.h"
#include "ui/interventions/interventions_table.h"
#include "ui/interventions/next_token_chart.h"
#include "ui/interventions/next_token_pane.h"
#include "ui/interventions/value_slider.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chips.h"

#include <QAbstractItemModel>
#include <QApplication>
#include <QDoubleSpinBox>
#include <QElapsedTimer>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QStandardPaths>

#include <cmath>
#include <memory>

using namespace tt;

namespace {
constexpr int patience = 120'000; // milliseconds; a machine under load

struct Program : WindowProgram {
    explicit Program(const QString &folder) : WindowProgram(MainWindow::Place::Interventions) { session.open(folder); }
    [[nodiscard]] InterventionsPlace &place() const { return window.interventionsPlace(); }
    [[nodiscard]] NextTokenChart &chart() const { return *place().nextToken().chart(); }
    [[nodiscard]] QString effectOf(int row) const {
        return place().table().model()->index(row, InterventionsModel::Effect).data().toString();
    }
};
} // namespace

class TestWindowInterventions : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void the_bars_after_a_slider_step_are_what_the_command_line_says();
    void effects_are_those_of_the_command_line();
    void texts_are_those_of_the_command_line();
    void a_value_that_is_too_large_is_said_at_its_row();
    void a_slider_step_to_new_bars_is_measured();
    void rows_come_back_in_a_window_opened_anew();
    void a_demonstration_types_its_prompt_and_forces_its_feature();
    void cleanupTestCase() { program_.reset(); }

private:
    [[nodiscard]] QJsonObject cli(QStringList arguments) const {
        const test::CliResult result = cli_->run(QStringList{"--json", "--quiet"} + arguments);
        if (result.code != 0)
            qFatal("%s", qPrintable(test::describe(result)));
        return result.object();
    }
    /// What Copy as command gives, run by a shell.
    [[nodiscard]] QJsonObject repeated() const {
        const QString command = program_->place().commandLine(), name = QStringLiteral("tinytranscoder-cli");
        if (!command.startsWith(name))
            qFatal("%s", qPrintable(command));
        QProcess shell;
        shell.setWorkingDirectory(folder_.path());
        shell.start("/bin/sh", {"-c", TT_CLI " --json --quiet --threads 1" + command.mid(name.size())});
        const test::CliResult result = test::Cli::finish(shell);
        if (result.code != 0)
            qFatal("%s", qPrintable(test::describe(result)));
        return result.object();
    }
    std::unique_ptr<FailOnWarning> failOnWarning_;
    QTemporaryDir folder_;
    std::unique_ptr<test::Cli> cli_;
    std::unique_ptr<Program> program_;
};

void TestWindowInterventions::initTestCase() {
    QStandardPaths::setTestModeEnabled(true);
    failOnWarning_ = std::make_unique<FailOnWarning>();
    cli_ = std::make_unique<test::Cli>(folder_.path());
    QVERIFY(test::makeCorpus(*cli_));
    QCOMPARE(cli_->run(QStringList{"gpt", "train", "--run", "g", "--quiet"} + test::tinyGpt(60)).code, 0);
    QCOMPARE(cli_->run(QStringList{"transcoder", "train", "--name", "t", "--quiet"} + test::tinyTranscoder(30)).code,
             0);
    program_ = std::make_unique<Program>(folder_.filePath("workspace"));
    QTRY_VERIFY_WITH_TIMEOUT(program_->place().effects().report() != nullptr, patience);
}

void TestWindowInterventions::the_bars_after_a_slider_step_are_what_the_command_line_says() {
    Program &p = *program_;
    p.named<QPushButton>("Add intervention")->click();
    auto *value = p.named<ValueSlider>("Value");
    QVERIFY(value);
    value->setValue(900);
    const auto becomes = QStringLiteral(" becomes ");
    QTRY_VERIFY_WITH_TIMEOUT(p.effectOf(0).contains(becomes), patience);
    p.place().table().setFocus();
    QTest::keyClick(&p.place().table(), Qt::Key_End); // × 2
    QTRY_VERIFY_WITH_TIMEOUT(std::abs(p.place().request().rows[0].value - 2) < 1e-9, patience);
    const QJsonObject said = repeated();
    QTRY_VERIFY_WITH_TIMEOUT(std::abs(p.chart().shownAfter(0) - p.chart().tokens()[0].after) < 1e-12, patience);
    QTRY_VERIFY_WITH_TIMEOUT(
        [&] {
            int found = 0;
            for (size_t i = 0; i < p.chart().tokens().size(); ++i)
                for (const QJsonValue &token : said["after"].toArray())
                    if (token["id"].toInt() == p.chart().tokens()[i].id) {
                        ++found;
                        if (std::abs(token["p"].toDouble() - p.chart().shownAfter(static_cast<int>(i))) > 1e-5)
                            return false;
                    }
            return found >= 8;
        }(),
        patience);
    QCOMPARE(said["before"].toArray().at(0)["id"].toInt(), p.chart().tokens()[0].id);
}

void TestWindowInterventions::effects_are_those_of_the_command_line() {
    const EffectReport &report = *program_->place().effects().report();
    const QJsonObject said = cli({"intervene", "effects", "--prompt", "Once upon a"});
    const QJsonArray effects = said["effects"].toArray();
    QCOMPARE(static_cast<size_t>(effects.size()), report.scan.effects.size());
    QCOMPARE(said["unreachable"].toInt(), static_cast<int>(report.scan.unreachable));
    for (const QJsonValue &each : effects)
        for (const FeatureEffect &effect : report.scan.effects)
            if (effect.layer == each["layer"].toInt() && effect.position == each["position"].toInt() &&
                effect.feature == each["feature"].toInt()) {
                QVERIFY(std::abs(effect.measured - each["measured"].toDouble()) < 1e-4);
                QVERIFY(std::abs(effect.direct - each["direct"].toDouble()) < 1e-4);
                QVERIFY(std::abs(effect.total - each["total"].toDouble()) < 1e-4);
            }
    auto *list = program_->named<QAbstractItemView>("What matters here");
    QCOMPARE(list->model()->rowCount(), static_cast<int>(effects.size()));
}

void TestWindowInterventions::texts_are_those_of_the_command_line() {
    Program &p = *program_;
    p.named<QDoubleSpinBox>("Temperature")->setValue(0);
    auto *run = p.named<QPushButton>("Run");
    run->click();
    QTRY_VERIFY_WITH_TIMEOUT(!p.place().texts().isRunning(), patience);
    const QJsonObject said = repeated();
    QCOMPARE(p.named<QPlainTextEdit>("Before")->toPlainText(), said["text_before"].toString());
    QCOMPARE(p.named<QPlainTextEdit>("After")->toPlainText(), said["text_after"].toString());
}

void TestWindowInterventions::a_value_that_is_too_large_is_said_at_its_row() {
    Program &p = *program_;
    p.named<QDoubleSpinBox>("Figure of row 1")->setValue(1e9);
    QTRY_VERIFY_WITH_TIMEOUT(p.effectOf(0).contains("too large"), patience);
    p.place().undoStack()->undo();
    QTRY_VERIFY_WITH_TIMEOUT(p.effectOf(0).contains("becomes"), patience);
}

void TestWindowInterventions::a_slider_step_to_new_bars_is_measured() {
    Program &p = *program_;
    auto *value = p.named<ValueSlider>("Value");
    double sum = 0, worst = 0;
    constexpr int times = 20;
    for (int i = 0; i < times; ++i) {
        const double before = p.chart().tokens()[0].after;
        QElapsedTimer timer;
        timer.start();
        value->setValue(50 + 40 * i);
        while (p.chart().tokens()[0].after == before && timer.elapsed() < patience)
            QApplication::processEvents(QEventLoop::WaitForMoreEvents, 5);
        p.place().repaint();
        const double ms = static_cast<double>(timer.nsecsElapsed()) / 1e6;
        sum += ms;
        worst = std::max(worst, ms);
    }
    qInfo("slider step to repainted bars, with the model: mean %.1f ms, longest %.1f ms", sum / times, worst);
    QVERIFY(worst < patience);
}

void TestWindowInterventions::rows_come_back_in_a_window_opened_anew() {
    const std::vector<Intervention> rows = program_->place().request().rows;
    QVERIFY(!rows.empty());
    program_.reset();
    program_ = std::make_unique<Program>(folder_.filePath("workspace"));
    QTRY_COMPARE_WITH_TIMEOUT(program_->place().request().rows, rows, patience);
    QTRY_VERIFY_WITH_TIMEOUT(program_->effectOf(0).contains("becomes"), patience);
}

void TestWindowInterventions::a_demonstration_types_its_prompt_and_forces_its_feature() {
    Program &p = *program_;
    p.named<QPushButton>("Clear")->click();
    const QString name = QStringLiteral("Force “Once upon a → time” after “This is a”");
    QVERIFY(p.named<QPushButton>(name));
    p.named<QPushButton>(name)->click();
    const QJsonArray found = cli_->run({"--json", "--quiet", "intervene", "demonstrate"}).json().array();
    if (!found[1]["found"].toBool())
        QSKIP("the tiny model has no such feature");
    QTRY_COMPARE_WITH_TIMEOUT(p.window.promptBar().prompt(), QStringLiteral("This is a"), patience);
    QTRY_COMPARE_WITH_TIMEOUT(p.place().request().rows.size(), size_t{1}, patience);
    QCOMPARE(p.place().request().rows[0].feature, found[1]["feature"].toInt());
    QCOMPARE(p.place().request().rows[0].value, found[1]["value"].toDouble());
    const int target = p.place().request().target.value_or(-1);
    QVERIFY(target >= 0);
    QTRY_VERIFY_WITH_TIMEOUT(
        [&] {
            for (const TokenShift &token : p.chart().tokens())
                if (token.id == target && std::abs(token.after - found[1]["p_after"].toDouble()) < 1e-4)
                    return true;
            return found[1]["rank_after"].toInt() >= 10;
        }(),
        patience);
}

QTEST_MAIN(TestWindowInterventions)
#include "test_window_interventions.moc"
