// kill -9 at random moments of everything that writes: afterwards the workspace opens, every file in it can be read,
// and no more is lost than the last checkpoint interval. 60 moments; TT_KILLS=200 for more.
#include "core/circuits/intervention_list.h"
#include "core/circuits/saved_graph.h"
#include "core/features/feature_index_build.h"
#include "core/features/feature_labels.h"
#include "core/io/folder_lock.h"
#include "core/nn/device.h"
#include "core/text/corpus.h"
#include "core/text/tokenizer.h"
#include "core/train/activation_cache.h"
#include "hand_made_attribution.h"
#include "killed_process.h"
#include "training_samples.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include <unordered_map>

using namespace tt;
using namespace tt::test;
namespace fs = std::filesystem;

namespace {

constexpr int endless = 1'000'000; // steps
constexpr int every = 5;           // steps between checkpoints

GptTrainingConfig gptTraining(int64_t steps) {
    GptTrainingConfig config;
    config.model = {.vocabSize = sampleVocab, .dModel = 32, .heads = 2, .headSize = 16, .layers = 2, .context = 16};
    config.corpus = "none";
    config.steps = steps;
    config.batch = 8;
    config.warmup = 2;
    config.evalEvery = 4;
    config.checkpointEvery = every;
    config.threads = 1;
    return config;
}

TranscoderTrainingConfig transcoderTraining(int64_t steps, ActivationSource cache) {
    TranscoderTrainingConfig config = smallTranscoder("g", steps);
    config.cache = cache;
    return config;
}

TracedGraph traced(const std::string &prompt) {
    TracedGraph graph{.graph = buildGraph(handmade::handMade(), {.prune = false})};
    graph.graph.prompt = prompt;
    graph.target = "id:12";
    return graph;
}

InterventionList interventions(int64_t rows) {
    InterventionList list{.transcoder = "t", .prompt = "Once", .rows = {}};
    for (int64_t row = 0; row < rows; ++row)
        list.rows.push_back({.layer = 0, .feature = static_cast<int>(row)});
    return list;
}

/// How many of 60 moments fall on this work.
int moments(int ofSixty) {
    const int all = qEnvironmentVariableIntValue("TT_KILLS");
    return all > 0 ? std::max(1, ofSixty * all / 60) : ofSixty;
}

} // namespace

class TestKilledWork : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void a_gpt_that_trains();
    void a_transcoder_that_trains();
    void activations_that_are_cached();
    void an_index_that_is_made();
    void graphs_that_are_saved();
    void labels_that_are_written();
    void interventions_that_are_saved();
    void stories_and_tokenizers_that_come_in();
    void a_workspace_that_is_made();

private:
    using Work = std::function<void(Told &)>;
    /// Kills `work` at so many moments, each in one of its first `most` pieces; after each everything must open, and
    /// `check` hold.
    void killAt(int times, const Work &work, uint64_t most, const std::function<void(const Told &)> &check);
    void everythingOpens() const;
    /// metrics.jsonl has every step once, and none that is missing since the checkpoint.
    void metricsBelongTo(const fs::path &folder, int64_t step) const;
    [[nodiscard]] Workspace workspace() const { return Workspace::open(path_); }

    QTemporaryDir folder_;
    fs::path path_;
    TokenCache tokens_ = cycle();
    Random random_{42};
    KilledProcess process_;
};

void TestKilledWork::initTestCase() {
    useThreads(1);
    path_ = folder_.filePath("w").toStdString();
    const Workspace workspace = Workspace::openOrCreate(path_);
    trainGpt(workspace, "g", gptTraining(10), tokens_, {}, {});
    trainTranscoder(workspace, "t", transcoderTraining(10, ActivationSource::Recompute), tokens_, {}, {});
}

void TestKilledWork::killAt(int times, const Work &work, uint64_t most,
                            const std::function<void(const Told &)> &check) {
    for (int i = 0; i < times; ++i) {
        const std::string failure = process_.run(work, random_, most);
        QVERIFY2(failure.empty(), failure.c_str());
        everythingOpens();
        check(process_.told());
        if (QTest::currentTestFailed())
            return;
    }
    QVERIFY(FolderLock(path_).state() == FolderLock::State::Ours);
}

void TestKilledWork::everythingOpens() const {
    try {
        const Workspace all = workspace();
        for (const std::string &name : all.corpora())
            QCOMPARE(static_cast<int64_t>(fs::file_size(all.corpusText(name))), readCorpusInfo(all, name).bytes);
        for (const std::string &id : all.tokenizers())
            QVERIFY(Tokenizer::load(all.tokenizer(id)).vocabSize() > 256);
        for (const std::string &run : all.gpts()) {
            loadGpt(all.gpt(run));
            metricsBelongTo(all.gpt(run), readGptRun(all, run).step);
        }
        for (const std::string &name : all.transcoders()) {
            const int64_t step = readTranscoderRun(all, name).step;
            try {
                loadTranscoder(all.transcoder(name));
            } catch (const Error &error) { // killed between the files of two layers: it refuses to mix them
                QVERIFY2(mentions(error.what(), "Resume its training to mend it"), error.what());
            }
            metricsBelongTo(all.transcoder(name), step);
            const FeatureLabels labels = readFeatureLabels(all.transcoder(name));
            QVERIFY2(labels.problem.empty(), labels.problem.c_str());
        }
        for (const std::string &name : all.graphs())
            QVERIFY(!loadGraph(all, name).nodes.empty());
        (void)activationCaches(all);
    } catch (const std::exception &error) {
        QFAIL(error.what());
    }
}

void TestKilledWork::metricsBelongTo(const fs::path &folder, int64_t step) const {
    int64_t last = 0;
    for (const TrainingPoint &point : readMetrics((folder / "metrics.jsonl").string())) {
        QCOMPARE(point.step, last + 1); // none twice, none left out
        last = point.step;
    }
    QVERIFY2(last >= step && last <= step + every, qPrintable(QString("%1 after %2").arg(last).arg(step)));
}

void TestKilledWork::a_gpt_that_trains() {
    int64_t before = 0;
    const Work train = [this](Told &told) {
        const TrainingSink sink = [&](const TrainingPoint &point) {
            told.step = point.step;
            told.begun = ++told.done;
        };
        if (fs::exists(path_ / "gpt/killed/state.json"))
            resumeGpt(workspace(), "killed", tokens_, {}, sink);
        else
            trainGpt(workspace(), "killed", gptTraining(endless), tokens_, {}, sink);
    };
    killAt(moments(14), train, 3 * every, [&](const Told &told) {
        const int64_t step = readGptRun(workspace(), "killed").step;
        QVERIFY(step >= before && step % every == 0);
        QVERIFY(told.step - step <= every); // of what was trained, one interval is lost at most
        before = step;
    });
    QVERIFY(before > 0);
}

void TestKilledWork::a_transcoder_that_trains() {
    int64_t before = 0;
    const Work train = [this](Told &told) {
        const TrainingSink sink = [&](const TrainingPoint &point) {
            told.step = point.step;
            told.begun = ++told.done;
        };
        if (fs::exists(path_ / "transcoders/killed/state.json"))
            resumeTranscoder(workspace(), "killed", tokens_, {}, sink);
        else
            trainTranscoder(workspace(), "killed", transcoderTraining(endless, ActivationSource::Recompute), tokens_,
                            {}, sink);
    };
    killAt(moments(12), train, 3 * every, [&](const Told &told) {
        const int64_t step = readTranscoderRun(workspace(), "killed").step;
        QVERIFY(step >= before && step % every == 0 && told.step - step <= every);
        before = step;
    });
    QVERIFY(before > 0);
}

/// What a kill leaves of a cache is used, and gives what a cache made in one go gives.
void TestKilledWork::activations_that_are_cached() {
    const auto train = [this](const Workspace &workspace, const std::string &name, const TrainingSink &sink) {
        trainTranscoder(workspace, name, transcoderTraining(10, ActivationSource::Disk), tokens_, {}, sink);
    };
    int run = 0;
    const Work cache = [&, this](Told &told) {
        while (true) {
            for (const ActivationCacheInfo &old : activationCaches(workspace()))
                if (told.done > 0) // the first goes on with what the one that was killed left
                    removeActivationCache(old);
            ++told.begun;
            train(workspace(), "cached-" + std::to_string(++run) + "-" + std::to_string(::getpid()), {});
            ++told.done;
        }
    };
    killAt(moments(8), cache, 2, [](const Told &) {});
    const Workspace fresh = Workspace::openOrCreate(folder_.filePath("fresh").toStdString());
    fs::create_directories(fresh.gpt("g").parent_path());
    fs::copy(workspace().gpt("g"), fresh.gpt("g"));
    train(workspace(), "mended", {});
    train(fresh, "mended", {});
    for (const char *file : {"layer_0.safetensors", "layer_1.safetensors"})
        QVERIFY(readFile(workspace().transcoder("mended") / file) == readFile(fresh.transcoder("mended") / file));
}

void TestKilledWork::an_index_that_is_made() {
    const GptWeights<float> gpt = loadGpt(workspace().gpt("g"));
    const TranscoderWeights<float> transcoder = loadTranscoder(workspace().transcoder("t"));
    const IndexIdentity identity = identify(gpt, transcoder, tokens_, "none");
    const fs::path file = workspace().transcoder("t") / "features.index";
    const Work index = [&](Told &told) {
        while (true) {
            ++told.begun;
            buildFeatureIndex(gpt, transcoder, tokens_, identity, file, {}, {});
            ++told.done;
        }
    };
    killAt(moments(8), index, 2, [&](const Told &told) {
        QVERIFY(fs::exists(file) || told.done == 0);
        if (fs::exists(file))
            QCOMPARE(FeatureIndex::open(file, identity).tokens(), tokens_.size());
    });
}

void TestKilledWork::graphs_that_are_saved() {
    const Work save = [this](Told &told) {
        while (true) {
            const int64_t number = ++told.begun;
            saveGraph(workspace(), traced(std::to_string(number)), "g" + std::to_string(number % 2));
            told.done = number;
        }
    };
    killAt(moments(5), save, 20, [this](const Told &told) {
        int64_t newest = 0;
        for (const std::string &name : workspace().graphs())
            newest = std::max<int64_t>(newest, std::stoll(loadGraph(workspace(), name).prompt));
        QVERIFY(newest >= told.done); // what was saved is there
    });
}

void TestKilledWork::labels_that_are_written() {
    const fs::path folder = workspace().transcoder("t");
    const Work label = [&](Told &told) {
        while (true) {
            const int64_t number = ++told.begun;
            writeFeatureNote(folder, 0, static_cast<int>(number), {.label = std::to_string(number)});
            told.done = number;
        }
    };
    killAt(moments(5), label, 20, [&](const Told &told) {
        const FeatureNotes notes = readFeatureLabels(folder).notes;
        for (int64_t number = 1; number <= told.done; ++number)
            QCOMPARE(notes.at({0, static_cast<int>(number)}).label, std::to_string(number));
    });
}

void TestKilledWork::interventions_that_are_saved() {
    const fs::path file = path_ / "interventions" / "t.json";
    fs::create_directories(file.parent_path());
    const Work save = [&](Told &told) {
        while (true) {
            const int64_t rows = ++told.begun;
            writeInterventions(interventions(rows), file);
            told.done = rows;
        }
    };
    killAt(moments(3), save, 20, [&](const Told &told) {
        if (told.done > 0)
            QVERIFY(std::ssize(readInterventions(file).rows) >= told.done);
    });
}

void TestKilledWork::stories_and_tokenizers_that_come_in() {
    const Work import = [this](Told &told) {
        const std::string own = std::to_string(::getpid()) + "-";
        while (true) {
            const std::string name = own + std::to_string(++told.begun);
            generateCorpus(workspace(), name, 50, 1, {}, {});
            Tokenizer::fromMerges({{'a', 'b'}}).save(workspace().tokenizer(name));
            told.done = told.begun.load();
        }
    };
    killAt(moments(3), import, 4, [this](const Told &told) {
        QVERIFY(std::ssize(workspace().corpora()) >= told.done && std::ssize(workspace().tokenizers()) >= told.done);
    });
}

void TestKilledWork::a_workspace_that_is_made() {
    const Work make = [this](Told &told) {
        while (true)
            Workspace::openOrCreate(path_ / ("new-" + std::to_string(told.done = ++told.begun)));
    };
    killAt(moments(2), make, 5, [this](const Told &told) {
        for (int64_t number = 1; number <= told.begun; ++number)
            QVERIFY(Workspace::openOrCreate(path_ / ("new-" + std::to_string(number))).corpora().empty());
    });
}

QTEST_APPLESS_MAIN(TestKilledWork)
#include "test_killed_work.moc"
