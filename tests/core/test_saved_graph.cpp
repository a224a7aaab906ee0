#include "core/circuits/graph_export.h"
#include "core/circuits/saved_graph.h"
#include "core/io/file.h"
#include "hand_made_attribution.h"

#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <set>

using namespace tt;
using nlohmann::json;

namespace {

TracedGraph sample() {
    AttributionGraph graph = buildGraph(handmade::handMade(), {.prune = false});
    graph.prompt = "Once upon";
    graph.gpt = "tiny";
    graph.transcoder = "plt";
    graph.gptSha256 = "aa";
    graph.transcoderSha256 = "bb";
    TracedGraph traced{.graph = graph, .layout = {}, .target = "id:12"};
    traced.annotations = {.pinned = {"1/2@1"},
                          .hidden = {"error 0@0"},
                          .supernodes = {{"both", {"0/3@0", "0/5@1"}}},
                          .names = {{"1/2@1", "the verb"}}};
    return traced;
}

} // namespace

class TestSavedGraph : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_graph_comes_back_with_all_that_was_added() {
        const QTemporaryDir folder;
        const Workspace workspace = Workspace::openOrCreate(folder.filePath("w").toStdString());
        const TracedGraph traced = sample();
        saveGraph(workspace, traced, "first");
        const SavedGraph back = loadGraph(workspace, "first");
        QCOMPARE(back.prompt, traced.graph.prompt);
        QCOMPARE(back.target, traced.target);
        QCOMPARE(back.annotations == traced.annotations, true);
        QCOMPARE(back.settings.nodeThreshold, traced.graph.settings.nodeThreshold);
        QCOMPARE(back.nodes.size(), traced.graph.nodes.size());
        QCOMPARE(back.edges, std::ssize(traced.graph.edges));
        QCOMPARE(workspace.graphs(), std::vector<std::string>{"first"});
        QCOMPARE(savedGraphJson(traced, "first"), readFile(workspace.graph("first")));
    }

    void an_exported_graph_is_the_saved_file() {
        const QTemporaryDir folder;
        const auto file = std::filesystem::path(folder.path().toStdString()) / "lesson.ttgraph";
        exportGraph(sample(), file);
        QCOMPARE(readFile(file), savedGraphJson(sample(), "lesson"));
        // What the desktop tells the type of such a file by (packaging/desktop/tinytranscoder.xml).
        QVERIFY(QString::fromStdString(readFile(file)).left(40).contains("\"tinytranscoder-graph\""));
    }

    void every_node_kind_is_kept_with_its_keys() {
        const json document = json::parse(savedGraphJson(sample(), "g"));
        std::set<std::string> kinds;
        for (const json &node : document.at("nodes")) {
            kinds.insert(node.at("kind").get<std::string>());
            for (const char *key :
                 {"activation", "preactivation", "influence", "cumulative", "bias_edge", "pruned_edges"})
                QVERIFY(node.at(key).is_number());
            for (const char *key : {"layer", "position", "index"})
                QVERIFY(node.at(key).is_number_integer());
        }
        QCOMPARE(kinds, (std::set<std::string>{"bias", "error", "feature", "logit", "position", "token"}));
    }

    void other_weights_are_refused_by_name() {
        SavedGraph saved = savedGraphFromJson(savedGraphJson(sample(), "g"), "graphs/g.json");
        checkWeights(saved, "aa", "bb");
        for (const auto &[gpt, transcoder, named] :
             {std::tuple("other", "bb", "the GPT tiny"), std::tuple("aa", "other", "the transcoder plt")})
            try {
                checkWeights(saved, gpt, transcoder);
                QFAIL("other weights were accepted");
            } catch (const Error &error) {
                QVERIFY(QString::fromUtf8(error.what()).contains(QLatin1String(named)));
            }
    }

    void its_transcoder_is_found_by_its_weights() {
        const QTemporaryDir folder;
        const Workspace workspace = Workspace::openOrCreate(folder.filePath("w").toStdString());
        const auto add = [&](const char *name, const char *gptSha256, const char *weights) {
            const std::filesystem::path run = workspace.transcoder(name);
            std::filesystem::create_directories(run);
            TranscoderConfig config;
            config.gptSha256 = gptSha256;
            writeFileAtomically(run / "config.json", toJson(config));
            writeFileAtomically(run / "layer_0.safetensors", weights);
            writeFileAtomically(run / "state.json", "{}");
        };
        SavedGraph saved = savedGraphFromJson(savedGraphJson(sample(), "g"), "graphs/g.json");
        saved.transcoderSha256 = // of "abc", FIPS 180-2
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        QVERIFY(!transcoderOf(saved, workspace));
        add("plt", "aa", "other weights");
        add("of-another-gpt", "cc", "abc");
        QVERIFY(!transcoderOf(saved, workspace));
        QVERIFY(!hasWeightsOf(saved, workspace.folder()));
        add("renamed", "aa", "abc");
        QCOMPARE(transcoderOf(saved, workspace), std::string("renamed"));
        add("plt", "aa", "abc");
        QCOMPARE(transcoderOf(saved, workspace), std::string("plt")); // the name it was saved with
        writeFileAtomically(workspace.transcoder("plt") / "config.json", "{");
        QCOMPARE(transcoderOf(saved, workspace), std::string("renamed"));
        QVERIFY(hasWeightsOf(saved, workspace.folder()));
        QVERIFY(!hasWeightsOf(saved, folder.filePath("nowhere").toStdString()));
    }

    void nonsense_is_refused_in_words_data() {
        QTest::addColumn<QString>("text");
        const json good = json::parse(savedGraphJson(sample(), "g"));
        const auto row = [&](const char *name, const auto &spoil) {
            json bad = good;
            spoil(bad);
            QTest::newRow(name) << QString::fromStdString(bad.dump());
        };
        QTest::newRow("no JSON") << "{\"format\": ";
        QTest::newRow("a list") << "[]";
        QTest::newRow("empty") << "";
        row("another format", [](json &j) { j["format"] = "other"; });
        row("a newer version", [](json &j) { j["version"] = 2; });
        row("no prompt", [](json &j) { j.erase("prompt"); });
        row("a prompt of numbers", [](json &j) { j["prompt"] = 3; });
        row("a threshold above 1", [](json &j) { j["settings"]["node_threshold"] = 1.5; });
        row("a threshold that is text", [](json &j) { j["settings"]["edge_threshold"] = "0.9"; });
        row("an edge to nowhere", [](json &j) { j["edges"][0] = {0, 999, 1.0}; });
        row("an edge of half a node", [](json &j) { j["edges"][0] = {0.5, 1, 1.0}; });
        row("an edge without a weight", [](json &j) { j["edges"][0] = {0, 1}; });
        row("a node twice", [](json &j) { j["nodes"][1]["id"] = j["nodes"][0]["id"]; });
        row("a node without numbers", [](json &j) { j["nodes"][0].erase("influence"); });
        row("a node that is a number", [](json &j) { j["nodes"][0] = 1; });
        row("no nodes", [](json &j) {
            j["nodes"] = json::array();
            j["edges"] = json::array();
        });
        row("a group of one", [](json &j) { j["annotations"]["supernodes"][0]["members"] = {"0/3@0"}; });
        row("a group without a name", [](json &j) { j["annotations"]["supernodes"][0]["label"] = ""; });
        row("groups that share",
            [](json &j) { j["annotations"]["supernodes"].push_back(j["annotations"]["supernodes"][0]); });
        row("weights that are text", [](json &j) { j["weights"] = "tiny"; });
    }
    void nonsense_is_refused_in_words() {
        QFETCH(QString, text);
        try {
            (void)savedGraphFromJson(text.toStdString(), "graphs/g.json");
            QFAIL("it was accepted");
        } catch (const Error &error) {
            const QString why = QString::fromUtf8(error.what());
            QVERIFY2(why.contains("graphs/g.json"), qPrintable(why));
            QVERIFY2(!why.contains("json.exception"), qPrintable(why));
        }
    }

    void a_name_that_is_no_file_name_is_refused() {
        const QTemporaryDir folder;
        const Workspace workspace = Workspace::openOrCreate(folder.filePath("w").toStdString());
        QVERIFY_EXCEPTION_THROWN(saveGraph(workspace, sample(), "../g"), Error);
        QVERIFY_EXCEPTION_THROWN(loadGraph(workspace, "missing"), Error);
        QVERIFY(workspace.graphs().empty());
    }
};

QTEST_APPLESS_MAIN(TestSavedGraph)
#include "test_saved_graph.moc"
