// The window on a slow disk, which its own thread must never wait for, and on one that vanishes and comes back.
#include "app/cli_runner.h"
#include "app/faulty_disk.h"
#include "app/window_program.h"
#include "ui/fail_on_warning.h"

#include "core/features/feature_labels.h"
#include "ui/circuits/circuits_place.h"
#include "ui/data/data_place.h"
#include "ui/features/features_place.h"
#include "ui/interventions/interventions_place.h"
#include "ui/train/train_place.h"

#include <QStandardPaths>

#include <memory>

using namespace tt;

namespace {

constexpr int patience = 60'000; // milliseconds; a machine under load

struct Program : WorkspaceProgram {
    using WorkspaceProgram::WorkspaceProgram;
    void forgetMessages() {
        for (MessageBar *bar : window.findChildren<MessageBar *>())
            bar->clear();
    }
    [[nodiscard]] bool runIs(const QString &name, RunRow::State state) const {
        for (const RunRow &row : session.runs().rows())
            if (row.name == name)
                return row.state == state;
        return false;
    }
};

} // namespace

class TestWindowDisk : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void the_windows_thread_never_waits_for_the_disk();
    void a_disk_that_vanishes_is_said_in_words_and_may_come_back();
    void cleanup();

private:
    GptTrainingConfig training() const;

    std::unique_ptr<FailOnWarning> failOnWarning_;
    QTemporaryDir folder_;
    std::unique_ptr<Workspace> workspace_;
    std::unique_ptr<Program> program_;
};

void TestWindowDisk::initTestCase() {
    QStandardPaths::setTestModeEnabled(true);
    failOnWarning_ = std::make_unique<FailOnWarning>();
    const test::Cli cli(folder_.path());
    QVERIFY(test::makeCorpus(cli));
    QCOMPARE(cli.run(QStringList{"gpt", "train", "--run", "g", "--quiet"} + test::tinyGpt(30)).code, 0);
    QCOMPARE(cli.run(QStringList{"transcoder", "train", "--name", "plt", "--quiet"} + test::tinyTranscoder(20)).code,
             0);
    workspace_ = std::make_unique<Workspace>(Workspace::open(folder_.filePath("workspace").toStdString()));
    qstrncpy(ttFaultyDisk.folder, workspace_->folder().c_str(), sizeof ttFaultyDisk.folder);
    ttFaultyDisk.watched = ::pthread_self();
}

void TestWindowDisk::cleanup() {
    ttFaultyDisk.callsLeft = -1;
    ttFaultyDisk.milliseconds = 0;
    ttFaultyDisk.watching = false;
    program_.reset();
}

GptTrainingConfig TestWindowDisk::training() const {
    GptTrainingConfig config = readGptRun(*workspace_, "g").config;
    config.steps = 20;
    config.checkpointEvery = 5;
    return config;
}

void TestWindowDisk::the_windows_thread_never_waits_for_the_disk() {
    const GptTrainingConfig config = training();
    ttFaultyDisk.milliseconds = 5;
    ttFaultyDisk.watching = true;
    program_ = std::make_unique<Program>(folder_.filePath("workspace"));
    MainWindow &window = program_->window;
    QTRY_VERIFY_WITH_TIMEOUT(program_->hasTraced(), patience);
    Q_EMIT window.circuitsPlace().saveRequested("slow");
    Q_EMIT window.featuresPlace().noteEdited(0, 1, {.label = "slow"});
    window.interventionsPlace().addFeatures({{.position = 0, .layer = 0, .feature = 1}}, InterventionAction::Ablate);
    Q_EMIT window.dataPlace().generateRequested("slow", 50, 1);
    Q_EMIT window.trainPlace().startGptRequested("slow", config);
    QTRY_COMPARE_WITH_TIMEOUT(workspace_->graphs(), std::vector<std::string>{"slow"}, patience);
    QTRY_VERIFY_WITH_TIMEOUT(program_->runIs("slow", RunRow::State::Finished), patience);
    QTRY_VERIFY_WITH_TIMEOUT(workspace_->corpora().size() == 2, patience);
    QTRY_VERIFY_WITH_TIMEOUT(std::filesystem::exists(workspace_->folder() / "interventions" / "plt.json"), patience);
    QVERIFY(ttFaultyDisk.ofOthers > 50);
    QCOMPARE(ttFaultyDisk.ofWatched, 0);
}

void TestWindowDisk::a_disk_that_vanishes_is_said_in_words_and_may_come_back() {
    program_ = std::make_unique<Program>(folder_.filePath("workspace"));
    MainWindow &window = program_->window;
    QTRY_VERIFY_WITH_TIMEOUT(program_->hasTraced(), patience);
    program_->forgetMessages();
    const GptTrainingConfig config = training();

    ttFaultyDisk.callsLeft = 0;
    Q_EMIT window.circuitsPlace().saveRequested("gone");
    QTRY_VERIFY_WITH_TIMEOUT(program_->says("Input/output error"), patience);
    program_->forgetMessages();
    window.goTo(MainWindow::Place::Features);
    Q_EMIT window.featuresPlace().noteEdited(0, 2, {.label = "gone"});
    QTRY_VERIFY_WITH_TIMEOUT(program_->says("Input/output error"), patience);
    program_->forgetMessages();
    Q_EMIT window.trainPlace().startGptRequested("gone", config);
    QTRY_VERIFY_WITH_TIMEOUT(program_->runIs("gone", RunRow::State::Failed), patience);
    program_->forgetMessages();
    Q_EMIT window.dataPlace().generateRequested("gone", 50, 1);
    QTRY_VERIFY_WITH_TIMEOUT(program_->says("Input/output error"), patience);

    ttFaultyDisk.callsLeft = -1;
    Q_EMIT window.circuitsPlace().saveRequested("back");
    Q_EMIT window.featuresPlace().noteEdited(0, 2, {.label = "back"});
    Q_EMIT window.trainPlace().startGptRequested("back", config);
    QTRY_VERIFY_WITH_TIMEOUT(program_->runIs("back", RunRow::State::Finished), patience);
    QTRY_VERIFY_WITH_TIMEOUT(workspace_->graphs().size() == 2, patience);
    const auto labels = [&] { return readFeatureLabels(workspace_->transcoder("plt")).notes; };
    QTRY_COMPARE_WITH_TIMEOUT((labels()[{0, 2}].label), "back", patience);
    QCOMPARE((labels()[{0, 1}].label), "slow");
}

QTEST_MAIN(TestWindowDisk)
#include "test_window_disk.moc"
