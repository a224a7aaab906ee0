#include "indexed_stories.h"

#include "core/features/prompt_features.h"
#include "core/text/utf8.h"
#include "transcoder_kinds.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

using namespace tt;
using test::firing;
using test::IndexedStories;
using test::Row;
using test::Seen;
using test::shape;
constexpr int features = test::storyFeatures;

namespace {

// Matrices in double, written out as method.md has them.

Row centred(Row v) {
    const double mean = std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
    for (double &x : v)
        x -= mean;
    return v;
}
Row times(Row v, const std::vector<float> &gamma) {
    for (size_t i = 0; i < v.size(); ++i)
        v[i] *= double{gamma[i]};
    return v;
}
double product(const Row &a, const Row &b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}
Row toRow(std::span<const float> values) {
    return {values.begin(), values.end()};
}
/// Σ of the decoders of f of layer i to layers below `to`.
Row written(const TranscoderWeights<float> &t, int i, int f, int to) {
    Row sum(static_cast<size_t>(t.config.dModel));
    for (int l = i; l < std::min(to, i + t.config.decodersOf(i)); ++l)
        for (size_t j = 0; j < sum.size(); ++j)
            sum[j] += double{t.decoderRow(i, f, l)[j]};
    return sum;
}
Row throughHead(const GptWeights<float> &gpt, int layer, int head, const Row &x) {
    const auto &block = gpt.blocks[static_cast<size_t>(layer)];
    const auto d = static_cast<size_t>(gpt.config.dModel), s = static_cast<size_t>(gpt.config.headSize);
    const auto width = static_cast<size_t>(gpt.config.attentionWidth());
    Row out(d);
    for (size_t k = 0; k < s; ++k) {
        const size_t row = static_cast<size_t>(head) * s + k;
        double value = 0;
        for (size_t j = 0; j < d; ++j)
            value += double{block.value[row * d + j]} * x[j];
        for (size_t j = 0; j < d; ++j)
            out[j] += double{block.attentionOutput[j * width + row]} * value;
    }
    return out;
}
/// The weight from f of layer i to g of layer m, directly (head −1) or through a head of block j.
double pathWeight(const ExplainedModel &model, int i, int f, int m, int g, int j, int head) {
    const auto &gpt = model.gpt;
    Row stream = written(model.transcoder, i, f, head < 0 ? m : j);
    if (head >= 0)
        stream = throughHead(gpt, j, head, times(centred(stream), gpt.blocks[static_cast<size_t>(j)].ln1.weight));
    return product(toRow(model.transcoder.encoderRow(m, g)),
                   times(centred(stream), gpt.blocks[static_cast<size_t>(m)].ln2.weight));
}

/// Σ over tokens of what Coactivation says, written out.
double together(const Seen &seen, int layer, int feature, int other, int g, int j, int head, bool upstream) {
    const size_t context = static_cast<size_t>(shape().context);
    const auto &own = seen.activations[static_cast<size_t>(layer)],
               &others = seen.activations[static_cast<size_t>(other)];
    double sum = 0;
    for (size_t t = 0; t < own.size(); ++t) {
        if (head < 0) {
            sum += own[t][static_cast<size_t>(feature)] * others[t][static_cast<size_t>(g)];
            continue;
        }
        const size_t window = t / context, position = t % context;
        const auto &pattern = seen.windows[window].blocks[static_cast<size_t>(j)].attention;
        size_t most = 0;
        const auto weight = [&](size_t s) {
            return pattern[(static_cast<size_t>(head) * context + position) * context + s];
        };
        for (size_t s = 1; s <= position; ++s)
            if (weight(s) > weight(most))
                most = s;
        const size_t source = window * context + most;
        sum += double{weight(most)} *
               (upstream ? own[t][static_cast<size_t>(feature)] * others[source][static_cast<size_t>(g)]
                         : own[source][static_cast<size_t>(feature)] * others[t][static_cast<size_t>(g)]);
    }
    return sum;
}

struct Expected {
    int layer, feature, through, head;
    double weight, coactivation;
    [[nodiscard]] double score() const { return weight * coactivation; }
};

std::vector<Expected> expectedPaths(const IndexedStories &fixture, const Seen &seen, int layer, int feature,
                                    bool upstream) {
    double sum = 0;
    for (const Row &row : seen.activations[static_cast<size_t>(layer)])
        sum += row[static_cast<size_t>(feature)];
    std::vector<Expected> all;
    for (int other = upstream ? 0 : layer + 1; other < (upstream ? layer : 3); ++other)
        for (int g = 0; g < features; ++g) {
            const int low = std::min(layer, other), high = std::max(layer, other);
            const auto add = [&](int j, int head) {
                const double weight = upstream ? pathWeight(*fixture.model, other, g, layer, feature, j, head)
                                               : pathWeight(*fixture.model, layer, feature, other, g, j, head);
                all.push_back(
                    {other, g, j, head, weight, together(seen, layer, feature, other, g, j, head, upstream) / sum});
            };
            add(-1, -1);
            for (int j = low + 1; j <= high; ++j)
                for (int head = 0; head < 3; ++head)
                    add(j, head);
        }
    std::sort(all.begin(), all.end(),
              [](const Expected &a, const Expected &b) { return std::abs(a.score()) > std::abs(b.score()); });
    return all;
}

std::string textOf(const TokenStretch &stretch) {
    return std::accumulate(stretch.tokens.begin(), stretch.tokens.end(), std::string());
}

} // namespace

class TestFeatureCard : public QObject {
    Q_OBJECT

    static IndexedStories fixture() {
        QFETCH(int, kind);
        QFETCH(int, activation);
        QFETCH(bool, skip);
        return {static_cast<TranscoderKind>(kind), static_cast<Activation>(activation), skip};
    }

private Q_SLOTS:
    void upstream_and_downstream_are_weight_times_coactivation_of_every_path_data() { test::addTranscoderKinds(); }
    void upstream_and_downstream_are_weight_times_coactivation_of_every_path() {
        const IndexedStories f = fixture();
        const Seen seen = test::see(f.dictionary);
        for (int layer = 0; layer < 3; ++layer)
            for (const bool up : {true, false}) {
                const int feature = firing(f.dictionary, layer);
                const auto expected = expectedPaths(f, seen, layer, feature, up);
                const FeatureFacts facts = describeFeature(f.dictionary, layer, feature, 12);
                const auto &found = up ? facts.upstream : facts.downstream;
                QVERIFY(expected.empty() ? found.empty() : !found.empty());
                for (size_t i = 0; i < found.size(); ++i) {
                    const Expected &e = expected[i];
                    QVERIFY(std::abs(double{found[i].score()} - e.score()) < 1e-4 * (1 + std::abs(e.score())));
                    const auto same = std::find_if(expected.begin(), expected.end(), [&](const Expected &other) {
                        return other.layer == found[i].layer && other.feature == found[i].feature &&
                               other.through == found[i].throughLayer && other.head == found[i].head;
                    });
                    QVERIFY(same != expected.end());
                    QVERIFY(std::abs(double{found[i].weight} - same->weight) < 1e-4 * (1 + std::abs(same->weight)));
                    QVERIFY(std::abs(double{found[i].coactivation} - same->coactivation) <
                            1e-4 * (1 + same->coactivation));
                }
            }
    }

    void without_an_index_paths_are_ranked_by_weight_alone() {
        const IndexedStories f(TranscoderKind::CrossLayer, Activation::TopK);
        const Dictionary plain = dictionaryOf(f.model);
        const FeatureFacts facts = describeFeature(plain, 2, 5, 10);
        QVERIFY(!facts.indexed);
        QCOMPARE(facts.upstream.size(), size_t{10});
        double largest = 0;
        for (int other = 0; other < 2; ++other)
            for (int g = 0; g < features; ++g) {
                largest = std::max(largest, std::abs(pathWeight(*f.model, other, g, 2, 5, -1, -1)));
                for (int j = other + 1; j <= 2; ++j)
                    for (int head = 0; head < 3; ++head)
                        largest = std::max(largest, std::abs(pathWeight(*f.model, other, g, 2, 5, j, head)));
            }
        QVERIFY(std::abs(std::abs(double{facts.upstream[0].score()}) - largest) < 1e-4 * largest);
    }

    void raised_and_lowered_logits_are_the_direct_path_through_gamma_data() { test::addTranscoderKinds(); }
    void raised_and_lowered_logits_are_the_direct_path_through_gamma() {
        const IndexedStories f = fixture();
        const GptWeights<float> &gpt = f.model->gpt;
        for (int layer = 0; layer < 3; ++layer) {
            const Row direction = times(centred(written(f.model->transcoder, layer, 7, 3)), gpt.finalNorm.weight);
            Row effects;
            for (int v = 0; v < gpt.config.vocabSize; ++v)
                effects.push_back(
                    product(toRow(std::span(gpt.unembedding).subspan(static_cast<size_t>(v) * 12, 12)), direction));
            effects = centred(effects);
            const LogitEffects found = logitEffects(gpt, f.model->transcoder, layer, 7, 5);
            Row sorted = effects;
            std::sort(sorted.begin(), sorted.end());
            for (size_t i = 0; i < 5; ++i) {
                QVERIFY(std::abs(double{found.raised[i].weight} - sorted[sorted.size() - 1 - i]) < 1e-4);
                QVERIFY(std::abs(effects[static_cast<size_t>(found.raised[i].token)] - sorted[sorted.size() - 1 - i]) <
                        1e-4);
                QVERIFY(std::abs(double{found.lowered[i].weight} - sorted[i]) < 1e-4);
            }
            const int32_t token = found.raised[0].token;
            const std::vector<float> onToken = effectsOnToken(gpt, f.model->transcoder, token);
            QVERIFY(std::abs(onToken[static_cast<size_t>(layer * features + 7)] - found.raised[0].weight) < 1e-4f);
        }
    }

    void read_tokens_are_embeddings_through_the_gamma_of_ln2() {
        const IndexedStories f(TranscoderKind::PerLayer, Activation::TopK);
        const GptWeights<float> &gpt = f.model->gpt;
        const Row read = centred(times(toRow(f.model->transcoder.encoderRow(1, 3)), gpt.blocks[1].ln2.weight));
        Row weights;
        for (int t = 0; t < gpt.config.vocabSize; ++t)
            weights.push_back(
                product(toRow(std::span(gpt.tokenEmbedding).subspan(static_cast<size_t>(t) * 12, 12)), read));
        const auto found = readTokens(gpt, f.model->transcoder, 1, 3, 4);
        for (const TokenWeight &token : found)
            QVERIFY(std::abs(double{token.weight} - weights[static_cast<size_t>(token.token)]) < 1e-4);
        QCOMPARE(weights[static_cast<size_t>(found[0].token)], *std::max_element(weights.begin(), weights.end()));
    }

    void nearest_features_are_cosines_of_all_others_data() { test::addTranscoderKinds(); }
    void nearest_features_are_cosines_of_all_others() {
        const IndexedStories f = fixture();
        const Seen seen = test::see(f.dictionary);
        const int feature = firing(f.dictionary, 1);
        double bestDecoder = -1, bestCoactive = -1;
        for (int layer = 0; layer < 3; ++layer)
            for (int g = 0; g < features; ++g) {
                if (layer == 1 && g == feature)
                    continue;
                const Row a = written(f.model->transcoder, 1, feature, 3),
                          b = written(f.model->transcoder, layer, g, 3);
                bestDecoder = std::max(bestDecoder, product(a, b) / std::sqrt(product(a, a) * product(b, b)));
                double both = 0, own = 0, other = 0;
                for (size_t t = 0; t < seen.activations[1].size(); ++t) {
                    const double x = seen.activations[1][t][static_cast<size_t>(feature)];
                    const double y = seen.activations[static_cast<size_t>(layer)][t][static_cast<size_t>(g)];
                    both += x * y;
                    own += x * x;
                    other += y * y;
                }
                if (other > 0)
                    bestCoactive = std::max(bestCoactive, both / std::sqrt(own * other));
            }
        const FeatureFacts facts = describeFeature(f.dictionary, 1, feature, 5);
        QVERIFY(std::abs(double{facts.nearest[0].weight} - bestDecoder) < 1e-5);
        QVERIFY(std::abs(double{facts.coactive[0].weight} - bestCoactive) < 1e-5);
    }

    void examples_show_their_story_with_the_activations_the_index_saw() {
        const IndexedStories f(TranscoderKind::PerLayer, Activation::TopK);
        const Seen seen = test::see(f.dictionary);
        const int feature = firing(f.dictionary, 1);
        const FeatureExamples examples = featureExamples(f.dictionary, 1, feature, 6, 4, {});
        QVERIFY(!examples.top.empty());
        int merged = 0;
        std::set<int64_t> stories;
        for (const ShownExample &example : examples.top) {
            merged += example.repeats;
            QVERIFY(stories.insert(example.story).second); // each story once
            QVERIFY(example.peakAt <= 6);
            QVERIFY(std::ssize(example.context.ids) - example.peakAt <= 5);
            QVERIFY(textOf(example.context).find("<|endoftext|>") == std::string::npos ||
                    example.context.ids.size() == 1);
            for (size_t i = 0; i < example.context.ids.size(); ++i) {
                const size_t token = static_cast<size_t>(example.context.offset) + i;
                if (token < seen.activations[1].size())
                    QVERIFY(std::abs(double{example.context.activations[i]} -
                                     seen.activations[1][token][static_cast<size_t>(feature)]) < 1e-5);
            }
            QVERIFY(std::abs(example.context.activations[static_cast<size_t>(example.peakAt)] -
                             example.peak.activation) < 1e-5f);
        }
        QCOMPARE(merged, static_cast<int>(f.dictionary.index->top(1, feature).size()));
        const TokenStretch story = readStory(f.dictionary, 1, feature, examples.top[0].peak.offset, {});
        QVERIFY(textOf(story).starts_with("The dog"));
        QVERIFY(textOf(story).ends_with("."));
    }

    void bytes_of_a_prompt_that_are_no_text_are_tokens_like_others() {
        const IndexedStories f(TranscoderKind::PerLayer, Activation::TopK);
        const std::string prompt = std::string("The dog\xff\xfe") + '\0' + "\xe2\x80 ran\xc3";
        const PromptFeatures read = promptFeatures(*f.model, prompt, {});
        QCOMPARE(read.ids.size(), read.tokens.size());
        QCOMPARE(f.model->tokenizer.decode(read.ids), prompt); // nothing was lost
        for (const std::string &token : read.tokens)
            QVERIFY2(isUtf8(token), token.c_str());
        QVERIFY(std::any_of(read.tokens.begin(), read.tokens.end(),
                            [](const std::string &token) { return token.find("FF") != std::string::npos; }));
        QVERIFY(!read.active.empty());
    }
};

QTEST_APPLESS_MAIN(TestFeatureCard)
#include "test_feature_card.moc"
