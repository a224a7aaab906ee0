#include "core/train/transcoder_evaluation.h"

#include "reference_model.h"

#include <QTemporaryDir>
#include <QTest>

#include <map>

using namespace tt;
using reference::at;
using reference::Model;
using reference::Pass;
using reference::Shape;
using reference::Vector;

namespace {

constexpr int windows = 5;

GptWeights<float> narrow(const GptWeights<double> &wide) {
    GptWeights<float> weights(wide.config);
    std::vector<const Vector *> sources;
    forEachTensor(wide, [&](const std::string &, const Vector &values, const auto &) { sources.push_back(&values); });
    size_t next = 0;
    forEachTensor(weights, [&](const std::string &, std::vector<float> &values, const auto &) {
        values = reference::convert<float>(*sources[next++]);
    });
    return weights;
}

TranscoderWeights<float> narrow(const TranscoderWeights<double> &wide) {
    TranscoderWeights<float> weights{.config = wide.config, .layers = {}};
    for (const auto &layer : wide.layers)
        weights.layers.push_back({.encoder = reference::convert<float>(layer.encoder),
                                  .encoderBias = reference::convert<float>(layer.encoderBias),
                                  .decoder = reference::convert<float>(layer.decoder),
                                  .decoderBias = reference::convert<float>(layer.decoderBias),
                                  .threshold = reference::convert<float>(layer.threshold),
                                  .skip = reference::convert<float>(layer.skip)});
    return weights;
}

enum class Mlps { Real, Replaced, Zero };

struct Run {
    Pass pass;
    std::vector<SparseActivations<double>> active;
    std::vector<Vector> predictions; ///< [layer] (N, d)
    std::vector<Vector> logits;      ///< [position] (V)
};

/// The forward pass from its definition, one layer after the other, each MLP as `mlps` says.
Run forwardPass(const Model &m, Mlps mlps) {
    const GptConfig &c = m.gpt.config;
    const int length = static_cast<int>(m.ids.size()), d = c.dModel;
    Run run;
    Vector x(static_cast<size_t>(length * d));
    for (int p = 0; p < length; ++p)
        for (int i = 0; i < d; ++i)
            x[at(p, i, d)] =
                m.gpt.tokenEmbedding[at(m.ids[static_cast<size_t>(p)], i, d)] + m.gpt.positionEmbedding[at(p, i, d)];
    for (size_t l = 0; l < m.gpt.blocks.size(); ++l) {
        BlockActivations<double> &b = run.pass.activations.blocks.emplace_back();
        b.residPre = x;
        reference::runAttention(c, m.gpt.blocks[l], length, nullptr, b);
        reference::runMlp(m, l, {}, b);
        Vector &pre = run.pass.pre.emplace_back(
            reference::rowsTimes(m.transcoder.layers[l].encoder, b.ln2, m.transcoder.config.features, d));
        for (size_t i = 0; i < pre.size(); ++i)
            pre[i] += m.transcoder.layers[l].encoderBias[i % m.transcoder.layers[l].encoderBias.size()];
        run.active = reference::activeFeatures(m, run.pass);
        Vector &predicted = run.predictions.emplace_back();
        for (size_t p = 0; p < m.ids.size(); ++p) {
            const Vector row = reference::prediction(m, run.pass, run.active, l, p);
            predicted.insert(predicted.end(), row.begin(), row.end());
        }
        for (size_t i = 0; i < x.size(); ++i)
            x[i] = b.residMid[i] + (mlps == Mlps::Real ? b.mlpOutput[i] : mlps == Mlps::Replaced ? predicted[i] : 0);
    }
    Vector normed, sigma;
    reference::norm(x, m.gpt.finalNorm, c.layerNormEps, nullptr, normed, sigma);
    for (int p = 0; p < length; ++p) {
        Vector &logits =
            run.logits.emplace_back(reference::times(m.gpt.unembedding, normed.data() + at(p, 0, d), c.vocabSize, d));
        for (size_t v = 0; v < logits.size(); ++v)
            logits[v] += m.gpt.unembeddingBias[v];
    }
    return run;
}

Vector logProbabilities(const Vector &logits) {
    const double top = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const double v : logits)
        sum += std::exp(v - top);
    Vector result;
    for (const double v : logits)
        result.push_back(v - top - std::log(sum));
    return result;
}

/// Everything seen on the clean stream, row after row.
struct Seen {
    std::vector<Vector> targets, predictions; ///< rows of d
    std::map<int, int> fired;                 ///< feature → on how many tokens
    int active = 0;
};

TranscoderMetrics::Layer layerMetrics(const Seen &seen, int features) {
    const auto n = static_cast<double>(seen.targets.size());
    Vector mean(seen.targets.front().size());
    for (const Vector &y : seen.targets)
        for (size_t i = 0; i < mean.size(); ++i)
            mean[i] += y[i] / n;
    double error = 0, variance = 0, cosine = 0;
    for (size_t r = 0; r < seen.targets.size(); ++r) {
        const Vector &y = seen.targets[r], &p = seen.predictions[r];
        double yy = 0, pp = 0, yp = 0;
        for (size_t i = 0; i < mean.size(); ++i) {
            error += std::pow(y[i] - p[i], 2);
            variance += std::pow(y[i] - mean[i], 2);
            yy += y[i] * y[i];
            pp += p[i] * p[i];
            yp += y[i] * p[i];
        }
        cosine += yp / std::sqrt(yy) / std::sqrt(pp) / n;
    }
    TranscoderMetrics::Layer layer{.fvu = error / variance,
                                   .l0 = seen.active / n,
                                   .dead = 1 - static_cast<double>(seen.fired.size()) / features,
                                   .cosine = cosine};
    for (const auto &[feature, count] : seen.fired) // bins of a quarter of a decade from 1e-5 up to 1
        for (int bin = 0; bin < 20; ++bin) {
            const double low = std::pow(10.0, -5 + bin / 4.0), high = std::pow(10.0, -5 + (bin + 1) / 4.0);
            const double density = count / n;
            if (density >= low && (density < high || bin == 19))
                layer.density.share[static_cast<size_t>(bin)] += 1.0 / features;
        }
    return layer;
}

TranscoderMetrics expected(Model m, const std::vector<int32_t> &ids) {
    const auto length = static_cast<size_t>(m.gpt.config.context), d = static_cast<size_t>(m.gpt.config.dModel);
    TranscoderMetrics metrics;
    std::vector<Seen> seen(m.gpt.blocks.size());
    const double n = static_cast<double>(length) * windows;
    for (size_t w = 0; w < windows; ++w) {
        m.ids.assign(ids.begin() + static_cast<std::ptrdiff_t>(w * length),
                     ids.begin() + static_cast<std::ptrdiff_t>((w + 1) * length));
        const Run clean = forwardPass(m, Mlps::Real), replaced = forwardPass(m, Mlps::Replaced),
                  zero = forwardPass(m, Mlps::Zero);
        for (size_t p = 0; p < length; ++p) {
            const auto next = static_cast<size_t>(ids[w * length + p + 1]);
            const Vector a = logProbabilities(clean.logits[p]), b = logProbabilities(replaced.logits[p]);
            metrics.ceClean -= a[next] / n;
            metrics.ceReplaced -= b[next] / n;
            metrics.ceZero -= logProbabilities(zero.logits[p])[next] / n;
            for (size_t v = 0; v < a.size(); ++v)
                metrics.kl += std::exp(a[v]) * (a[v] - b[v]) / n;
            for (size_t l = 0; l < seen.size(); ++l) {
                const auto row = [&](const Vector &rows) {
                    return Vector(rows.begin() + static_cast<std::ptrdiff_t>(p * d),
                                  rows.begin() + static_cast<std::ptrdiff_t>((p + 1) * d));
                };
                seen[l].targets.push_back(row(clean.pass.activations.blocks[l].mlpOutput));
                seen[l].predictions.push_back(row(clean.predictions[l]));
                const auto &active = clean.active[l];
                for (auto i = active.offsets[p]; i < active.offsets[p + 1]; ++i, ++seen[l].active)
                    ++seen[l].fired[active.features[static_cast<size_t>(i)]];
            }
        }
    }
    metrics.ceRecovered = (metrics.ceZero - metrics.ceReplaced) / (metrics.ceZero - metrics.ceClean);
    for (const Seen &each : seen)
        metrics.layers.push_back(layerMetrics(each, m.transcoder.config.features));
    return metrics;
}

bool near(double a, double b) {
    return std::abs(a - b) <= 2e-4 * std::max(1.0, std::abs(b));
}

TranscoderMetrics someMetrics() {
    TranscoderMetrics metrics{
        .ceClean = 2.25, .ceReplaced = 2.5, .ceZero = 4, .ceRecovered = 0.857142857142857, .kl = 0.125, .tokens = 640};
    for (const double fvu : {0.1, 0.3}) {
        metrics.layers.push_back({.fvu = fvu, .l0 = 15.5, .dead = 0.25, .cosine = 0.9});
        metrics.layers.back().density.share[7] = 0.75;
    }
    return metrics;
}

} // namespace

class TestTranscoderEvaluation : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void metrics_follow_their_definitions_data();
    void metrics_follow_their_definitions();
    void density_bins_are_quarters_of_a_decade();
    void a_stored_evaluation_is_read_back();
    void a_damaged_evaluation_is_refused();
};

void TestTranscoderEvaluation::metrics_follow_their_definitions_data() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("activation");
    QTest::addColumn<bool>("skip");
    for (const TranscoderKind kind : {TranscoderKind::PerLayer, TranscoderKind::CrossLayer})
        for (const Activation activation :
             {Activation::TopK, Activation::BatchTopK, Activation::JumpRelu, Activation::Relu})
            for (const bool skip : {false, true})
                QTest::addRow("%s %s%s", toString(kind).c_str(), toString(activation).c_str(), skip ? " skip" : "")
                    << static_cast<int>(kind) << static_cast<int>(activation) << skip;
}

void TestTranscoderEvaluation::metrics_follow_their_definitions() {
    QFETCH(int, kind);
    QFETCH(int, activation);
    QFETCH(bool, skip);
    const Shape shape{.layers = 3,
                      .features = 40,
                      .kind = static_cast<TranscoderKind>(kind),
                      .activation = static_cast<Activation>(activation),
                      .skip = skip};
    Model m = reference::makeModel(shape, 11);
    for (auto &layer : m.transcoder.layers) // some features never fire
        for (size_t f = 0; f < 7; ++f)
            layer.encoderBias[f] = -100;
    const GptWeights<float> gpt = narrow(m.gpt);
    const TranscoderWeights<float> transcoder = narrow(m.transcoder);
    m.gpt = toDouble(gpt);
    m.transcoder = toDouble(transcoder);
    Random random(5);
    std::vector<int32_t> ids(static_cast<size_t>(gpt.config.context * windows + 3));
    for (int32_t &id : ids)
        id = static_cast<int32_t>(random.below(static_cast<uint64_t>(shape.vocab)));
    const TokenCache tokens = TokenCache::fromTokens(ids, 0, 0, shape.vocab);

    const TranscoderMetrics got = evaluateTranscoder(gpt, transcoder, tokens, 0, tokens.size(), 0, {}, {});
    const TranscoderMetrics want = expected(m, ids);
    QCOMPARE(got.tokens, int64_t{windows} * gpt.config.context);
    for (const auto &[a, b] : {std::pair{got.ceClean, want.ceClean},
                               {got.ceReplaced, want.ceReplaced},
                               {got.ceZero, want.ceZero},
                               {got.ceRecovered, want.ceRecovered},
                               {got.kl, want.kl}})
        QVERIFY2(near(a, b), qPrintable(QStringLiteral("%1, not %2").arg(a, 0, 'g', 9).arg(b, 0, 'g', 9)));
    QCOMPARE(got.layers.size(), size_t{3});
    for (size_t l = 0; l < 3; ++l) {
        const auto &a = got.layers[l], &b = want.layers[l];
        QVERIFY(near(a.fvu, b.fvu) && near(a.cosine, b.cosine));
        QVERIFY(near(a.l0, b.l0) && near(a.dead, b.dead) && a.dead >= 7.0 / 40 - 1e-12);
        for (size_t bin = 0; bin < DensityHistogram::bins; ++bin)
            QVERIFY(near(a.density.share[bin], b.density.share[bin]));
    }
}

void TestTranscoderEvaluation::density_bins_are_quarters_of_a_decade() {
    QCOMPARE(DensityHistogram::binOf(1), 19);
    QCOMPARE(DensityHistogram::binOf(0.9), 19);
    QCOMPARE(DensityHistogram::binOf(0.5), 18); // log10 = −0.30
    QCOMPARE(DensityHistogram::binOf(0.0015), 8);
    QCOMPARE(DensityHistogram::binOf(1.1e-5), 0);
    QCOMPARE(DensityHistogram::binOf(1e-9), 0);
}

void TestTranscoderEvaluation::a_stored_evaluation_is_read_back() {
    const QTemporaryDir folder;
    QVERIFY(!readEvaluation(folder.path().toStdString()));
    const StoredEvaluation stored{.metrics = someMetrics(), .step = 400, .corpus = "c"};
    writeEvaluation(folder.path().toStdString(), stored);
    QVERIFY(readEvaluation(folder.path().toStdString()) == stored);
    QCOMPARE(stored.metrics.mean(&TranscoderMetrics::Layer::fvu), 0.2);
}

void TestTranscoderEvaluation::a_damaged_evaluation_is_refused() {
    const QTemporaryDir folder;
    const std::string file = folder.filePath("evaluation.json").toStdString();
    writeEvaluation(folder.path().toStdString(), {.metrics = someMetrics(), .step = 400, .corpus = "c"});
    const std::string text = readFile(file);
    for (const std::string &damaged : {text.substr(0, text.size() / 2), std::string("{}"), std::string("[1]")}) {
        writeFileAtomically(file, damaged);
        QVERIFY_EXCEPTION_THROWN(readEvaluation(folder.path().toStdString()), Error);
    }
}

QTEST_APPLESS_MAIN(TestTranscoderEvaluation)
#include "test_transcoder_evaluation.moc"
