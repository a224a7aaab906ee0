#include "fail_on_warning.h"
#include "sample_features.h"
#include "sample_graph.h"
#include "ui/circuits/attention_view.h"
#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/features/features_place.h"
#include "ui/theme.h"

#include <QApplication>
#include <QDir>
#include <QTabWidget>
#include <QtTest>

using namespace tt;

/// Keeps pictures of Features and Circuits as artefacts: `pictures` beside the test program.
class TestViewsPictures : public QObject {
    Q_OBJECT

    FailOnWarning guard_;
    static void keep(QWidget &widget, const QString &name) {
        QDir().mkpath(QStringLiteral("pictures"));
        QTest::qWait(20); // layouts settle in the event loop
        const QPixmap picture = widget.grab();
        QCOMPARE(picture.size() / picture.devicePixelRatio(), widget.size());
        QVERIFY(picture.save(QStringLiteral("pictures/%1.png").arg(name)));
    }
    static void sizes() {
        QTest::addColumn<QString>("scheme");
        QTest::addColumn<QSize>("size");
        for (const char *scheme : {"light", "dark"})
            for (const QSize size : {QSize(1184, 640), QSize(2464, 1280), QSize(928, 480)})
                QTest::newRow(qPrintable(QStringLiteral("%1 %2").arg(QLatin1String(scheme)).arg(size.width())))
                    << QString::fromLatin1(scheme) << size;
    }
    static QString pictureName(const QString &what) {
        return what + u'-' + QString::fromLatin1(QTest::currentDataTag()).replace(u' ', u'-');
    }

private Q_SLOTS:
    void features_data() { sizes(); }
    void features() {
        QFETCH(QString, scheme);
        QFETCH(QSize, size);
        qputenv("TT_COLOR_SCHEME", scheme.toLatin1());
        applyTheme(*qApp);
        FeaturesPlace place;
        place.resize(size);
        place.show();
        keep(place, pictureName("features-no-transcoder"));
        place.setHasTranscoder(true);
        place.setPromptFeatures(sample::promptFeatures());
        keep(place, pictureName("features-overview"));
        place.setSelectedPositions({2});
        place.chooseFeature(1, 100);
        keep(place, pictureName("features-no-index"));
        place.setNotes(sample::notes());
        place.setDictionary(sample::dictionary());
        place.setFacts(sample::facts(1, 100));
        place.setExamples(sample::examples(1, 100));
        keep(place, pictureName("features"));
        place.showTab(FeaturesPlace::Tab::All);
        keep(place, pictureName("features-all"));
        place.showTab(FeaturesPlace::Tab::Stories);
        place.setStories(1, 100, sample::stories(8), 30'004);
        keep(place, pictureName("features-stories"));
        place.showTab(FeaturesPlace::Tab::Prompt);
        place.chooseFeature(1, 4000);
        place.setStale(true);
        keep(place, pictureName("features-stale"));
    }

    void circuits_data() { sizes(); }
    void circuits() {
        QFETCH(QString, scheme);
        QFETCH(QSize, size);
        qputenv("TT_COLOR_SCHEME", scheme.toLatin1());
        applyTheme(*qApp);
        CircuitsPlace place;
        place.resize(size);
        place.show();
        keep(place, pictureName("circuits-no-transcoder"));
        place.setTranscoders({{}});
        place.setPromptFeatures(sample::promptFeatures());
        keep(place, pictureName("circuits-not-traced"));
        TracedGraph traced = sample::onceUponA();
        traced.layout = layoutGraph(traced.graph, nodeSizes(traced.graph), {});
        place.setGraph(traced);
        Verification passed;
        passed.checked = 100;
        passed.maxAbsError = 3e-6;
        passed.pass = true;
        place.setVerification(passed);
        keep(place, pictureName("circuits-overview"));
        SplitRequest asked;
        QObject::connect(&place, &CircuitsPlace::splitRequested, &place,
                         [&asked](const SplitRequest &request) { asked = request; });
        place.view()->selectNode(5);
        place.setSplit(asked, {.residual = 2.21,
                               .heads = {{0, 2, 1, 0.41},
                                         {0, 5, 0, 0.14},
                                         {1, 0, 2, 0.22},
                                         {1, 3, 1, 3.4},
                                         {1, 5, 0, -0.19},
                                         {1, 6, 2, 0.92}}});
        keep(place, pictureName("circuits"));
        auto *tabs = place.findChild<QTabWidget *>();
        tabs->setCurrentIndex(1);
        place.view()->selectNode(0);
        keep(place, pictureName("circuits-card"));
        tabs->setCurrentIndex(2);
        GreedyPath path{.steps = {{.kind = PathStep::Kind::Logit, .layer = 2, .position = 2, .id = 640},
                                  {.kind = PathStep::Kind::Feature, .layer = 1, .position = 2, .id = 1184},
                                  {.kind = PathStep::Kind::Head, .layer = 1, .position = 1, .id = 3},
                                  {.kind = PathStep::Kind::Token, .position = 1, .id = 12}},
                        .contribution = 1.84};
        path.steps.front().contribution = 9.4;
        GreedyPath lowers = path;
        lowers.steps.erase(lowers.steps.begin() + 2);
        lowers.contribution = -0.77;
        place.setPaths({path, lowers});
        place.view()->lightPath({19, 5, 13});
        keep(place, pictureName("circuits-paths"));
        passed.edges.clear();
        for (const GraphEdge &edge : traced.graph.edges)
            passed.edges.push_back({traced.graph.nodes[static_cast<size_t>(edge.source)].node,
                                    traced.graph.nodes[static_cast<size_t>(edge.target)].node, edge.weight,
                                    edge.weight + 1e-6});
        place.setVerification(passed);
        tabs->setCurrentIndex(4);
        keep(place, pictureName("circuits-check"));
        TracedGraph grouped = traced;
        grouped.annotations = {.pinned = {"1/2051@2"},
                               .supernodes = {{"start of a story", {"0/312@1", "0/1407@0", "0/3821@1"}}}};
        grouped.graph = annotated(traced.graph, grouped.annotations);
        grouped.graph.pinnedScores = GraphScores{.replacement = 0.41, .completeness = 0.7};
        grouped.graph.crossLayer = true;
        grouped.layout = layoutGraph(grouped.graph, nodeSizes(grouped.graph), {});
        place.setGraph(grouped);
        place.setProposals({{"time", {"1/1184@2", "1/640@1"}}});
        tabs->setCurrentIndex(3);
        keep(place, pictureName("circuits-groups"));
        ComparedGraph compared{traced, {}};
        for (size_t e = 0; e < 12; ++e) {
            const GraphEdge &edge = traced.graph.edges[e];
            const Node &source = traced.graph.nodes[static_cast<size_t>(edge.source)].node,
                       &target = traced.graph.nodes[static_cast<size_t>(edge.target)].node;
            compared.comparison.edges.push_back(
                {source, target, source, target, edge.weight, edge.weight * (e % 2 ? 0.4 : -0.2)});
        }
        compared.comparison.shared = 18;
        place.setCompared(compared);
        keep(place, pictureName("circuits-compare"));
        place.setGraph(traced);
        tabs->setCurrentIndex(0);
        place.view()->selectNode(5);
        place.view()->zoomBy(2.5);
        QTest::qWait(200);
        keep(place, pictureName("circuits-zoomed"));
        place.view()->fit();
        AttentionDialog pattern(&place);
        pattern.showPattern({1, 3, 2}, traced.graph.tokens, {1, 0, 0, 0.3F, 0.7F, 0, 0.12F, 0.63F, 0.25F});
        keep(pattern, pictureName("circuits-attention"));
        pattern.close();
        place.setStale(true);
        Verification failed = passed;
        failed.maxAbsError = 4.1e-3;
        failed.pass = false;
        failed.worstSource = place.view()->graph().nodes[0].node;
        failed.worstTarget = place.view()->graph().nodes[5].node;
        place.setVerification(failed);
        place.showMessage({.kind = Message::Kind::Error,
                           .title = "plt-old belongs to another GPT.",
                           .text = "It was trained for stories-small, this workspace's model is stories-tiny.",
                           .actionText = "Choose another",
                           .action = "choose"});
        keep(place, pictureName("circuits-stale"));
        place.setBusy(true, "Tracing “Once upon a”");
        QTest::qWait(450);
        keep(place, pictureName("circuits-busy"));
    }
};

QTEST_MAIN(TestViewsPictures)
#include "test_views_pictures.moc"
