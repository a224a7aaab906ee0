#include "core/features/feature_index_build.h"
#include "core/features/label_pattern.h"
#include "random_transcoder.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>

using namespace tt;
namespace fs = std::filesystem;

namespace {

const GptConfig shape{
    .vocabSize = 0, .dModel = 12, .heads = 3, .headSize = 4, .layers = 2, .context = 16, .tokenizer = "t"};

/// Words of one merge each: " a" … " h", then end of text.
Tokenizer letters() {
    std::vector<std::pair<int32_t, int32_t>> merges;
    for (int32_t letter = 'a'; letter <= 'h'; ++letter)
        merges.emplace_back(' ', letter);
    return Tokenizer::fromMerges(merges);
}

/// A dictionary over a corpus in which every token is drawn from the eight words.
Dictionary dictionary(const fs::path &folder) {
    const Tokenizer tokenizer = letters();
    GptConfig config = shape;
    config.vocabSize = tokenizer.vocabSize();
    auto model = std::make_shared<ExplainedModel>(
        ExplainedModel{"gpt",
                       "plt",
                       tokenizer,
                       test::randomGpt<float>(config, 3),
                       test::randomTranscoder(config, TranscoderKind::PerLayer, Activation::TopK, 24, 3, false, 4),
                       {},
                       {},
                       "hash"});
    std::vector<int32_t> ids = test::randomTokens(16 * 200, 8, 5);
    for (int32_t &id : ids)
        id += 256;
    const auto size = static_cast<int64_t>(ids.size());
    TokenCache tokens = TokenCache::fromTokens(ids, size - 100, 100, config.vocabSize);
    const IndexIdentity identity = identify(model->gpt, model->transcoder, tokens, "letters");
    buildFeatureIndex(model->gpt, model->transcoder, tokens, identity, folder / "features.index", {}, {});
    return dictionaryOf(model, FeatureIndex::open(folder / "features.index", identity), tokens, identity);
}

/// The word at a place, straight from the ids.
std::string wordAt(const Dictionary &dictionary, int64_t offset) {
    int32_t id = 0;
    dictionary.tokens->read(offset, {&id, 1});
    return {static_cast<char>('a' + id - 256)};
}

bool isOneOf(const std::vector<std::string> &words, const std::string &word) {
    return words.empty() || std::find(words.begin(), words.end(), word) != words.end();
}

} // namespace

class TestLabelPattern : public QObject {
    Q_OBJECT
    QTemporaryDir folder_;

private Q_SLOTS:
    void a_label_says_its_pattern_and_is_read_back_data() {
        QTest::addColumn<QStringList>("token");
        QTest::addColumn<QStringList>("after");
        QTest::addColumn<QStringList>("before");
        QTest::addColumn<QString>("label");
        const QStringList none;
        QTest::newRow("token") << QStringList{"little"} << none << none << "little";
        QTest::newRow("tokens") << QStringList{"he", "she"} << none << none << "he, she";
        QTest::newRow("after") << none << QStringList{"the", "a"} << none << "after the, a";
        QTest::newRow("before") << none << none << QStringList{"time"} << "before time";
        QTest::newRow("all") << QStringList{"a"} << QStringList{"upon"} << QStringList{"time"}
                             << "a after upon before time";
        QTest::newRow("signs") << QStringList{",", "."} << none << none << "“,”, “.”";
        QTest::newRow("the words themselves")
            << QStringList{"after"} << QStringList{"before"} << none << "“after” after “before”";
        QTest::newRow("line end") << QStringList{"⏎"} << none << none << "“⏎”";
        QTest::newRow("quotes") << QStringList{"”"} << QStringList{"“"} << none << "“”” after ““”";
        QTest::newRow("bytes") << QStringList{"⟨E2 80⟩"} << none << none << "“⟨E2 80⟩”";
    }
    void a_label_says_its_pattern_and_is_read_back() {
        QFETCH(QStringList, token);
        QFETCH(QStringList, after);
        QFETCH(QStringList, before);
        QFETCH(QString, label);
        const auto words = [](const QStringList &list) {
            std::vector<std::string> out;
            for (const QString &word : list)
                out.push_back(word.toStdString());
            return out;
        };
        const LabelPattern pattern{words(token), words(after), words(before)};
        QCOMPARE(QString::fromStdString(toLabel(pattern)), label);
        QVERIFY(parseLabel(label.toStdString()) == pattern);
    }

    void other_words_are_no_pattern() {
        for (const char *label : {"", "noun after an article, mostly", "once upon a → time", "he,she", "after ",
                                  "a after", "“open", "places and times"})
            QVERIFY2(!parseLabel(label), label);
    }

    void tokens_are_named_without_their_space() {
        QCOMPARE(labelWord(" little"), std::string("little"));
        QCOMPARE(labelWord("tle"), std::string("tle"));
        QCOMPARE(labelWord(" "), std::string(" "));
        QCOMPARE(labelWord("\n"), std::string("⏎"));
    }

    void a_check_counts_the_examples_that_agree() {
        const Dictionary d = dictionary(folder_.path().toStdString());
        int checked = 0;
        for (int feature = 0; feature < d.features(); ++feature) {
            const std::vector<Example> top = d.index->top(1, feature);
            if (top.empty())
                continue;
            const std::string word = wordAt(d, top.front().offset);
            const auto expected = std::count_if(
                top.begin(), top.end(), [&](const Example &example) { return wordAt(d, example.offset) == word; });
            const LabelCheck check = checkLabel(d, 1, feature, word);
            QVERIFY(check.checkable);
            QCOMPARE(check.examples, static_cast<int>(top.size()));
            QCOMPARE(check.agreeing, static_cast<int>(expected));
            QVERIFY(!checkLabel(d, 1, feature, "in words of one's own").checkable);
            ++checked;
        }
        QVERIFY(checked > 5);
    }

    /// Counted here from the tokens themselves: nine of ten examples must do what a proposal says.
    void proposals_hold_for_nine_of_ten_examples() {
        const Dictionary d = dictionary(folder_.path().toStdString());
        const LabelProposer proposer(d);
        int proposals = 0;
        for (int layer = 0; layer < 2; ++layer)
            for (int feature = 0; feature < d.features(); ++feature) {
                const auto proposed = proposer.propose(layer, feature);
                if (!proposed)
                    continue;
                ++proposals;
                const LabelPattern pattern = parseLabel(proposed->label).value();
                const std::vector<Example> top = d.index->top(layer, feature);
                const auto agreeing = std::count_if(top.begin(), top.end(), [&](const Example &example) {
                    const bool first = example.offset == 0, last = example.offset + 1 == d.tokens->size();
                    return isOneOf(pattern.token, wordAt(d, example.offset)) &&
                           isOneOf(pattern.after, first ? "" : wordAt(d, example.offset - 1)) &&
                           isOneOf(pattern.before, last ? "" : wordAt(d, example.offset + 1));
                });
                QCOMPARE(proposed->agreeing, static_cast<int>(agreeing));
                QVERIFY(agreeing * 10 >= std::ssize(top) * 9);
                for (const auto *words : {&pattern.token, &pattern.after, &pattern.before})
                    QVERIFY(words->size() <= LabelProposer::mostWords);
            }
        QVERIFY(proposals > 0);
    }

    void without_an_index_there_is_nothing_to_check() {
        Dictionary d = dictionary(folder_.path().toStdString());
        d.index.reset();
        d.noIndex = "There is no index yet.";
        QVERIFY_EXCEPTION_THROWN(checkLabel(d, 0, 0, "a"), Error);
        QVERIFY_EXCEPTION_THROWN(LabelProposer{d}, Error);
    }
};

QTEST_GUILESS_MAIN(TestLabelPattern)
#include "test_label_pattern.moc"
