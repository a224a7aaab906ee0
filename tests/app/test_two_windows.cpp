// Two windows on one workspace: the second says so and offers to look without changing.
#include "app/cli_runner.h"
#include "app/window_program.h"
#include "ui/fail_on_warning.h"

#include "core/features/feature_labels.h"
#include "ui/circuits/circuits_place.h"
#include "ui/data/data_place.h"
#include "ui/features/features_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/train/train_place.h"

#include <QApplication>
#include <QLineEdit>
#include <QStandardPaths>

#include <algorithm>
#include <memory>

using namespace tt;

namespace {
constexpr int patience = 30'000; // milliseconds; a machine under load
} // namespace

class TestTwoWindows : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void the_second_says_so_and_opens_nothing();
    void read_only_everything_can_be_seen_and_traced();
    void read_only_nothing_is_saved();
    void a_label_given_on_the_command_line_meanwhile_stays_and_is_shown();
    void a_run_that_the_command_line_trains_is_left_alone();
    void a_window_opens_its_own_workspace_again();
    void when_the_first_has_gone_the_second_may_write();
    void without_a_workspace_a_button_says_what_to_do();
    void a_folder_that_is_no_workspace_is_left_as_it_is();

private:
    std::unique_ptr<FailOnWarning> failOnWarning_;
    QTemporaryDir folder_;
    QString workspace_;
    std::unique_ptr<WorkspaceProgram> first_, second_;
};

void TestTwoWindows::initTestCase() {
    QStandardPaths::setTestModeEnabled(true);
    failOnWarning_ = std::make_unique<FailOnWarning>();
    const test::Cli cli(folder_.path());
    QVERIFY(test::makeCorpus(cli));
    QCOMPARE(cli.run(QStringList{"gpt", "train", "--run", "g", "--quiet"} + test::tinyGpt(30)).code, 0);
    QCOMPARE(cli.run(QStringList{"transcoder", "train", "--name", "plt", "--quiet"} + test::tinyTranscoder(20)).code,
             0);
    workspace_ = folder_.filePath("workspace");
    first_ = std::make_unique<WorkspaceProgram>(workspace_);
    QTRY_VERIFY_WITH_TIMEOUT(first_->hasTraced(), patience);
    QVERIFY(first_->notice().title.isEmpty());
}

void TestTwoWindows::the_second_says_so_and_opens_nothing() {
    second_ = std::make_unique<WorkspaceProgram>(workspace_);
    QTRY_COMPARE_WITH_TIMEOUT(second_->notice().title, "workspace is open in another window", patience);
    QVERIFY(second_->bar(QString("process %1").arg(QCoreApplication::applicationPid())));
    QVERIFY(second_->window.promptBar().transcoder().isEmpty());
}

void TestTwoWindows::read_only_everything_can_be_seen_and_traced() {
    QVERIFY(second_->press("Open read-only"));
    QTRY_VERIFY_WITH_TIMEOUT(second_->hasTraced(), patience);
    QCOMPARE(second_->notice().title, "workspace is open read-only");
    QVERIFY(second_->named<QWidget>(QString("Workspace %1, read-only").arg(workspace_)));
    QCOMPARE(second_->window.promptBar().transcoder(), "plt");
}

void TestTwoWindows::read_only_nothing_is_saved() {
    const Workspace workspace = Workspace::open(workspace_.toStdString());
    second_->window.goTo(MainWindow::Place::Data);
    QVERIFY(!second_->press("Generate stories"));
    Q_EMIT second_->window.dataPlace().generateRequested("d", 10, 1);
    QTRY_VERIFY_WITH_TIMEOUT(second_->bar("open read-only here"), patience);
    QCOMPARE(workspace.corpora(), std::vector<std::string>{"c"});

    second_->window.goTo(MainWindow::Place::Features);
    QVERIFY(second_->named<QLineEdit>("Label")->isReadOnly() && second_->named<QLineEdit>("Notes")->isReadOnly());
    Q_EMIT second_->window.featuresPlace().noteEdited(0, 1, {.label = "lost"});
    QTRY_VERIFY_WITH_TIMEOUT(second_->bar("open read-only here"), patience);
    QVERIFY(readFeatureLabels(workspace.transcoder("plt")).notes.empty());

    second_->window.goTo(MainWindow::Place::Circuits);
    Q_EMIT second_->window.circuitsPlace().saveRequested("mine");
    QTRY_VERIFY_WITH_TIMEOUT(second_->bar("open read-only here"), patience);
    QVERIFY(workspace.graphs().empty());

    // The first goes on as ever.
    Q_EMIT first_->window.circuitsPlace().saveRequested("kept");
    QTRY_COMPARE_WITH_TIMEOUT(workspace.graphs(), std::vector<std::string>{"kept"}, patience);
}

void TestTwoWindows::a_label_given_on_the_command_line_meanwhile_stays_and_is_shown() {
    const std::filesystem::path folder = Workspace::open(workspace_.toStdString()).transcoder("plt");
    QCOMPARE(test::Cli(folder_.path()).run({"features", "label", "--layer", "0", "--feature", "2", "theirs"}).code, 0);
    Q_EMIT first_->window.featuresPlace().noteEdited(0, 2, {.notes = "ours", .starred = true}); // knows no label
    const FeatureNote both{.label = "theirs", .notes = "ours", .starred = true};
    QTRY_VERIFY_WITH_TIMEOUT(readFeatureLabels(folder).notes[std::pair(0, 2)] == both, patience);
    first_->window.featuresPlace().chooseFeature(0, 2);
    QTRY_COMPARE_WITH_TIMEOUT(first_->named<QLineEdit>("Label")->text(), "theirs", patience);
}

void TestTwoWindows::a_run_that_the_command_line_trains_is_left_alone() {
    QProcess training;
    test::Cli(folder_.path())
        .start(training, QStringList{"gpt", "train", "--run", "theirs", "--quiet", "--set", "checkpoint_every=5"} +
                             test::tinyGpt(1'000'000));
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(workspace_ + "/gpt/theirs/state.json"), patience);
    first_->session.open(workspace_);
    const auto row = [this] {
        const auto &rows = first_->session.runs().rows();
        return std::find_if(rows.begin(), rows.end(), [](const RunRow &run) { return run.name == "theirs"; });
    };
    QTRY_VERIFY_WITH_TIMEOUT(row() != first_->session.runs().rows().end(), patience);
    first_->window.goTo(MainWindow::Place::Train);
    const QString who = QString("trained or changed by another program, process %1").arg(training.processId());
    const int id = row()->id;
    Q_EMIT first_->window.trainPlace().resumeRequested(id);
    QTRY_VERIFY_WITH_TIMEOUT(first_->bar(who), patience);
    first_->bar(who)->clear();
    Q_EMIT first_->window.trainPlace().deleteRequested(id);
    QTRY_VERIFY_WITH_TIMEOUT(first_->bar(who), patience);
    first_->bar(who)->clear();
    training.kill();
    training.waitForFinished();
    Q_EMIT first_->window.trainPlace().deleteRequested(id); // a killed process holds nothing
    QTRY_VERIFY_WITH_TIMEOUT(!QFile::exists(workspace_ + "/gpt/theirs"), patience);
}

void TestTwoWindows::a_window_opens_its_own_workspace_again() {
    first_->window.setStatus({});
    first_->session.open(workspace_ + "/../workspace");
    QTRY_VERIFY_WITH_TIMEOUT(first_->window.status().startsWith("Traced"), patience);
    QVERIFY(first_->notice().title.isEmpty());
}

void TestTwoWindows::when_the_first_has_gone_the_second_may_write() {
    QVERIFY(second_->press("Open for writing"));
    QTRY_COMPARE_WITH_TIMEOUT(second_->notice().title, "workspace is open in another window", patience);
    first_.reset();
    QVERIFY(second_->press("Open read-only"));
    QTRY_COMPARE_WITH_TIMEOUT(second_->notice().title, "workspace is open read-only", patience);
    second_->window.setStatus({});
    QVERIFY(second_->press("Open for writing"));
    QTRY_COMPARE_WITH_TIMEOUT(second_->notice().title, QString(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(second_->window.status().startsWith("Traced"), patience); // its transcoder is open anew
    Q_EMIT second_->window.featuresPlace().noteEdited(0, 1, {.label = "kept"});
    QTRY_COMPARE_WITH_TIMEOUT(
        readFeatureLabels(Workspace::open(workspace_.toStdString()).transcoder("plt")).notes.count({0, 1}), size_t{1},
        patience);
    second_.reset();
}

void TestTwoWindows::without_a_workspace_a_button_says_what_to_do() {
    const QString file = folder_.filePath("a-file");
    QFile(file).open(QIODevice::WriteOnly);
    WorkspaceProgram program(file);
    QTRY_VERIFY_WITH_TIMEOUT(program.bar("cannot be opened"), patience);
    program.window.goTo(MainWindow::Place::Data);
    if (program.press("Generate stories"))
        QTRY_VERIFY_WITH_TIMEOUT(program.bar("No workspace is open"), patience);
}

void TestTwoWindows::a_folder_that_is_no_workspace_is_left_as_it_is() {
    const QString folder = folder_.filePath("letters");
    QDir(folder_.path()).mkdir("letters");
    QVERIFY(QFile(folder + "/letter.txt").open(QIODevice::WriteOnly));
    WorkspaceProgram program(folder_.filePath("own"));
    QTRY_VERIFY_WITH_TIMEOUT(program.window.status().startsWith("Opened"), patience);
    Q_EMIT program.window.openWorkspaceRequested(folder); // Open workspace…
    QTRY_VERIFY_WITH_TIMEOUT(program.bar("letters is no workspace"), patience);
    QCOMPARE(QDir(folder).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList{"letter.txt"});
    QVERIFY(program.press("Make it one"));
    QTRY_VERIFY_WITH_TIMEOUT(Workspace::isAt(folder.toStdString()), patience);
}

QTEST_MAIN(TestTwoWindows)
#include "test_two_windows.moc"
