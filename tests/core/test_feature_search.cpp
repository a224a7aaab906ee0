#include "indexed_stories.h"

#include "core/features/feature_search.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace tt;
using test::IndexedStories;
using test::Seen;

class TestFeatureSearch : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_search_finds_by_name_label_promoted_token_and_text() {
        const IndexedStories f(TranscoderKind::PerLayer, Activation::TopK);
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
        const IndexedStories f(TranscoderKind::PerLayer, Activation::TopK);
        const Seen seen = test::see(f.dictionary);
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
            for (size_t g = 0; g < test::storyFeatures; ++g) {
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
        const IndexedStories f(TranscoderKind::PerLayer, Activation::TopK);
        const auto matches = searchFeatures(f.dictionary, {}, {.query = "xylophone"}, {});
        QVERIFY(std::any_of(matches.begin(), matches.end(),
                            [](const SearchMatch &match) { return match.kind == MatchKind::FiresOn; }));
    }
};

QTEST_APPLESS_MAIN(TestFeatureSearch)
#include "test_feature_search.moc"
