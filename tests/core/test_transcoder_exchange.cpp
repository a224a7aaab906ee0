// Transcoders to and from circuit-tracer's and SAELens' folders.
#include "core/random_transcoder.h"
#include "core/small_workspace.h"
#include "core/training_samples.h"

#include "core/nn/gpt_forward.h"
#include "core/train/jump_thresholds_impl.h"
#include "core/train/transcoder_exchange.h"
#include "core/train/transcoder_training.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QtTest>

#include <cmath>

using namespace tt;
using namespace tt::test;

namespace fs = std::filesystem;

namespace {
using Kind = TranscoderKind;

GptConfig shape() {
    return {.vocabSize = 23, .dModel = 6, .heads = 2, .headSize = 3, .layers = 3, .context = 8, .tokenizer = {}};
}

TranscoderWeights<float> sample(Kind kind, Activation activation, bool skip, const GptConfig &gpt = shape()) {
    TranscoderWeights<float> weights = randomTranscoder(gpt, kind, activation, 17, 4, skip, 5);
    weights.config.gptRun = "bedtime";
    weights.config.gptSha256 = std::string(64, 'a');
    return weights;
}

bool operator==(const TranscoderLayer<float> &a, const TranscoderLayer<float> &b) {
    return a.encoder == b.encoder && a.encoderBias == b.encoderBias && a.decoder == b.decoder &&
           a.decoderBias == b.decoderBias && a.threshold == b.threshold && a.skip == b.skip;
}

std::string textOf(const fs::path &file) {
    return readFile(file);
}

/// A folder as circuit-tracer writes it, by hand; a test changes what it wants to be wrong.
struct CircuitTracerFolder {
    std::string yaml = "model_name: other\nmodel_kind: transcoder_set\nfeature_input_hook: mlp.hook_in\n"
                       "feature_output_hook: mlp.hook_out\nscan: other\n";
    int layers = 2, features = 5, d = 4;
    bool cross = false;
    std::vector<float> threshold, skip;
    float first = 0.5f; ///< W_enc's first value

    void write(const fs::path &folder) const {
        fs::create_directories(folder);
        if (!yaml.empty())
            writeFileAtomically(folder / "config.yaml", yaml);
        for (int i = 0; i < layers; ++i) {
            const std::string end = cross ? "_" + std::to_string(i) : "", number = std::to_string(i);
            const int64_t decoders = cross ? layers - i : 1;
            std::vector<float> encoder(static_cast<size_t>(features * d), 0.25f), bias(static_cast<size_t>(features)),
                decoder(static_cast<size_t>(features * decoders * d), 0.1f), out(static_cast<size_t>(d));
            encoder.front() = first;
            std::vector<TensorToWrite> tensors{floatTensor("W_enc" + end, {features, d}, encoder),
                                               floatTensor("b_enc" + end, {features}, bias),
                                               floatTensor("b_dec" + end, {d}, out)};
            if (!threshold.empty())
                tensors.push_back(floatTensor(cross ? "threshold" + end : "activation_function.threshold",
                                              {static_cast<int64_t>(threshold.size())}, threshold));
            if (!skip.empty())
                tensors.push_back(floatTensor("W_skip" + end, {d, d}, skip));
            const auto w = cross ? floatTensor("W_dec" + end, {features, decoders, d}, decoder)
                                 : floatTensor("W_dec", {features, d}, decoder);
            if (cross)
                writeSafetensors(folder / ("W_dec_" + number + ".safetensors"), std::span(&w, 1));
            else
                tensors.push_back(w);
            writeSafetensors(folder / ((cross ? "W_enc_" : "layer_") + number + ".safetensors"), tensors);
        }
    }
};

struct SaeLensFolder {
    std::string config = R"("architecture": "transcoder", "d_in": 4, "d_sae": 5, "d_out": 4)",
                metadata = R"("hook_name": "blocks.0.ln2.hook_normalized", "hook_name_out": "blocks.0.hook_mlp_out")";
    std::vector<float> threshold;

    void write(const fs::path &folder) const {
        fs::create_directories(folder);
        writeFileAtomically(folder / "cfg.json", "{" + config + ", \"metadata\": {" + metadata + "}}");
        std::vector<float> encoder(20), decoder(20), bias(5), out(4);
        for (size_t i = 0; i < encoder.size(); ++i)
            encoder[i] = static_cast<float>(i);
        std::vector<TensorToWrite> tensors{floatTensor("W_enc", {4, 5}, encoder), floatTensor("W_dec", {5, 4}, decoder),
                                           floatTensor("b_enc", {5}, bias), floatTensor("b_dec", {4}, out)};
        if (!threshold.empty())
            tensors.push_back(floatTensor("threshold", {5}, threshold));
        writeSafetensors(folder / "sae_weights.safetensors", tensors);
    }
};
} // namespace

class TestTranscoderExchange : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::optional<SmallWorkspace> small_;
    int next_ = 0;
    fs::path fresh() { return fs::path(folder_.filePath(QString("f%1").arg(next_++)).toStdString()); }
    [[nodiscard]] const Workspace &workspace() const { return small_->workspace; }
    [[nodiscard]] std::string gptSha() const { return sha256OfFile(workspace().gpt("g") / "model.safetensors"); }
    [[nodiscard]] GptConfig gpt() const { return loadGpt(workspace().gpt("g")).config; }

    /// A transcoder of the small workspace's GPT; its name.
    std::string bring(Kind kind, Activation activation, bool skip = false) {
        TranscoderWeights<float> weights = sample(kind, activation, skip, gpt());
        weights.config.gptRun = "g";
        weights.config.gptSha256 = gptSha();
        const fs::path from = fresh();
        writeForeignTranscoder(TranscoderFormat::Own, from, "x", weights);
        return importTranscoder(workspace(), {.folder = from}, {}, {}).name;
    }

private Q_SLOTS:
    void initTestCase() { small_.emplace(folder_.filePath("workspace").toStdString()); }

    void what_a_program_knows_comes_back_bit_for_bit_data() {
        QTest::addColumn<int>("format");
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("activation");
        QTest::addColumn<bool>("skip");
        int rows = 0;
        for (const auto format : {TranscoderFormat::Own, TranscoderFormat::CircuitTracer, TranscoderFormat::SaeLens})
            for (const auto kind : {Kind::PerLayer, Kind::CrossLayer})
                for (const auto activation :
                     {Activation::TopK, Activation::BatchTopK, Activation::JumpRelu, Activation::Relu})
                    for (const bool skip : {false, true}) {
                        const TranscoderConfig config{.kind = kind, .activation = activation};
                        if (!whyNotIn(format, config, skip).empty() || !knowsActivation(format, config))
                            continue;
                        ++rows;
                        QTest::newRow(qPrintable(QString("%1 %2 %3 %4")
                                                     .arg(toString(format).c_str(), toString(kind).c_str(),
                                                          toString(activation).c_str(), skip ? "skip" : "")))
                            << static_cast<int>(format) << static_cast<int>(kind) << static_cast<int>(activation)
                            << skip;
                    }
        QCOMPARE(rows, 16 + 8 + 3 + 6); // all of ours; PLTs, CLTs but TopK and skip; PLTs but TopK
    }
    void what_a_program_knows_comes_back_bit_for_bit() {
        QFETCH(int, format);
        QFETCH(int, kind);
        QFETCH(int, activation);
        QFETCH(bool, skip);
        const auto weights = sample(static_cast<Kind>(kind), static_cast<Activation>(activation), skip);
        const fs::path folder = fresh();
        const auto files = writeForeignTranscoder(static_cast<TranscoderFormat>(format), folder, "plt", weights);
        for (const fs::path &file : files)
            QVERIFY(fs::exists(file));
        const ForeignTranscoder back = readForeignTranscoder(folder);
        QCOMPARE(toString(back.format), toString(static_cast<TranscoderFormat>(format)));
        QVERIFY(back.weights.config == weights.config);
        QCOMPARE(back.weights.layers.size(), weights.layers.size());
        for (size_t i = 0; i < weights.layers.size(); ++i)
            QVERIFY2(back.weights.layers[i] == weights.layers[i], qPrintable(QString::number(i)));
        QVERIFY(back.kKnown);
        QVERIFY(back.warnings.empty());
    }

    void circuit_tracers_files_have_its_names_and_shapes() {
        const auto weights = sample(Kind::PerLayer, Activation::TopK, true);
        const fs::path folder = fresh();
        writeForeignTranscoder(TranscoderFormat::CircuitTracer, folder, "plt", weights);
        const SafetensorsFile layer(folder / "layer_2.safetensors");
        QCOMPARE(layer.floats("W_enc", {17, 6}), weights.layers[2].encoder);
        QCOMPARE(layer.floats("W_dec", {17, 6}), weights.layers[2].decoder);
        QCOMPARE(layer.floats("W_skip", {6, 6}), weights.layers[2].skip);
        QCOMPARE(layer.floats("b_enc", {17}), weights.layers[2].encoderBias);
        const std::string yaml = textOf(folder / "config.yaml");
        for (const char *line : {"model_kind: transcoder_set\n", "feature_input_hook: mlp.hook_in\n",
                                 "feature_output_hook: mlp.hook_out\n", "activation: topk\n", "\nk: 4\n"})
            QVERIFY2(mentions(yaml, line), line);

        const auto cross = sample(Kind::CrossLayer, Activation::JumpRelu, false);
        const fs::path other = fresh();
        writeForeignTranscoder(TranscoderFormat::CircuitTracer, other, "clt", cross);
        QCOMPARE(SafetensorsFile(other / "W_dec_1.safetensors").floats("W_dec_1", {17, 2, 6}), cross.layers[1].decoder);
        QCOMPARE(SafetensorsFile(other / "W_enc_1.safetensors").floats("threshold_1", {17}), cross.layers[1].threshold);
        QVERIFY(!mentions(textOf(other / "config.yaml"), "\nactivation:")); // it goes by the thresholds
    }

    void saelens_files_are_transposed_and_say_their_architecture_data() {
        QTest::addColumn<int>("activation");
        QTest::addColumn<bool>("skip");
        QTest::addColumn<QString>("architecture");
        QTest::newRow("relu") << static_cast<int>(Activation::Relu) << false << "transcoder";
        QTest::newRow("relu, skip") << static_cast<int>(Activation::Relu) << true << "skip_transcoder";
        QTest::newRow("jumprelu") << static_cast<int>(Activation::JumpRelu) << false << "jumprelu_transcoder";
        QTest::newRow("batchtopk, skip") << static_cast<int>(Activation::BatchTopK) << true
                                         << "jumprelu_skip_transcoder";
    }
    void saelens_files_are_transposed_and_say_their_architecture() {
        QFETCH(int, activation);
        QFETCH(bool, skip);
        QFETCH(QString, architecture);
        const auto weights = sample(Kind::PerLayer, static_cast<Activation>(activation), skip);
        const fs::path folder = fresh();
        writeForeignTranscoder(TranscoderFormat::SaeLens, folder, "plt", weights);
        const SafetensorsFile file(folder / "layer_1" / "sae_weights.safetensors");
        const std::vector<float> encoder = file.floats("W_enc", {6, 17});
        for (size_t f = 0; f < 17; ++f)
            for (size_t i = 0; i < 6; ++i)
                QCOMPARE(encoder[i * 17 + f], weights.layers[1].encoder[f * 6 + i]);
        QCOMPARE(file.floats("W_dec", {17, 6}), weights.layers[1].decoder);
        const auto config =
            QJsonDocument::fromJson(QByteArray::fromStdString(textOf(folder / "layer_1" / "cfg.json"))).object();
        QCOMPARE(config["architecture"].toString(), architecture);
        QCOMPARE(config["d_in"].toInt(), 6);
        QCOMPARE(config["d_sae"].toInt(), 17);
        QCOMPARE(config["d_out"].toInt(), 6);
        QCOMPARE(config["apply_b_dec_to_input"].toBool(true), false);
        QCOMPARE(config["metadata"].toObject()["hook_name"].toString(), "blocks.1.ln2.hook_normalized");
    }

    void what_others_wrote_is_read() {
        const fs::path folder = fresh();
        CircuitTracerFolder{.yaml = CircuitTracerFolder().yaml + "activation: topk\nk: 3\n"}.write(folder);
        const ForeignTranscoder plt = readForeignTranscoder(folder);
        QCOMPARE(toString(plt.weights.config.activation), std::string("signed-topk"));
        QCOMPARE(plt.weights.config.k, 3);
        QVERIFY(plt.weights.config.gptSha256.empty());

        // A CLT's skip is x · W_skip there: the other way round than a PLT's, and than ours.
        CircuitTracerFolder cross{.cross = true, .threshold = {0, 1, 2, 3, 4}};
        cross.yaml = "model_kind: cross_layer_transcoder\nfeature_input_hook: \"blocks.{layer}.mlp.hook_in\"\n"
                     "feature_output_hook: hook_mlp_out\n";
        for (int i = 0; i < 16; ++i)
            cross.skip.push_back(static_cast<float>(i));
        const fs::path other = fresh();
        cross.write(other);
        const ForeignTranscoder clt = readForeignTranscoder(other);
        QCOMPARE(toString(clt.weights.config.activation), std::string("jumprelu"));
        QCOMPARE(clt.weights.layers[0].decoder.size(), 5U * 2 * 4);
        QCOMPARE(clt.weights.layers[1].skip[1], 4.0f);
        QVERIFY(!clt.kKnown);

        const fs::path single = fresh();
        SaeLensFolder{}.write(single);
        const ForeignTranscoder sae = readForeignTranscoder(single);
        QCOMPARE(sae.weights.config.features, 5);
        QCOMPARE(sae.weights.layers[0].encoder[1], 5.0f); // feature 0, input 1: row 1, column 0 there
    }

    void what_has_no_place_here_is_declined_in_a_sentence_data() {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("why");
        const auto tracer = [this](const char *what, const CircuitTracerFolder &made, const char *why) {
            const fs::path folder = fresh();
            made.write(folder);
            QTest::newRow(what) << QString::fromStdString(folder.string()) << QString(why);
        };
        const std::string head = "model_kind: transcoder_set\n", hooks = "feature_input_hook: mlp.hook_in\n"
                                                                         "feature_output_hook: mlp.hook_out\n";
        tracer("reads the residual stream",
               {.yaml = head + "feature_input_hook: hook_resid_mid\n"
                               "feature_output_hook: hook_mlp_out\n"},
               "hook_resid_mid");
        tracer("writes elsewhere",
               {.yaml = head + "feature_input_hook: mlp.hook_in\n"
                               "feature_output_hook: hook_resid_post\n"},
               "hook_resid_post");
        tracer("another kind", {.yaml = "model_kind: crosscoder\n" + hooks}, "crosscoder");
        tracer("no keys", {.yaml = "just text\n"}, "no keys");
        tracer("no YAML", {.yaml = "a: [b\n"}, "no YAML");
        tracer("nested without end", {.yaml = std::string(100'000, '[')}, "no YAML");
        tracer("TopK without k", {.yaml = head + hooks + "activation: topk\n"}, "no k");
        tracer("k above the features", {.yaml = head + hooks + "activation: topk\nk: 9\n"}, "at most");
        tracer("TopK across layers",
               {.yaml = "model_kind: cross_layer_transcoder\n" + hooks + "activation: topk\nk: 2\n", .cross = true},
               "no TopK");
        tracer("weights on the network", {.yaml = head + hooks + "transcoders: [\"hf://a/b/c\"]\n", .layers = 0},
               "fetch them");
        tracer("a threshold below 0", {.threshold = {0, 1, -1, 2, 3}}, "below 0");
        tracer("thresholds of another count", {.threshold = {1, 2}}, "shape");
        tracer("a NaN", {.first = NAN}, "not finite");
        const auto lens = [this](const char *what, const SaeLensFolder &made, const char *why) {
            const fs::path folder = fresh();
            made.write(folder);
            QTest::newRow(what) << QString::fromStdString(folder.string()) << QString(why);
        };
        const std::string sizes = R"(, "d_in": 4, "d_sae": 5, "d_out": 4)", is = R"("architecture": "transcoder")";
        lens("an autoencoder", {.config = R"("architecture": "topk")" + sizes}, "topk");
        lens("normalised inputs", {.config = is + sizes + R"(, "normalize_activations": "layer_norm")"}, "layer_norm");
        lens("reshaped inputs", {.config = is + sizes + R"(, "reshape_activations": "hook_z")"}, "hook_z");
        lens("a bias off the input", {.config = is + sizes + R"(, "apply_b_dec_to_input": true)"}, "bias");
        lens("two widths", {.config = is + R"(, "d_in": 4, "d_sae": 5, "d_out": 8)"}, "width");
        lens("no size", {.config = is}, "d_in");
        lens("another layer only", {.metadata = R"("hook_name": "blocks.3.ln2.hook_normalized")"}, "layer 0");
        lens("the residual stream", {.metadata = R"("hook_name": "blocks.0.hook_resid_pre")"}, "hook_resid_pre");
        const fs::path empty = fresh();
        fs::create_directories(empty);
        QTest::newRow("an empty folder") << QString::fromStdString(empty.string()) << "no transcoder";
        QTest::newRow("no folder") << QString::fromStdString(fresh().string()) << "no folder";
        QTest::newRow("a workspace") << folder_.filePath("workspace") << "no transcoder";
    }
    void what_has_no_place_here_is_declined_in_a_sentence() {
        QFETCH(QString, folder);
        QFETCH(QString, why);
        const std::string text = errorOf([&] { readForeignTranscoder(folder.toStdString()); }).first;
        QVERIFY2(mentions(text, why.toStdString()) && text.ends_with('.'), text.c_str());
        const auto before = workspace().transcoders();
        QVERIFY(
            !errorOf([&] { importTranscoder(workspace(), {.folder = folder.toStdString()}, {}, {}); }).first.empty());
        QCOMPARE(workspace().transcoders(), before);
    }

    void a_threshold_lies_between_what_fires_and_what_does_not() {
        QCOMPARE(thresholdFor({3, 1, 2}, 2), 1.5f); // of 3 values 2 fire: between 2 and 1
        QCOMPARE(thresholdFor({3}, 0), 3.0f);       // never: the largest does not
        QCOMPARE(thresholdFor({3, 2}, 2), 0.0f);    // always
        QCOMPARE(thresholdFor({3, -1}, 1), 1.0f);
        QCOMPARE(thresholdFor({0.5f, -3}, 1), 0.0f); // never below 0
        QCOMPARE(thresholdFor({-2}, 0), 0.0f);
    }

    void a_converted_feature_fires_as_often_as_before() {
        const GptWeights<float> model = loadGpt(workspace().gpt("g"));
        for (const Kind kind : {Kind::PerLayer, Kind::CrossLayer}) {
            const auto before = sample(kind, Activation::TopK, false, model.config);
            const TokenCache tokens = small_->tokens();
            const auto after = withJumpThresholds(model, before, tokens, 1'600, {}, {});
            std::vector<int32_t> ids(1'600);
            tokens.read(0, ids);
            GptActivations<float> activations;
            forward<float>(model, ids, 100, activations);
            for (int layer = 0; layer < model.config.layers; ++layer) {
                const auto &input = activations.blocks[static_cast<size_t>(layer)].ln2;
                std::vector<int> a(17), b(17);
                for (const int32_t f : encode<float>(before, layer, input).features)
                    ++a[static_cast<size_t>(f)];
                for (const int32_t f : encode<float>(after, layer, input).features)
                    ++b[static_cast<size_t>(f)];
                int all = 0, moved = 0;
                for (size_t f = 0; f < a.size(); ++f) { // equal pre-activations cannot be told apart
                    all += a[f];
                    moved += std::abs(b[f] - a[f]);
                    QVERIFY2(std::abs(b[f] - a[f]) <= 2, qPrintable(QString("%1: %2, %3").arg(f).arg(a[f]).arg(b[f])));
                }
                QVERIFY(all > 1'000 && moved <= all / 200);
            }
        }
    }

    void exporting_converts_what_the_target_lacks_and_says_what_it_costs() {
        const std::string plt = bring(Kind::PerLayer, Activation::TopK),
                          clt = bring(Kind::CrossLayer, Activation::TopK);
        for (const auto &[name, format] :
             {std::pair{plt, TranscoderFormat::SaeLens}, std::pair{clt, TranscoderFormat::CircuitTracer}}) {
            const fs::path folder = fresh();
            const ExportedTranscoder exported = exportTranscoder(workspace(), name, format, folder, {}, {});
            QVERIFY(exported.conversion && exported.conversion->before && exported.conversion->after);
            QVERIFY(mentions(describe(*exported.conversion), "JumpReLU"));
            QVERIFY(mentions(describe(*exported.conversion), "FVU"));
            const double l0 = exported.conversion->after->l0;
            QVERIFY2(std::abs(l0 - exported.conversion->before->l0) < 1, qPrintable(QString::number(l0)));
            const auto back = importTranscoder(workspace(), {.folder = folder}, {}, {});
            QCOMPARE(back.gptRun, std::string("g")); // by its sha256
            QVERIFY(back.figures && *back.figures == *exported.conversion->after);
            QVERIFY(!back.conversion);
        }
    }

    void a_round_trip_through_the_workspace_is_exact_where_the_target_knows_the_kind() {
        for (const auto &[kind, activation, format] :
             {std::tuple{Kind::PerLayer, Activation::TopK, TranscoderFormat::CircuitTracer},
              std::tuple{Kind::CrossLayer, Activation::BatchTopK, TranscoderFormat::CircuitTracer},
              std::tuple{Kind::PerLayer, Activation::JumpRelu, TranscoderFormat::SaeLens}}) {
            const std::string name = bring(kind, activation);
            const fs::path folder = fresh();
            exportTranscoder(workspace(), name, format, folder, {}, {});
            const auto back = importTranscoder(workspace(), {.folder = folder, .name = name + "-back"}, {}, {});
            QVERIFY(back.warnings.size() <= 1); // FVU of a random transcoder
            const auto a = loadTranscoder(workspace().transcoder(name)),
                       b = loadTranscoder(workspace().transcoder(back.name));
            QVERIFY(a.config == b.config);
            for (size_t i = 0; i < a.layers.size(); ++i)
                QVERIFY(a.layers[i] == b.layers[i]);
        }
    }

    void topk_without_relu_becomes_topk_with_it() {
        CircuitTracerFolder made{.features = 5, .d = 24};
        made.yaml += "activation: topk\nk: 5\n"; // all of them, whatever their sign
        const fs::path folder = fresh();
        made.write(folder);
        const auto imported = importTranscoder(workspace(), {.folder = folder}, {}, {});
        QVERIFY(imported.conversion && imported.conversion->before && imported.conversion->after);
        QCOMPARE(imported.conversion->before->l0, 5.0);
        QVERIFY(imported.conversion->after->l0 < 5.0);
        QCOMPARE(toString(loadTranscoder(workspace().transcoder(imported.name)).config.activation),
                 std::string("topk"));
        QVERIFY(mentions(imported.warnings.front(), "do not say which GPT"));
    }

    void what_cannot_be_exported_is_declined_in_a_sentence() {
        const std::string clt = bring(Kind::CrossLayer, Activation::Relu),
                          skip = bring(Kind::CrossLayer, Activation::Relu, true);
        const auto refusal = [&](const std::string &name, TranscoderFormat format, const fs::path &folder) {
            return errorOf([&] { exportTranscoder(workspace(), name, format, folder, {}, {}); }).first;
        };
        const fs::path out = fresh();
        QVERIFY(mentions(refusal(clt, TranscoderFormat::SaeLens, out), "no cross-layer"));
        QVERIFY(mentions(refusal(skip, TranscoderFormat::CircuitTracer, out), "skip connection"));
        QVERIFY(!fs::exists(out));
        fs::create_directories(out);
        writeFileAtomically(out / "mine.txt", "kept");
        QVERIFY(mentions(refusal(clt, TranscoderFormat::CircuitTracer, out), "not empty"));
        QCOMPARE(textOf(out / "mine.txt"), std::string("kept"));
    }

    void what_does_not_fit_leaves_the_workspace_as_it_was() {
        const auto before = workspace().transcoders();
        const auto folders = [&] {
            return std::distance(fs::directory_iterator(workspace().folder() / "transcoders"), {});
        };
        const auto count = folders();
        const fs::path narrow = fresh();
        CircuitTracerFolder{}.write(narrow);
        QVERIFY(mentions(errorOf([&] { importTranscoder(workspace(), {.folder = narrow}, {}, {}); }).first, "width"));
        const fs::path stranger = fresh();
        TranscoderWeights<float> other = sample(Kind::PerLayer, Activation::Relu, false, gpt());
        writeForeignTranscoder(TranscoderFormat::CircuitTracer, stranger, "x", other);
        QVERIFY(mentions(errorOf([&] { importTranscoder(workspace(), {.folder = stranger}, {}, {}); }).first, "--run"));
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(errorOf([&] {
                    importTranscoder(workspace(), {.folder = stranger, .gptRun = "g"}, stop.get_token(), {});
                }).second == Error::Kind::Cancelled);
        QCOMPARE(workspace().transcoders(), before);
        QCOMPARE(folders(), count);
        const auto imported = importTranscoder(workspace(), {.folder = stranger, .gptRun = "g"}, {}, {});
        QVERIFY(mentions(imported.warnings.front(), "other weights"));
        QVERIFY(mentions(errorOf([&] {
                             importTranscoder(workspace(), {.folder = stranger, .name = imported.name, .gptRun = "g"},
                                              {}, {});
                         }).first,
                         "already"));
    }

    void an_imported_transcoder_is_listed_and_has_no_training_to_resume() {
        const std::string name = bring(Kind::PerLayer, Activation::JumpRelu);
        const TranscoderRunState state = readTranscoderRun(workspace(), name);
        QVERIFY(state.finished && !state.importedFrom.empty());
        const auto summaries = summariseTranscoders(workspace());
        const auto found =
            std::find_if(summaries.begin(), summaries.end(), [&](const auto &s) { return s.name == name; });
        QVERIFY(found != summaries.end() && found->heldOut);
        QVERIFY(mentions(errorOf([&] { resumeTranscoder(workspace(), name, small_->tokens(), {}, {}); }).first,
                         "was imported"));
    }
};

QTEST_APPLESS_MAIN(TestTranscoderExchange)
#include "test_transcoder_exchange.moc"
