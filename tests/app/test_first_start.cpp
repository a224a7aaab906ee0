// The first start in the real window with its real session: what is copied, what opens, what is said when it cannot be.
#include "app/small_model.h"
#include "app/window_program.h"
#include "ui/fail_on_warning.h"

#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/features/features_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/theme.h"
#include "ui/tour/start_pane.h"
#include "ui/tour/tour.h"
#include "ui/tour/tour_bar.h"
#include "ui/widgets/message_bar.h"

#include <QApplication>
#include <QSettings>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QtTest>

#include <memory>

using namespace tt;
namespace fs = std::filesystem;

namespace {
constexpr int patience = 30'000; // milliseconds; a machine under load
}

class TestFirstStart : public QObject {
    Q_OBJECT
    std::unique_ptr<FailOnWarning> failOnWarning_;
    QTemporaryDir settings_;
    std::unique_ptr<QTemporaryDir> folder_;

    [[nodiscard]] QString model() const { return folder_->filePath(QStringLiteral("model")); }
    [[nodiscard]] QString copy() const { return folder_->filePath(QStringLiteral("home/demonstration")); }
    /// A message that can be seen, or nothing.
    static QString messageIn(WindowProgram &program) {
        for (const auto *bar : program.window.findChildren<MessageBar *>())
            if (bar->isVisible())
                return bar->message().title + u' ' + bar->message().text;
        return {};
    }
    static bool isTraced(WindowProgram &program) {
        const AttributionGraph &graph = program.window.circuitsPlace().view()->traced().graph;
        return !graph.nodes.empty() && graph.prompt == program.window.promptBar().prompt().toStdString();
    }

private Q_SLOTS:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true); // no folder of the user's own is touched
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings_.path());
        qputenv("TT_COLOR_SCHEME", "light");
        applyTheme(*qApp);
        failOnWarning_ = std::make_unique<FailOnWarning>();
    }
    void init() {
        folder_ = std::make_unique<QTemporaryDir>();
        test::makeShippedModel(model().toStdString(), "small");
        fs::remove_all(FirstStart::emptyFolder().toStdString());
    }
    void cleanup() { QSettings(QStringLiteral("TinyTranscoder"), QStringLiteral("TinyTranscoder")).clear(); }

    void it_opens_on_a_traced_prompt_with_the_tour() {
        WindowProgram program;
        program.session.openDemonstration(copy(), model());
        QTRY_VERIFY_WITH_TIMEOUT(program.window.tour().isRunning(), patience);
        QCOMPARE(program.window.place(), MainWindow::Place::Features);
        QVERIFY(program.window.findChild<TourBar *>()->isVisible());
        QTRY_VERIFY_WITH_TIMEOUT(program.window.featuresPlace().start()->isVisible(), patience);
        QTRY_VERIFY_WITH_TIMEOUT(isTraced(program), patience);
        QVERIFY(program.window.promptBar().chips()->count() > 0);
        QVERIFY(messageIn(program).isEmpty());
        QTest::mouseClick(program.window.promptBar().chips()->chip(0), Qt::LeftButton); // something to click
        QVERIFY(program.window.tour().isDone());
    }

    void the_second_start_opens_the_copy_without_the_tour() {
        {
            WindowProgram program;
            program.session.openDemonstration(copy(), model());
            QTRY_VERIFY_WITH_TIMEOUT(program.window.tour().isRunning(), patience);
            program.window.tour().end();
        }
        fs::remove_all(model().toStdString()); // a whole copy needs no model to copy from
        WindowProgram program;
        program.session.openDemonstration(copy(), model());
        QTRY_VERIFY_WITH_TIMEOUT(isTraced(program), patience);
        QVERIFY(!program.window.tour().isRunning());
        QVERIFY(messageIn(program).isEmpty());
    }

    void a_copy_that_the_command_line_made_is_shown_with_the_tour() {
        installShippedModel(readShippedModel(model().toStdString()), copy().toStdString(), {}, {});
        WindowProgram program;
        program.session.openDemonstration(copy(), model());
        QTRY_VERIFY_WITH_TIMEOUT(program.window.tour().isRunning(), patience);
        QCOMPARE(program.window.place(), MainWindow::Place::Features);
    }

    void a_half_copy_is_completed() {
        fs::create_directories(copy().toStdString() + "/gpt/gpt");
        writeFileAtomically(copy().toStdString() + "/gpt/gpt/model.safetensors", "cut sho");
        WindowProgram program;
        program.session.openDemonstration(copy(), model());
        QTRY_VERIFY_WITH_TIMEOUT(isTraced(program), patience);
        QVERIFY(messageIn(program).isEmpty());
        QCOMPARE(sha256OfFile(copy().toStdString() + "/gpt/gpt/model.safetensors"),
                 sha256OfFile(model().toStdString() + "/gpt/gpt/model.safetensors"));
    }

    void a_damaged_copy_is_repaired() {
        const ShippedModel shipped = readShippedModel(model().toStdString());
        installShippedModel(shipped, copy().toStdString(), {}, {});
        fs::resize_file(copy().toStdString() + "/transcoders/plt/layer_1.safetensors", 100);
        WindowProgram program;
        program.session.openDemonstration(copy(), model());
        QTRY_VERIFY_WITH_TIMEOUT(isTraced(program), patience);
    }

    void a_damaged_model_is_said_and_an_empty_workspace_opens_data() {
        QTest::addColumn<QString>("file");
        QTest::newRow("weights") << QStringLiteral("gpt/gpt/model.safetensors");
        QTest::newRow("manifest") << QStringLiteral("manifest.json");
    }
    void a_damaged_model_is_said_and_an_empty_workspace_opens() {
        QFETCH(QString, file);
        writeFileAtomically((model() + u'/' + file).toStdString(), "not what it was");
        WindowProgram program;
        program.session.openDemonstration(copy(), model());
        QTRY_VERIFY_WITH_TIMEOUT(!messageIn(program).isEmpty(), patience);
        const QString said = messageIn(program);
        QVERIFY2(said.contains(QStringLiteral("demonstration cannot be opened")), qPrintable(said));
        QVERIFY2(said.contains(file), qPrintable(said));
        QVERIFY2(said.contains(QStringLiteral("Install")), qPrintable(said));
        QTRY_VERIFY_WITH_TIMEOUT(program.window.status().startsWith(QStringLiteral("Opened")), patience);
        QVERIFY(!messageIn(program).isEmpty()); // it stays until it is closed
        auto *generate = program.named<QAbstractButton>(QStringLiteral("Generate stories"));
        QVERIFY(generate && generate->isVisible() && generate->isEnabled());
        QVERIFY(!fs::exists(copy().toStdString() + "/workspace.json"));
    }

    void a_workspace_that_is_open_stays_when_the_model_is_damaged() {
        WindowProgram program;
        program.session.open(folder_->filePath(QStringLiteral("mine")));
        QTRY_VERIFY_WITH_TIMEOUT(program.window.status().startsWith(QStringLiteral("Opened")), patience);
        QVERIFY(!program.window.featuresPlace().start()->isVisible()); // it is no demonstration
        fs::remove(model().toStdString() + "/tokenizer/bpe/tokenizer.json");
        program.session.openDemonstration(copy(), model());
        QTRY_VERIFY_WITH_TIMEOUT(messageIn(program).contains(QStringLiteral("tokenizer.json")), patience);
        QVERIFY(!fs::exists(FirstStart::emptyFolder().toStdString()));
    }
};

QTEST_MAIN(TestFirstStart)
#include "test_first_start.moc"
