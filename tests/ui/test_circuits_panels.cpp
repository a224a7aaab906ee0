#include "ui/fail_on_warning.h"
#include "ui/sample_graph.h"

#include "core/circuits/graph_export.h"
#include "ui/circuits/attention_view.h"
#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_annotator.h"
#include "ui/circuits/graph_compare_panel.h"
#include "ui/circuits/graph_view.h"
#include "ui/circuits/groups_panel.h"
#include "ui/circuits/mini_map.h"
#include "ui/circuits/node_list.h"
#include "ui/circuits/node_panel.h"
#include "ui/circuits/node_shape.h"
#include "ui/circuits/paths_panel.h"
#include "ui/circuits/verify_panel.h"
#include "ui/theme.h"
#include "ui/widgets/elided_label.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QElapsedTimer>
#include <QInputDialog>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTest>

using namespace tt;

namespace {

constexpr int strongest = 5; // 1/1184 at 2
constexpr int other = 6;     // 1/2051 at 2

GraphNode nodeOf(const TracedGraph &traced, int node) {
    return traced.graph.nodes[static_cast<size_t>(node)];
}

TracedGraph laidOut(AttributionGraph graph) {
    TracedGraph traced{.graph = std::move(graph), .layout = {}, .annotations = {}, .ungrouped = {}};
    traced.layout = sample::rowLayout(traced.graph);
    return traced;
}

/// The place with a graph, as the session would leave it.
struct Shown {
    CircuitsPlace place;
    TracedGraph traced = sample::onceUponA();
    Shown() {
        place.resize(1184, 640);
        place.show();
        place.setTranscoders({{.name = "plt-k16", .config = {}}});
        place.setPromptFeatures(sample::promptFeatures());
        place.setGraph(traced);
    }
    template <class Widget>
    Widget *named(const QString &name) {
        for (Widget *widget : place.findChildren<Widget *>())
            if (widget->accessibleName() == name)
                return widget;
        return nullptr;
    }
};

} // namespace

class TestCircuitsPanels : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void every_annotation_can_be_undone_and_redone() {
        const TracedGraph traced = sample::onceUponA();
        GraphAnnotator annotator;
        QSignalSpy changes(&annotator, &GraphAnnotator::changed);
        annotator.togglePins({nodeOf(traced, strongest)});
        QVERIFY(annotator.group({nodeOf(traced, 0), nodeOf(traced, 1)}, "start"));
        annotator.rename(nodeOf(traced, strongest), "once upon a → time");
        annotator.hide({nodeOf(traced, 9)});
        QCOMPARE(changes.size(), 4);
        const GraphAnnotations all = annotator.annotations();
        QCOMPARE(all.pinned, std::vector<std::string>{"1/1184@2"});
        QCOMPARE(all.supernodes.size(), size_t{1});
        QCOMPARE(all.names.at("1/1184@2"), std::string("once upon a → time"));
        QCOMPARE(all.hidden, std::vector<std::string>{"error 0@0"});
        for (int i = 0; i < 4; ++i)
            annotator.undoStack()->undo();
        QVERIFY(annotator.annotations().empty());
        for (int i = 0; i < 4; ++i)
            annotator.undoStack()->redo();
        QVERIFY(annotator.annotations() == all);
        annotator.showHidden();
        QVERIFY(annotator.annotations().hidden.empty());
        annotator.togglePins({nodeOf(traced, strongest)});
        QVERIFY(annotator.annotations().pinned.empty());
    }

    void a_group_takes_its_members_out_of_other_groups() {
        const TracedGraph traced = sample::onceUponA();
        GraphAnnotator annotator;
        annotator.group({nodeOf(traced, 0), nodeOf(traced, 1)}, "first");
        annotator.group({nodeOf(traced, 1), nodeOf(traced, 2)}, "second");
        QCOMPARE(annotator.annotations().supernodes.size(), size_t{1}); // one node alone is no group
        QCOMPARE(annotator.annotations().supernodes[0].label, std::string("second"));
        QVERIFY(annotator.annotations().validate().empty());
        QVERIFY(!annotator.group({nodeOf(traced, 0), nodeOf(traced, 12)}, "token")); // only features are drawn together
        annotator.ungroup(0);
        QVERIFY(annotator.annotations().supernodes.empty());
    }

    void keys_pin_group_rename_and_hide() {
        Shown s;
        QSignalSpy arranged(&s.place, &CircuitsPlace::arrangementChanged);
        s.place.view()->selectNode(strongest);
        QTest::keyClick(s.place.view(), Qt::Key_P);
        QCOMPARE(arranged.size(), 1);
        QCOMPARE(s.place.annotations().pinned, std::vector<std::string>{"1/1184@2"});
        QTest::mouseClick(s.place.view()->viewport(), Qt::LeftButton, Qt::ControlModifier,
                          s.place.view()->mapFromScene(s.place.view()->nodeItem(other)->pos()));
        QCOMPARE(s.place.view()->selection(), (std::vector<int>{strongest, other}));
        QTest::keyClick(s.place.view(), Qt::Key_G);
        auto *dialog = s.place.findChild<QInputDialog *>();
        QVERIFY(dialog);
        dialog->setTextValue("the verb");
        dialog->accept();
        QCOMPARE(s.place.annotations().supernodes.size(), size_t{1});
        QCOMPARE(s.place.annotations().supernodes[0].label, std::string("the verb"));
        QTest::keyClick(s.place.view(), Qt::Key_H);
        QCOMPARE(s.place.annotations().hidden.size(), size_t{2});
        QTest::keyClick(s.place.view(), Qt::Key_H, Qt::ShiftModifier);
        QVERIFY(s.place.annotations().hidden.empty());
        s.place.undoStack()->undo();
        QCOMPARE(s.place.annotations().hidden.size(), size_t{2});
    }

    void a_feature_dragged_onto_another_asks_for_a_group() {
        Shown s;
        GraphView &view = *s.place.view();
        const QPoint from = view.mapFromScene(view.nodeItem(other)->pos());
        const QPoint to = view.mapFromScene(view.nodeItem(strongest)->pos());
        const QPointF place = view.nodeItem(other)->pos();
        QSignalSpy dropped(&view, &GraphView::groupDropped);
        QTest::mousePress(view.viewport(), Qt::LeftButton, {}, from);
        QTest::mouseMove(view.viewport(), from + QPoint(20, 0));
        QMouseEvent move(QEvent::MouseMove, to, view.viewport()->mapToGlobal(to), Qt::NoButton, Qt::LeftButton, {});
        QApplication::sendEvent(view.viewport(), &move);
        QTest::mouseRelease(view.viewport(), Qt::LeftButton, {}, to);
        QCOMPARE(dropped.size(), 1);
        QCOMPARE(dropped[0][0].value<std::vector<int>>(), (std::vector<int>{strongest, other}));
        QCOMPARE(view.nodeItem(other)->pos(), place); // it goes back until the new layout is there
    }

    void a_supernode_stands_for_its_members() {
        Shown s;
        QSignalSpy splits(&s.place, &CircuitsPlace::splitRequested), cards(&s.place, &CircuitsPlace::nodeActivated),
            interventions(&s.place, &CircuitsPlace::interveneRequested);
        const GraphAnnotations annotations{.supernodes = {{"start", {"0/312@1", "0/2950@2"}}}};
        TracedGraph grouped = laidOut(annotated(s.traced.graph, annotations));
        grouped.annotations = annotations;
        s.place.setGraph(grouped);
        int group = -1;
        for (size_t n = 0; n < grouped.graph.nodes.size(); ++n)
            if (!grouped.graph.nodes[n].members.empty())
                group = static_cast<int>(n);
        s.place.view()->selectNode(group);
        QCOMPARE(splits.last()[0].value<SplitRequest>().targets.size(), size_t{2});
        s.place.execute(GraphCommand::OpenCard);
        QCOMPARE(cards.size(), 0); // a group has no card
        s.place.execute(GraphCommand::Intervene);
        QCOMPARE(interventions[0][0].value<std::vector<Node>>().size(), size_t{2});
        auto *groups = s.place.findChild<QTableView *>("Groups");
        QVERIFY(groups);
        QCOMPARE(groups->model()->rowCount(), 1);
        QCOMPARE(groups->model()->index(0, 0).data().toString(), "start");
    }

    void heads_of_the_inputs_open_their_pattern() {
        Shown s;
        QSignalSpy splits(&s.place, &CircuitsPlace::splitRequested),
            patterns(&s.place, &CircuitsPlace::patternRequested);
        s.place.view()->selectNode(strongest);
        QCOMPARE(splits.size(), 1);
        const auto request = splits[0][0].value<SplitRequest>();
        QVERIFY(request.sources.empty());
        EdgeSplit split{.residual = 2.2, .heads = {{0, 2, 0, 0.5}, {0, 2, 1, -0.2}, {1, 3, 1, 3.4}}};
        s.place.setSplit(request, split);
        auto *heads = s.place.findChild<QTableView *>("Inputs by head");
        QVERIFY(heads);
        QCOMPARE(heads->model()->rowCount(), 3);
        QCOMPARE(heads->model()->index(0, 0).data().toString(), "residual");
        QCOMPARE(heads->model()->index(1, 0).data().toString(), "L1H3");
        QCOMPARE(heads->model()->index(2, 2).data().toString(), "+0.30"); // both places of L0H2
        QTest::mouseClick(heads->viewport(), Qt::LeftButton, {},
                          heads->visualRect(heads->model()->index(1, 0)).center());
        QCOMPARE(patterns.size(), 1);
        QCOMPARE(patterns[0][0].value<PatternRequest>().layer, 1);
        QCOMPARE(patterns[0][0].value<PatternRequest>().query, 2);
        SplitRequest stale = request;
        stale.title = "another";
        s.place.setSplit(stale, {.residual = 9});
        QCOMPARE(heads->model()->index(0, 2).data().toString(), "+2.20"); // another request's answer is left aside
    }

    void an_edge_is_split_where_it_is_clicked() {
        Shown s;
        QSignalSpy splits(&s.place, &CircuitsPlace::splitRequested);
        const EdgeItem &edge = *s.place.view()->edgeItem(0);
        const QPainterPath path = edge.shape();
        std::optional<QPoint> hit;
        const QPoint on = s.place.view()->mapFromScene(
            QPointF((s.place.view()->nodeItem(strongest)->pos() + s.place.view()->nodeItem(19)->pos()) / 2));
        for (int away = 15; away >= 0; --away) // the nearest to the middle, far from both nodes
            for (const int y : {on.y() - away, on.y() + away})
                if (path.contains(s.place.view()->mapToScene(QPoint(on.x(), y))))
                    hit = QPoint(on.x(), y);
        QVERIFY(hit);
        QTest::mouseClick(s.place.view()->viewport(), Qt::LeftButton, {}, *hit);
        QVERIFY(s.place.view()->selectedEdge());
        QVERIFY(!splits.isEmpty());
        Q_EMIT s.place.view()->edgeSelected(0); // 1/1184 → ␣time: two edges may lie over each other at a pixel
        const auto request = splits.last()[0].value<SplitRequest>();
        QCOMPARE(nodeId(request.sources.at(0)), std::string("1/1184@2"));
        QCOMPARE(nodeId(request.targets.at(0)), std::string("logit 640"));
    }

    void the_pattern_says_who_reads_whom() {
        AttentionView view;
        view.setPattern({"Once", " upon", " a"}, {1, 0, 0, 0.25F, 0.75F, 0, 0.1F, 0.6F, 0.3F}, 2);
        QCOMPARE(view.sentence(2, 1), QStringLiteral("␣a at 2 reads ␣upon at 1 with 60 %"));
        QCOMPARE(view.accessibleDescription(), view.sentence(2, 1)); // the strongest of the row that matters
        view.resize(view.sizeHint());
        view.show();
        QTest::keyClick(&view, Qt::Key_Left);
        QCOMPARE(view.accessibleDescription(), view.sentence(2, 0));
        QTest::keyClick(&view, Qt::Key_Up);
        QCOMPARE(view.accessibleDescription(), view.sentence(1, 0));
    }

    void paths_are_asked_for_when_seen_and_light_the_graph() {
        Shown s;
        QSignalSpy asked(&s.place, &CircuitsPlace::pathsRequested);
        auto *tabs = s.place.findChild<QTabWidget *>();
        QCOMPARE(asked.size(), 0);
        tabs->setCurrentIndex(2);
        QCOMPARE(asked.size(), 1);
        GreedyPath path;
        path.steps = {{.kind = PathStep::Kind::Logit, .layer = 2, .position = 2, .id = 640, .contribution = 9.4},
                      {.kind = PathStep::Kind::Feature, .layer = 1, .position = 2, .id = 1184, .contribution = 5.87},
                      {.kind = PathStep::Kind::Head, .layer = 1, .position = 1, .id = 3, .contribution = -1.5},
                      {.kind = PathStep::Kind::Token, .position = 1, .id = 12, .contribution = -1.25}};
        path.contribution = -1.25;
        s.place.setPaths({path});
        auto *list = s.place.findChild<QTableView *>("Paths");
        QCOMPARE(list->model()->rowCount(), 1);
        QCOMPARE(list->model()->index(0, 0).data().toString(), QStringLiteral("␣time ← L1H3 ← ␣upon"));
        QCOMPARE(PathsPanel::pathText(s.traced.graph, path),
                 QStringLiteral("␣time ← ␣time 1/1184 at 2 ← L1H3 from 1 ← ␣upon at 1"));
        QCOMPARE(list->model()->index(0, 2).data().toString(), QStringLiteral("−1.25"));
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(list->model()->index(0, 0)).center());
        QCOMPARE(s.place.view()->nodeItem(strongest)->highlight(), Highlight::Lit);
        QCOMPARE(s.place.view()->nodeItem(13)->highlight(), Highlight::Lit);
        QCOMPARE(s.place.view()->nodeItem(0)->highlight(), Highlight::Dimmed);
        QCOMPARE(s.place.view()->edgeItem(0)->highlight(), Highlight::Lit); // 1/1184 → ␣time
    }

    void paths_to_several_targets_say_which_and_use_the_graphs_names() {
        Shown s;
        s.place.findChild<QTabWidget *>()->setCurrentIndex(2);
        s.traced.graph.nodes[strongest].label = "a moment in time"; // a person's
        s.place.setGraph(s.traced);
        const auto path = [](int logit, int layer, int feature) {
            return GreedyPath{
                {{.kind = PathStep::Kind::Logit, .position = 2, .id = logit, .contribution = 9.4},
                 {.kind = PathStep::Kind::Feature, .layer = layer, .position = 2, .id = feature, .contribution = 2},
                 {.kind = PathStep::Kind::Token, .position = 2, .id = 13, .contribution = 2}},
                2};
        };
        const auto rows = [&s] {
            const auto *model = s.place.findChild<QTableView *>("Paths")->model();
            QStringList names;
            for (int row = 0; row < model->rowCount(); ++row)
                names << model->index(row, 0).data().toString();
            return names;
        };
        auto *heading = s.named<ElidedLabel>(QStringLiteral("Target of the paths"));
        s.place.setPaths({path(640, 1, 1184), path(641, 1, 1184), path(641, 1, 999)}); // 1/999 is pruned
        QCOMPARE(rows(), (QStringList{"␣time ← a moment in time ← ␣a", "␣little ← a moment in time ← ␣a",
                                      "␣little ← 1/999 ← ␣a"}));
        QCOMPARE(heading->text(), QStringLiteral("To the targets"));
        // Of one target, named above; two features of one name are told apart.
        s.place.setPaths({path(641, 0, 77), path(641, 1, 2051), path(641, 1, 1184)});
        QCOMPARE(rows(), (QStringList{"␣little 0/77 at 2 ← ␣a at 2", "␣little 1/2051 at 2 ← ␣a at 2",
                                      "a moment in time ← ␣a"}));
        QCOMPARE(heading->text(), QStringLiteral("To ␣little"));
        GreedyPath error = path(641, 0, 77), position = error;
        error.steps[1] = {.kind = PathStep::Kind::Error, .layer = 0, .position = 2};
        error.steps.pop_back();
        position.steps.back() = {.kind = PathStep::Kind::Position, .position = 2, .id = 2};
        s.place.setPaths({error, position});
        QCOMPARE(rows(), (QStringList{"error layer 0", "␣little ← position 2"}));
        s.place.findChild<PathsPanel *>()->setTarget(nodeOf(s.traced, strongest));
        QCOMPARE(heading->text(), QStringLiteral("To a moment in time 1/1184 at 2"));
    }

    void the_card_follows_the_selected_feature() {
        Shown s;
        PromptFeatures features = sample::promptFeatures();
        features.active.push_back({.position = 2, .layer = 1, .feature = 1184, .activation = 6.5F, .maximum = 13});
        s.place.setPromptFeatures(features);
        s.place.view()->selectNode(strongest);
        auto *list = s.place.findChild<QTableView *>("Fires in this prompt");
        QCOMPARE(list->model()->rowCount(), 1);
        QCOMPARE(list->model()->index(0, 3).data().toString(), QStringLiteral("50 %"));
        QSignalSpy cards(&s.place, &CircuitsPlace::nodeActivated);
        s.named<QPushButton>("Open in Features")->click();
        QCOMPARE(cards[0][1].toInt(), 1184);
    }

    void the_scatter_finds_the_point_that_is_clicked() {
        EffectScatter scatter;
        scatter.resize(300, 300);
        scatter.show();
        VerifiedEdge far{.predicted = 4, .measured = 4}, near{.predicted = -1, .measured = -1.02};
        scatter.setEdges({far, near});
        QSignalSpy chosen(&scatter, &EffectScatter::edgeChosen);
        QTest::mouseClick(&scatter, Qt::LeftButton, {}, scatter.placeOf(near).toPoint());
        QCOMPARE(chosen.last()[0].toInt(), 1);
        QTest::keyClick(&scatter, Qt::Key_Left);
        QCOMPARE(chosen.last()[0].toInt(), 0);
        QVERIFY(scatter.placeOf(far).x() > scatter.placeOf(near).x());
        QVERIFY(scatter.placeOf(far).y() < scatter.placeOf(near).y());
    }

    void the_scatter_in_focus_still_shows_its_points() {
        EffectScatter scatter;
        scatter.resize(300, 300);
        scatter.setEdges({{.predicted = 4, .measured = 4}, {.predicted = -1, .measured = -1.02}});
        scatter.show();
        scatter.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&scatter));
        scatter.clearFocus();
        const QImage without = scatter.grab().toImage();
        scatter.setFocus();
        const QImage with = scatter.grab().toImage();
        const QRect inside = scatter.rect().adjusted(4, 4, -4, -4);
        QVERIFY(with != without);
        QCOMPARE(with.copy(inside), without.copy(inside));
    }

    void the_overview_is_there_only_when_a_part_is_seen() {
        Shown s;
        auto *map = s.place.view()->findChild<MiniMap *>();
        QVERIFY(map);
        QVERIFY(map->isHidden());
        s.place.view()->zoomBy(4);
        QVERIFY(!map->isHidden());
        const QPointF before = s.place.view()->seen().center();
        QTest::mouseClick(map, Qt::LeftButton, {}, QPoint(10, 10));
        QVERIFY(s.place.view()->seen().center().x() < before.x());
        s.place.view()->fit();
        QVERIFY(map->isHidden());
    }

    void a_cross_layer_graph_carries_its_caveat() {
        Shown s;
        TracedGraph cross = s.traced;
        cross.graph.crossLayer = true;
        s.place.setTranscoders({{.name = "clt", .config = {.kind = TranscoderKind::CrossLayer}}});
        s.place.setGraph(cross);
        auto *button = s.named<QPushButton>("Show the per-layer graph");
        QVERIFY(button && button->isVisible());
        QVERIFY(!button->isEnabled()); // there is no per-layer transcoder of this GPT
        s.place.setTranscoders({{.name = "clt", .config = {.kind = TranscoderKind::CrossLayer}},
                                {.name = "plt", .config = {.gptRun = "stories-tiny"}}});
        QVERIFY(button->isEnabled());
        QSignalSpy wanted(&s.place, &CircuitsPlace::transcoderWanted);
        button->click();
        QCOMPARE(wanted[0][0].toString(), "plt");
        s.place.setGraph(s.traced);
        QVERIFY(!button->isVisible());
    }

    void a_graph_is_saved_and_opened_by_name() {
        Shown s;
        QSignalSpy saved(&s.place, &CircuitsPlace::saveRequested), opened(&s.place, &CircuitsPlace::openRequested);
        s.place.setSavedGraphs({"first", "second"});
        auto *button = s.named<QPushButton>("Graphs");
        QVERIFY(button);
        const QList<QAction *> actions = button->menu()->actions();
        QCOMPARE(actions.last()->text(), "second");
        actions.last()->trigger();
        QCOMPARE(opened[0][0].toString(), "second");
        actions.first()->trigger();
        auto *dialog = s.place.findChild<QInputDialog *>();
        QVERIFY(dialog);
        QCOMPARE(dialog->textValue(), "once-upon-a");
        dialog->accept();
        QCOMPARE(saved[0][0].toString(), "once-upon-a");
        GraphAnnotations annotations{.pinned = {"1/1184@2"}};
        s.place.restore(annotations, {.nodeThreshold = 0.5, .edgeThreshold = 0.9}, "id:640",
                        {.kind = Targets::Kind::Tokens, .tokens = {640}});
        QVERIFY(s.place.annotations() == annotations);
        QCOMPARE(s.place.settings().prune.nodeThreshold, 0.5);
        QCOMPARE(s.place.settings().targets.tokens, std::vector<int32_t>{640});
    }

    void two_graphs_stand_side_by_side_with_their_differences() {
        Shown s;
        QSignalSpy asked(&s.place, &CircuitsPlace::compareRequested);
        auto *prompt = s.named<QLineEdit>("Prompt to compare with");
        QVERIFY(prompt);
        QVERIFY(!s.named<QPushButton>("Compare")->isEnabled()); // with itself
        prompt->setText("Once upon the");
        s.named<QPushButton>("Compare")->click();
        QCOMPARE(asked[0][0].value<CompareRequest>().prompt, "Once upon the");
        ComparedGraph compared{s.traced, {}};
        const Node source = nodeOf(s.traced, strongest).node, target = nodeOf(s.traced, 19).node;
        compared.comparison.edges = {{source, target, source, target, 5.87, 1.25},
                                     {target, source, target, source, 3.5, 3.5 + 1e-6}}; // one edge, rounded twice
        compared.comparison.shared = 20;
        s.place.setCompared(compared);
        auto *list = s.place.findChild<QTableView *>("Edges that differ");
        QCOMPARE(list->model()->rowCount(), 1);
        QCOMPARE(list->model()->index(0, 2).data().toString(), "+1.25");
        const QString name = list->model()->index(0, 0).data().toString();
        QVERIFY2(name.startsWith(nodeName(nodeOf(s.traced, strongest)) + " → " + nodeName(nodeOf(s.traced, 19))),
                 qPrintable(name));
        auto *second = s.named<GraphView>("Second attribution graph");
        QVERIFY(second && second->isVisible());
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(list->model()->index(0, 0)).center());
        QCOMPARE(second->nodeItem(strongest)->highlight(), Highlight::Lit);
        s.named<QPushButton>("Close comparison")->click();
        QVERIFY(!second->isVisible());
    }

    void another_graph_forgets_the_check_and_the_comparison() {
        Shown s;
        Verification passed;
        passed.pass = true;
        passed.checked = 100;
        s.place.setVerification(passed);
        QVERIFY(s.named<QWidget>("Verified"));
        TracedGraph fewer = s.traced; // other thresholds, the same trace
        fewer.graph.settings.nodeThreshold = 0.5;
        s.place.setGraph(fewer);
        QVERIFY(s.named<QWidget>("Verified"));
        TracedGraph next = s.traced;
        next.graph.prompt = "Once upon a time";
        s.place.setGraph(next);
        QVERIFY(!s.named<QWidget>("Verified"));
    }

    void the_badge_counts_effects_as_the_check_does() {
        Shown s;
        Verification passed;
        passed.pass = true;
        passed.checked = 23400; // pairs without an edge are measured too
        s.place.setVerification(passed);
        const QString said = s.named<QWidget>("Verified")->accessibleDescription();
        QVERIFY2(said.startsWith(QStringLiteral("23,400 effects")), qPrintable(said));
    }

    void a_stale_graph_is_traced_again_only_for_a_prompt() {
        Shown s;
        QSignalSpy asked(&s.place, &CircuitsPlace::traceRequested);
        auto *again = s.named<QPushButton>("Trace again");
        s.place.setStale(true);
        s.place.setPromptFeatures({});
        QVERIFY(!again->isEnabled());
        QCOMPARE(again->toolTip(), QStringLiteral("Type a prompt first."));
        s.place.setPromptFeatures(sample::promptFeatures());
        QVERIFY(again->isEnabled());
        again->click();
        QCOMPARE(asked.size(), 1);
    }

    void proposals_are_lit_and_accepted() {
        Shown s;
        s.place.findChild<QTabWidget *>()->setCurrentIndex(3);
        QSignalSpy asked(&s.place, &CircuitsPlace::proposalsRequested);
        s.named<QPushButton>("Propose groups")->click();
        QCOMPARE(asked.size(), 1);
        s.place.setProposals({{"start", {"0/312@1", "0/2950@2"}}});
        auto *list = s.place.findChild<QTableView *>("Proposed groups");
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(list->model()->index(0, 0)).center());
        QCOMPARE(s.place.view()->nodeItem(0)->highlight(), Highlight::Lit);
        s.named<QPushButton>("Group these")->click();
        QCOMPARE(s.place.annotations().supernodes.size(), size_t{1});
    }

    void the_lists_models_keep_the_rules() {
        Shown s;
        for (NodeList *list : s.place.findChildren<NodeList *>())
            new QAbstractItemModelTester(list->model(), QAbstractItemModelTester::FailureReportingMode::QtTest, list);
        s.place.view()->selectNode(strongest);
        s.place.setPaths({});
        s.place.setProposals({});
        s.place.setGraph(s.traced);
    }

    void showing_fewer_nodes_is_measured() {
        GraphView view;
        view.resize(1184, 640);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        const TracedGraph large = sample::random(500, 2000);
        TracedGraph fewer = laidOut(withoutNodes(large.graph, [&] {
            std::vector<char> leaves(500);
            for (size_t n = 0; n < leaves.size(); n += 3)
                leaves[n] = 1;
            return leaves;
        }()));
        view.setGraph(large);
        QElapsedTimer timer;
        timer.start();
        constexpr int times = 10;
        for (int i = 0; i < times; ++i) {
            view.setGraph(i % 2 ? large : fewer);
            view.viewport()->repaint();
        }
        qInfo("500 nodes, 2000 edges: %.1f ms to show another graph",
              static_cast<double>(timer.nsecsElapsed()) / 1e6 / times);
    }
};

QTEST_MAIN(TestCircuitsPanels)
#include "test_circuits_panels.moc"
