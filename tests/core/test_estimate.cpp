#include "core/train/calibration_impl.h"
#include "core/train/estimate.h"
#include "core/train/training_loop_impl.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace tt;
namespace fs = std::filesystem;

namespace {

constexpr int vocab = 300;

GptTrainingConfig smallConfig() {
    GptTrainingConfig config;
    config.model = {.vocabSize = vocab, .dModel = 32, .heads = 2, .headSize = 16, .layers = 2, .context = 16};
    config.batch = 8;
    config.steps = 60;
    config.evalEvery = 7;
    config.checkpointEvery = 25;
    config.corpus = "none";
    config.threads = 1;
    return config;
}

TokenCache cycle() {
    std::vector<int32_t> tokens(9000);
    for (size_t i = 0; i < tokens.size(); ++i)
        tokens[i] = static_cast<int32_t>(i % 50 * 6 % vocab);
    return TokenCache::fromTokens(std::move(tokens), 5000, 8000, vocab);
}

struct Folder {
    QTemporaryDir folder;
    Workspace workspace = Workspace::openOrCreate(folder.filePath("w").toStdString());
    [[nodiscard]] bool holdsScratch() const {
        for (const auto &entry : fs::directory_iterator(workspace.folder()))
            if (entry.path().filename().string().starts_with("."))
                return true;
        return false;
    }
};

/// Counts what the training loop really does.
std::pair<int, int> evaluationsAndSaves(const TrainingLength &length) {
    const Folder folder;
    const RunFolder run(folder.workspace.gpt("counted"));
    const auto lock = run.create("GPT", "{}");
    int evaluations = 0, saves = 0;
    const TrainingSteps steps{.name = "counted",
                              .steps = length.steps,
                              .tokensPerStep = length.tokensPerStep,
                              .evalEvery = length.evalEvery,
                              .checkpointEvery = length.checkpointEvery,
                              .learn = [](int64_t) { return std::vector<std::pair<std::string, double>>(); },
                              .evaluate =
                                  [&](int64_t) {
                                      ++evaluations;
                                      return std::vector<std::pair<std::string, double>>();
                                  },
                              .save = [&](int64_t, double, bool) { ++saves; }};
    runTraining(steps, run, {}, {});
    return {evaluations, saves};
}

} // namespace

class TestEstimate : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void counts_measurements_and_checkpoints_as_the_loop_makes_them_data() {
        QTest::addColumn<int>("steps");
        QTest::addColumn<int>("evalEvery");
        QTest::addColumn<int>("checkpointEvery");
        QTest::newRow("neither divides") << 10 << 3 << 4;
        QTest::newRow("both divide") << 12 << 3 << 4;
        QTest::newRow("longer than the run") << 5 << 100 << 200;
        QTest::newRow("every step") << 4 << 1 << 1;
        QTest::newRow("one step") << 1 << 7 << 7;
    }
    void counts_measurements_and_checkpoints_as_the_loop_makes_them() {
        QFETCH(int, steps);
        QFETCH(int, evalEvery);
        QFETCH(int, checkpointEvery);
        const TrainingLength length{
            .steps = steps, .evalEvery = evalEvery, .checkpointEvery = checkpointEvery, .tokensPerStep = 10};
        const auto [evaluations, saves] = evaluationsAndSaves(length);
        QCOMPARE(estimateTraining({.evaluationSeconds = 1}, length).seconds, evaluations);
        QCOMPARE(estimateTraining({.checkpointSeconds = 1, .endSeconds = 1}, length).seconds, saves); // the end saves
        QCOMPARE(estimateTraining({.startSeconds = 2, .stepSeconds = 0.5}, length).seconds, 2 + 0.5 * steps);
        QCOMPARE(estimateTraining({.stepSeconds = 0.5}, length).tokensPerSecond, 20.0);
    }

    void a_run_beside_others_takes_as_much_longer_as_cores_are_wanted() {
        QCOMPARE(slowdownBeside(1, 0, 2), 1.0);
        QCOMPARE(slowdownBeside(1, 1, 2), 1.0);
        QCOMPARE(slowdownBeside(1, 2, 2), 1.5);
        QCOMPARE(slowdownBeside(2, 2, 2), 2.0);
        QCOMPARE(slowdownBeside(4, 0, 2), 2.0);
    }

    void a_gpt_is_measured_once_a_shape_and_nothing_is_left() {
        const Folder folder;
        TrainingCalibrations known;
        int reports = 0;
        const ProgressSink progress = [&](const Progress &) { ++reports; };
        const GptTrainingConfig config = smallConfig();
        const TrainingEstimate first = estimateGptTraining(folder.workspace, config, known, {}, progress);
        QVERIFY(first.seconds > 0 && reports > 0);
        QVERIFY(!folder.holdsScratch() && folder.workspace.gpts().empty());
        reports = 0;
        GptTrainingConfig longer = config;
        longer.steps = 6000;
        longer.corpus = "another";
        longer.learningRate = 1e-4;
        const TrainingEstimate second = estimateGptTraining(folder.workspace, longer, known, {}, progress);
        QCOMPARE(reports, 0);
        QVERIFY(second.seconds > first.seconds);
        longer.model.layers = 3;
        estimateGptTraining(folder.workspace, longer, known, {}, progress);
        QVERIFY(reports > 0);
        QCOMPARE(known.byShape.size(), size_t{2});
    }

    void the_disk_foretold_is_what_a_run_takes() {
        const Folder folder;
        TrainingCalibrations known;
        const GptTrainingConfig config = smallConfig();
        const TrainingEstimate gpt = estimateGptTraining(folder.workspace, config, known, {}, {});
        trainGpt(folder.workspace, "real", config, cycle(), {}, {});
        const double taken = bytesBelow(folder.workspace.gpt("real"));
        QVERIFY2(std::abs(gpt.diskBytes / taken - 1) < 0.1, qPrintable(QString::number(gpt.diskBytes / taken)));
        // weights and two moments in float32, twice while one checkpoint replaces the other
        const double weights = 12.0 * static_cast<double>(config.model.parameters());
        QVERIFY(gpt.diskPeakBytes > 2 * weights && gpt.diskPeakBytes < 2.4 * weights + 40'000);

        TranscoderTrainingConfig wanted{
            .gptRun = "real", .corpus = "none", .features = 256, .k = 4, .steps = 30, .batch = 64, .threads = 1};
        wanted.checkpointEvery = 8;
        wanted.snapshots = 4; // of the 5 states: before the first step, after 8, 16, 24 and 30
        const TrainingEstimate transcoder = estimateTranscoderTraining(folder.workspace, wanted, known, {}, {});
        trainTranscoder(folder.workspace, "real", wanted, cycle(), {}, {});
        const double transcoderTaken = bytesBelow(folder.workspace.transcoder("real"));
        QVERIFY2(std::abs(transcoder.diskBytes / transcoderTaken - 1) < 0.1,
                 qPrintable(QString::number(transcoder.diskBytes / transcoderTaken)));
        QCOMPARE(folder.workspace.transcoders(), std::vector<std::string>{"real"});
        QVERIFY(!folder.holdsScratch());
    }

    void activations_count_where_they_will_be_kept() {
        const Folder folder;
        TrainingCalibrations known;
        trainGpt(folder.workspace, "real", smallConfig(), cycle(), {}, {});
        TranscoderTrainingConfig config{
            .gptRun = "real", .corpus = "none", .features = 256, .k = 4, .steps = 30, .batch = 64, .threads = 1};
        const auto estimate = [&](ActivationSource source) {
            config.cache = source;
            return estimateTranscoderTraining(folder.workspace, config, known, {}, {});
        };
        const TrainingEstimate none = estimate(ActivationSource::Recompute),
                               memory = estimate(ActivationSource::Memory), disk = estimate(ActivationSource::Disk);
        QCOMPARE(known.byShape.size(), size_t{1}); // one measurement serves all
        // 30 · 64 tokens in whole windows, an input and a target of d bf16 values in every layer
        const GptConfig model = smallConfig().model;
        const int64_t windows = (30 * 64 + model.context - 1) / model.context;
        const auto bytes = static_cast<double>(windows * model.context * model.layers * 2 * model.dModel * 2);
        QCOMPARE(memory.memoryBytes - none.memoryBytes, bytes);
        QCOMPARE(disk.diskBytes - none.diskBytes, bytes);
        QVERIFY(disk.memoryBytes == none.memoryBytes && memory.diskBytes == none.diskBytes);
        QVERIFY(memory.activations->source == ActivationSource::Memory && !memory.activations->why.empty());
        config.cacheMemory = bytes / 2e9;
        QVERIFY(estimate(ActivationSource::Memory).warnings.at(0).find("Raise cache_memory") != std::string::npos);
    }

    void memory_holds_weights_gradients_and_moments() {
        const Folder folder;
        TrainingCalibrations known;
        GptTrainingConfig config = smallConfig();
        config.model.vocabSize = 20'000; // weights far larger than what a batch keeps
        config.batch = 1;
        const TrainingEstimate estimate = estimateGptTraining(folder.workspace, config, known, {}, {});
        const double weights = 16.0 * static_cast<double>(config.model.parameters());
        // Beside them, a checkpoint is put together: at most the model and both moments twice.
        QVERIFY2(estimate.memoryBytes > 0.99 * weights && estimate.memoryBytes < 2.5 * weights,
                 qPrintable(QString::number(estimate.memoryBytes / weights)));
    }

    void a_shape_that_cannot_fit_is_not_tried() {
        const Folder folder;
        TrainingCalibrations known;
        GptTrainingConfig config = smallConfig();
        config.model = {.vocabSize = 50257, .dModel = 4096, .heads = 64, .headSize = 64, .layers = 24, .context = 4096};
        config.batch = 4096;
        const TrainingEstimate estimate = estimateGptTraining(folder.workspace, config, known, {}, {});
        QCOMPARE(estimate.seconds, 0.0);
        QVERIFY(estimate.memoryBytes > 16.0 * static_cast<double>(config.model.parameters()));
        QVERIFY(!estimate.warnings.empty());
        QVERIFY(estimate.warnings[0].find("of memory") != std::string::npos);
        QVERIFY(known.byShape.empty());
    }

    void a_stop_ends_it_and_leaves_nothing() {
        const Folder folder;
        TrainingCalibrations known;
        std::stop_source stop;
        const ProgressSink progress = [&](const Progress &) { stop.request_stop(); };
        try {
            estimateGptTraining(folder.workspace, smallConfig(), known, stop.get_token(), progress);
            QFAIL("It went on.");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), Error::Kind::Cancelled);
        }
        QVERIFY(known.byShape.empty() && !folder.holdsScratch());
    }

    void a_wrong_configuration_is_refused() {
        const Folder folder;
        TrainingCalibrations known;
        GptTrainingConfig config = smallConfig();
        config.steps = 0;
        try {
            estimateGptTraining(folder.workspace, config, known, {}, {});
            QFAIL("It was taken.");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), Error::Kind::Usage);
        }
    }
};

QTEST_GUILESS_MAIN(TestEstimate)
#include "test_estimate.moc"
