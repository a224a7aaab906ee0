// The place Circuits in the real window with its session, on small models trained for it.
#include "app/cli_runner.h"
#include "app/window_program.h"
#include "ui/fail_on_warning.h"

#include "core/circuits/graph_export.h"
#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/circuits/groups_panel.h"
#include "ui/features/features_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/widgets/message_bar.h"

#include <QAbstractSlider>
#include <QApplication>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTabWidget>
#include <QTableView>

#include <memory>
#include <set>

using namespace tt;

namespace {
constexpr int patience = 120'000; // milliseconds; a machine under load

struct Program : WindowProgram {
    explicit Program(const QString &folder) : WindowProgram(MainWindow::Place::Circuits) { session.open(folder); }
    [[nodiscard]] CircuitsPlace &place() const { return window.circuitsPlace(); }
    [[nodiscard]] GraphView &view() const { return *place().view(); }
    [[nodiscard]] QTableView *list(const QString &name) { return place().findChild<QTableView *>(name); }
    [[nodiscard]] bool traced(const QString &transcoder, const QString &prompt) const {
        return view().graph().transcoder == transcoder.toStdString() && view().graph().prompt == prompt.toStdString();
    }
    [[nodiscard]] std::vector<int> features() const {
        std::vector<int> found;
        for (size_t n = 0; n < view().graph().nodes.size(); ++n)
            if (view().graph().nodes[n].node.kind == NodeKind::Feature)
                found.push_back(static_cast<int>(n));
        return found;
    }
    [[nodiscard]] std::string idOf(int node) const {
        return nodeId(view().graph().nodes[static_cast<size_t>(node)].node);
    }
};

std::set<std::string> idsOf(const AttributionGraph &graph) {
    std::set<std::string> ids;
    for (const GraphNode &node : graph.nodes)
        ids.insert(nodeId(node.node));
    return ids;
}
} // namespace

class TestWindowCircuits : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void a_selected_node_shows_what_each_head_carries();
    void paths_are_listed_and_lit();
    void a_threshold_moves_live_and_keeps_places_where_nodes_only_leave();
    void a_feature_named_in_features_has_that_name_in_the_graph();
    void pins_groups_and_undo_reach_the_graph();
    void a_saved_graph_comes_back_with_its_annotations();
    void a_graph_of_other_weights_is_refused_in_words();
    void a_graph_named_at_the_start_is_what_the_window_opens_on();
    void a_graph_opens_in_the_workspace_that_has_its_weights();
    void a_graph_whose_weights_are_nowhere_is_refused_by_their_names();
    void a_graph_file_of_nonsense_is_refused_in_words();
    void a_target_that_is_no_token_is_refused_in_words();
    void a_difference_can_be_typed();
    void two_transcoders_stand_side_by_side();
    void what_is_hidden_is_not_exported();
    void verifying_fills_the_scatter();
    void a_cross_layer_graph_carries_its_caveat_and_leads_to_the_per_layer_graph();
    void cleanupTestCase() { program_.reset(); }

private:
    std::unique_ptr<FailOnWarning> failOnWarning_;
    QTemporaryDir folder_;
    std::unique_ptr<test::Cli> cli_;
    std::unique_ptr<Program> program_;
};

void TestWindowCircuits::initTestCase() {
    QStandardPaths::setTestModeEnabled(true);
    failOnWarning_ = std::make_unique<FailOnWarning>();
    cli_ = std::make_unique<test::Cli>(folder_.path());
    QVERIFY(test::makeCorpus(*cli_));
    QCOMPARE(cli_->run(QStringList{"gpt", "train", "--run", "g", "--quiet"} + test::tinyGpt(60)).code, 0);
    QCOMPARE(cli_->run(QStringList{"transcoder", "train", "--name", "clt", "--kind", "cross-layer", "--quiet"} +
                       test::tinyTranscoder(30))
                 .code,
             0);
    for (const char *name : {"other", "plt"})
        QCOMPARE(
            cli_->run(QStringList{"transcoder", "train", "--name", name, "--quiet"} + test::tinyTranscoder(30)).code,
            0);
    program_ = std::make_unique<Program>(folder_.filePath("workspace"));
    QTRY_VERIFY_WITH_TIMEOUT(program_->traced("plt", "Once upon a"), patience);
    // So small a model has its influence in few features: show all.
    for (const char *slider : {"Node threshold", "Edge threshold"})
        program_->named<QAbstractSlider>(slider)->setValue(100);
    QTRY_COMPARE_WITH_TIMEOUT(program_->view().graph().settings.nodeThreshold, 1.0, patience);
    QTRY_COMPARE_WITH_TIMEOUT(program_->view().graph().settings.edgeThreshold, 1.0, patience);
    QVERIFY(program_->features().size() >= 3);
}

void TestWindowCircuits::a_selected_node_shows_what_each_head_carries() {
    Program &p = *program_;
    p.view().selectNode(p.features().back());
    const QTableView *heads = p.list("Inputs by head");
    QTRY_VERIFY_WITH_TIMEOUT(heads->model()->rowCount() > 1, patience);
    QCOMPARE(heads->model()->index(0, 0).data().toString(), "residual");
    QSignalSpy patterns(&p.place(), &CircuitsPlace::patternRequested);
    QTest::mouseClick(heads->viewport(), Qt::LeftButton, {}, heads->visualRect(heads->model()->index(1, 0)).center());
    QCOMPARE(patterns.size(), 1);
    QTRY_VERIFY_WITH_TIMEOUT(p.named<QWidget>("Attention pattern") != nullptr, patience);
    p.named<QWidget>("Attention pattern")->window()->close();
}

void TestWindowCircuits::paths_are_listed_and_lit() {
    Program &p = *program_;
    p.place().findChild<QTabWidget *>()->setCurrentIndex(2);
    const QTableView *paths = p.list("Paths");
    QTRY_VERIFY_WITH_TIMEOUT(paths->model()->rowCount() > 0, patience);
    QTest::mouseClick(paths->viewport(), Qt::LeftButton, {}, paths->visualRect(paths->model()->index(0, 0)).center());
    int lit = 0;
    for (size_t n = 0; n < p.view().graph().nodes.size(); ++n)
        lit += p.view().nodeItem(static_cast<int>(n))->highlight() == Highlight::Lit;
    QVERIFY(lit > 0);
    p.place().findChild<QTabWidget *>()->setCurrentIndex(0);
}

void TestWindowCircuits::a_threshold_moves_live_and_keeps_places_where_nodes_only_leave() {
    Program &p = *program_;
    auto *slider = p.named<QAbstractSlider>("Node threshold");
    const TracedGraph before = p.view().traced();
    const auto shown = idsOf(before.graph);
    QElapsedTimer timer;
    timer.start();
    slider->setValue(50);
    QTRY_COMPARE_WITH_TIMEOUT(p.view().graph().settings.nodeThreshold, 0.5, patience);
    qInfo("a slider step to fewer nodes on screen: %.1f ms", static_cast<double>(timer.nsecsElapsed()) / 1e6);
    QVERIFY(!p.view().traced().newLayout);
    for (size_t n = 0; n < p.view().graph().nodes.size(); ++n)
        for (size_t m = 0; m < before.graph.nodes.size(); ++m)
            if (nodeId(p.view().graph().nodes[n].node) == nodeId(before.graph.nodes[m].node))
                QCOMPARE(p.view().traced().layout.centres[n], before.layout.centres[m]);
    const auto fewer = idsOf(p.view().graph());
    QVERIFY(std::includes(shown.begin(), shown.end(), fewer.begin(), fewer.end()));
    slider->setValue(100);
    QTRY_COMPARE_WITH_TIMEOUT(p.view().graph().settings.nodeThreshold, 1.0, patience);
}

void TestWindowCircuits::a_feature_named_in_features_has_that_name_in_the_graph() {
    Program &p = *program_;
    const Node named = p.view().graph().nodes[static_cast<size_t>(p.features().front())].node;
    const auto label = [&] {
        for (const GraphNode &node : p.view().graph().nodes)
            if (nodeId(node.node) == nodeId(named))
                return node.label;
        return std::string();
    };
    const std::string promoted = label();
    FeaturesPlace &features = p.window.featuresPlace();
    Q_EMIT features.noteEdited(named.layer, named.id, {.label = "a name of its own", .notes = {}});
    QTRY_COMPARE_WITH_TIMEOUT(label(), std::string("a name of its own"), patience);
    p.place().trace(); // a new graph has it too
    QTRY_VERIFY_WITH_TIMEOUT(p.view().traced().newLayout, patience);
    QCOMPARE(label(), std::string("a name of its own"));
    Q_EMIT features.noteEdited(named.layer, named.id, {});
    QTRY_COMPARE_WITH_TIMEOUT(label(), promoted, patience);
}

void TestWindowCircuits::pins_groups_and_undo_reach_the_graph() {
    Program &p = *program_;
    const auto features = p.features();
    QVERIFY(features.size() >= 3);
    const std::string pinned = p.idOf(features[0]);
    p.view().selectNode(features[0]);
    QTest::keyClick(&p.view(), Qt::Key_P);
    const auto isPinned = [&] {
        for (const GraphNode &node : p.view().graph().nodes)
            if (nodeId(node.node) == pinned)
                return node.pinned;
        return false;
    };
    QTRY_VERIFY_WITH_TIMEOUT(isPinned(), patience);
    QVERIFY(p.view().graph().pinnedScores.has_value());
    const size_t count = p.view().graph().nodes.size();
    p.place().setProposals({{"pair", {p.idOf(p.features()[1]), p.idOf(p.features()[2])}}});
    const QTableView *proposals = p.list("Proposed groups");
    p.place().findChild<QTabWidget *>()->setCurrentIndex(3);
    QTest::mouseClick(proposals->viewport(), Qt::LeftButton, {},
                      proposals->visualRect(proposals->model()->index(0, 0)).center());
    p.named<QAbstractButton>("Group these")->click();
    QTRY_COMPARE_WITH_TIMEOUT(p.view().graph().nodes.size(), count - 1, patience);
    p.place().undoStack()->undo();
    QTRY_COMPARE_WITH_TIMEOUT(p.view().graph().nodes.size(), count, patience);
    p.place().undoStack()->redo();
    QTRY_COMPARE_WITH_TIMEOUT(p.view().graph().nodes.size(), count - 1, patience);
}

void TestWindowCircuits::a_saved_graph_comes_back_with_its_annotations() {
    Program &p = *program_;
    const GraphAnnotations annotations = p.place().annotations();
    const auto ids = idsOf(p.view().graph());
    Q_EMIT p.place().saveRequested("kept"); // what Save graph… emits once a name was given
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(folder_.filePath("workspace/graphs/kept.json")), patience);
    p.window.promptBar().setPrompt("One day");
    Q_EMIT p.window.promptBar().promptEdited("One day");
    QTRY_COMPARE_WITH_TIMEOUT(p.place().settings().targets.kind, Targets::Kind::TopLogits, patience);
    p.place().trace();
    QTRY_VERIFY_WITH_TIMEOUT(p.traced("plt", "One day"), patience);
    QVERIFY(p.place().annotations().empty());
    Q_EMIT p.place().openRequested("kept");
    QTRY_VERIFY_WITH_TIMEOUT(p.traced("plt", "Once upon a"), patience);
    // Everything else is about its prompt too.
    const auto *chips = p.window.promptBar().chips();
    QTRY_COMPARE_WITH_TIMEOUT(chips->count(), static_cast<int>(p.view().graph().ids.size()), patience);
    QCOMPARE(chips->chip(0)->token(), QString::fromStdString(p.view().graph().tokens[0]));
    QVERIFY(p.place().annotations() == annotations);
    QCOMPARE(idsOf(p.view().graph()), ids);
}

void TestWindowCircuits::a_graph_of_other_weights_is_refused_in_words() {
    Program &p = *program_;
    QByteArray text = cli_->read("workspace/graphs/kept.json");
    text.replace("\"gpt_sha256\": \"", "\"gpt_sha256\": \"0");
    cli_->write("workspace/graphs/foreign.json", text);
    Q_EMIT p.place().openRequested("foreign");
    QTRY_COMPARE_WITH_TIMEOUT(p.window.status(), QString("foreign was not opened"), patience);
}

void TestWindowCircuits::a_graph_named_at_the_start_is_what_the_window_opens_on() {
    const QString file = folder_.filePath("sent.ttgraph");
    QCOMPARE(cli_->run({"graph", "trace", "--name", "other", "--prompt", "One day", "--out", file}).code, 0);
    WindowProgram started; // opens on its first place
    started.session.showFirst(file);
    started.session.open(folder_.filePath("workspace"));
    QTRY_VERIFY_WITH_TIMEOUT(started.seen<QAbstractButton>("Open read-only"), patience); // the first has it
    started.seen<QAbstractButton>("Open read-only")->click();
    const auto shown = [&] { return started.window.circuitsPlace().view()->graph(); };
    QTRY_COMPARE_WITH_TIMEOUT(shown().prompt, std::string("One day"), patience);
    QCOMPARE(shown().transcoder, std::string("other")); // not the newest
    QVERIFY(started.window.circuitsPlace().isVisible());
}

void TestWindowCircuits::a_graph_opens_in_the_workspace_that_has_its_weights() {
    const QString file = folder_.filePath("lent.ttgraph"), copied = folder_.filePath("copied");
    QCOMPARE(cli_->run({"graph", "trace", "--name", "other", "--prompt", "One day", "--out", file}).code, 0);
    std::filesystem::copy(folder_.filePath("workspace").toStdString(), copied.toStdString(),
                          std::filesystem::copy_options::recursive);
    QFile::remove(copied + "/.lock");
    QVERIFY(QDir(copied).rename("transcoders/other", "transcoders/renamed")); // the weights say which it is
    QVERIFY(QDir(copied + "/transcoders/plt").removeRecursively());           // it has the same
    Workspace::openOrCreate(folder_.filePath("empty").toStdString());
    WindowProgram started;
    started.session.openGraph(file, {folder_.filePath("missing"), folder_.filePath("empty"), copied});
    const auto shown = [&] { return started.window.circuitsPlace().view()->graph(); };
    QTRY_COMPARE_WITH_TIMEOUT(QString::fromStdString(shown().transcoder), QString("renamed"), patience);
    QCOMPARE(shown().prompt, std::string("One day"));
}

void TestWindowCircuits::a_graph_whose_weights_are_nowhere_is_refused_by_their_names() {
    WindowProgram started;
    started.session.openGraph(folder_.filePath("lent.ttgraph"), {folder_.filePath("empty")});
    QTRY_COMPARE_WITH_TIMEOUT(started.window.status(), QString("lent was not opened"), patience);
    QStringList said;
    for (const auto *bar : started.window.findChildren<MessageBar *>())
        if (bar->isVisible())
            said << bar->message().text;
    QVERIFY2(said.join(' ').contains("in the GPT g with the transcoder other"), qPrintable(said.join(" | ")));
    QVERIFY(started.window.circuitsPlace().isVisible());
}

void TestWindowCircuits::a_graph_file_of_nonsense_is_refused_in_words() {
    Program &p = *program_;
    cli_->write("workspace/graphs/nonsense.json", "{\"format\": 3");
    Q_EMIT p.place().openRequested("nonsense");
    QTRY_COMPARE_WITH_TIMEOUT(p.window.status(), QString("That did not work"), patience);
    QVERIFY(p.traced("plt", "Once upon a")); // what was shown stays
}

void TestWindowCircuits::a_target_that_is_no_token_is_refused_in_words() {
    Program &p = *program_;
    Q_EMIT p.place().targetTyped("zebra crossing");
    QTRY_COMPARE_WITH_TIMEOUT(p.window.status(), QString("That is no target"), patience);
}

void TestWindowCircuits::a_difference_can_be_typed() {
    Program &p = *program_;
    Q_EMIT p.place().targetTyped("diff:300,301");
    QTRY_COMPARE_WITH_TIMEOUT(p.view().traced().target, std::string("diff:300,301"), patience);
    QCOMPARE(p.view().graph().nodes.back().node.minus, 301);
}

void TestWindowCircuits::two_transcoders_stand_side_by_side() {
    Program &p = *program_;
    Q_EMIT p.place().compareRequested({"other", "Once upon a"});
    auto *second = p.named<GraphView>("Second attribution graph");
    QVERIFY(second);
    QTRY_VERIFY_WITH_TIMEOUT(second->isVisible(), patience);
    QCOMPARE(second->graph().transcoder, std::string("other"));
    QTRY_VERIFY(std::abs(second->width() - p.view().width()) < 8); // each has half of the room
    QCOMPARE(p.view().graph().transcoder, std::string("plt"));
    // No feature of one dictionary is a feature of the other, but the prompt's tokens and the target are in both.
    bool counted = false;
    for (const QLabel *label : p.place().findChildren<QLabel *>())
        counted |= label->text().contains("nodes are in both") && !label->text().startsWith("0 ");
    QVERIFY(counted);
    p.named<QAbstractButton>("Close comparison")->click();
}

void TestWindowCircuits::what_is_hidden_is_not_exported() {
    Program &p = *program_;
    const QString file = folder_.filePath("shown.csv");
    p.view().setKindVisible(NodeKind::Error, false);
    Q_EMIT p.place().exportRequested({.file = file, .hiddenKinds = p.view().hiddenKinds()});
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(file), patience);
    QVERIFY(!cli_->read("shown.csv").contains("error "));
    p.view().setKindVisible(NodeKind::Error, true);
}

void TestWindowCircuits::verifying_fills_the_scatter() {
    Program &p = *program_;
    Q_EMIT p.place().verifyRequested();
    QTRY_VERIFY_WITH_TIMEOUT(p.named<QWidget>("Verified") != nullptr, patience);
    QVERIFY(p.named<QWidget>("Predicted against measured effects")->accessibleDescription().contains("edges"));
}

void TestWindowCircuits::a_cross_layer_graph_carries_its_caveat_and_leads_to_the_per_layer_graph() {
    Program &p = *program_;
    const QString prompt = QString::fromStdString(p.view().graph().prompt);
    Q_EMIT p.place().transcoderWanted("clt");
    QTRY_VERIFY_WITH_TIMEOUT(p.traced("clt", prompt), patience);
    QVERIFY(p.view().graph().crossLayer);
    QVERIFY(p.view().graph().maxResidual <= 1e-4);
    Q_EMIT p.place().verifyRequested();
    QTRY_VERIFY_WITH_TIMEOUT(p.named<QWidget>("Verified") != nullptr, patience);
    auto *back = p.named<QAbstractButton>("Show the per-layer graph");
    QVERIFY(back && back->isVisible() && back->isEnabled());
    back->click();
    QTRY_VERIFY_WITH_TIMEOUT(!p.view().graph().crossLayer, patience);
    QVERIFY(!back->isVisible());
}

QTEST_MAIN(TestWindowCircuits)
#include "test_window_circuits.moc"
