#include "indexed_stories.h"

#include "core/io/gzip.h"

#include <QTest>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

using namespace tt;
using test::firing;
using test::IndexedStories;
namespace fs = std::filesystem;
constexpr int features = test::storyFeatures;

namespace {
bool isListOf(const nlohmann::json &list, bool (nlohmann::json::*is)() const noexcept) {
    return list.is_array() && !list.empty() &&
           std::all_of(list.begin(), list.end(), [is](const nlohmann::json &item) { return (item.*is)(); });
}
} // namespace

class TestFeatureExport : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void the_feature_file_has_the_members_that_viewers_read() {
        const IndexedStories f(TranscoderKind::CrossLayer, Activation::BatchTopK);
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
        const IndexedStories f(TranscoderKind::PerLayer, Activation::TopK);
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
        const IndexedStories f(TranscoderKind::CrossLayer, Activation::JumpRelu);
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
        const IndexedStories f(TranscoderKind::PerLayer, Activation::TopK);
        const Dictionary plain = dictionaryOf(f.model);
        QVERIFY_EXCEPTION_THROWN(exportFeatures(plain, f.path() / "out", {}, {}), Error);
        QVERIFY_EXCEPTION_THROWN(exportPackedFeatures(plain, f.path() / "out", {}, {}), Error);
        QVERIFY(!fs::exists(f.path() / "out"));
    }
};

QTEST_APPLESS_MAIN(TestFeatureExport)
#include "test_feature_export.moc"
