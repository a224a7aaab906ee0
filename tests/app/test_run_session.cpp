// Runs as the window's session keeps them: side by side, stopped and resumed, renamed, deleted, told stories by.
#include "ui/fail_on_warning.h"

#include "app/session/run_actions.h"
#include "app/session/storyteller.h"
#include "app/session/training_estimates.h"
#include "app/session/training_runs.h"
#include "core/io/file.h"
#include "core/text/corpus.h"
#include "core/text/tokenizer.h"
#include "core/train/run_files.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

using namespace tt;
namespace fs = std::filesystem;

namespace {

constexpr int patience = 60'000; // milliseconds; a machine under load

struct Fixture {
    QTemporaryDir folder;
    Workspace workspace = Workspace::openOrCreate(folder.filePath("w").toStdString());
    int vocabulary = 0;
    TrainingRuns runs;

    Fixture() {
        generateCorpus(workspace, "small", 120, 1, {}, {});
        const Tokenizer tokenizer = trainTokenizer(workspace.corpusText("small"), 300, {}, {});
        tokenizer.save(workspace.tokenizer("own"));
        vocabulary = tokenizer.vocabSize();
        runs.setWorkspace(workspace, {});
    }
    [[nodiscard]] GptTrainingConfig config(int64_t steps, uint64_t seed) const {
        GptTrainingConfig config;
        config.model = {.vocabSize = vocabulary, .dModel = 32, .heads = 2, .headSize = 16, .layers = 1, .context = 32};
        config.model.tokenizer = "own";
        config.corpus = "small";
        config.batch = 4;
        config.steps = steps;
        config.evalEvery = 50;
        config.checkpointEvery = 20;
        config.seed = seed;
        return config;
    }
    [[nodiscard]] std::string weights(const std::string &name) const {
        return readFile(workspace.gpt(name) / "model.safetensors");
    }
    [[nodiscard]] const RunRow *run(const QString &name) const {
        for (const RunRow &row : runs.rows())
            if (row.name == name)
                return &row;
        return nullptr;
    }
    [[nodiscard]] bool is(const QString &name, RunRow::State state) const {
        return run(name) && run(name)->state == state;
    }
    void train(const std::string &name, const GptTrainingConfig &config) {
        runs.startGpt(name, config);
        QTRY_VERIFY_WITH_TIMEOUT(is(QString::fromStdString(name), RunRow::State::Finished), patience);
    }
};

} // namespace

class TestRunSession : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

private Q_SLOTS:
    void a_run_beside_another_stopped_and_resumed_ends_in_the_same_weights() {
        Fixture f;
        f.train("alone", f.config(400, 7));
        // At the first step that is told of: a run of two milliseconds a step would be over before a test that polls
        // looks.
        const auto stopping = connect(&f.runs, &TrainingRuns::runUpdated, &f.runs, [&f](const RunRow &row) {
            if (row.name == "resumed" && row.step > 0 && row.state == RunRow::State::Running)
                f.runs.stop(row.id);
        });
        f.runs.startGpt("resumed", f.config(400, 7));
        f.runs.startGpt("beside", f.config(4000, 8));
        QCOMPARE(f.run("resumed")->threads, TrainingRuns::defaultThreads());
        QTRY_VERIFY_WITH_TIMEOUT(!f.is("resumed", RunRow::State::Running) && !f.is("resumed", RunRow::State::Stopping),
                                 patience);
        QVERIFY2(f.is("resumed", RunRow::State::Stopped), "it ended before it was stopped: nothing was tested");
        disconnect(stopping);
        f.runs.resume(f.run("resumed")->id);
        QTRY_VERIFY_WITH_TIMEOUT(f.is("resumed", RunRow::State::Finished), patience);
        f.runs.stopAll();
        QTRY_VERIFY_WITH_TIMEOUT(f.runs.active().empty(), patience);
        QVERIFY(f.weights("resumed") == f.weights("alone"));
    }

    void a_second_run_leaves_the_threads_of_the_first() {
        Fixture f;
        GptTrainingConfig config = f.config(4000, 1);
        config.threads = 1;
        f.runs.startGpt("first", config);
        QTRY_VERIFY_WITH_TIMEOUT(f.run("first")->step > 0, patience);
        config.threads = 2;
        f.runs.startGpt("second", config);
        QTRY_VERIFY_WITH_TIMEOUT(f.run("second")->step > 0, patience);
        QCOMPARE(f.runs.threads(), 3);
        f.runs.stopAll();
        QTRY_VERIFY_WITH_TIMEOUT(f.runs.active().empty(), patience);
        QCOMPARE(readGptRun(f.workspace, "first").config.threads, 1);
        QCOMPARE(readGptRun(f.workspace, "second").config.threads, 2);
    }

    void a_run_goes_on_at_half_the_learning_rate() {
        Fixture f;
        f.runs.startGpt("hot", f.config(4000, 3));
        QTRY_VERIFY_WITH_TIMEOUT(f.run("hot")->step > 0, patience);
        f.runs.stop(f.run("hot")->id);
        QTRY_VERIFY_WITH_TIMEOUT(f.is("hot", RunRow::State::Stopped), patience);
        const double rate = readGptRun(f.workspace, "hot").config.learningRate;
        RunActions actions;
        actions.setWorkspace(f.workspace);
        QSignalSpy halved(&actions, &RunActions::rateHalved);
        actions.halveRate(*f.run("hot"));
        QTRY_COMPARE_WITH_TIMEOUT(halved.count(), 1, patience);
        const int64_t before = f.run("hot")->step;
        f.runs.resume(f.run("hot")->id);
        QTRY_VERIFY_WITH_TIMEOUT(f.run("hot")->step > before, patience);
        f.runs.stopAll();
        QTRY_VERIFY_WITH_TIMEOUT(f.runs.active().empty(), patience);
        QCOMPARE(readGptRun(f.workspace, "hot").config.learningRate, rate / 2);
    }

    void a_run_is_renamed_deleted_and_comes_back() {
        Fixture f;
        f.train("one", f.config(5, 1));
        const std::string weights = f.weights("one");
        {
            RunActions actions;
            actions.setWorkspace(f.workspace);
            QSignalSpy renamed(&actions, &RunActions::renamed), removed(&actions, &RunActions::removed),
                restored(&actions, &RunActions::restored), failed(&actions, &RunActions::failed);
            actions.rename(*f.run("one"), QStringLiteral("two/three"));
            QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 1, patience);
            actions.rename(*f.run("one"), QStringLiteral("two"));
            QTRY_COMPARE_WITH_TIMEOUT(renamed.count(), 1, patience);
            f.runs.rename(renamed[0][0].toInt(), renamed[0][1].toString());
            actions.remove(*f.run("two"));
            QTRY_COMPARE_WITH_TIMEOUT(removed.count(), 1, patience);
            QVERIFY(f.workspace.gpts().empty());
            actions.undo(removed[0][1].toInt());
            QTRY_COMPARE_WITH_TIMEOUT(restored.count(), 1, patience);
            QCOMPARE(restored[0][0].value<RunRow>().name, QStringLiteral("two"));
            QVERIFY(f.weights("two") == weights);
            actions.remove(*f.run("two"));
            QTRY_COMPARE_WITH_TIMEOUT(removed.count(), 2, patience);
            QVERIFY(fs::exists(f.workspace.folder() / "trash"));
        }
        QVERIFY(!fs::exists(f.workspace.folder() / "trash")); // the program has ended
    }

    void every_checkpoint_can_tell_a_story_token_by_token() {
        Fixture f;
        QSignalSpy saved(&f.runs, &TrainingRuns::checkpointSaved);
        f.train("teller", f.config(45, 1));
        QVERIFY(saved.count() >= 1 && saved.count() <= 3); // after steps 20, 40 and 45; batches may hold several
        Storyteller teller;
        teller.setWorkspace(f.workspace);
        QSignalSpy started(&teller, &Storyteller::started), tokens(&teller, &Storyteller::tokensArrived),
            ended(&teller, &Storyteller::ended);
        const StoryRequest request{.run = "teller",
                                   .prompt = "Once upon a time",
                                   .sampling = {.tokens = 40, .temperature = 0.8, .stopAtEndOfText = false},
                                   .seed = 1};
        teller.tell(3, request);
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, patience);
        QCOMPARE(ended[0][1].toString(), QString());
        QCOMPARE(started[0][1].toLongLong(), 45);
        size_t count = 0;
        for (const QVariantList &batch : tokens)
            for (const StoryToken &token : batch[1].value<std::vector<StoryToken>>()) {
                QVERIFY(token.probability > 0 && token.probability <= 1);
                ++count;
            }
        QVERIFY(count > 0 && count <= 40);
        StoryRequest wrong = request;
        wrong.run = "nobody";
        teller.tell(3, wrong);
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 2, patience);
        QVERIFY(!ended[1][1].toString().isEmpty());
    }

    void an_estimate_is_answered_and_a_newer_question_replaces_an_older_one() {
        Fixture f;
        TrainingEstimates estimates;
        estimates.setWorkspace(f.workspace);
        QList<EstimateState> known;
        connect(&estimates, &TrainingEstimates::answered, this, [&](RunRow::Kind kind, const EstimateState &state) {
            QCOMPARE(kind, RunRow::Kind::Gpt);
            if (state.state == EstimateState::State::Known)
                known.append(state);
        });
        const GptTrainingConfig config = TrainingRuns::withThreads(f.config(1000, 1));
        estimates.estimate(config, 0);
        GptTrainingConfig other = config;
        other.model.layers = 2;
        estimates.estimate(other, 0);
        QTRY_COMPARE_WITH_TIMEOUT(known.size(), 1, patience); // the first was never measured
        other.steps = 2000;
        estimates.estimate(other, 0);
        QTRY_COMPARE_WITH_TIMEOUT(known.size(), 2, patience);
        QVERIFY(known[1].estimate.seconds > known[0].estimate.seconds);
        QVERIFY(known[1].estimate.seconds < 2.2 * known[0].estimate.seconds + 1);
    }
};

QTEST_MAIN(TestRunSession)
#include "test_run_session.moc"
