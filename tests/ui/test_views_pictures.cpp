#include "fail_on_warning.h"
#include "sample_features.h"
#include "sample_graph.h"
#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/features/features_place.h"
#include "ui/theme.h"

#include <QApplication>
#include <QDir>
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
        place.setHasTranscoder(true);
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
        place.view()->selectNode(5);
        keep(place, pictureName("circuits"));
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
