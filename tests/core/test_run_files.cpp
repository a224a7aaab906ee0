#include "core/io/file.h"
#include "core/train/gpt_training.h"
#include "core/train/run_files.h"
#include "core/train/training_loop_impl.h"
#include "core/train/transcoder_training.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace tt;
namespace fs = std::filesystem;

namespace {

constexpr int vocab = 60;
using Names = std::vector<std::string>;

TokenCache cycle() {
    std::vector<int32_t> tokens(3000);
    for (size_t i = 0; i < tokens.size(); ++i)
        tokens[i] = static_cast<int32_t>(i % vocab);
    return TokenCache::fromTokens(std::move(tokens), 2000, 2000, vocab);
}

GptTrainingConfig smallConfig(int64_t steps) {
    GptTrainingConfig config;
    config.model = {.vocabSize = vocab, .dModel = 16, .heads = 2, .headSize = 8, .layers = 1, .context = 8};
    config.batch = 4;
    config.steps = steps;
    config.warmup = 0;
    config.schedule = "constant";
    config.learningRate = 4e-3;
    config.threads = 1;
    return config;
}

std::string refusal(const std::function<void()> &work) {
    try {
        work();
    } catch (const Error &error) {
        return error.kind() == Error::Kind::Usage ? error.what() : "another kind of error";
    }
    return {};
}

struct Runs {
    QTemporaryDir folder;
    Workspace workspace = Workspace::openOrCreate(folder.filePath("w").toStdString());
    Runs() {
        trainGpt(workspace, "one", smallConfig(2), cycle(), {}, {});
        trainGpt(workspace, "two", smallConfig(2), cycle(), {}, {});
        const TranscoderTrainingConfig config{
            .gptRun = "one", .corpus = "none", .features = 32, .k = 2, .steps = 2, .batch = 16, .threads = 1};
        trainTranscoder(workspace, "plt", config, cycle(), {}, {});
    }
};

} // namespace

class TestRunFiles : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_renamed_run_is_read_under_its_new_name() {
        const Runs runs;
        renameRun(runs.workspace, RunKind::Gpt, "two", "second");
        QCOMPARE(readGptRun(runs.workspace, "second").step, 2);
        QVERIFY(!fs::exists(runs.workspace.gpt("two")));
        renameRun(runs.workspace, RunKind::Transcoder, "plt", "plt-of-one");
        QCOMPARE(readTranscoderRun(runs.workspace, "plt-of-one").config.gptRun, std::string("one"));
    }

    void a_name_that_is_taken_or_no_name_is_refused() {
        const Runs runs;
        const auto rename = [&](const std::string &to) {
            return refusal([&] { renameRun(runs.workspace, RunKind::Gpt, "two", to); });
        };
        QCOMPARE(rename("one"), std::string("There is a GPT named one already. Choose another name."));
        QVERIFY(!rename("../up").empty());
        QVERIFY(!rename("").empty());
        QCOMPARE(rename("two"), std::string());
        QVERIFY(fs::exists(runs.workspace.gpt("two") / "state.json"));
    }

    void a_gpt_that_transcoders_name_keeps_its_name_and_place() {
        const Runs runs;
        const std::string renaming = refusal([&] { renameRun(runs.workspace, RunKind::Gpt, "one", "other"); });
        const std::string deleting = refusal([&] { trashRun(runs.workspace, RunKind::Gpt, "one"); });
        QVERIFY2(renaming.find("explained by plt") != std::string::npos, renaming.c_str());
        QVERIFY2(deleting.find("explained by plt") != std::string::npos, deleting.c_str());
        QVERIFY(fs::exists(runs.workspace.gpt("one") / "state.json"));
        trashRun(runs.workspace, RunKind::Transcoder, "plt");
        renameRun(runs.workspace, RunKind::Gpt, "one", "other"); // nothing names it any more
        QVERIFY(fs::exists(runs.workspace.gpt("other") / "state.json"));
    }

    void what_was_deleted_comes_back_as_it_was() {
        const Runs runs;
        const std::string before = readFile(runs.workspace.gpt("two") / "model.safetensors");
        const TrashedRun first = trashRun(runs.workspace, RunKind::Gpt, "two");
        QCOMPARE(runs.workspace.gpts(), Names{"one"});
        trainGpt(runs.workspace, "two", smallConfig(3), cycle(), {}, {});
        const TrashedRun second = trashRun(runs.workspace, RunKind::Gpt, "two"); // the same name a second time
        restoreRun(runs.workspace, first);
        QCOMPARE(readFile(runs.workspace.gpt("two") / "model.safetensors"), before);
        QVERIFY(!refusal([&] { restoreRun(runs.workspace, second); }).empty());
        QCOMPARE(readGptRun(runs.workspace, "two").step, 2); // the refusal changed nothing
        emptyRunTrash(runs.workspace);
        QVERIFY(!fs::exists(runs.workspace.folder() / "trash"));
        QVERIFY(fs::exists(runs.workspace.gpt("two") / "model.safetensors"));
    }

    void a_loss_that_is_no_number_ends_the_run_as_diverged() {
        const Runs runs;
        const RunFolder folder(runs.workspace.gpt("hot"));
        const auto lock = folder.create("GPT", "{}");
        const TrainingSteps steps{
            .name = "hot",
            .steps = 9,
            .checkpointEvery = 2,
            .learn =
                [](int64_t step) {
                    return std::vector<std::pair<std::string, double>>{{"train_loss", step < 4 ? 2.0 : std::nan("")}};
                },
            .evaluate = [](int64_t) { return std::vector<std::pair<std::string, double>>(); },
            .save = [](int64_t, double, bool) {}};
        try {
            runTraining(steps, folder, {}, {});
            QFAIL("It went on.");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), Error::Kind::Diverged);
            const std::string text = error.what();
            QVERIFY2(text.find("step 5") != std::string::npos && text.find("checkpoint of step 4") != std::string::npos,
                     text.c_str());
        }
    }

    void a_run_goes_on_at_the_new_learning_rate() {
        const Runs runs;
        std::stop_source stop;
        const TrainingSink stopAtTwo = [&](const TrainingPoint &point) {
            if (point.step == 2)
                stop.request_stop();
        };
        trainGpt(runs.workspace, "long", smallConfig(4), cycle(), stop.get_token(), stopAtTwo);
        QCOMPARE(scaleLearningRate(runs.workspace, RunKind::Gpt, "long", 0.5), 2e-3);
        std::vector<double> rates;
        resumeGpt(runs.workspace, "long", cycle(), {},
                  [&](const TrainingPoint &point) { rates.push_back(point.value("learning_rate").value_or(0)); });
        QCOMPARE(rates, (std::vector<double>{2e-3, 2e-3}));
        QCOMPARE(readGptRun(runs.workspace, "long").step, 4);
    }
};

QTEST_GUILESS_MAIN(TestRunFiles)
#include "test_run_files.moc"
