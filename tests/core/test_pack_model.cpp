// A small model is trained, packed as one that ships, copied and opened: what comes out is checked from outside.
#include "core/circuits/saved_graph.h"
#include "core/features/indexed_corpus.h"
#include "core/features/label_pattern.h"
#include "core/io/file.h"
#include "core/io/safetensors.h"
#include "core/models/model_card.h"
#include "core/models/pack_model.h"
#include "core/models/shipped_model.h"
#include "core/text/corpus.h"
#include "core/text/story_generator.h"
#include "core/train/transcoder_training.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>

using namespace tt;
namespace fs = std::filesystem;

namespace {

constexpr int copied = 12; // words in a row

std::vector<std::string> storiesOf(const fs::path &file) {
    std::vector<std::string> stories;
    forEachStory(file, [&](std::string_view story) {
        stories.emplace_back(story);
        return true;
    });
    return stories;
}

/// Every run of words of a text, word for word.
std::set<std::string> runsOf(const std::string &text, size_t length) {
    std::istringstream in(text);
    const std::vector<std::string> words{std::istream_iterator<std::string>(in), {}};
    std::set<std::string> runs;
    for (size_t first = 0; first + length <= words.size(); ++first) {
        std::string run;
        for (size_t i = first; i < first + length; ++i)
            run += words[i] + " ";
        runs.insert(run);
    }
    return runs;
}

} // namespace

class TestPackModel : public QObject {
    Q_OBJECT
    QTemporaryDir folder_;
    std::optional<Workspace> source_;
    PackConfig config_;
    PackedModel packed_;
    [[nodiscard]] fs::path path(const char *name) const { return fs::path(folder_.path().toStdString()) / name; }

private Q_SLOTS:
    void initTestCase() {
        source_ = Workspace::openOrCreate(path("source"));
        generateCorpus(*source_, "training", 150, 77, {}, {});
        trainTokenizer(source_->corpusText("training"), 400, {}, {}).save(source_->tokenizer("bpe"));
        const TokenCache tokens = TokenCache::openOrBuild(*source_, "training", "bpe", {}, {});
        GptTrainingConfig gpt = GptTrainingConfig::fromPreset("tiny");
        gpt.model = {.vocabSize = tokens.vocabSize(),
                     .dModel = 32,
                     .heads = 2,
                     .headSize = 16,
                     .layers = 2,
                     .context = 32,
                     .tokenizer = "bpe"};
        gpt.corpus = "training";
        gpt.steps = 60;
        gpt.batch = 8;
        gpt.warmup = 5;
        gpt.seed = 9;
        gpt.threads = 1;
        trainGpt(*source_, "small", gpt, tokens, {}, {});
        for (const TranscoderKind kind : {TranscoderKind::PerLayer, TranscoderKind::CrossLayer})
            trainTranscoder(*source_, kind == TranscoderKind::PerLayer ? "plt" : "clt",
                            {.gptRun = "small",
                             .corpus = "training",
                             .kind = kind,
                             .features = 96,
                             .k = 4,
                             .steps = 40,
                             .batch = 128,
                             .warmup = 5,
                             .seed = 3,
                             .threads = 1},
                            tokens, {}, {});
        config_ = {.name = "small-model",
                   .transcoders = {"plt", "clt"},
                   .generatedStories = 60,
                   .writtenStories = 30,
                   .longestCopy = copied,
                   .sampledTokens = 512,
                   .labels = 12,
                   .leastLabels = 1,
                   .prompts = {"Once upon a", "The fox"},
                   .dataLicence = "Made for this test.",
                   .seed = 5};
        packed_ = packModel(*source_, path("model"), config_, {}, {});
    }

    void weights_are_the_same_numbers_in_half_precision() {
        const SafetensorsFile before(source_->gpt("small") / "model.safetensors"),
            after(path("model") / "gpt/small/model.safetensors");
        QCOMPARE(after.tensors().size(), before.tensors().size());
        for (const TensorView &tensor : before.tensors()) {
            QVERIFY(after.find(tensor.name)->dtype == DType::F16);
            const auto exact = before.floats(tensor.name, tensor.shape), half = after.floats(tensor.name, tensor.shape);
            for (size_t i = 0; i < exact.size(); ++i)
                QVERIFY(std::abs(exact[i] - half[i]) <= std::max(std::abs(exact[i]) * 0x1p-11f, 0x1p-25f));
        }
        for (const char *file : {"plt/layer_0", "plt/layer_1", "clt/W_enc_0", "clt/W_dec_1"}) {
            const SafetensorsFile weights(path("model") / "transcoders" / (std::string(file) + ".safetensors"));
            for (const TensorView &tensor : weights.tensors())
                QVERIFY(tensor.dtype == DType::F16);
        }
    }

    /// Measured again here, on the packed weights.
    void figures_are_those_of_the_packed_weights() {
        const Workspace packed = Workspace::open(path("model"));
        const TokenCache tokens = TokenCache::openOrBuild(*source_, "training", "bpe", {}, {});
        const GptWeights<float> gpt = loadGpt(packed.gpt("small"));
        const HeldOutLoss loss =
            heldOutLoss(gpt, tokens, tokens.trainTokens(), tokens.size(), tokens.heldOutBytes(), 0, {});
        QCOMPARE(packed_.shipped.loss, loss.loss);
        QVERIFY(std::abs(packed_.shipped.loss - packed_.trained.loss) < 0.01);
        for (const PackedTranscoder &each : packed_.transcoders) {
            const auto metrics = evaluateTranscoder(gpt, loadTranscoder(packed.transcoder(each.name)), tokens,
                                                    tokens.trainTokens(), tokens.size(), 0, {}, {});
            QCOMPARE(each.shipped.ceReplaced, metrics.ceReplaced);
            QVERIFY(readEvaluation(packed.transcoder(each.name))->metrics == metrics);
        }
    }

    void a_copy_opens_with_index_labels_and_graphs() {
        const ShippedModel model = readShippedModel(path("model"));
        installShippedModel(model, path("copy"), {}, {});
        const Workspace copy = Workspace::open(path("copy"));
        QCOMPARE(copy.transcoders(), (std::vector<std::string>{"plt", "clt"})); // the first is the newest
        QCOMPARE(copy.graphs().front(), std::string("Once-upon-a"));
        for (const std::string &name : config_.transcoders) {
            const auto explained = loadExplainedModel(copy, name, {});
            const Dictionary dictionary = openDictionary(copy, explained, {});
            QVERIFY2(dictionary.index, dictionary.noIndex.c_str());
            QCOMPARE(dictionary.corpus, std::string("stories"));
            const FeatureLabels labels = readFeatureLabels(copy.transcoder(name));
            QVERIFY(labels.problem.empty());
            const auto checks = checkLabels(dictionary, labels.notes);
            QVERIFY(!checks.empty() && std::ssize(checks) <= config_.labels);
            for (const LabelCheck &check : checks)
                QVERIFY2(check.checkable && check.share() >= 0.9, check.label.c_str());
        }
        for (const SavedGraphSummary &summary : summariseGraphs(copy)) {
            const SavedGraph graph = loadGraph(copy, summary.name);
            const auto explained = loadExplainedModel(copy, graph.transcoder, {});
            checkWeights(graph, explained->transcoder.config.gptSha256, explained->transcoderSha256); // throws
            QVERIFY(summary.nodes > 0 && summary.probability > 0 && !summary.token.empty());
        }
        QCOMPARE(summariseGraphs(copy).size(), size_t{3}); // two prompts, and the first with the other transcoder
    }

    void stories_come_from_the_generator_and_the_model_and_copy_nothing() {
        const std::vector<std::string> stories = storiesOf(path("model") / "corpus/stories.txt");
        QCOMPARE(std::ssize(stories), packed_.generatedStories + packed_.writtenStories);
        QCOMPARE(packed_.writtenStories + packed_.leftOutStories, config_.writtenStories);
        const StoryGenerator generator(config_.seed);
        for (int64_t i = 0; i < packed_.generatedStories; ++i)
            QCOMPARE(stories[static_cast<size_t>(i)], generator.story(static_cast<uint64_t>(i)));
        std::set<std::string> training;
        for (const std::string &story : storiesOf(source_->corpusText("training")))
            training.merge(runsOf(story, copied));
        for (size_t i = static_cast<size_t>(packed_.generatedStories); i < stories.size(); ++i)
            for (const std::string &run : runsOf(stories[i], copied))
                QVERIFY2(!training.contains(run), run.c_str());
    }

    void nothing_of_the_training_is_left_behind() {
        std::set<std::string> names;
        for (const auto &entry : fs::recursive_directory_iterator(path("model")))
            names.insert(entry.path().filename().string());
        for (const char *name : {"training.txt", "tokens", "activations", "optimizer.safetensors"})
            QVERIFY2(!names.contains(name), name);
        QVERIFY(std::none_of(names.begin(), names.end(),
                             [](const std::string &name) { return name.starts_with("optimizer"); }));
        QVERIFY(!fs::exists(path("model.partial")));
    }

    void the_card_says_how_it_was_made() {
        const std::string card = readFile(path("model") / "card.md");
        for (const std::string &part :
             {std::string("gpt train --run small --corpus training --preset tiny --seed 9 --threads 1 --set steps=60"),
              std::string("transcoder train --name clt --run small --corpus training --kind cross-layer"),
              sha256OfFile(path("model") / "gpt/small/model.safetensors"),
              sha256OfFile(source_->corpusText("training")), std::string("Made for this test."), std::string("FVU"),
              std::string("CE recovered")})
            QVERIFY2(card.find(part) != std::string::npos, part.c_str());
    }

    /// Whether longer training would have paid.
    void the_card_says_from_where_on_the_held_out_loss_was_flat_data() {
        QTest::addColumn<QList<double>>("losses"); // every ten steps
        QTest::addColumn<QString>("said");
        QTest::newRow("flat at the end") << QList<double>{3, 2.5, 2.301, 2.305, 2.3, 2.31}
                                         << "step 10 3.000 · 20 2.500 · 30 2.301 · 40 2.305 · 50 2.300 · 60 2.310. Its "
                                            "lowest is 2.300; from step 30 "
                                            "on it stayed within 0.5 % of that.";
        QTest::newRow("still falling") << QList<double>{3, 2.5} << "20 2.500. Its lowest is 2.500.";
        QTest::newRow("rising again") << QList<double>{3, 2.5, 2.6} << "30 2.600. Its lowest is 2.500.";
    }
    void the_card_says_from_where_on_the_held_out_loss_was_flat() {
        QFETCH(QList<double>, losses);
        QFETCH(QString, said);
        const fs::path metrics = source_->gpt("small") / "metrics.jsonl";
        const std::string before = readFile(metrics);
        QString lines;
        for (qsizetype i = 0; i < losses.size(); ++i)
            lines += QString(R"({"step":%1,"val_loss":%2})").arg(10 * (i + 1)).arg(losses[i]) + '\n';
        writeFileAtomically(metrics, lines.toStdString());
        const auto card = QString::fromStdString(modelCard(*source_, Workspace::open(path("model")), config_, packed_));
        writeFileAtomically(metrics, before);
        QVERIFY2(card.contains(said), qPrintable(card));
    }

    void a_model_that_would_be_too_large_is_refused_and_the_old_one_kept() {
        PackConfig large = config_;
        large.mostMegabytes = 0.01;
        const auto before = fs::last_write_time(path("model") / "card.md");
        QVERIFY_EXCEPTION_THROWN(packModel(*source_, path("model"), large, {}, {}), Error);
        QVERIFY(fs::last_write_time(path("model") / "card.md") == before);
    }

    void settings_that_make_no_sense_are_refused() {
        for (const auto &change : std::vector<std::function<void(PackConfig &)>>{
                 [](PackConfig &c) { c.transcoders.clear(); }, [](PackConfig &c) { c.prompts.clear(); },
                 [](PackConfig &c) { c.generatedStories = 0; }, [](PackConfig &c) { c.temperature = 0; },
                 [](PackConfig &c) { c.sampledTokens = 0; }, [](PackConfig &c) { c.longestCopy = 0; }}) {
            PackConfig config = config_;
            change(config);
            QCOMPARE(config.validate().size(), size_t{1});
        }
        QVERIFY(config_.validate().empty());
    }
};

QTEST_GUILESS_MAIN(TestPackModel)
#include "test_pack_model.moc"
