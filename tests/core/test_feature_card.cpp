#include "core/features/feature_card.h"
#include "core/features/feature_search.h"
#include "core/features/prompt_features.h"
#include "core/io/gzip.h"
#include "core/nn/gpt_forward.h"
#include "core/text/utf8.h"
#include "random_transcoder.h"
#include "transcoder_kinds.h"

#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <set>

using namespace tt;
namespace fs = std::filesystem;

namespace {

/// Bytes and a few merges, so that texts can be searched for; the last token ends a story.
Tokenizer smallTokenizer() {
    return Tokenizer::fromMerges({{'d', 'o'}, {256, 'g'}, {' ', 'd'}, {' ', 257}, {'o', 'n'}});
}

GptConfig shape() {
    return {.vocabSize = smallTokenizer().vocabSize(),
            .dModel = 12,
            .heads = 3,
            .headSize = 4,
            .layers = 3,
            .context = 16,
            .tokenizer = {}};
}

constexpr int features = 20;

std::vector<int32_t> stories() {
    const Tokenizer tokenizer = smallTokenizer();
    std::vector<int32_t> ids;
    Random random(9);
    const std::vector<std::string> words{" dog", " cat", " on", " a mat", " don't", " ran", " day"};
    for (int story = 0; story < 60; ++story) {
        std::string text = "The dog";
        for (uint64_t i = 0, n = 3 + random.below(12); i < n; ++i)
            text += words[random.below(words.size())];
        const auto more = tokenizer.encode(text + ".");
        ids.insert(ids.end(), more.begin(), more.end());
        ids.push_back(tokenizer.endOfText());
    }
    return ids;
}

struct Fixture {
    QTemporaryDir folder;
    std::shared_ptr<ExplainedModel> model;
    Dictionary dictionary;

    Fixture(TranscoderKind kind, Activation activation, bool skip = false) {
        GptWeights<float> gpt = test::randomGpt<float>(shape(), 5);
        TranscoderWeights<float> transcoder = test::randomTranscoder(shape(), kind, activation, features, 4, skip, 6);
        FeatureStatistics statistics{.maximum = std::vector(3, std::vector<float>(features, 1)),
                                     .density = std::vector(3, std::vector<float>(features, 0.1f)),
                                     .tokens = 1};
        auto promoted = promotedTokens(gpt, transcoder);
        model = std::make_shared<ExplainedModel>(ExplainedModel{"gpt", "random", smallTokenizer(), std::move(gpt),
                                                                std::move(transcoder), std::move(statistics),
                                                                std::move(promoted)});
        std::vector<int32_t> ids = stories();
        const auto size = static_cast<int64_t>(ids.size());
        const TokenCache tokens = TokenCache::fromTokens(std::move(ids), size, 0, shape().vocabSize);
        const IndexIdentity identity = identify(model->gpt, model->transcoder, tokens, "stories");
        const fs::path file = path() / "features.index";
        buildFeatureIndex(model->gpt, model->transcoder, tokens, identity, file, {}, {});
        dictionary = dictionaryOf(model, FeatureIndex::open(file, identity), tokens, identity);
    }
    [[nodiscard]] fs::path path() const { return folder.path().toStdString(); }
};

bool isListOf(const nlohmann::json &list, bool (nlohmann::json::*is)() const noexcept) {
    return list.is_array() && !list.empty() &&
           std::all_of(list.begin(), list.end(), [is](const nlohmann::json &item) { return (item.*is)(); });
}

/// Matrices in double, written out as method.md has them.
using Row = std::vector<double>;

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

/// Activations (window, position, feature) of a layer and attention patterns, of all full windows.
struct Seen {
    std::vector<std::vector<Row>> activations; ///< [layer][token][feature]
    std::vector<GptActivations<float>> windows;
};
Seen see(const Dictionary &dictionary) {
    const ExplainedModel &model = *dictionary.model;
    const int64_t context = model.gpt.config.context;
    Seen seen{.activations = std::vector<std::vector<Row>>(3), .windows = {}};
    for (int64_t first = 0; first + context <= dictionary.tokens->size(); first += context) {
        std::vector<int32_t> ids(static_cast<size_t>(context));
        dictionary.tokens->read(first, ids);
        forward<float>(model.gpt, ids, 1, seen.windows.emplace_back());
        for (int layer = 0; layer < 3; ++layer) {
            const auto active =
                encode<float>(model.transcoder, layer, seen.windows.back().blocks[static_cast<size_t>(layer)].ln2);
            for (size_t row = 0; row < ids.size(); ++row) {
                Row dense(features);
                for (auto k = static_cast<size_t>(active.offsets[row]);
                     k < static_cast<size_t>(active.offsets[row + 1]); ++k)
                    dense[static_cast<size_t>(active.features[k])] = double{active.values[k]};
                seen.activations[static_cast<size_t>(layer)].push_back(dense);
            }
        }
    }
    return seen;
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

std::vector<Expected> expectedPaths(const Fixture &fixture, const Seen &seen, int layer, int feature, bool upstream) {
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

/// A feature of the layer that fires often enough to say something.
int firing(const Dictionary &dictionary, int layer) {
    int best = 0;
    for (int f = 1; f < features; ++f)
        if (dictionary.index->count(layer, f) > dictionary.index->count(layer, best))
            best = f;
    return best;
}

std::string textOf(const TokenStretch &stretch) {
    return std::accumulate(stretch.tokens.begin(), stretch.tokens.end(), std::string());
}

} // namespace

class TestFeatureCard : public QObject {
    Q_OBJECT

    static Fixture fixture() {
        QFETCH(int, kind);
        QFETCH(int, activation);
        QFETCH(bool, skip);
        return {static_cast<TranscoderKind>(kind), static_cast<Activation>(activation), skip};
    }

private Q_SLOTS:
    void upstream_and_downstream_are_weight_times_coactivation_of_every_path_data() { test::addTranscoderKinds(); }
    void upstream_and_downstream_are_weight_times_coactivation_of_every_path() {
        const Fixture f = fixture();
        const Seen seen = see(f.dictionary);
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
        const Fixture f(TranscoderKind::CrossLayer, Activation::TopK);
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
        const Fixture f = fixture();
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
        const Fixture f(TranscoderKind::PerLayer, Activation::TopK);
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
        const Fixture f = fixture();
        const Seen seen = see(f.dictionary);
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
        const Fixture f(TranscoderKind::PerLayer, Activation::TopK);
        const Seen seen = see(f.dictionary);
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

    void a_search_finds_by_name_label_promoted_token_and_text() {
        const Fixture f(TranscoderKind::PerLayer, Activation::TopK);
        const FeatureNotes notes{{{1, 4}, {.label = "Dogs and Days", .notes = "weak", .starred = false}}};
        const auto found = [&](const std::string &query, MatchKind kind) {
            std::vector<SearchMatch> matches;
            for (const SearchMatch &match : searchFeatures(f.dictionary, notes, {.query = query}, {}))
                if (match.kind == kind)
                    matches.push_back(match);
            return matches;
        };
        QCOMPARE(found("2/19", MatchKind::Name).size(), size_t{1});
        QVERIFY(found("2/20", MatchKind::Name).empty());
        QVERIFY(found("2/", MatchKind::Name).empty());
        QCOMPARE(found("dogs AND", MatchKind::Label).size(), size_t{1});
        QCOMPARE(found("Weak", MatchKind::Label).size(), size_t{1});
        QVERIFY(found("", MatchKind::Label).empty());
        const auto promotes = found("dog", MatchKind::Promotes); // "dog" or " dog"
        const Tokenizer &tokenizer = f.model->tokenizer;
        const auto plain = effectsOnToken(f.model->gpt, f.model->transcoder, tokenizer.find("dog"));
        const auto spaced = effectsOnToken(f.model->gpt, f.model->transcoder, tokenizer.find(" dog"));
        float best = 0;
        for (size_t i = 0; i < plain.size(); ++i)
            best = std::max({best, plain[i], spaced[i]});
        QCOMPARE(promotes[0].score, best);
    }

    // "What fires on don't?": the cosine between a feature's activations and the places of the text.
    void a_text_finds_what_fires_on_it() {
        const Fixture f(TranscoderKind::PerLayer, Activation::TopK);
        const Seen seen = see(f.dictionary);
        const auto text = f.model->tokenizer.encode(" don't"), bare = f.model->tokenizer.encode("don't");
        std::vector<int32_t> ids(seen.activations[0].size());
        f.dictionary.tokens->read(0, ids);
        std::vector<bool> in(ids.size());
        for (const auto &span : {text, bare})
            for (size_t i = 0; i + span.size() <= ids.size(); ++i)
                if (std::equal(span.begin(), span.end(), ids.begin() + static_cast<std::ptrdiff_t>(i)))
                    std::fill_n(in.begin() + static_cast<std::ptrdiff_t>(i), span.size(), true);
        const auto places = static_cast<double>(std::count(in.begin(), in.end(), true));
        QVERIFY(places > 20);
        double best = 0;
        for (const auto &layer : seen.activations)
            for (size_t g = 0; g < features; ++g) {
                double both = 0, squares = 0;
                for (size_t t = 0; t < ids.size(); ++t) {
                    both += in[t] ? layer[t][g] : 0;
                    squares += layer[t][g] * layer[t][g];
                }
                if (squares > 0)
                    best = std::max(best, both / std::sqrt(squares * places));
            }
        for (const SearchMatch &match : searchFeatures(f.dictionary, {}, {.query = "don't"}, {}))
            if (match.kind == MatchKind::FiresOn) {
                QVERIFY(std::abs(double{match.score} - best) < 1e-5);
                return;
            }
        QFAIL("nothing fires on the text");
    }

    void a_text_that_is_not_in_the_sample_is_tried_alone() {
        const Fixture f(TranscoderKind::PerLayer, Activation::TopK);
        const auto matches = searchFeatures(f.dictionary, {}, {.query = "xylophone"}, {});
        QVERIFY(std::any_of(matches.begin(), matches.end(),
                            [](const SearchMatch &match) { return match.kind == MatchKind::FiresOn; }));
    }

    void the_feature_file_has_the_members_that_viewers_read() {
        const Fixture f(TranscoderKind::CrossLayer, Activation::BatchTopK);
        const int feature = firing(f.dictionary, 1);
        const auto json = nlohmann::json::parse(featureJson(f.dictionary, 1, feature, {}));
        QCOMPARE(json["index"].get<int64_t>(), int64_t{(1 + feature) * (2 + feature) / 2 + feature});
        QCOMPARE(json["transcoder_id"].get<std::string>(), std::string("random"));
        QCOMPARE(json["examples_quantiles"].size(), size_t{11});
        for (const auto &quantile : json["examples_quantiles"])
            for (const auto &example : quantile["examples"]) {
                QCOMPARE(example["tokens"].size(), example["tokens_acts_list"].size());
                QVERIFY(example["train_token_ind"].get<size_t>() < example["tokens"].size());
                QVERIFY(example["tokens_acts_list"][example["train_token_ind"].get<size_t>()].get<double>() > 0);
                QVERIFY(example["is_repeated_datapoint"].is_boolean());
            }
        QCOMPARE(json["top_logits"].size(), size_t{10});
        QCOMPARE(json["bottom_logits"].size(), size_t{10});
        QCOMPARE(json["histogram"].size(), size_t{50});
        QCOMPARE(json["act_min"].get<double>(), 0.0);
        QCOMPARE(json["act_max"].get<float>(), f.dictionary.index->maximum(1, feature));
        QVERIFY(json["activation_frequency"].get<double>() > 0);
    }

    /// The layout of Anthropic's feature files as circuit-tracer and Neuronpedia read them, member by member.
    void every_exported_feature_has_the_members_and_types_of_the_format() {
        const Fixture f(TranscoderKind::PerLayer, Activation::TopK);
        QCOMPARE(exportFeatures(f.dictionary, f.path() / "out", {}, {}), f.dictionary.index->alive());
        int64_t files = 0;
        for (const auto &entry : fs::directory_iterator(f.path() / "out")) {
            ++files;
            const auto json = nlohmann::json::parse(readFile(entry.path()));
            const std::map<std::string, bool> members{
                {"transcoder_id", json["transcoder_id"].is_string()},
                {"index", json["index"].is_number_integer()},
                {"layer", json["layer"].is_number_integer()},
                {"feature", json["feature"].is_number_integer()},
                {"examples_quantiles", json["examples_quantiles"].is_array()},
                {"top_logits", isListOf(json["top_logits"], &nlohmann::json::is_string)},
                {"bottom_logits", isListOf(json["bottom_logits"], &nlohmann::json::is_string)},
                {"act_min", json["act_min"].is_number()},
                {"act_max", json["act_max"].is_number()},
                {"quantile_values", isListOf(json["quantile_values"], &nlohmann::json::is_number)},
                {"histogram", isListOf(json["histogram"], &nlohmann::json::is_number)},
                {"activation_frequency", json["activation_frequency"].is_number()}};
            QCOMPARE(json.size(), members.size()); // and no other
            for (const auto &[name, right] : members)
                QVERIFY2(right, name.c_str());
            QCOMPARE(entry.path().stem().string(), std::to_string(json["index"].get<int64_t>()));
            for (const auto &quantile : json["examples_quantiles"]) {
                QCOMPARE(quantile.size(), size_t{2});
                QVERIFY(quantile["quantile_name"].is_string());
                for (const auto &example : quantile["examples"]) {
                    QCOMPARE(example.size(), size_t{4});
                    QVERIFY(isListOf(example["tokens_acts_list"], &nlohmann::json::is_number));
                    QVERIFY(isListOf(example["tokens"], &nlohmann::json::is_string));
                    QVERIFY(example["train_token_ind"].is_number_integer());
                    QVERIFY(example["is_repeated_datapoint"].is_boolean());
                }
            }
            const int layer = json["layer"], feature = json["feature"];
            QCOMPARE(readFile(entry.path()), featureJson(f.dictionary, layer, feature, {})); // as one alone
        }
        QCOMPARE(files, f.dictionary.index->alive());
    }

    void packed_features_are_found_by_their_offsets() {
        const Fixture f(TranscoderKind::CrossLayer, Activation::JumpRelu);
        QCOMPARE(exportPackedFeatures(f.dictionary, f.path() / "features", {}, {}), f.dictionary.index->alive());
        const auto index = nlohmann::json::parse(gunzip(readFile(f.path() / "features" / "index.json.gz")));
        QCOMPARE(index.size(), size_t{3});
        for (int layer = 0; layer < 3; ++layer) {
            const auto &entry = index[std::to_string(layer)];
            QCOMPARE(entry.size(), size_t{2});
            const std::string bin = readFile(f.path() / "features" / entry["filename"].get<std::string>());
            const auto offsets = entry["offsets"].get<std::vector<size_t>>();
            QCOMPARE(offsets.size(), size_t{features + 1});
            QCOMPARE(offsets.front(), size_t{0});
            QCOMPARE(offsets.back(), bin.size());
            for (int feature = 0; feature < features; ++feature) {
                const size_t at = offsets[static_cast<size_t>(feature)],
                             end = offsets[static_cast<size_t>(feature) + 1];
                size_t length = 0; // little-endian
                for (size_t byte = 4; byte-- > 0;)
                    length = length * 256 + static_cast<unsigned char>(bin[at + byte]);
                QCOMPARE(at + 4 + length, end);
                const auto json = nlohmann::json::parse(gunzip(bin.substr(at + 4, length)));
                QCOMPARE(json["index"].get<int64_t>(), cantor(layer, feature));
                if (f.dictionary.index->count(layer, feature) > 0)
                    QVERIFY(json == nlohmann::json::parse(featureJson(f.dictionary, layer, feature, {})));
                else
                    QVERIFY(json["examples_quantiles"].empty());
            }
        }
    }

    void an_export_without_an_index_says_what_to_do() {
        const Fixture f(TranscoderKind::PerLayer, Activation::TopK);
        const Dictionary plain = dictionaryOf(f.model);
        QVERIFY_EXCEPTION_THROWN(exportFeatures(plain, f.path() / "out", {}, {}), Error);
        QVERIFY_EXCEPTION_THROWN(exportPackedFeatures(plain, f.path() / "out", {}, {}), Error);
        QVERIFY(!fs::exists(f.path() / "out"));
    }

    void bytes_of_a_prompt_that_are_no_text_are_tokens_like_others() {
        const Fixture f(TranscoderKind::PerLayer, Activation::TopK);
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

    void notes_are_kept_by_feature_and_an_empty_one_is_taken_away() {
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        QVERIFY(readFeatureLabels(path).notes.empty());
        const FeatureNote note{.label = "once upon a → time", .notes = "weak\non \"boxes\"", .starred = true};
        writeFeatureNote(path, 1, 1184, note);
        writeFeatureNote(path, 0, 3, {.label = "x", .notes = {}, .starred = false});
        QCOMPARE(readFeatureLabels(path).notes.size(), size_t{2});
        QVERIFY(readFeatureLabels(path).notes.at({1, 1184}) == note);
        writeFeatureNote(path, 0, 3, {});
        QCOMPARE(readFeatureLabels(path).notes.size(), size_t{1});
    }

    void a_label_file_edited_into_nonsense_is_kept_aside_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("cut short") << QByteArray("{\"version\": 1, \"features\": {\"1/2\": {\"label\": \"a");
        QTest::newRow("no JSON") << QByteArray("1/1184 = once upon a");
        QTest::newRow("a list") << QByteArray("[1, 2]");
        QTest::newRow("features are a text") << QByteArray(R"({"version": 1, "features": "all"})");
        QTest::newRow("a name that is none") << QByteArray(R"({"version": 1, "features": {"eleven": {"label": "a"}}})");
        QTest::newRow("a name too long") << QByteArray(R"({"version": 1, "features": {"1/2/3": {"label": "a"}}})");
        QTest::newRow("a label that is a number") << QByteArray(R"({"version": 1, "features": {"1/2": {"label": 7}}})");
        QTest::newRow("an entry that is a text") << QByteArray(R"({"version": 1, "features": {"1/2": "a"}})");
        QTest::newRow("newer") << QByteArray(R"({"version": 2, "features": {}})");
        QTest::newRow("empty") << QByteArray("");
        QTest::newRow("bytes") << QByteArray("\xff\xfe\x00\x81", 4);
    }
    void a_label_file_edited_into_nonsense_is_kept_aside() {
        QFETCH(QByteArray, text);
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        writeFileAtomically(path / "labels.json", text.toStdString());
        const FeatureLabels read = readFeatureLabels(path);
        QVERIFY(read.notes.empty());
        QVERIFY2(read.problem.find("labels.json") != std::string::npos, read.problem.c_str());
        QCOMPARE(readFile(path / "labels.json"), text.toStdString()); // reading changes nothing
        writeFeatureNote(path, 0, 1, {.label = "new", .notes = {}, .starred = false});
        QCOMPARE(readFile(path / "labels.unreadable.json"), text.toStdString());
        QCOMPARE(readFeatureLabels(path).notes.at({0, 1}).label, std::string("new"));
        writeFileAtomically(path / "labels.json", "again");
        writeFeatureNote(path, 0, 2, {.label = "newer", .notes = {}, .starred = false});
        QCOMPARE(readFile(path / "labels.unreadable-2.json"), std::string("again"));
        QCOMPARE(readFile(path / "labels.unreadable.json"), text.toStdString());
    }
};

QTEST_APPLESS_MAIN(TestFeatureCard)
#include "test_feature_card.moc"
