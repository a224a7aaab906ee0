#include "core/features/feature_index_build.h"
#include "core/features/feature_tallies_impl.h"
#include "core/nn/gpt_forward.h"
#include "random_transcoder.h"
#include "transcoder_kinds.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>

using namespace tt;
namespace fs = std::filesystem;

namespace {

const GptConfig shape{
    .vocabSize = 40, .dModel = 12, .heads = 3, .headSize = 4, .layers = 3, .context = 16, .tokenizer = {}};
constexpr int64_t corpusTokens = 16 * 150 + 7; // the last window is not full

struct Case {
    GptWeights<float> gpt;
    TranscoderWeights<float> transcoder;
    TokenCache tokens;
    IndexIdentity identity;
};

Case makeCase(TranscoderKind kind, Activation activation, bool skip = false) {
    Case made{test::randomGpt<float>(shape, 5),
              test::randomTranscoder(shape, kind, activation, 24, 5, skip, 6),
              TokenCache::fromTokens(test::randomTokens(corpusTokens, shape.vocabSize, 7), corpusTokens - 100, 100,
                                     shape.vocabSize),
              {}};
    made.identity = identify(made.gpt, made.transcoder, made.tokens, "random");
    return made;
}

/// (tokens, features) of a layer: every activation, zeros included, in double, window by window.
std::vector<std::vector<double>> denseActivations(const Case &c, int layer) {
    std::vector<std::vector<double>> dense;
    const TranscoderConfig &config = c.transcoder.config;
    const TranscoderLayer<float> &weights = c.transcoder.layers[static_cast<size_t>(layer)];
    for (int64_t first = 0; first < c.tokens.size(); first += shape.context) {
        std::vector<int32_t> ids(static_cast<size_t>(std::min<int64_t>(shape.context, c.tokens.size() - first)));
        c.tokens.read(first, ids);
        GptActivations<float> activations;
        forward<float>(c.gpt, ids, 1, activations);
        const std::vector<float> &ln2 = activations.blocks[static_cast<size_t>(layer)].ln2;
        for (size_t row = 0; row < ids.size(); ++row) {
            std::vector<double> u(static_cast<size_t>(config.features));
            for (size_t f = 0; f < u.size(); ++f) {
                u[f] = double{weights.encoderBias[f]};
                for (size_t i = 0; i < static_cast<size_t>(shape.dModel); ++i)
                    u[f] += double{weights.encoder[f * static_cast<size_t>(shape.dModel) + i]} *
                            double{ln2[row * static_cast<size_t>(shape.dModel) + i]};
            }
            dense.push_back(test::activate(config, weights, u));
        }
    }
    return dense;
}

std::vector<Example> eventsOf(const std::vector<std::vector<double>> &dense, int feature) {
    std::vector<Example> events;
    for (size_t offset = 0; offset < dense.size(); ++offset)
        if (dense[offset][static_cast<size_t>(feature)] > 0)
            events.push_back(
                {static_cast<int64_t>(offset), static_cast<float>(dense[offset][static_cast<size_t>(feature)])});
    return events;
}

bool stronger(const Example &a, const Example &b) {
    return a.activation != b.activation ? a.activation > b.activation : a.offset < b.offset;
}

std::string errorOf(const std::function<void()> &work) {
    try {
        work();
    } catch (const Error &error) {
        return error.what();
    }
    return {};
}

std::string readAll(const fs::path &path) {
    return readFile(path);
}

} // namespace

class TestFeatureIndex : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    [[nodiscard]] fs::path file(const char *name) const { return fs::path(folder_.path().toStdString()) / name; }

private Q_SLOTS:
    void the_pass_equals_a_dense_computation_data() { test::addTranscoderKinds(); }
    void the_pass_equals_a_dense_computation() {
        QFETCH(int, kind);
        QFETCH(int, activation);
        QFETCH(bool, skip);
        const Case c = makeCase(static_cast<TranscoderKind>(kind), static_cast<Activation>(activation), skip);
        const fs::path path = file(QTest::currentDataTag());
        const IndexBuilt built = buildFeatureIndex(c.gpt, c.transcoder, c.tokens, c.identity, path, {}, {});
        const FeatureIndex index = FeatureIndex::open(path, c.identity);
        QCOMPARE(index.tokens(), corpusTokens);
        int64_t alive = 0;
        for (int layer = 0; layer < shape.layers; ++layer) {
            const auto dense = denseActivations(c, layer);
            for (int f = 0; f < c.transcoder.config.features; ++f) {
                std::vector<Example> events = eventsOf(dense, f);
                QCOMPARE(index.count(layer, f), std::ssize(events));
                alive += events.empty() ? 0 : 1;
                double sum = 0;
                for (const Example &event : events)
                    sum += double{event.activation};
                QVERIFY(std::abs(index.sum(layer, f) - sum) <= 1e-5 * std::max(1.0, sum));
                QCOMPARE(
                    std::accumulate(index.histogram(layer, f).begin(), index.histogram(layer, f).end(), int64_t{0}),
                    std::ssize(events));
                std::sort(events.begin(), events.end(), stronger);
                const std::vector<Example> top = index.top(layer, f);
                QCOMPARE(top.size(), std::min(events.size(), size_t{20}));
                for (size_t i = 0; i < top.size(); ++i) {
                    QVERIFY(std::abs(top[i].activation - events[i].activation) <= 1e-5f);
                    // Two that rounding alone orders may stand the other way round.
                    const auto same = [&](const Example &event) { return event.offset == top[i].offset; };
                    const auto found = std::find_if(events.begin(), events.end(), same);
                    QVERIFY(found != events.end());
                    if (found != events.begin() + static_cast<int64_t>(i))
                        QVERIFY(std::abs(found->activation - events[i].activation) <= 1e-6f);
                }
                if (!events.empty())
                    QVERIFY(std::abs(index.maximum(layer, f) - events.front().activation) <= 1e-5f);
            }
        }
        QVERIFY(alive > 20);
        QCOMPARE(index.alive(), alive);
        QCOMPARE(built.alive, alive);
    }

    void tenths_are_exact_for_features_that_fire_little_and_five_of_each_are_kept() {
        const Case c = makeCase(TranscoderKind::PerLayer, Activation::TopK);
        buildFeatureIndex(c.gpt, c.transcoder, c.tokens, c.identity, file("tenths"), {}, {});
        const FeatureIndex index = FeatureIndex::open(file("tenths"), c.identity);
        int exact = 0;
        for (int layer = 0; layer < shape.layers; ++layer) {
            const auto dense = denseActivations(c, layer);
            for (int f = 0; f < c.transcoder.config.features; ++f) {
                std::vector<Example> events = eventsOf(dense, f);
                std::sort(events.begin(), events.end(), [](const auto &a, const auto &b) { return stronger(b, a); });
                std::map<int64_t, size_t> rank;
                for (size_t r = 0; r < events.size(); ++r)
                    rank[events[r].offset] = r;
                float before = 0;
                for (int q = 0; q < FeatureIndex::quantiles; ++q) {
                    const auto examples = index.quantile(layer, f, q);
                    QVERIFY(examples.size() <= 5);
                    if (events.size() >= 50)
                        QCOMPARE(examples.size(), size_t{5});
                    for (const Example &example : examples) {
                        QVERIFY(rank.contains(example.offset));
                        QVERIFY(std::abs(events[rank[example.offset]].activation - example.activation) <= 1e-5f);
                        QVERIFY(example.activation >= before - 1e-5f); // no tenth reaches below the one before
                        if (events.size() > FeatureTallies::sampled)
                            continue;
                        // Among equals (the same token at the start of a window) rounding decides the order.
                        const auto within = [&](float slack) {
                            return std::count_if(events.begin(), events.end(), [&](const Example &event) {
                                return event.activation < example.activation + slack;
                            });
                        };
                        QVERIFY(within(-1e-5f) * 10 / std::ssize(events) <= q);
                        QVERIFY((within(1e-5f) - 1) * 10 / std::ssize(events) >= q);
                    }
                    if (!examples.empty())
                        before = examples.front().activation;
                }
                exact += events.size() >= 50 && events.size() <= FeatureTallies::sampled ? 1 : 0;
            }
        }
        QVERIFY2(exact > 0, "no feature fires 50 to 128 times: the test shows nothing");
    }

    // Values on a coarse grid: most are equal to others, and the histogram's grid holds them exactly.
    void ties_go_to_the_earlier_token_and_bins_hold_what_lies_in_them() {
        FeatureTallies tallies(1, 3);
        Random random(11);
        std::vector<std::vector<Example>> events(3);
        for (int64_t offset = 0; offset < 5000; offset += 100) {
            SparseActivations<float> rows;
            for (int64_t row = 0; row < 100; ++row) {
                for (int32_t f = 0; f < 3; ++f)
                    if (random.uniform() < 0.3) {
                        const auto steps = static_cast<float>(1 + random.below(offset < 2500 ? 40 : 90));
                        rows.features.push_back(f);
                        rows.values.push_back(steps / 8);
                        events[static_cast<size_t>(f)].push_back({offset + row, steps / 8});
                    }
                rows.offsets.push_back(std::ssize(rows.values));
            }
            tallies.add(0, rows, offset);
        }
        tallies.finish();
        const auto results = tallies.results();
        const auto values = [&]<class T>(const std::string &name, T) {
            const auto found =
                std::find_if(results.begin(), results.end(), [&](const auto &tensor) { return tensor.name == name; });
            return std::span(reinterpret_cast<const T *>(found->data.data()), found->data.size() / sizeof(T));
        };
        for (size_t f = 0; f < 3; ++f) {
            std::sort(events[f].begin(), events[f].end(), stronger);
            for (size_t i = 0; i < 20; ++i) {
                QCOMPARE(values("top_offset", int64_t{})[f * 20 + i], events[f][i].offset);
                QCOMPARE(values("top_activation", float{})[f * 20 + i], events[f][i].activation);
            }
            // Largest 90 / 8 = 11.25: the grid's step is 16 / 1024, an activation is taken at the middle of its step.
            const double largest = double{events[f][0].activation};
            std::vector<uint32_t> histogram(50);
            for (const Example &event : events[f])
                ++histogram[static_cast<size_t>(
                    std::min(49.0, (double{event.activation} + 8.0 / 1024) / largest * 50))];
            for (size_t bin = 0; bin < 50; ++bin)
                QCOMPARE(values("histogram", uint32_t{})[f * 50 + bin], histogram[bin]);
        }
    }

    void the_sample_of_a_small_corpus_is_all_of_its_full_windows() {
        const Case c = makeCase(TranscoderKind::PerLayer, Activation::Relu);
        buildFeatureIndex(c.gpt, c.transcoder, c.tokens, c.identity, file("sample"), {}, {});
        const FeatureIndex index = FeatureIndex::open(file("sample"), c.identity);
        const FeatureIndex::Sample &sample = index.sample();
        QCOMPARE(std::ssize(sample.windows), corpusTokens / shape.context);
        QCOMPARE(sample.size(), corpusTokens / shape.context * shape.context);
        const auto dense = denseActivations(c, 1);
        for (int64_t token = 0; token < sample.size(); ++token) {
            const auto &layer = sample.layers[1];
            std::vector<double> row(24);
            for (auto i = static_cast<size_t>(layer.rows[static_cast<size_t>(token)]);
                 i < static_cast<size_t>(layer.rows[static_cast<size_t>(token) + 1]); ++i)
                row[static_cast<size_t>(layer.features[i])] = double{layer.activations[i]};
            for (size_t f = 0; f < row.size(); ++f)
                QVERIFY(std::abs(row[f] - dense[static_cast<size_t>(token)][f]) <= 1e-5);
        }
        for (const uint16_t position : sample.attended[0])
            QVERIFY(position < shape.context);
        QVERIFY(*std::max_element(sample.attention[0].begin(), sample.attention[0].end()) <= 1.0f + 1e-5f);
    }

    void a_stopped_pass_goes_on_and_gives_the_same_index() {
        const Case c = makeCase(TranscoderKind::CrossLayer, Activation::BatchTopK);
        buildFeatureIndex(c.gpt, c.transcoder, c.tokens, c.identity, file("whole"), {}, {});
        const FeatureIndex whole = FeatureIndex::open(file("whole"), c.identity);
        std::stop_source stop;
        stop.request_stop();
        const std::string stopped = errorOf(
            [&] { buildFeatureIndex(c.gpt, c.transcoder, c.tokens, c.identity, file("parts"), stop.get_token(), {}); });
        QVERIFY(!stopped.empty());
        QVERIFY(!fs::exists(file("parts")));
        QVERIFY(fs::exists(file("parts.partial")));
        const IndexBuilt built = buildFeatureIndex(c.gpt, c.transcoder, c.tokens, c.identity, file("parts"), {}, {});
        QVERIFY(built.resumed);
        QVERIFY(!fs::exists(file("parts.partial")));
        const FeatureIndex parts = FeatureIndex::open(file("parts"), c.identity);
        for (int layer = 0; layer < shape.layers; ++layer)
            for (int f = 0; f < 24; ++f) {
                QCOMPARE(parts.count(layer, f), whole.count(layer, f));
                QCOMPARE(parts.top(layer, f), whole.top(layer, f));
                for (int q = 0; q < FeatureIndex::quantiles; ++q)
                    QCOMPARE(parts.quantile(layer, f, q), whole.quantile(layer, f, q));
                QVERIFY(std::ranges::equal(parts.histogram(layer, f), whole.histogram(layer, f)));
            }
        QVERIFY(std::ranges::equal(parts.sample().layers[2].activations, whole.sample().layers[2].activations));
    }

    void a_damaged_interrupted_pass_is_begun_anew() {
        const Case c = makeCase(TranscoderKind::PerLayer, Activation::TopK);
        writeFileAtomically(file("fresh.partial"), "no safetensors file at all");
        QVERIFY(!buildFeatureIndex(c.gpt, c.transcoder, c.tokens, c.identity, file("fresh"), {}, {}).resumed);
        QVERIFY(FeatureIndex::open(file("fresh"), c.identity).alive() > 0);
    }

    void an_index_of_something_else_is_refused_in_words() {
        const Case c = makeCase(TranscoderKind::PerLayer, Activation::TopK);
        const fs::path path = file("refused");
        const auto opened = [&](const IndexIdentity &identity) {
            return errorOf([&] { FeatureIndex::open(path, identity); });
        };
        QVERIFY(opened(c.identity).find("no index") != std::string::npos);
        buildFeatureIndex(c.gpt, c.transcoder, c.tokens, c.identity, path, {}, {});
        QCOMPARE(opened(c.identity), std::string());

        TranscoderWeights<float> changed = c.transcoder;
        changed.layers[2].decoder.back() += 0.5f;
        QVERIFY(opened(identify(c.gpt, changed, c.tokens, "random")).find("weights have changed") != std::string::npos);
        GptWeights<float> gpt = c.gpt;
        gpt.unembeddingBias[3] += 0.5f;
        QVERIFY(opened(identify(gpt, c.transcoder, c.tokens, "random")).find("another GPT") != std::string::npos);
        const TokenCache other = TokenCache::fromTokens(test::randomTokens(corpusTokens, shape.vocabSize, 8),
                                                        corpusTokens, 0, shape.vocabSize);
        QVERIFY(opened(identify(c.gpt, c.transcoder, other, "random")).find("another corpus") != std::string::npos);
    }

    void an_index_cut_short_or_edited_is_refused_in_words() {
        const Case c = makeCase(TranscoderKind::PerLayer, Activation::TopK);
        const fs::path path = file("damaged");
        buildFeatureIndex(c.gpt, c.transcoder, c.tokens, c.identity, path, {}, {});
        const std::string whole = readAll(path);
        const auto opened = [&] { return errorOf([&] { FeatureIndex::open(path, c.identity); }); };
        for (const size_t size : {size_t{0}, size_t{5}, whole.size() / 2, whole.size() - 1}) {
            writeFileAtomically(path, whole.substr(0, size));
            QVERIFY2(opened().find("cannot be used") != std::string::npos, opened().c_str());
        }
        Random random(3);
        for (int i = 0; i < 40; ++i) {
            std::string edited = whole;
            const size_t at = whole.size() / 8 + random.below(whole.size() - whole.size() / 8);
            edited[at] = static_cast<char>(edited[at] ^ 1);
            writeFileAtomically(path, edited);
            QVERIFY2(opened().find("features index") != std::string::npos, opened().c_str());
        }
    }
};

QTEST_APPLESS_MAIN(TestFeatureIndex)
#include "test_feature_index.moc"
