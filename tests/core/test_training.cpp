#include "core/io/file.h"
#include "core/io/safetensors.h"
#include "core/nn/gpt_forward.h"
#include "core/train/gpt_training.h"
#include "core/train/training_loop_impl.h"
#include "core/train/transcoder_training.h"

#include "training_samples.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <numbers>
#include <numeric>

using namespace tt;
using namespace tt::test;
namespace fs = std::filesystem;

namespace {

constexpr int vocab = sampleVocab;

GptTrainingConfig smallConfig(int64_t steps) {
    GptTrainingConfig config;
    config.model = {.vocabSize = vocab, .dModel = 32, .heads = 2, .headSize = 16, .layers = 2, .context = 16};
    config.batch = 8;
    config.steps = steps;
    config.warmup = 3;
    config.learningRate = 1e-2;
    config.evalEvery = 7;
    config.checkpointEvery = 5;
    config.seed = 3;
    config.threads = 1;
    return config;
}

std::vector<int64_t> stepsIn(const fs::path &metrics) {
    std::vector<int64_t> steps;
    for (const TrainingPoint &point : readMetrics(metrics.string()))
        steps.push_back(point.step);
    return steps;
}

std::vector<int64_t> upTo(int64_t last) {
    std::vector<int64_t> steps(static_cast<size_t>(last));
    std::iota(steps.begin(), steps.end(), 1);
    return steps;
}

std::vector<std::string> filesIn(const fs::path &folder) {
    std::vector<std::string> names;
    for (const auto &entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

/// A GPT whose MLPs write a constant: nothing but the bias, which matters for the loss.
GptWeights<float> constantMlpGpt() {
    Random random(1);
    GptWeights<float> gpt = initialWeights(
        {.vocabSize = vocab, .dModel = 16, .heads = 2, .headSize = 8, .layers = 2, .context = 16}, random, false);
    for (auto &block : gpt.blocks) {
        std::fill(block.mlpOut.begin(), block.mlpOut.end(), 0.0f);
        for (float &value : block.mlpOutBias)
            value = static_cast<float>(random.normal());
    }
    for (float &value : gpt.unembedding)
        value *= 20;
    return gpt;
}

TranscoderWeights<float> constantTranscoder(const GptWeights<float> &gpt, bool exact) {
    TranscoderWeights<float> weights{.config = {.k = 2, .features = 8, .layers = 2, .dModel = 16}, .layers = {}};
    for (const auto &block : gpt.blocks)
        weights.layers.push_back({.encoder = std::vector<float>(8 * 16),
                                  .encoderBias = std::vector<float>(8),
                                  .decoder = std::vector<float>(8 * 16),
                                  .decoderBias = exact ? block.mlpOutBias : std::vector<float>(block.mlpOutBias.size()),
                                  .threshold = {},
                                  .skip = {}});
    return weights;
}

} // namespace

class TestTraining : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void a_gpt_learns_a_sequence_and_reports_every_step();
    void a_stopped_gpt_goes_on_to_the_same_weights_data();
    void a_stopped_gpt_goes_on_to_the_same_weights();
    void a_stopped_transcoder_goes_on_to_the_same_weights_data();
    void a_stopped_transcoder_goes_on_to_the_same_weights();
    void a_finished_run_stays_as_it_is();
    void a_stop_before_the_first_step_leaves_a_run_that_resumes();
    void a_taken_name_is_refused_and_nothing_changes();
    void damaged_weights_end_the_run_and_keep_the_checkpoint();
    void a_loss_that_explodes_ends_the_run_with_the_checkpoint_before();
    void an_update_that_ruins_the_weights_is_not_saved();
    void leftovers_of_a_kill_are_removed();
    void layers_of_two_checkpoints_are_refused();
    void a_corpus_that_is_too_short_is_refused();
    void an_exact_transcoder_recovers_everything_and_a_zero_one_nothing();
    void bits_per_byte_follow_from_the_loss();

private:
    GptTrainingResult train(const std::string &run, const GptTrainingConfig &config, std::stop_token stop = {},
                            const TrainingSink &sink = {}) {
        return trainGpt(*workspace_, run, config, tokens_, std::move(stop), sink);
    }
    std::string weightsOf(const std::string &run) { return readFile(workspace_->gpt(run) / "model.safetensors"); }
    TokenCache tokens_ = cycle();
    std::unique_ptr<QTemporaryDir> folder_;
    std::optional<Workspace> workspace_;
};

void TestTraining::init() {
    folder_ = std::make_unique<QTemporaryDir>();
    workspace_ = Workspace::openOrCreate(fs::path(folder_->path().toStdString()) / "w");
}

void TestTraining::a_gpt_learns_a_sequence_and_reports_every_step() {
    std::vector<TrainingPoint> points;
    const auto result = train("a", smallConfig(60), {}, [&](const TrainingPoint &point) { points.push_back(point); });
    QVERIFY(!result.stopped && result.steps == 60 && result.tokens == 60 * 8 * 16);
    QVERIFY(std::abs(points.front().value("train_loss").value() - std::log(vocab)) < 0.3); // knows nothing yet
    QVERIFY2(result.validationLoss < 0.3 * std::log(vocab), qPrintable(QString::number(result.validationLoss)));
    QCOMPARE(points.size(), size_t{60});
    for (size_t i = 0; i < points.size(); ++i) {
        const auto step = static_cast<int64_t>(i) + 1;
        QVERIFY(points[i].step == step && points[i].steps == 60 && points[i].tokens == step * 8 * 16);
        QCOMPARE(points[i].value("val_loss").has_value(), step % 7 == 0 || step == 60);
        QVERIFY(points[i].value("learning_rate") && points[i].value("gradient_norm") && points[i].seconds > 0);
    }
    QVERIFY(std::abs(points[1].value("learning_rate").value() - 1e-2 * 2 / 3) < 1e-12); // warm-up
    QVERIFY(stepsIn(workspace_->gpt("a") / "metrics.jsonl") == upTo(60));
    QVERIFY(readGptRun(*workspace_, "a").finished);
}

void TestTraining::a_stopped_gpt_goes_on_to_the_same_weights_data() {
    QTest::addColumn<int>("at");
    QTest::addColumn<std::string>("precision");
    for (const int at : {1, 5, 8, 14, 19})
        for (const char *precision : {"fp32", "bf16"})
            QTest::addRow("step %d, %s", at, precision) << at << std::string(precision);
}

void TestTraining::a_stopped_gpt_goes_on_to_the_same_weights() {
    QFETCH(int, at);
    QFETCH(std::string, precision);
    GptTrainingConfig config = smallConfig(20);
    config.precision = precision;
    config.model.dropout = 0.2;
    train("whole", config);
    std::stop_source source;
    const auto stopped = train("parts", config, source.get_token(), stopAt(at, source));
    QVERIFY(stopped.stopped && stopped.steps == at);
    QVERIFY(!readGptRun(*workspace_, "parts").finished);
    QCOMPARE(readGptRun(*workspace_, "parts").step, int64_t{at});
    const auto resumed = resumeGpt(*workspace_, "parts", tokens_, {}, {});
    QVERIFY(!resumed.stopped && resumed.steps == 20);
    QVERIFY(weightsOf("parts") == weightsOf("whole"));
    QVERIFY(stepsIn(workspace_->gpt("parts") / "metrics.jsonl") == upTo(20));
    QVERIFY(filesIn(workspace_->gpt("parts")) == filesIn(workspace_->gpt("whole")));
}

void TestTraining::a_stopped_transcoder_goes_on_to_the_same_weights_data() {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("activation");
    QTest::addColumn<QString>("skip");
    QTest::addColumn<QString>("cache");
    for (const char *kind : {"per-layer", "cross-layer"})
        for (const char *activation : {"topk", "batchtopk", "jumprelu", "relu"})
            QTest::addRow("%s %s", kind, activation)
                << kind << activation << (QString(activation).contains("topk") ? "no" : "yes") << "recompute";
    for (const char *cache : {"memory", "disk"})
        QTest::addRow("%s", cache) << "per-layer"
                                   << "topk"
                                   << "no" << cache;
}

void TestTraining::a_stopped_transcoder_goes_on_to_the_same_weights() {
    QFETCH(QString, kind);
    QFETCH(QString, activation);
    QFETCH(QString, skip);
    QFETCH(QString, cache);
    train("g", smallConfig(10));
    auto config = smallTranscoder("g", 40); // more than one buffer of activations
    for (const auto &[key, value] :
         {std::pair{"kind", kind}, {"activation", activation}, {"skip", skip}, {"cache", cache}})
        config.set(key, value.toStdString());
    config.deadDensity = 0.05; // some are, and AuxK has work
    trainTranscoder(*workspace_, "whole", config, tokens_, {}, {});
    for (const int at : {1, 5, 17}) {
        const std::string name = "parts-" + std::to_string(at);
        std::stop_source source;
        const auto stopped =
            trainTranscoder(*workspace_, name, config, tokens_, source.get_token(), stopAt(at, source));
        QVERIFY(stopped.stopped && stopped.steps == at);
        const auto resumed = resumeTranscoder(*workspace_, name, tokens_, {}, {});
        QVERIFY(!resumed.stopped && resumed.steps == 40 && resumed.tokens == 40 * 32);
        for (const std::string &file : filesIn(workspace_->transcoder("whole")))
            if (file.ends_with(".safetensors"))
                QVERIFY2(readFile(workspace_->transcoder(name) / file) ==
                             readFile(workspace_->transcoder("whole") / file),
                         file.c_str());
        QVERIFY(stepsIn(workspace_->transcoder(name) / "metrics.jsonl") == upTo(40));
    }
    const auto points = readMetrics((workspace_->transcoder("whole") / "metrics.jsonl").string());
    QVERIFY(points.back().value("train_fvu_0").value() < points.front().value("train_fvu_0").value());
    QVERIFY(points[3].value("ce_recovered").has_value() && !points[4].value("ce_recovered").has_value());
    QVERIFY(points[0].value("train_l0_1").has_value() && points[0].value("train_dead_1").has_value());
    QCOMPARE(points[0].value("penalty_0").has_value(), !activation.contains("topk"));
}

void TestTraining::a_finished_run_stays_as_it_is() {
    train("a", smallConfig(6));
    const std::string weights = weightsOf("a"), metrics = readFile(workspace_->gpt("a") / "metrics.jsonl");
    const auto again = resumeGpt(*workspace_, "a", tokens_, {}, {});
    QVERIFY(again.steps == 6 && !again.stopped);
    QVERIFY(weightsOf("a") == weights);
    QCOMPARE(readFile(workspace_->gpt("a") / "metrics.jsonl"), metrics);
    QVERIFY(readGptRun(*workspace_, "a").finished);
}

void TestTraining::a_stop_before_the_first_step_leaves_a_run_that_resumes() {
    std::stop_source source;
    source.request_stop();
    const auto stopped = train("a", smallConfig(4), source.get_token());
    QVERIFY(stopped.stopped && stopped.steps == 0);
    QCOMPARE(resumeGpt(*workspace_, "a", tokens_, {}, {}).steps, int64_t{4});
}

void TestTraining::a_taken_name_is_refused_and_nothing_changes() {
    train("a", smallConfig(3));
    const std::string weights = weightsOf("a");
    const auto [text, kind] = errorOf([&] { train("a", smallConfig(9)); });
    QVERIFY2(mentions(text, "named a already"), text.c_str());
    QVERIFY(kind == Error::Kind::Usage && weightsOf("a") == weights);
    QVERIFY(errorOf([&] { train("../b", smallConfig(3)); }).second == Error::Kind::Usage);
}

void TestTraining::damaged_weights_end_the_run_and_keep_the_checkpoint() {
    std::stop_source source;
    train("a", smallConfig(20), source.get_token(), stopAt(5, source));
    const fs::path checkpoint = workspace_->gpt("a") / "model-5.safetensors";
    std::string bytes = readFile(checkpoint);
    const SafetensorsFile file(checkpoint);
    const auto at = bytes.size() - file.find("unembedding.weight")->data.size() - vocab * sizeof(float);
    for (size_t i = 0; i < 64; ++i) { // finite, but their products are not
        const float huge = i % 2 ? 3e38f : -3e38f;
        std::memcpy(bytes.data() + at + i * sizeof huge, &huge, sizeof huge);
    }
    writeFileAtomically(checkpoint, bytes);
    const auto [text, kind] = errorOf([&] { resumeGpt(*workspace_, "a", tokens_, {}, {}); });
    QVERIFY2(mentions(text, "stopped at step 6") && mentions(text, "step 5 was kept"), text.c_str());
    QVERIFY(kind == Error::Kind::Diverged);
    QCOMPARE(readGptRun(*workspace_, "a").step, int64_t{5});
    QVERIFY(readFile(checkpoint) == bytes);
    QCOMPARE(loadGpt(workspace_->gpt("a")).config.vocabSize, vocab);
}

/// A learner whose loss follows a script; `saved` are the steps it was asked to save.
struct ScriptedRun {
    std::vector<double> losses;
    std::function<double()> probe;
    std::vector<int64_t> saved{};

    std::pair<std::string, Error::Kind> run(const RunFolder &folder) {
        const TrainingSteps steps{.name = "scripted",
                                  .steps = static_cast<int64_t>(losses.size()),
                                  .tokensPerStep = 1,
                                  .evalEvery = 1000,
                                  .checkpointEvery = 4,
                                  .learn =
                                      [this](int64_t step) {
                                          return std::vector<std::pair<std::string, double>>{
                                              {"train_loss", losses[static_cast<size_t>(step)]}};
                                      },
                                  .watched = "train_loss",
                                  .probe = probe,
                                  .evaluate = [](int64_t) { return std::vector<std::pair<std::string, double>>{}; },
                                  .save = [this](int64_t done, double, bool) { saved.push_back(done); }};
        return errorOf([&] { runTraining(steps, folder, {}, {}); });
    }
};

void TestTraining::a_loss_that_explodes_ends_the_run_with_the_checkpoint_before() {
    const RunFolder folder(folder_->filePath("").toStdString());
    std::vector<double> losses(30, 2.0);
    losses[15] = 40; // one bad batch is none
    ScriptedRun wavers{losses, {}};
    QVERIFY(wavers.run(folder).first.empty());
    for (int i = 0; i < 20; ++i)
        losses.push_back(9.0 + i);
    // 9, 10 … 14 and four times 2 have the first mean above 3 · 2 + 1.
    ScriptedRun explodes{losses, [] { return 2.0; }};
    const auto [text, kind] = explodes.run(folder);
    QVERIFY2(mentions(text, "stopped at step 36") && mentions(text, "train_loss exploded"), text.c_str());
    QVERIFY(mentions(text, "from 2.00 at its lowest") && mentions(text, "checkpoint of step 32 was kept"));
    QVERIFY(kind == Error::Kind::Diverged);
}

void TestTraining::an_update_that_ruins_the_weights_is_not_saved() {
    const RunFolder folder(folder_->filePath("").toStdString());
    int asked = 0;
    ScriptedRun run{std::vector<double>(40, 2.0), [&] { return ++asked < 5 ? 2.0 : 8.0; }};
    const auto [text, kind] = run.run(folder);
    QVERIFY2(mentions(text, "stopped at step 20") && mentions(text, "step 16 was kept"), text.c_str());
    QVERIFY(run.saved == (std::vector<int64_t>{4, 8, 12, 16}));
    ScriptedRun nan{std::vector<double>(8, 2.0), [] { return std::nan(""); }};
    QVERIFY(mentions(nan.run(folder).first, "train_loss became NaN") && nan.saved.empty());
}

void TestTraining::leftovers_of_a_kill_are_removed() {
    std::stop_source source;
    train("a", smallConfig(20), source.get_token(), stopAt(5, source));
    const fs::path folder = workspace_->gpt("a");
    for (const char *name : {"model-9.safetensors", "optimizer-9.safetensors", "model-9.safetensors.writing-a1B2c3",
                             "state.json.writing-Zz09aA", "model.safetensors.link"})
        writeFileAtomically(folder / name, "half");
    writeFileAtomically(folder / "notes.txt", "a person's own");
    std::ignore = resumeGpt(*workspace_, "a", tokens_, {}, {});
    QVERIFY(filesIn(folder) ==
            (std::vector<std::string>{".lock", "config.json", "metrics.jsonl", "model-20.safetensors",
                                      "model.safetensors", "notes.txt", "optimizer-20.safetensors", "state.json"}));
}

void TestTraining::layers_of_two_checkpoints_are_refused() {
    namespace fs = std::filesystem;
    const fs::path folder = folder_->filePath("mixed").toStdString();
    fs::create_directories(folder);
    TranscoderWeights<float> weights{.config = {.k = 1, .features = 2, .layers = 2, .dModel = 1}, .layers = {}};
    weights.layers.assign(2, {.encoder = {1, 2}, .encoderBias = {0, 0}, .decoder = {3, 4}, .decoderBias = {0}});
    writeFileAtomically(folder / "config.json", toJson(weights.config));
    saveTranscoderWeights(folder, weights, "100");
    fs::copy_file(folder / "layer_0.safetensors", folder / "kept");
    saveTranscoderWeights(folder, weights, "200");
    QCOMPARE(loadTranscoder(folder).layers.size(), size_t{2});
    fs::rename(folder / "kept", folder / "layer_0.safetensors"); // as if killed between the two
    QVERIFY_EXCEPTION_THROWN(loadTranscoder(folder), Error);
}

void TestTraining::a_corpus_that_is_too_short_is_refused() {
    for (const auto &[size, trained] : {std::pair<int64_t, int64_t>{30, 16}, {20, 0}, {100, 100}, {100, 99}}) {
        const TokenCache few = cycle(size, trained);
        const auto [text, kind] = errorOf([&] { trainGpt(*workspace_, "short", smallConfig(3), few, {}, {}); });
        QVERIFY2(mentions(text, "too short") && mentions(text, "generate more stories"), text.c_str());
        QVERIFY(kind == Error::Kind::Failure && !fs::exists(workspace_->gpt("short")));
    }
    const TokenCache justEnough = cycle(19, 17);
    QCOMPARE(trainGpt(*workspace_, "enough", smallConfig(3), justEnough, {}, {}).steps, int64_t{3});
}

void TestTraining::an_exact_transcoder_recovers_everything_and_a_zero_one_nothing() {
    const GptWeights<float> gpt = constantMlpGpt();
    const auto evaluate = [&](bool exact) {
        return evaluateTranscoder(gpt, constantTranscoder(gpt, exact), tokens_, 0, 500, 0, {}, {});
    };
    const TranscoderMetrics right = evaluate(true), zero = evaluate(false);
    QVERIFY(std::abs(right.ceZero - right.ceClean) > 0.05); // the biases matter
    QVERIFY(std::abs(right.ceRecovered - 1) < 1e-4 && std::abs(right.kl) < 1e-5);
    QVERIFY(std::abs(zero.ceRecovered) < 1e-4 && zero.kl > 0.01);
    QVERIFY(std::abs(right.ceClean - zero.ceClean) < 1e-12);
    for (const auto &layer : right.layers) // without variance there is nothing unexplained
        QVERIFY(layer.fvu == 0 && layer.l0 == 0 && layer.dead == 1 && std::abs(layer.cosine - 1) < 1e-6);
    for (const auto &layer : zero.layers)
        QVERIFY(std::isfinite(layer.fvu) && layer.fvu > 1 && layer.cosine == 0);
}

void TestTraining::bits_per_byte_follow_from_the_loss() {
    const GptWeights<float> gpt = constantMlpGpt();
    // 33 tokens: 2 windows of 16 targets each. 80 bytes of text.
    const HeldOutLoss all = heldOutLoss(gpt, tokens_, 100, 133, 80, 0, {});
    QCOMPARE(all.tokens, int64_t{32});
    double loss = 0;
    for (const int64_t first : {100, 116}) {
        std::vector<int32_t> inputs(16), targets(16);
        tokens_.read(first, inputs);
        tokens_.read(first + 1, targets);
        GptActivations<float> activations;
        forward<float>(gpt, inputs, 1, activations);
        std::vector<float> rows(16 * vocab);
        logits<float>(gpt, activations.finalNorm, rows);
        for (size_t i = 0; i < 16; ++i) {
            double sum = 0;
            for (size_t v = 0; v < vocab; ++v)
                sum += std::exp(static_cast<double>(rows[i * vocab + v]));
            loss += (std::log(sum) - static_cast<double>(rows[i * vocab + static_cast<size_t>(targets[i])])) / 32;
        }
    }
    QVERIFY(std::abs(all.loss - loss) < 1e-5);
    QVERIFY(std::abs(all.bitsPerByte - all.loss * 33 / 80 / std::numbers::ln2) < 1e-12);
    QCOMPARE(heldOutLoss(gpt, tokens_, 100, 133, 80, 16, {}).tokens, int64_t{16});
    QVERIFY_EXCEPTION_THROWN(heldOutLoss(gpt, tokens_, 100, 101, 80, 0, {}), Error);
}

QTEST_APPLESS_MAIN(TestTraining)
#include "test_training.moc"
