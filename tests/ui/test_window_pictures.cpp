#include "ui/fail_on_warning.h"
#include "ui/sample_graph.h"
#include "ui/sample_workspace.h"
#include "ui/train_sample.h"

#include "ui/circuits/circuits_place.h"
#include "ui/data/data_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/theme.h"
#include "ui/train/train_place.h"
#include "ui/window/closing_dialog.h"
#include "ui/window/main_window.h"

#include <QApplication>
#include <QDir>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

using namespace tt;

/// Keeps pictures of the whole window as artefacts: `pictures` beside the test program.
class TestWindowPictures : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;
    QTemporaryDir settings_;

    static void keep(QWidget &widget, const QString &what) {
        QDir().mkpath(QStringLiteral("pictures"));
        QTest::qWait(30); // layouts settle in the event loop
        const QString name = what + u'-' + QString::fromLatin1(QTest::currentDataTag()).replace(u' ', u'-');
        QVERIFY(widget.grab().save(QStringLiteral("pictures/window-%1.png").arg(name)));
    }

private Q_SLOTS:
    void initTestCase() { QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings_.path()); }

    void the_window_data() {
        QTest::addColumn<QByteArray>("scheme");
        QTest::addColumn<QSize>("size");
        QTest::addColumn<double>("fontScale");
        for (const char *scheme : {"light", "dark"}) {
            QTest::addRow("%s", scheme) << QByteArray(scheme) << QSize(1280, 800) << 1.0;
            QTest::addRow("%s large", scheme) << QByteArray(scheme) << QSize(2560, 1440) << 1.0;
        }
        QTest::addRow("small") << QByteArray("light") << QSize(1024, 640) << 1.0;
        QTest::addRow("font130") << QByteArray("light") << QSize(1332, 832) << 1.3;
    }
    void the_window() {
        QFETCH(QByteArray, scheme);
        QFETCH(QSize, size);
        QFETCH(double, fontScale);
        qputenv("TT_COLOR_SCHEME", scheme);
        applyTheme(*qApp);
        QFont font = qApp->font();
        font.setPointSizeF(font.pointSizeF() * fontScale);
        qApp->setFont(font);
        MainWindow window;
        window.resize(size);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        window.setThreads(1, 2);
        window.setStatus(QStringLiteral("Opened an empty workspace"));
        keep(window, QStringLiteral("data-empty"));
        window.setWorkspace(windowsample::workspace());
        window.setModelName(QStringLiteral("stories-tiny · plt-k16"));
        window.setJob(
            {.running = true, .what = QStringLiteral("Importing tinystories.txt"), .done = 812, .total = 2230});
        window.showMessage({.kind = Message::Kind::Warning,
                            .title = QStringLiteral("bedtime.txt: 3 empty stories were left out."),
                            .text = QStringLiteral("1,204 stories are in."),
                            .actionText = {},
                            .action = {}});
        keep(window, QStringLiteral("data"));
        window.setJob({});
        window.setRunsActive({.training = 2, .share = 0.52, .secondsLeft = 373});
        window.goTo(MainWindow::Place::Train);
        window.trainPlace().setRuns(tt::sample::runs());
        window.trainPlace().setPoints(1, tt::sample::gptPoints(640, 1000, 1.95, 1));
        window.trainPlace().setPoints(2, tt::sample::transcoderPoints(1410, 3000, 2));
        window.setStatus(QStringLiteral("bedtime-2: loss 2.16, validation 2.22"));
        keep(window, QStringLiteral("train"));
        window.goTo(MainWindow::Place::Features);
        const PromptFeatures prompt = ::sample::promptFeatures();
        window.promptBar().setPrompt(QString::fromStdString(prompt.prompt));
        window.setPromptFeatures(prompt);
        keep(window, QStringLiteral("features-overview"));
        window.promptBar().selectPosition(2);
        const ActiveFeature &strongest = *std::find_if(prompt.active.begin(), prompt.active.end(),
                                                       [](const auto &active) { return active.position == 2; });
        window.chooseFeature(strongest.layer, strongest.feature);
        keep(window, QStringLiteral("features"));
        window.circuitsPlace().setGraph(::sample::onceUponA());
        window.goTo(MainWindow::Place::Circuits);
        keep(window, QStringLiteral("circuits"));
        window.setPromptFeatures(windowsample::prompt(std::vector<std::string>(128, " butterfly"), 13));
        keep(window, QStringLiteral("long-prompt"));
        ClosingDialog dialog(tt::sample::runs(), &window);
        dialog.show();
        keep(dialog, QStringLiteral("closing"));
    }
};

QTEST_MAIN(TestWindowPictures)
#include "test_window_pictures.moc"
