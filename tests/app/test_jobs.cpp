// Everything that the window has going on at once, without the window: a GPT and a transcoder train while stories are
// imported, previewed and told, features are looked up and indexed, and graphs are traced. Run under the thread
// sanitizer.
#include "ui/fail_on_warning.h"

#include "app/session/data_jobs.h"
#include "app/session/explainer.h"
#include "app/session/feature_inspector.h"
#include "app/session/graph_jobs.h"
#include "app/session/preview_jobs.h"
#include "app/session/run_actions.h"
#include "app/session/storyteller.h"
#include "app/session/training_estimates.h"
#include "app/session/training_runs.h"
#include "core/nn/device.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

using namespace tt;

namespace {

constexpr int patience = 120'000; // milliseconds; a machine under load

GptTrainingConfig gptConfig(int vocabulary, int64_t steps) {
    GptTrainingConfig config;
    config.model = {.vocabSize = vocabulary, .dModel = 32, .heads = 2, .headSize = 16, .layers = 2, .context = 16};
    config.model.tokenizer = "own";
    config.corpus = "small";
    config.batch = 4;
    config.steps = steps;
    config.evalEvery = 20;
    config.checkpointEvery = 20;
    config.threads = 1;
    return config;
}

TranscoderTrainingConfig transcoderConfig(int64_t steps) {
    return {.gptRun = "first",
            .corpus = "small",
            .features = 64,
            .k = 4,
            .steps = steps,
            .batch = 32,
            .evalEvery = 20,
            .checkpointEvery = 20,
            .threads = 1};
}

} // namespace

class TestJobs : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void everything_at_once_is_answered();
    void ending_while_everything_runs_ends();

private:
    /// What the window's session owns, in its order.
    struct Jobs {
        DataJobs data;
        PreviewJobs preview;
        TrainingRuns runs;
        TrainingEstimates estimates;
        RunActions actions;
        Storyteller storyteller;
        Explainer explainer;
        GraphJobs graphs;
        FeatureInspector inspector;

        explicit Jobs(const Workspace &workspace) {
            runs.setWorkspace(workspace, TrainingRuns::readRuns(workspace));
            estimates.setWorkspace(workspace);
            actions.setWorkspace(workspace);
            storyteller.setWorkspace(workspace);
            connect(&explainer, &Explainer::modelOpened, &inspector,
                    [this, workspace](const std::shared_ptr<const ExplainedModel> &model) {
                        graphs.setModel(model);
                        inspector.open(workspace, model);
                        explainer.prompt("Once upon a");
                    });
        }
    };
    void begin(Jobs &jobs) const;
    [[nodiscard]] Workspace workspace() const { return Workspace::open(path_); }

    FailOnWarning failOnWarning_;
    QTemporaryDir folder_;
    std::filesystem::path path_;
    int vocabulary_ = 0;
};

void TestJobs::initTestCase() {
    path_ = folder_.filePath("w").toStdString();
    const Workspace workspace = Workspace::openOrCreate(path_);
    generateCorpus(workspace, "small", 150, 1, {}, {});
    const Tokenizer tokenizer = trainTokenizer(workspace.corpusText("small"), 300, {}, {});
    tokenizer.save(workspace.tokenizer("own"));
    vocabulary_ = tokenizer.vocabSize();
    useThreads(1);
    const TokenCache tokens = TokenCache::openOrBuild(workspace, "small", "own", {}, {});
    trainGpt(workspace, "first", gptConfig(vocabulary_, 20), tokens, {}, {});
    trainTranscoder(workspace, "first", transcoderConfig(20), tokens, {}, {});
}

/// Endless trainings, and one of everything else.
void TestJobs::begin(Jobs &jobs) const {
    static int number = 0;
    const std::string name = "endless-" + std::to_string(++number);
    jobs.runs.startGpt(name, gptConfig(vocabulary_, 100'000));
    jobs.runs.startTranscoder(name, transcoderConfig(100'000));
    jobs.data.generate(workspace(), QString::fromStdString("more-" + name), 200, 2);
    jobs.preview.preview(workspace(), "small", "own", 0);
    jobs.preview.count(workspace(), "small", "own", true);
    jobs.storyteller.tell(1, {.run = "first", .prompt = "Once", .sampling = {}, .seed = 1});
    jobs.explainer.open(workspace(), "first");
}

void TestJobs::everything_at_once_is_answered() {
    Jobs jobs(workspace());
    QSignalSpy points(&jobs.runs, &TrainingRuns::pointsArrived), stories(&jobs.data, &DataJobs::finished);
    QSignalSpy previews(&jobs.preview, &PreviewJobs::previewed), counts(&jobs.preview, &PreviewJobs::counted);
    QSignalSpy told(&jobs.storyteller, &Storyteller::ended), prompts(&jobs.explainer, &Explainer::promptRead);
    QSignalSpy traced(&jobs.graphs, &GraphJobs::traced), saved(&jobs.graphs, &GraphJobs::saved);
    QSignalSpy facts(&jobs.inspector, &FeatureInspector::factsRead);
    QSignalSpy verified(&jobs.graphs, &GraphJobs::verified), failures(&jobs.graphs, &GraphJobs::failed);
    begin(jobs);
    QTRY_VERIFY_WITH_TIMEOUT(!prompts.isEmpty(), patience);
    jobs.inspector.buildIndex();
    jobs.inspector.card(0, 1);
    jobs.inspector.writeNote(0, 1, {.label = "a name"});
    jobs.inspector.search("a");
    jobs.graphs.trace("Once upon a", {}, {}, false);
    QTRY_VERIFY_WITH_TIMEOUT(!traced.isEmpty(), patience);
    jobs.graphs.arrange({.nodeThreshold = 0.5}, {});
    jobs.graphs.verify();
    jobs.graphs.findPaths({.targets = {traced.front().at(0).value<TracedGraph>().graph.nodes.back().node}});
    jobs.graphs.save(workspace(), "kept");
    QTRY_VERIFY_WITH_TIMEOUT(!verified.isEmpty() && !saved.isEmpty() && !facts.isEmpty(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(!stories.isEmpty() && !previews.isEmpty() && !counts.isEmpty(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(!told.isEmpty() && points.size() > 5, patience);
    QVERIFY(failures.isEmpty());
    for (const RunRow &row : jobs.runs.active())
        jobs.runs.pause(row.id);
    const auto all = [&](RunRow::State state) {
        const auto active = jobs.runs.active();
        return std::all_of(active.begin(), active.end(), [state](const RunRow &row) { return row.state == state; });
    };
    QTRY_VERIFY_WITH_TIMEOUT(all(RunRow::State::Paused), patience);
    jobs.runs.stopAll();
    QTRY_VERIFY_WITH_TIMEOUT(jobs.runs.active().empty(), patience);
    QCOMPARE(readFeatureLabels(workspace().transcoder("first")).notes.size(), size_t{1});
}

void TestJobs::ending_while_everything_runs_ends() {
    for (int i = 0; i < 2; ++i) {
        auto jobs = std::make_unique<Jobs>(workspace());
        QSignalSpy points(&jobs->runs, &TrainingRuns::pointsArrived);
        begin(*jobs);
        QTRY_VERIFY_WITH_TIMEOUT(!points.isEmpty(), patience);
        jobs->graphs.trace("Once upon a", {}, {}, false);
        jobs.reset();
    }
    for (const std::string &run : workspace().gpts())
        QVERIFY(readGptRun(workspace(), run).step >= 0);
}

QTEST_GUILESS_MAIN(TestJobs)
#include "test_jobs.moc"
