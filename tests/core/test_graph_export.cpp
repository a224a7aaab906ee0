#include "core/circuits/graph_export.h"
#include "core/circuits/graph_text.h"
#include "core/error.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

#include <nlohmann/json.hpp>

#include <limits>
#include <map>
#include <set>

using namespace tt;
using nlohmann::json;

namespace {

enum { F0, F2, F1, Err, T0, T1, P0, P1, Bias, Logit };

/// Two layers, two places, one node or more of each kind, with the nastiest bytes as labels. Features 0/2 and 0/3 stand
/// where other tools' error id 0_{layer}_{position} would collide.
AttributionGraph sample() {
    AttributionGraph g;
    g.prompt = std::string("Once <upon> & \"a\" 'time'\x01\xE2\x80 \n]]>");
    g.tokens = {"Once", "\xE2\x80"};
    g.ids = {7, 226};
    g.gpt = "stories & tiny";
    g.transcoder = "plt-k16";
    g.layers = 2;
    g.vocabSize = 4096;
    g.settings = {.nodeThreshold = 0.8, .edgeThreshold = 0.98};
    g.scores = {.replacement = 0.74, .completeness = 0.89};
    g.maxResidual = 3e-6;
    g.allNodes = 111;
    g.allEdges = 2164;
    const auto add = [&](Node node, const std::string &label) {
        g.nodes.push_back({.node = node,
                           .label = label,
                           .influence = 0.25,
                           .cumulative = 0.5,
                           .biasEdge = -0.76,
                           .prunedEdges = 0.18});
    };
    const auto feature = NodeKind::Feature;
    add({.kind = feature, .layer = 0, .position = 0, .id = 1, .activation = 6.42, .preactivation = 6.42},
        "a <b> & \"c\" \\n");
    add({.kind = feature, .layer = 0, .position = 1, .id = 3, .activation = 1.5, .preactivation = 1.5}, "\xFF\x02");
    add({.kind = feature, .layer = 1, .position = 1, .id = 1184, .activation = 2, .preactivation = 2},
        "once upon a → time");
    add({.kind = NodeKind::Error, .layer = 1, .position = 0, .activation = 0.57}, "error");
    add({.kind = NodeKind::Token, .position = 0, .id = 7}, "Once");
    add({.kind = NodeKind::Token, .position = 1, .id = 226}, "\xE2\x80");
    add({.kind = NodeKind::Position, .position = 0, .id = 0}, "0");
    add({.kind = NodeKind::Position, .position = 1, .id = 1}, "1");
    add({.kind = NodeKind::Bias}, "bias");
    add({.kind = NodeKind::Logit, .layer = 2, .position = 1, .id = 640, .activation = 0.9382, .preactivation = 8},
        " time");
    g.edges = {{F1, Logit, 5.87}, {T0, F0, 4},        {P0, F0, -1.5},   {F0, F1, -2.61}, {T1, F2, 1.25},
               {F2, F1, 1},       {Err, Logit, -0.5}, {Bias, F1, 0.25}, {P1, F1, 0.125}, {T1, Logit, 0.1}};
    return g;
}

TracedGraph placed(const AttributionGraph &g) {
    return {.graph = g, .layout = layoutGraph(g, nodeSizes(g), {})};
}

std::string svgOf(const AttributionGraph &g) {
    return graphSvg(placed(g));
}

struct Xml {
    QString error, title, description;
    std::vector<std::map<QString, QString>> nodes, edges;
    std::vector<QString> texts, tooltips;
};

Xml parse(const std::string &svg) {
    Xml xml;
    QXmlStreamReader reader(QByteArray::fromStdString(svg));
    int depth = 0;
    QString parent;
    while (!reader.atEnd()) {
        reader.readNext();
        if (reader.isEndElement())
            --depth;
        if (!reader.isStartElement())
            continue;
        ++depth;
        std::map<QString, QString> attributes;
        for (const QXmlStreamAttribute &a : reader.attributes())
            attributes[a.qualifiedName().toString()] = a.value().toString();
        const QString name = reader.name().toString();
        if (name == "g" && attributes["class"] == "node")
            xml.nodes.push_back(attributes);
        if (name == "path" && attributes["class"] == "edge")
            xml.edges.push_back(attributes);
        if (name == "g" || name == "path")
            parent = attributes["class"];
        if (name == "title" || name == "desc" || name == "text") {
            const int at = depth--; // readElementText consumes the end
            const QString text = reader.readElementText();
            if (name == "text")
                xml.texts.push_back(text);
            else if (name == "desc")
                xml.description = text;
            else if (at == 2)
                xml.title = text;
            else if (parent == "node")
                xml.tooltips.push_back(text);
        }
    }
    xml.error = reader.hasError() ? reader.errorString() : QString();
    return xml;
}

json parsed(const AttributionGraph &g) {
    return json::parse(graphJson(placed(g)));
}

const json &jsonNode(const json &document, const std::string &id) {
    for (const json &node : document.at("nodes"))
        if (node.at("node_id") == id)
            return node;
    throw std::runtime_error("no node " + id);
}

} // namespace

class TestGraphExport : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void svg_is_xml_with_one_group_a_node_and_one_path_an_edge();
    void svg_shows_any_bytes_as_text();
    void svg_describes_the_graph();
    void svg_widths_follow_the_strength_and_signs_differ_without_colour();
    void csv_has_every_edge_exactly();
    void dot_quotes_what_it_names();
    void json_follows_the_schema();
    void json_ids_are_distinct_and_every_link_has_its_ends();
    void json_adds_the_position_to_its_token_and_leaves_the_bias_out();
    void a_difference_is_a_virtual_token();
    void numbers_that_are_not_finite_are_refused();
    void the_extension_decides_and_another_one_is_refused();
    void pdf_and_png_are_the_same_picture_byte_for_byte();
    void annotations_are_exported_as_they_are_shown();
    void dot_places_are_drawn_as_they_stand();
    void an_empty_graph_can_be_written();
    void text_helpers_cut_where_a_character_ends();
};

void TestGraphExport::svg_is_xml_with_one_group_a_node_and_one_path_an_edge() {
    const AttributionGraph g = sample();
    const Xml xml = parse(svgOf(g));
    QVERIFY2(xml.error.isEmpty(), qPrintable(xml.error));
    QCOMPARE(xml.nodes.size(), g.nodes.size());
    QCOMPARE(xml.edges.size(), g.edges.size());
    QCOMPARE(xml.tooltips.size(), g.nodes.size());
    const std::vector<QString> kinds{"feature", "feature",  "feature",  "error", "token",
                                     "token",   "position", "position", "bias",  "logit"};
    std::set<QString> ids;
    for (size_t n = 0; n < kinds.size(); ++n) {
        QCOMPARE(xml.nodes[n].at("data-kind"), kinds[n]);
        QCOMPARE(xml.nodes[n].at("data-node"), QString::fromStdString(nodeId(g.nodes[n].node)));
        QVERIFY(!xml.nodes[n].at("id").contains(QRegularExpression("[^a-zA-Z0-9-]")));
        ids.insert(xml.nodes[n].at("id"));
    }
    QCOMPARE(ids.size(), g.nodes.size());
    QVERIFY(xml.tooltips[0].contains("6.42"));
    QVERIFY(xml.tooltips[9].contains("0.9382"));
    QCOMPARE(svgOf(g), svgOf(g));
}

void TestGraphExport::svg_shows_any_bytes_as_text() {
    AttributionGraph g = sample();
    for (int byte = 0; byte < 256; ++byte) {
        g.nodes[T1].label = std::string(1, static_cast<char>(byte)) + "x";
        g.nodes[F0].label = "x" + std::string(2, static_cast<char>(byte));
        g.prompt = g.nodes[T1].label;
        const std::string svg = svgOf(g);
        const Xml xml = parse(svg);
        QVERIFY2(xml.error.isEmpty(), qPrintable(QString::number(byte) + " " + xml.error));
        QVERIFY(isUtf8(svg));
    }
    const Xml xml = parse(svgOf(sample()));
    const auto shows = [&](const QString &text) {
        return std::find(xml.texts.begin(), xml.texts.end(), text) != xml.texts.end();
    };
    QVERIFY(shows("⟨E2 80⟩"));
    QVERIFY(shows("␣time"));
    QVERIFY(shows("⟨FF⟩⟨02⟩"));
    QVERIFY(shows("a <b> & \"c\"") || shows("a <b> & \"c\" \\n"));
    QVERIFY(shows("57 % error"));
    for (const char *name : {"Inputs", "Layer 0", "Layer 1", "Logits", "raises", "lowers"})
        QVERIFY(shows(name));
}

void TestGraphExport::svg_describes_the_graph() {
    const Xml xml = parse(svgOf(sample()));
    QVERIFY(xml.title.contains("Once <upon>"));
    for (const char *part : {"stories & tiny", "plt-k16", "node threshold 0.8", "edge threshold 0.98", "0.7400",
                             "0.8900", "10 of 111 nodes", "10 of 2164 edges"})
        QVERIFY2(xml.description.contains(part), part);
}

void TestGraphExport::svg_widths_follow_the_strength_and_signs_differ_without_colour() {
    const Xml xml = parse(svgOf(sample()));
    for (const auto &edge : xml.edges) {
        const double weight = edge.at("data-weight").toDouble();
        const double expected = std::min(6.0, 1 + std::pow(5.9 * std::abs(weight) / 5.87, 0.9)); // design.md §2
        QVERIFY(std::abs(edge.at("stroke-width").toDouble() - expected) < 0.006);
        QCOMPARE(edge.contains("stroke-dasharray"), weight < 0);
        QCOMPARE(edge.at("stroke"), weight < 0 ? QString("#D55E00") : QString("#2B7BBA"));
    }
}

void TestGraphExport::csv_has_every_edge_exactly() {
    const AttributionGraph g = sample();
    const QStringList lines = QString::fromStdString(graphCsv(g)).split("\r\n");
    QCOMPARE(lines.front(), QString("source,target,weight"));
    QCOMPARE(static_cast<size_t>(lines.size()), g.edges.size() + 2); // and nothing behind the last line end
    QVERIFY(lines.back().isEmpty());
    for (size_t e = 0; e < g.edges.size(); ++e) {
        const QStringList cells = lines[static_cast<qsizetype>(e) + 1].split(',');
        QCOMPARE(cells.size(), 3);
        QCOMPARE(cells[0].toStdString(), nodeId(g.nodes[static_cast<size_t>(g.edges[e].source)].node));
        QCOMPARE(cells[2].toDouble(), g.edges[e].weight);
    }
    QCOMPARE(lines[1], QString("1/1184@1,logit 640,5.87"));
}

void TestGraphExport::dot_quotes_what_it_names() {
    const AttributionGraph g = sample();
    const QString dot = QString::fromStdString(graphDot(placed(g)));
    QVERIFY(dot.startsWith("digraph"));
    QCOMPARE(dot.count(" -> "), static_cast<qsizetype>(g.edges.size()));
    QCOMPARE(dot.count("kind="), static_cast<qsizetype>(g.nodes.size()));
    QVERIFY(dot.contains(R"("1/1184@1" -> "logit 640" [effect="5.87")"));
    QVERIFY(dot.contains(R"(a <b> & \"c\")")); // a quote inside a string
    // Quotes are balanced once escaped ones are gone.
    QString rest = dot;
    rest.remove("\\\\").remove("\\\"");
    QCOMPARE(rest.count('"') % 2, 0);
}

void TestGraphExport::json_follows_the_schema() {
    const json document = parsed(sample());
    for (const char *key : {"metadata", "qParams", "nodes", "links"})
        QVERIFY(document.contains(key));
    const json &metadata = document.at("metadata");
    for (const char *key : {"slug", "scan", "prompt"})
        QVERIFY(metadata.at(key).is_string() && !metadata.at(key).get<std::string>().empty());
    QCOMPARE(metadata.at("schema_version").get<int>(), 1);
    QCOMPARE(metadata.at("node_threshold").get<double>(), 0.8);
    QCOMPARE(metadata.at("prompt_tokens").get<std::vector<std::string>>(),
             (std::vector<std::string>{"Once", "⟨E2 80⟩"}));
    QCOMPARE(metadata.at("transcoder_list").get<std::vector<std::string>>(), std::vector<std::string>{"plt-k16"});
    for (const char *key : {"pinnedIds", "supernodes", "linkType", "clickedId", "sg_pos"})
        QVERIFY(document.at("qParams").contains(key));
    for (const json &node : document.at("nodes")) {
        for (const char *key : {"node_id", "layer", "feature_type", "jsNodeId", "clerp"})
            QVERIFY(node.at(key).is_string());
        for (const char *key : {"feature", "ctx_idx", "token_prob", "run_idx", "reverse_ctx_idx"})
            QVERIFY(node.at(key).is_number());
        QVERIFY(node.at("is_target_logit").is_boolean());
    }
    const json &feature = jsonNode(document, "1_1184_1");
    QCOMPARE(feature.at("feature").get<int>(), 1185 * 1186 / 2 + 1184); // Cantor
    QCOMPARE(feature.at("layer").get<std::string>(), std::string("1"));
    QCOMPARE(feature.at("feature_type").get<std::string>(), std::string("cross layer transcoder"));
    QCOMPARE(feature.at("influence").get<double>(), 0.5); // the cumulative share, not its own
    QCOMPARE(feature.at("activation").get<double>(), 2.0);
    const json &error = jsonNode(document, "err_1_0");
    QCOMPARE(error.at("feature").get<int>(), -1);
    QCOMPARE(error.at("feature_type").get<std::string>(), std::string("mlp reconstruction error"));
    const json &token = jsonNode(document, "E_226_1");
    QCOMPARE(token.at("layer").get<std::string>(), std::string("E"));
    QCOMPARE(token.at("feature").get<int>(), 1);
    const json &logit = jsonNode(document, "3_640_1");
    QCOMPARE(logit.at("clerp").get<std::string>(), std::string("Output \" time\" (p=0.938)"));
    QCOMPARE(logit.at("layer").get<std::string>(), std::string("3"));
    QCOMPARE(logit.at("feature").get<int>(), 640);
    QVERIFY(logit.at("is_target_logit").get<bool>());
    QVERIFY(std::abs(logit.at("token_prob").get<double>() - 0.9382) < 1e-12);
}

void TestGraphExport::json_ids_are_distinct_and_every_link_has_its_ends() {
    AttributionGraph g = sample();
    g.nodes[F2].node.position = 0; // 0_{1}_{0}: the error of layer 1 at place 0 would have this id elsewhere
    const json document = parsed(g);
    std::set<std::string> ids, jsIds;
    for (const json &node : document.at("nodes")) {
        ids.insert(node.at("node_id"));
        jsIds.insert(node.at("jsNodeId"));
    }
    QCOMPARE(ids.size(), document.at("nodes").size());
    QCOMPARE(jsIds.size(), document.at("nodes").size());
    QVERIFY(ids.contains("0_1_0"));
    for (const json &link : document.at("links")) {
        QVERIFY(ids.contains(link.at("source")));
        QVERIFY(ids.contains(link.at("target")));
        QVERIFY(link.at("weight").is_number());
    }
}

void TestGraphExport::json_adds_the_position_to_its_token_and_leaves_the_bias_out() {
    const json document = parsed(sample());
    QCOMPARE(document.at("nodes").size(), size_t{7}); // 10 less two positions and the bias
    std::map<std::pair<std::string, std::string>, double> links;
    for (const json &link : document.at("links"))
        links[{link.at("source"), link.at("target")}] = link.at("weight");
    QCOMPARE(links.size(), size_t{8});                    // 10 less the bias', one position's joined with its token's
    QCOMPARE((links.at({"E_7_0", "0_1_0"})), 2.5);        // 4 − 1.5
    QCOMPARE((links.at({"E_226_1", "1_1184_1"})), 0.125); // the position's alone
}

void TestGraphExport::a_difference_is_a_virtual_token() {
    AttributionGraph g = sample();
    g.nodes[Logit].node.minus = 12;
    const json document = parsed(g);
    const json &logit = document.at("nodes").back();
    QVERIFY(logit.at("feature").get<int>() >= 4096);
    QVERIFY(logit.at("clerp").get<std::string>().find("(p=") != std::string::npos);
    QCOMPARE(nodeId(g.nodes[Logit].node), std::string("logit 640-12"));
    QVERIFY(parse(svgOf(g)).error.isEmpty());
}

void TestGraphExport::numbers_that_are_not_finite_are_refused() {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const AttributionGraph good = sample();
    const GraphLayout layout = layoutGraph(good, nodeSizes(good), {});
    AttributionGraph edge = good, node = good;
    edge.edges[2].weight = nan;
    node.nodes[F1].cumulative = std::numeric_limits<double>::infinity();
    for (const AttributionGraph &bad : {edge, node}) {
        const TracedGraph traced{.graph = bad, .layout = layout};
        QVERIFY_EXCEPTION_THROWN((void)graphSvg(traced), Error);
        QVERIFY_EXCEPTION_THROWN((void)graphPdf(traced), Error);
        QVERIFY_EXCEPTION_THROWN((void)graphDot(traced), Error);
        QVERIFY_EXCEPTION_THROWN((void)graphCsv(bad), Error);
        QVERIFY_EXCEPTION_THROWN((void)graphJson(traced), Error);
    }
    try {
        (void)graphCsv(edge);
    } catch (const Error &e) {
        QVERIFY(QString::fromUtf8(e.what()).contains("from position 0 to 0/1@0"));
    }
    AttributionGraph shorter = good;
    shorter.edges.pop_back();
    QVERIFY_EXCEPTION_THROWN((void)graphSvg({.graph = shorter, .layout = layout}), Error); // a layout of another graph
}

void TestGraphExport::the_extension_decides_and_another_one_is_refused() {
    const QTemporaryDir folder;
    const AttributionGraph g = sample();
    const TracedGraph traced = placed(g);
    const auto file = [&](const char *name) { return std::filesystem::path(folder.filePath(name).toStdString()); };
    const auto content = [&](const char *name) {
        QFile f(folder.filePath(name));
        return f.open(QIODevice::ReadOnly) ? f.readAll().toStdString() : std::string();
    };
    for (const char *name : {"a.svg", "a.DOT", "a.csv", "a.json"})
        exportGraph(traced, file(name));
    QCOMPARE(content("a.svg"), svgOf(g));
    QCOMPARE(content("a.DOT"), graphDot(traced));
    QCOMPARE(content("a.csv"), graphCsv(g));
    QCOMPARE(content("a.json"), graphJson(traced));
    try {
        exportGraph(traced, file("a.txt"));
        QFAIL("another extension was accepted");
    } catch (const Error &e) {
        QVERIFY(e.kind() == Error::Kind::Usage);
    }
    QVERIFY_EXCEPTION_THROWN(exportGraph(traced, file("missing/a.svg")), Error);
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden).size(), 4); // no half-written file is left
}

void TestGraphExport::pdf_and_png_are_the_same_picture_byte_for_byte() {
    const TracedGraph traced = placed(sample());
    const std::string pdf = graphPdf(traced);
    QVERIFY(pdf.starts_with("%PDF-"));
    QTest::qSleep(1100); // a second later: a PDF says when it was made
    QCOMPARE(graphPdf(traced), pdf);
    const std::string png = graphPng(traced, 2);
    QCOMPARE(graphPng(traced, 2), png);
    QVERIFY(png.starts_with("\x89PNG"));
    const auto number = [&](size_t at) { // big-endian, of the IHDR chunk
        uint32_t value = 0;
        for (size_t i = 0; i < 4; ++i)
            value = value << 8 | static_cast<unsigned char>(png[at + i]);
        return static_cast<double>(value);
    };
    const QXmlStreamReader::Error none = QXmlStreamReader::NoError;
    QXmlStreamReader svg(QByteArray::fromStdString(graphSvg(traced)));
    svg.readNextStartElement();
    QCOMPARE(svg.error(), none);
    QVERIFY(std::abs(number(16) - 2 * svg.attributes().value("width").toDouble()) <= 2);
    QVERIFY(std::abs(number(20) - 2 * svg.attributes().value("height").toDouble()) <= 2);
    QVERIFY_EXCEPTION_THROWN((void)graphPng(traced, 0), Error);
    QVERIFY_EXCEPTION_THROWN((void)graphPng(traced, 100), Error);
}

void TestGraphExport::annotations_are_exported_as_they_are_shown() {
    const AttributionGraph g = sample();
    const GraphAnnotations known{.pinned = {nodeId(g.nodes[F1].node)},
                                 .supernodes = {{"start", {nodeId(g.nodes[F0].node), nodeId(g.nodes[F2].node)}}}};
    TracedGraph traced = placed(annotated(g, known));
    traced.annotations = known;
    traced.ungrouped = annotated(g, {.pinned = known.pinned});
    const std::string svg = graphSvg(traced);
    QVERIFY(svg.find("id=\"supernode-1\"") != std::string::npos);
    QVERIFY(svg.find("×2") != std::string::npos);
    QVERIFY(svg.find("data-pinned=\"true\"") != std::string::npos);
    QVERIFY(graphDot(traced).find("\"group 1\"") != std::string::npos);
    const json document = json::parse(graphJson(traced));
    const json &group = document.at("qParams").at("supernodes").at(0);
    QCOMPARE(group.at(0).get<std::string>(), std::string("start"));
    std::set<std::string> ids;
    for (const json &node : document.at("nodes"))
        ids.insert(node.at("node_id").get<std::string>());
    QVERIFY(ids.contains(group.at(1).get<std::string>()) && ids.contains(group.at(2).get<std::string>()));
    QCOMPARE(document.at("qParams").at("pinnedIds").size(), size_t{3});
    const TracedGraph without = withoutKinds(traced, {NodeKind::Error, NodeKind::Bias});
    QVERIFY(graphSvg(without).find("data-kind=\"error\"") == std::string::npos);
}

void TestGraphExport::dot_places_are_drawn_as_they_stand() {
    const TracedGraph traced = placed(sample());
    const QString dot = QString::fromStdString(graphDot(traced));
    const Point &at = traced.layout.centres[F1];
    QVERIFY(
        dot.contains(QStringLiteral("pos=\"%1,%2\"").arg(at.x, 0, 'f', 2).arg(traced.layout.height - at.y, 0, 'f', 2)));
}

void TestGraphExport::an_empty_graph_can_be_written() {
    AttributionGraph g;
    const Xml xml = parse(svgOf(g));
    QVERIFY(xml.error.isEmpty());
    QVERIFY(xml.nodes.empty());
    QCOMPARE(graphCsv(g), std::string("source,target,weight\r\n"));
    QVERIFY(parsed(g).at("nodes").is_array());
    QVERIFY(!graphDot(placed(g)).empty());
}

void TestGraphExport::text_helpers_cut_where_a_character_ends() {
    QCOMPARE(elided("äöüßäöü", 4), std::string("äöü…"));
    QCOMPARE(columnsOf("日本"), 4);
    QCOMPARE(elided("日本語日本語", 5), std::string("日本…"));
    QVERIFY(isUtf8("a → ␣"));
    QVERIFY(!isUtf8("\xC0\x80"));         // overlong
    QVERIFY(!isUtf8("\xED\xA0\x80"));     // surrogate
    QVERIFY(!isUtf8("\xF4\x90\x80\x80")); // behind U+10FFFF
    QCOMPARE(visibleText("a\xED\xA0\x80z", Spaces::Keep), std::string("a⟨ED A0 80⟩z"));
    QCOMPARE(visibleText("\xEF\xBF\xBF", Spaces::Keep), std::string("⟨EF BF BF⟩")); // no XML character
    QCOMPARE(shortNumber(-0.18), std::string("−0.18"));
    QCOMPARE(exactNumber(0.1), std::string("0.1"));
}

QTEST_APPLESS_MAIN(TestGraphExport)
#include "test_graph_export.moc"
