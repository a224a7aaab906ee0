// The model that ships, as it lies in models/: whole, small, labelled, traced, and free of the stories it learned from.
#include "core/circuits/saved_graph.h"
#include "core/features/indexed_corpus.h"
#include "core/io/file.h"
#include "core/io/safetensors.h"
#include "core/models/shipped_model.h"
#include "core/text/corpus.h"

#include "core/features/dictionary.h"
#include "core/features/feature_labels.h"
#include "core/features/label_pattern.h"

#include <QTemporaryDir>
#include <QTest>

#include <deque>
#include <optional>
#include <set>
#include <unordered_set>

using namespace tt;
namespace fs = std::filesystem;

namespace {
constexpr size_t longestCopy = 30; // words in a row

/// Calls `run` with every run of words of a file, story by story.
template <class Call>
void forEachRun(const fs::path &file, const Call &run) {
    forEachStory(file, [&](std::string_view story) {
        std::deque<std::string> words;
        std::string word;
        for (size_t i = 0; i <= story.size(); ++i) {
            const bool blank = i == story.size() || story[i] == ' ' || story[i] == '\n' || story[i] == '\t';
            if (!blank) {
                word += story[i];
                continue;
            }
            if (word.empty())
                continue;
            words.push_back(std::exchange(word, {}));
            if (words.size() > longestCopy)
                words.pop_front();
            if (words.size() < longestCopy)
                continue;
            std::string joined;
            for (const std::string &each : words)
                joined += each + ' ';
            run(joined);
        }
        return true;
    });
}
} // namespace

class TestTinyStoriesTiny : public QObject {
    Q_OBJECT
    QTemporaryDir folder_;
    std::optional<Workspace> copy_;
    fs::path model_;

private Q_SLOTS:
    void initTestCase() {
        const auto folder = shippedModelFolder();
        QVERIFY(folder);
        model_ = *folder;
        const ShippedModel model = readShippedModel(model_);
        const fs::path target = fs::path(folder_.path().toStdString()) / "copy";
        installShippedModel(model, target, {}, {}); // compares every file with its sha256
        copy_ = Workspace::open(target);
    }

    void it_is_under_forty_megabytes() {
        uintmax_t bytes = 0;
        for (const auto &entry : fs::recursive_directory_iterator(model_))
            bytes += entry.is_regular_file() ? entry.file_size() : 0;
        QVERIFY2(bytes < 40'000'000, std::to_string(bytes).c_str());
    }

    void it_has_a_gpt_and_a_transcoder_of_either_kind() {
        QCOMPARE(copy_->gpts(), std::vector<std::string>{"tinystories-tiny"});
        std::set<TranscoderKind> kinds;
        for (const std::string &name : copy_->transcoders()) {
            const TranscoderConfig config = transcoderConfigFromJson(readFile(copy_->transcoder(name) / "config.json"));
            QVERIFY(config.activation == Activation::TopK);
            QCOMPARE(config.k, 16);
            kinds.insert(config.kind);
            if (config.kind == TranscoderKind::PerLayer)
                QCOMPARE(config.features, 16 * config.dModel);
        }
        QCOMPARE(kinds.size(), size_t{2});
        const SafetensorsFile weights(copy_->gpt("tinystories-tiny") / "model.safetensors");
        for (const TensorView &tensor : weights.tensors())
            QVERIFY(tensor.dtype == DType::F16);
    }

    void at_least_forty_labels_each_hold_for_nine_of_ten_examples() {
        for (const std::string &name : copy_->transcoders()) {
            const Dictionary dictionary = openDictionary(*copy_, loadExplainedModel(*copy_, name, {}), {});
            QVERIFY2(dictionary.index, dictionary.noIndex.c_str());
            const auto checks = checkLabels(dictionary, readFeatureLabels(copy_->transcoder(name)).notes);
            QVERIFY2(checks.size() >= 40, name.c_str());
            for (const LabelCheck &check : checks)
                QVERIFY2(check.checkable && check.examples >= 10 && check.share() >= 0.9, check.label.c_str());
        }
    }

    void five_prompts_are_traced_with_these_weights() {
        std::set<std::string> prompts;
        for (const SavedGraphSummary &summary : summariseGraphs(*copy_)) {
            const SavedGraph graph = loadGraph(*copy_, summary.name);
            const fs::path transcoder = copy_->transcoder(graph.transcoder);
            const TranscoderConfig config = transcoderConfigFromJson(readFile(transcoder / "config.json"));
            checkWeights(graph, config.gptSha256, transcoderHash(transcoder)); // throws for other weights
            QVERIFY(graph.maxResidual < 1e-4);
            QVERIFY(summary.nodes > 5);
            prompts.insert(graph.prompt);
        }
        QVERIFY(prompts.size() >= 5);
    }

    void the_card_names_data_licence_and_figures() {
        const std::string card = readFile(model_ / "card.md");
        for (const char *part :
             {"CDLA-Sharing-1.0", "tinytranscoder-cli gpt train", "tinytranscoder-cli transcoder train",
              "packaging/make-model", "bits a byte", "FVU", "CE recovered", "dead", "sha256"})
            QVERIFY2(card.find(part) != std::string::npos, part);
    }

    void no_text_of_tinystories_is_in_it() {
        const fs::path data = fs::path(qEnvironmentVariable("TT_TEST_DATA").toStdString()) / "tinystories";
        if (!fs::exists(data / "train.txt"))
            QSKIP("The real stories are not here (TT_TEST_DATA).");
        std::unordered_set<std::string> ours;
        forEachRun(copy_->corpusText("stories"), [&](const std::string &run) { ours.insert(run); });
        QVERIFY(ours.size() > 10'000);
        for (const char *name : {"train.txt", "valid.txt"})
            forEachRun(data / name, [&](const std::string &run) { QVERIFY2(!ours.contains(run), run.c_str()); });
        // No other file holds a text: everything but the corpus is named here.
        const std::set<std::string> known{"card.md",
                                          "manifest.json",
                                          "workspace.json",
                                          "stories.txt",
                                          "stories.json",
                                          "tokenizer.json",
                                          "config.json",
                                          "state.json",
                                          "metrics.jsonl",
                                          "evaluation.json",
                                          "labels.json",
                                          "features.index",
                                          "statistics.safetensors"};
        for (const auto &entry : fs::recursive_directory_iterator(model_)) {
            const std::string file = entry.path().filename().string();
            const bool graph = entry.path().parent_path().filename() == "graphs";
            QVERIFY2(entry.is_directory() || known.contains(file) || graph || file.ends_with(".safetensors"),
                     file.c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestTinyStoriesTiny)
#include "test_tinystories_tiny.moc"
