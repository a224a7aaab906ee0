// A training of the program as it ships that is killed goes on to what an undisturbed one gives. Many more moments, of
// everything that writes: core/test_killed_work.cpp.

#include "app/cli_runner.h"

#include "core/nn/gpt_weights.h"
#include "core/nn/transcoder.h"
#include "core/random.h"
#include "core/train/training_point.h"

#include <QThread>

using namespace tt::test;

namespace {
constexpr int steps = 120, gptSteps = 400; // of which the kills leave most to do
}

class TestKill : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void a_killed_gpt_loads_and_goes_on();
    void a_killed_transcoder_loads_and_goes_on();
    void a_run_that_trains_is_refused_to_another_process();

private:
    struct Killing {
        int times;
        int checkpointEvery; ///< steps, as the settings say
        unsigned longest;    ///< µs a process lives after it first saved
    };
    void killAndResume(const Killing &killing, const QStringList &command, const QStringList &settings,
                       const QString &runFolder, const std::function<void(const std::filesystem::path &)> &load);
    QTemporaryDir folder_;
    std::unique_ptr<Cli> cli_;
};

void TestKill::initTestCase() {
    cli_ = std::make_unique<Cli>(folder_.path());
    QVERIFY(makeCorpus(*cli_));
    QCOMPARE(cli_->run(QStringList{"gpt", "train", "--run", "whole", "--quiet"} + tinyGpt(gptSteps)).code, 0);
}

/// Kills the same run at a random moment each time it is started, then lets it finish.
void TestKill::killAndResume(const Killing &killing, const QStringList &command, const QStringList &settings,
                             const QString &runFolder, const std::function<void(const std::filesystem::path &)> &load) {
    const QString state = runFolder + "/state.json";
    const std::filesystem::path folder = cli_->path(runFolder).toStdString();
    tt::Random random(42);
    int unfinished = 0;
    qint64 stepBefore = 0;
    for (int i = 0; i < killing.times; ++i) {
        const bool there = QFile::exists(cli_->path(state));
        QProcess process;
        cli_->start(process, command + (there ? QStringList{"--resume"} : settings));
        const QByteArray before = cli_->read(state);
        QTRY_VERIFY_WITH_TIMEOUT(cli_->read(state) != before || process.state() == QProcess::NotRunning, 30'000);
        QThread::usleep(static_cast<unsigned long>(random.below(killing.longest))); // of a step or of saving
        process.kill();
        process.waitForFinished();
        load(folder);
        qint64 last = 0;
        for (const auto &point : tt::readMetrics((folder / "metrics.jsonl").string())) {
            QCOMPARE(point.step, last + 1); // none twice, none left out
            last = point.step;
        }
        const QJsonObject now = QJsonDocument::fromJson(cli_->read(state)).object();
        const qint64 step = now["step"].toInteger();
        QVERIFY(last >= step && last <= step + killing.checkpointEvery); // what is lost is one interval at most
        QVERIFY(step >= stepBefore && step % killing.checkpointEvery == 0);
        stepBefore = step;
        unfinished += now["finished"].toBool() ? 0 : 1;
    }
    QVERIFY2(unfinished >= killing.times - 2, qPrintable(QString::number(unfinished))); // else nothing was killed
    const auto finished = cli_->run(command + QStringList{"--resume", "--json"});
    QVERIFY2(finished.code == 0, qPrintable(describe(finished)));
    QVERIFY(QJsonDocument::fromJson(cli_->read(state)).object()["finished"].toBool());
    QDir leftovers(cli_->path(runFolder));
    QVERIFY2(leftovers.entryList({"*.json.*", "*.safetensors.*"}, QDir::Files).isEmpty(),
             qPrintable(leftovers.entryList(QDir::Files).join(", ")));
}

void TestKill::a_killed_gpt_loads_and_goes_on() {
    killAndResume({.times = 6, .checkpointEvery = 3, .longest = 30'000}, {"gpt", "train", "--run", "killed", "--quiet"},
                  tinyGpt(gptSteps) + QStringList{"--set", "checkpoint_every=3"}, "workspace/gpt/killed",
                  [](const auto &folder) { tt::loadGpt(folder); });
    QVERIFY(!cli_->read("workspace/gpt/whole/model.safetensors").isEmpty());
    QVERIFY(cli_->read("workspace/gpt/killed/model.safetensors") ==
            cli_->read("workspace/gpt/whole/model.safetensors"));
}

namespace {
/// Killed between the files of two layers, a transcoder refuses to mix them until its training goes on.
void loadOrRefuse(const std::filesystem::path &folder) {
    try {
        tt::loadTranscoder(folder);
    } catch (const tt::Error &error) {
        QVERIFY2(std::string(error.what()).find("Resume its training to mend it") != std::string::npos, error.what());
    }
}
} // namespace

void TestKill::a_killed_transcoder_loads_and_goes_on() {
    QCOMPARE(cli_->run(QStringList{"transcoder", "train", "--run", "whole", "--name", "whole", "--quiet"} +
                       tinyTranscoder(steps))
                 .code,
             0);
    killAndResume({.times = 4, .checkpointEvery = 1, .longest = 60'000},
                  {"transcoder", "train", "--name", "killed", "--quiet"},
                  QStringList{"--run", "whole", "--set", "checkpoint_every=1"} + tinyTranscoder(steps),
                  "workspace/transcoders/killed", loadOrRefuse);
    for (const QString file : {"/layer_0.safetensors", "/layer_1.safetensors"})
        QVERIFY(cli_->read("workspace/transcoders/killed" + file) == cli_->read("workspace/transcoders/whole" + file));
}

void TestKill::a_run_that_trains_is_refused_to_another_process() {
    QProcess training;
    cli_->start(training, QStringList{"gpt", "train", "--run", "held", "--quiet", "--set", "checkpoint_every=5"} +
                              tinyGpt(1'000'000));
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(cli_->path("workspace/gpt/held/state.json")), 30'000);
    const CliResult refused = cli_->run({"gpt", "train", "--run", "held", "--resume", "--quiet"});
    QCOMPARE(refused.code, 1);
    QCOMPARE(refused.error(),
             QString("held is being trained or changed by another program, process %1. Wait until that "
                     "has ended, or stop it there. Nothing was changed.")
                 .arg(training.processId()));
    const CliResult again = cli_->run(QStringList{"gpt", "train", "--run", "held", "--quiet"} + tinyGpt(5));
    QVERIFY2(again.code != 0, qPrintable(describe(again)));
    training.kill();
    training.waitForFinished();
    QProcess goesOn;
    cli_->start(goesOn, {"gpt", "train", "--run", "held", "--resume", "--quiet"});
    const QByteArray before = cli_->read("workspace/gpt/held/state.json");
    QTRY_VERIFY_WITH_TIMEOUT(cli_->read("workspace/gpt/held/state.json") != before, 30'000);
    goesOn.terminate();
    QVERIFY(goesOn.waitForFinished(30'000));
    QCOMPARE(goesOn.exitCode(), 130);
}

QTEST_GUILESS_MAIN(TestKill)
#include "test_kill.moc"
