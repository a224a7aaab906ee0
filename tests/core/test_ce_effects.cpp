#include "core/features/ce_effects_measure.h"
#include "core/features/feature_index_build.h"
#include "core/io/file.h"
#include "random_transcoder.h"
#include "reference_model.h"
#include "transcoder_kinds.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <numeric>
#include <set>

using namespace tt;
namespace fs = std::filesystem;

namespace {

const GptConfig shape{
    .vocabSize = 30, .dModel = 10, .heads = 2, .headSize = 5, .layers = 3, .context = 8, .tokenizer = {}};
constexpr int features = 20;
constexpr int64_t windows = 12, corpusTokens = 8 * windows; // the last token of the last window predicts nothing

struct Case {
    QTemporaryDir folder;
    Dictionary dictionary;

    Case(TranscoderKind kind, Activation activation, bool skip = false, int64_t size = corpusTokens) {
        GptWeights<float> gpt = test::randomGpt<float>(shape, 5);
        TranscoderWeights<float> transcoder = test::randomTranscoder(shape, kind, activation, features, 4, skip, 6);
        auto model = std::make_shared<ExplainedModel>(ExplainedModel{.gptName = "gpt",
                                                                     .transcoderName = "random",
                                                                     .tokenizer = Tokenizer::fromMerges({}),
                                                                     .gpt = std::move(gpt),
                                                                     .transcoder = std::move(transcoder),
                                                                     .statistics = {},
                                                                     .promoted = {},
                                                                     .transcoderSha256 = {}});
        const TokenCache tokens =
            TokenCache::fromTokens(test::randomTokens(size, shape.vocabSize, 7), size, 0, shape.vocabSize);
        const IndexIdentity identity = identify(model->gpt, model->transcoder, tokens, "random");
        buildFeatureIndex(model->gpt, model->transcoder, tokens, identity, file("features.index"), {}, {});
        dictionary =
            dictionaryOf(std::move(model), FeatureIndex::open(file("features.index"), identity), tokens, identity);
    }
    [[nodiscard]] fs::path file(const char *name) const { return fs::path(folder.path().toStdString()) / name; }
    [[nodiscard]] CeEffects measure(const char *name, int most) const {
        return measureCeEffects(dictionary, file(name), most, {}, {});
    }
};

std::vector<int32_t> windowTokens(const Case &c, int64_t window, int64_t shift) {
    const int64_t first = window * shape.context + shift;
    std::vector<int32_t> ids(
        static_cast<size_t>(std::min<int64_t>(shape.context, c.dictionary.tokens->size() - first)));
    c.dictionary.tokens->read(first, ids);
    return ids;
}

/// Σ cross entropy of the next tokens, in double, from the definition.
double loss(const reference::Model &model, const reference::Pass &pass, const std::vector<int32_t> &targets) {
    const auto d = static_cast<size_t>(shape.dModel), vocab = static_cast<size_t>(shape.vocabSize);
    double sum = 0;
    for (size_t p = 0; p < targets.size(); ++p) {
        std::vector<double> logits(model.gpt.unembeddingBias);
        for (size_t v = 0; v < vocab; ++v)
            for (size_t i = 0; i < d; ++i)
                logits[v] += model.gpt.unembedding[v * d + i] * pass.activations.finalNorm[p * d + i];
        double normaliser = 0;
        for (const double logit : logits)
            normaliser += std::exp(logit);
        sum += std::log(normaliser) - logits[static_cast<size_t>(targets[p])];
    }
    return sum;
}

/// [layer · F + feature]: the rise of the loss in one window, each feature taken out of the model on its own.
std::vector<double> rises(const Case &c, int64_t window) {
    const TranscoderConfig &config = c.dictionary.model->transcoder.config;
    const reference::Model model{toDouble(c.dictionary.model->gpt), toDouble(c.dictionary.model->transcoder),
                                 windowTokens(c, window, 0)};
    const std::vector<int32_t> targets = windowTokens(c, window, 1);
    const reference::Pass own = reference::run(model);
    const auto d = static_cast<size_t>(shape.dModel);
    std::vector<double> rises;
    for (int layer = 0; layer < shape.layers; ++layer) {
        const auto l = static_cast<size_t>(layer);
        for (int f = 0; f < features; ++f) {
            reference::Frozen without; // nothing is held: the writes alone
            without.mlp.assign(static_cast<size_t>(shape.layers), std::vector<double>(model.ids.size() * d));
            for (size_t p = 0; p < model.ids.size(); ++p) {
                std::vector<double> u(own.pre[l].begin() + static_cast<std::ptrdiff_t>(p * features),
                                      own.pre[l].begin() + static_cast<std::ptrdiff_t>((p + 1) * features));
                const double a =
                    test::activate(config, c.dictionary.model->transcoder.layers[l], u)[static_cast<size_t>(f)];
                for (int to = layer; to < layer + config.decodersOf(layer); ++to) {
                    const auto decoder = model.transcoder.decoderRow(layer, f, to);
                    for (size_t i = 0; i < d; ++i)
                        without.mlp[static_cast<size_t>(to)][p * d + i] -= a * decoder[i];
                }
            }
            rises.push_back(loss(model, reference::run(model, without), targets) - loss(model, own, targets));
        }
    }
    return rises;
}

/// But for the rounding of products of other shapes, over up to 80 windows.
bool areClose(const std::vector<double> &a, const std::vector<double> &b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](double x, double y) { return std::abs(x - y) <= 1e-3; });
}

} // namespace

class TestCeEffects : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void effects_equal_those_of_the_definition_data() { test::addTranscoderKinds(); }
    void effects_equal_those_of_the_definition() {
        QFETCH(int, kind);
        QFETCH(int, activation);
        QFETCH(bool, skip);
        const Case c(static_cast<TranscoderKind>(kind), static_cast<Activation>(activation), skip);
        const CeEffects effects = c.measure("effects", 100);
        QCOMPARE(effects.tokens, corpusTokens - 1);
        QVERIFY(effects.isExact());
        std::vector<double> expected(static_cast<size_t>(shape.layers * features));
        for (int64_t window = 0; window < windows; ++window) {
            const std::vector<double> here = rises(c, window);
            for (size_t row = 0; row < here.size(); ++row)
                expected[row] += here[row] / static_cast<double>(corpusTokens - 1);
        }
        int measured = 0;
        for (int layer = 0; layer < shape.layers; ++layer)
            for (int f = 0; f < features; ++f) {
                const double want = expected[static_cast<size_t>(layer * features + f)];
                const std::optional<double> rise = effects.rise(layer, f);
                QCOMPARE(rise.has_value(), c.dictionary.index->count(layer, f) > 0);
                if (!rise)
                    continue;
                ++measured;
                QVERIFY2(std::abs(*rise - want) <= 2e-5 + 1e-4 * std::abs(want),
                         qPrintable(QString("%1/%2: %3, not %4").arg(layer).arg(f).arg(*rise).arg(want)));
            }
        QVERIFY(measured > 20);
    }

    void fewer_windows_estimate_by_the_share_that_was_measured() {
        const Case c(TranscoderKind::PerLayer, Activation::TopK);
        const CeEffects effects = c.measure("effects", 3);
        QVERIFY(!effects.isExact());
        QCOMPARE(effects.windows(), 3);
        std::vector<std::vector<double>> byWindow;
        for (int64_t window = 0; window < windows; ++window)
            byWindow.push_back(rises(c, window));
        const auto &sample = c.dictionary.index->sample();
        for (size_t row = 0; row < effects.sum.size(); ++row) {
            const size_t layer = row / size_t{features}, feature = row % size_t{features};
            std::vector<int64_t> firing;
            for (int64_t token = 0; token < sample.size(); ++token)
                for (auto i = sample.layers[layer].rows[static_cast<size_t>(token)];
                     i < sample.layers[layer].rows[static_cast<size_t>(token) + 1]; ++i)
                    if (sample.layers[layer].features[static_cast<size_t>(i)] == static_cast<int32_t>(feature) &&
                        (firing.empty() || firing.back() != token / shape.context))
                        firing.push_back(token / shape.context);
            QCOMPARE(effects.firing[row], static_cast<int32_t>(firing.size()));
            const auto used = std::min<int32_t>(3, effects.firing[row]);
            QCOMPARE(effects.measured[row], used);
            double sum = 0;
            for (int32_t n = 0; n < used; ++n)
                sum += byWindow[static_cast<size_t>(firing[static_cast<size_t>(evenlySpread(n, effects.firing[row]))])]
                               [row];
            QVERIFY(std::abs(effects.sum[row] - sum) <= 1e-3);
        }
    }

    void a_stopped_measurement_goes_on_to_the_same_effects() {
        // Large enough that there is a report of progress in the middle of it.
        const Case c(TranscoderKind::CrossLayer, Activation::JumpRelu, false, 1000 * int64_t{shape.context});
        const CeEffects whole = c.measure("whole", 64);
        std::stop_source stop;
        double reached = 0;
        const auto stopInTheMiddle = [&](const Progress &p) {
            reached = p.done;
            if (p.done > 0)
                stop.request_stop();
        };
        try {
            measureCeEffects(c.dictionary, c.file("parts"), 64, stop.get_token(), stopInTheMiddle);
            QFAIL("was not stopped");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), Error::Kind::Cancelled);
        }
        QVERIFY(reached > 0);
        const CeEffects part = readCeEffects(c.file("parts"), c.dictionary.identity);
        QVERIFY(!part.isEmpty());
        QVERIFY(part.measured != whole.measured);
        const CeEffects resumed = c.measure("parts", 64);
        QCOMPARE(resumed.measured, whole.measured);
        QVERIFY(areClose(resumed.sum, whole.sum));
        const CeEffects more = c.measure("parts", 80), atOnce = c.measure("once", 80);
        QCOMPARE(more.measured, atOnce.measured);
        QVERIFY(areClose(more.sum, atOnce.sum));
    }

    void effects_of_other_weights_or_a_damaged_file_do_not_count() {
        const Case c(TranscoderKind::PerLayer, Activation::TopK);
        QVERIFY(!c.measure("effects", 2).isEmpty());
        QVERIFY(!readCeEffects(c.file("effects"), c.dictionary.identity).isEmpty());
        IndexIdentity other = c.dictionary.identity;
        other.transcoder += "0";
        QVERIFY(readCeEffects(c.file("effects"), other).isEmpty());
        std::string bytes = readFile(c.file("effects"));
        bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 1);
        writeFileAtomically(c.file("effects"), bytes);
        QVERIFY(readCeEffects(c.file("effects"), c.dictionary.identity).isEmpty());
        QVERIFY(readCeEffects(c.file("none"), c.dictionary.identity).isEmpty());
        QVERIFY(!c.measure("effects", 2).isEmpty()); // measured anew
    }

    void every_beginning_of_the_order_is_spread_evenly() {
        for (const int32_t size : {1, 2, 7, 8, 100}) {
            std::set<int32_t> seen;
            for (int32_t n = 0; n < size; ++n)
                seen.insert(evenlySpread(n, size));
            QCOMPARE(seen.size(), static_cast<size_t>(size));
            QCOMPARE(*seen.begin(), 0);
            QCOMPARE(*seen.rbegin(), size - 1);
        }
        for (int32_t n = 0; n < 8; ++n) // one in each eighth, whatever their order
            QVERIFY(evenlySpread(n, 1024) % 128 == 0);
    }

    void what_cannot_be_measured_is_refused() {
        const Case c(TranscoderKind::PerLayer, Activation::TopK);
        QVERIFY_EXCEPTION_THROWN(c.measure("effects", 0), Error);
        QVERIFY_EXCEPTION_THROWN(measureCeEffects(dictionaryOf(c.dictionary.model), c.file("x"), 1, {}, {}), Error);
    }
};

QTEST_GUILESS_MAIN(TestCeEffects)
#include "test_ce_effects.moc"
