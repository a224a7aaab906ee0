// The Python program's weights in a workspace: what is made of them, what they can be used for, and what is refused.
#include "core/original_gpt_file.h"
#include "core/random_models.h"
#include "core/small_workspace.h"
#include "core/training_samples.h"

#include "core/circuits/prompt_trace.h"
#include "core/features/dictionary.h"
#include "core/features/feature_effects.h"
#include "core/features/feature_index_build.h"
#include "core/features/indexed_corpus.h"
#include "core/features/prompt_features.h"
#include "core/features/steered_prompt.h"
#include "core/train/import_original.h"
#include "core/train/transcoder_exchange.h"
#include "core/train/transcoder_training.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace tt;
using namespace tt::test;

namespace fs = std::filesystem;

class TestImportOriginal : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::optional<SmallWorkspace> small_;
    [[nodiscard]] std::string path(const char *name) const { return folder_.filePath(name).toStdString(); }
    [[nodiscard]] const Workspace &workspace() const { return small_->workspace; }

    /// As many tokens as the workspace's tokenizer has.
    [[nodiscard]] GptWeights<float> gpt(int vocabulary = 350) const {
        return randomGpt<float>({.vocabSize = vocabulary,
                                 .dModel = 25,
                                 .heads = 3,
                                 .headSize = 8,
                                 .layers = 2,
                                 .context = 12,
                                 .tokenizer = {}},
                                4);
    }
    void write(const char *name, const std::function<std::string(SavedByTorch &)> &root) const {
        SavedByTorch saved;
        const std::string pickle = root(saved);
        writeBytes(path(name), saved.file(pickle));
    }
    void writeGpt(const char *name, int vocabulary = 350) const {
        write(name, [&](SavedByTorch &saved) { return originalGpt(saved, gpt(vocabulary)); });
    }
    void writeTranscoder(const char *name, int64_t layers = 2, int64_t d = 25) const {
        write(name, [&](SavedByTorch &saved) { return originalTranscoder(saved, layers, d, 40); });
    }
    [[nodiscard]] std::pair<std::string, Error::Kind> refusal(const OriginalImport &request) const {
        return errorOf([&] { importOriginal(workspace(), request, {}, {}); });
    }

private Q_SLOTS:
    void initTestCase() {
        small_.emplace(path("workspace"));
        QCOMPARE(Tokenizer::load(workspace().tokenizer("own")).vocabSize(), 350);
        writeGpt("gpt_1_50000.pth");
        writeTranscoder("transcoder.pth");
    }

    void both_files_become_runs_of_the_workspace() {
        const ImportedOriginal imported = importOriginal(
            workspace(), {.gpt = path("gpt_1_50000.pth"), .transcoder = path("transcoder.pth"), .k = 5}, {}, {});
        QCOMPARE(imported.gpt, std::string("gpt_1_50000"));
        QCOMPARE(imported.transcoder, std::string("transcoder"));
        const GptWeights<float> ours = loadGpt(workspace().gpt(imported.gpt)), given = gpt();
        QCOMPARE(ours.config.tokenizer, std::string("own"));
        QCOMPARE(ours.config.heads, 3);
        QVERIFY(ours.blocks[1].value == given.blocks[1].value);
        QVERIFY(ours.blocks[0].query == given.blocks[0].query);
        QVERIFY(ours.unembedding == given.unembedding);
        const TranscoderConfig config = loadTranscoder(workspace().transcoder(imported.transcoder)).config;
        QCOMPARE(config.k, 5);
        QCOMPARE(config.gptRun, imported.gpt);
        QVERIFY(!config.writesMlpOutput());
        QVERIFY(readGptRun(workspace(), imported.gpt).finished);
        QCOMPARE(imported.warnings.size(), 3U); // tokenizer, k, what it cannot be used for
        QVERIFY(mentions(errorOf([&] {
                             resumeGpt(workspace(), imported.gpt, small_->tokens(), {}, [](const TrainingPoint &) {});
                         }).first,
                         "was imported"));
    }

    void its_activations_can_be_seen_and_nothing_else_is_made_of_them() {
        const auto model = loadExplainedModel(workspace(), "transcoder", {});
        const PromptFeatures seen = promptFeatures(*model, "Once upon a time", {});
        QVERIFY(!seen.tokens.empty());
        QCOMPARE(seen.active.size(), seen.tokens.size() * 2 * 5); // k in each of two layers
        const auto decline = [](const std::string &text) {
            return mentions(text, "layer-normed") && std::count(text.begin(), text.end(), '.') == 1;
        };
        QVERIFY(decline(errorOf([&] { preparePrompt(*model, "Once upon", {}); }).first));
        QVERIFY(decline(errorOf([&] { SteeredPrompt(model, "Once upon"); }).first));
        QVERIFY(decline(errorOf([&] {
                            evaluateTranscoder(model->gpt, model->transcoder, small_->tokens(), 0, 100, 0, {}, {});
                        }).first));
        QVERIFY(decline(errorOf([&] {
                            exportTranscoder(workspace(), "transcoder", TranscoderFormat::CircuitTracer, path("out"),
                                             {}, {});
                        }).first));
        QVERIFY(!fs::exists(path("out")));
        QVERIFY(upstream(model->gpt, model->transcoder, {}, 1, 3, 10).empty());
        QVERIFY(downstream(model->gpt, model->transcoder, {}, 0, 3, 10).empty());
    }

    /// Some of the k largest are negative here: k is an eighth of the features.
    void its_index_counts_where_features_are_above_0() {
        const auto model = loadExplainedModel(workspace(), "transcoder", {});
        const IndexedCorpus corpus = indexedCorpus(workspace(), *model, "stories", {}, {});
        const IndexBuilt built =
            buildFeatureIndex(model->gpt, model->transcoder, corpus.tokens, corpus.identity, corpus.file, {}, {});
        QVERIFY(built.alive > 0);
        const FeatureIndex index = corpus.open();
        for (int feature = 0; feature < 40; ++feature)
            QVERIFY(index.count(1, feature) <= index.tokens());
    }

    void a_transcoder_that_does_not_fit_leaves_no_gpt_behind() {
        writeTranscoder("narrow.pth", 2, 24);
        writeTranscoder("deep.pth", 3, 25);
        const auto before = workspace().gpts();
        for (const char *name : {"narrow.pth", "deep.pth"}) {
            const auto [text, kind] =
                refusal({.gpt = path("gpt_1_50000.pth"), .transcoder = path(name), .gptRun = "second"});
            QVERIFY2(mentions(text, "do not belong together") && mentions(text, name), text.c_str());
        }
        QCOMPARE(workspace().gpts(), before);
        QVERIFY(!fs::exists(workspace().gpt("second")));
    }

    void a_transcoder_alone_explains_a_gpt_that_is_here() {
        const ImportedOriginal imported = importOriginal(
            workspace(), {.transcoder = path("transcoder.pth"), .gptRun = "gpt_1_50000", .transcoderName = "again"}, {},
            {});
        QCOMPARE(imported.gpt, std::string("gpt_1_50000"));
        QVERIFY(loadExplainedModel(workspace(), "again", {})->transcoder.config.k == 16);
    }

    void files_that_are_something_else_are_refused_and_nothing_is_made() {
        writeBytes(path("text.pth"), "Once upon a time");
        writeBytes(path("hostile.pth"),
                   zipArchive({zipFile("a/data.pkl", "\x80\x02" + pickledName("os", "system") + "(" +
                                                         pickled("touch was-run") + "tR.")}));
        write("other.pth", [](SavedByTorch &saved) {
            return SavedByTorch::stateDict({{"conv1.weight", saved.tensor({1, 2}, {2})}});
        });
        const auto gpts = workspace().gpts();
        QVERIFY(mentions(refusal({.gpt = path("text.pth")}).first, "no PyTorch checkpoint"));
        QVERIFY(mentions(refusal({.gpt = path("hostile.pth")}).first, "os.system"));
        QVERIFY(mentions(refusal({.gpt = path("other.pth")}).first, "conv1.weight"));
        QVERIFY(mentions(refusal({.gpt = path("transcoder.pth")}).first, "is a transcoder"));
        QVERIFY(mentions(refusal({.transcoder = path("gpt_1_50000.pth")}).first, "no transcoder"));
        QVERIFY(refusal({}).second == Error::Kind::Usage);
        QVERIFY(mentions(refusal({.gpt = path("gpt_1_50000.pth"), .gptRun = "g"}).first, "already"));
        QVERIFY(mentions(refusal({.gpt = path("gpt_1_50000.pth"), .gptRun = "../out"}).first, "name"));
        QVERIFY(mentions(refusal({.transcoder = path("transcoder.pth"), .gptRun = "gpt_1_50000", .k = 41}).first,
                         "at most"));
        QCOMPARE(workspace().gpts(), gpts);
        QVERIFY(!QFile::exists("was-run"));
    }

    void a_tokenizer_that_is_missing_is_said() {
        writeGpt("large.pth", 50'257);
        const ImportedOriginal imported = importOriginal(workspace(), {.gpt = path("large.pth")}, {}, {});
        QCOMPARE(loadGpt(workspace().gpt(imported.gpt)).config.tokenizer, std::string("gpt2"));
        QVERIFY(mentions(imported.warnings.front(), "tokenizer gpt2"));
        writeGpt("odd.pth", 77);
        QVERIFY(mentions(importOriginal(workspace(), {.gpt = path("odd.pth")}, {}, {}).warnings.front(), "77 tokens"));
    }
};

QTEST_APPLESS_MAIN(TestImportOriginal)
#include "test_import_original.moc"
