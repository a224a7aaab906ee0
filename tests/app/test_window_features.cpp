// The place Features in the real window with its session, on small models trained for it, and on one that trains.
#include "app/cli_runner.h"
#include "app/window_program.h"
#include "ui/fail_on_warning.h"

#include "core/features/ce_effects.h"
#include "core/features/feature_labels.h"
#include "core/io/gzip.h"
#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/features/feature_table.h"
#include "ui/features/features_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/train/train_place.h"

#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QContextMenuEvent>
#include <QDir>
#include <QLineEdit>
#include <QPushButton>
#include <QSlider>
#include <QStandardPaths>
#include <QTableView>

#include <memory>

using namespace tt;

namespace {
constexpr int patience = 120'000; // milliseconds; a machine under load

struct Program : WindowProgram {
    explicit Program(const QString &folder) : WindowProgram(MainWindow::Place::Features) { session.open(folder); }
    [[nodiscard]] FeaturesPlace &place() const { return window.featuresPlace(); }
    [[nodiscard]] TokenChips *chips() const { return window.promptBar().chips(); }
    /// The step that the bar says is shown live, or −1.
    [[nodiscard]] qint64 liveStep() {
        const QString text = seen<QSlider>("State of training")->accessibleDescription();
        const QString start = QStringLiteral("live, after step ");
        return text.startsWith(start) ? text.mid(start.size()).remove(u',').toLongLong() : -1;
    }
    /// Activations of every feature of layer 1 at the last token.
    [[nodiscard]] std::vector<float> lastToken() const {
        std::vector<float> values;
        for (int feature = 0; feature < 64; ++feature)
            values.push_back(place().activationsOf(1, feature).perPosition.back());
        return values;
    }
};
} // namespace

class TestWindowFeatures : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void ce_effects_are_measured_shown_and_kept();
    void all_features_are_exported_from_the_window();
    void a_label_is_undone_by_the_windows_own_undo();
    void a_token_of_the_prompt_is_traced_to();
    void a_running_training_is_followed_and_its_past_is_seen();
    void cleanupTestCase() { program_.reset(); }

private:
    std::unique_ptr<FailOnWarning> failOnWarning_;
    QTemporaryDir folder_;
    std::unique_ptr<test::Cli> cli_;
    std::unique_ptr<Program> program_;
    [[nodiscard]] std::filesystem::path transcoder() const {
        return folder_.filePath("workspace/transcoders/plt").toStdString();
    }
};

void TestWindowFeatures::initTestCase() {
    QStandardPaths::setTestModeEnabled(true);
    failOnWarning_ = std::make_unique<FailOnWarning>();
    cli_ = std::make_unique<test::Cli>(folder_.path());
    QVERIFY(test::makeCorpus(*cli_));
    QCOMPARE(cli_->run(QStringList{"gpt", "train", "--run", "g", "--quiet"} + test::tinyGpt(60)).code, 0);
    QCOMPARE(cli_->run(QStringList{"transcoder", "train", "--name", "plt", "--quiet"} + test::tinyTranscoder(30)).code,
             0);
    QCOMPARE(cli_->run({"features", "index", "--name", "plt", "--quiet"}).code, 0);
    program_ = std::make_unique<Program>(folder_.filePath("workspace"));
    QTRY_VERIFY_WITH_TIMEOUT(program_->chips()->count() > 0, patience);
}

void TestWindowFeatures::ce_effects_are_measured_shown_and_kept() {
    Program &p = *program_;
    p.place().showTab(FeaturesPlace::Tab::All);
    auto *table = p.named<QTableView>("Table of all features");
    auto *measure = p.named<QPushButton>("Measure CE effects");
    QTRY_VERIFY_WITH_TIMEOUT(measure->isEnabled(), patience);
    auto *stop = p.named<QPushButton>("Stop all");
    QVERIFY(!stop->isEnabled());
    measure->click();
    QVERIFY(stop->isEnabled()); // a job like the others
    QTRY_VERIFY_WITH_TIMEOUT(!stop->isEnabled(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(!table->isColumnHidden(FeatureTableModel::CeColumn), patience);
    QVERIFY(std::filesystem::exists(ceEffectsFile(transcoder())));
    table->sortByColumn(FeatureTableModel::CeColumn, Qt::DescendingOrder);
    QVERIFY(table->model()->index(0, FeatureTableModel::CeColumn).data().toString().toDouble() > 0);
    p.place().showTab(FeaturesPlace::Tab::Prompt);
}

void TestWindowFeatures::all_features_are_exported_from_the_window() {
    Program &p = *program_;
    const QDir folder(folder_.filePath("features"));
    Q_EMIT p.place().exportAllRequested(folder.path(), true);
    QVERIFY(p.named<QPushButton>("Stop all")->isEnabled());
    QTRY_VERIFY_WITH_TIMEOUT(p.window.status().startsWith("Exported"), patience);
    QCOMPARE(folder.entryList(QDir::Files), (QStringList{"index.json.gz", "layer_0.bin", "layer_1.bin"}));
    const QJsonObject index =
        QJsonDocument::fromJson(QByteArray::fromStdString(gunzip(cli_->read("features/index.json.gz").toStdString())))
            .object();
    QCOMPARE(index["1"].toObject()["offsets"].toArray().last().toInt(),
             static_cast<int>(QFileInfo(folder.filePath("layer_1.bin")).size()));
    const QDir files(folder_.filePath("files"));
    p.window.setStatus({});
    Q_EMIT p.place().exportAllRequested(files.path(), false);
    QTRY_VERIFY_WITH_TIMEOUT(p.window.status().startsWith("Exported"), patience);
    QVERIFY(files.entryList({"*.json"}).size() > 20);
}

void TestWindowFeatures::a_label_is_undone_by_the_windows_own_undo() {
    Program &p = *program_;
    p.window.chooseFeature(1, 5);
    auto *label = p.seen<QLineEdit>("Label");
    label->setFocus();
    QTest::keyClicks(label, "first");
    QTest::keyClick(label, Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(readFeatureLabels(transcoder()).notes.contains({1, 5}), patience);
    QAction *undo = nullptr;
    for (QAction *action : p.window.findChildren<QAction *>())
        if (action->shortcut() == QKeySequence(QKeySequence::Undo))
            undo = action;
    QVERIFY(undo && undo->isEnabled());
    QVERIFY2(undo->text().contains("label 1/5"), qPrintable(undo->text()));
    undo->trigger();
    QTRY_VERIFY_WITH_TIMEOUT(!readFeatureLabels(transcoder()).notes.contains({1, 5}), patience);
    QCOMPARE(label->text(), QString());
}

void TestWindowFeatures::a_token_of_the_prompt_is_traced_to() {
    Program &p = *program_;
    p.window.promptBar().setPrompt("Once upon a time");
    Q_EMIT p.window.promptBar().promptEdited("Once upon a time");
    QTRY_VERIFY_WITH_TIMEOUT(p.chips()->count() > 3, patience);
    const int last = p.chips()->count() - 1;
    const QString text = QAccessible::queryAccessibleInterface(p.chips())->child(last)->text(QAccessible::Name);
    const QPoint at = p.chips()->chip(last)->geometry().center();
    QContextMenuEvent event(QContextMenuEvent::Mouse, at, p.chips()->mapToGlobal(at));
    QApplication::sendEvent(p.chips(), &event);
    for (QAction *action : p.chips()->findChildren<QAction *>())
        if (action->text() == "Trace to this token")
            action->trigger();
    const std::string before = QStringLiteral("Once upon a time").chopped(text.size()).toStdString();
    QTRY_COMPARE_WITH_TIMEOUT(p.window.circuitsPlace().view()->graph().prompt, before, patience);
    QCOMPARE(p.window.place(), MainWindow::Place::Circuits);
    const auto &nodes = p.window.circuitsPlace().view()->graph().nodes;
    QTRY_VERIFY_WITH_TIMEOUT(std::any_of(nodes.begin(), nodes.end(),
                                         [&](const GraphNode &node) {
                                             return node.node.kind == NodeKind::Logit &&
                                                    QString::fromStdString(node.label).contains(text.trimmed());
                                         }),
                             patience);
    for (QWidget *popup = QApplication::activePopupWidget(); popup; popup = QApplication::activePopupWidget())
        popup->close();
    p.window.goTo(MainWindow::Place::Features);
}

/// The run saves so rarely that what is shown cannot come from a file.
void TestWindowFeatures::a_running_training_is_followed_and_its_past_is_seen() {
    Program &p = *program_;
    TranscoderTrainingConfig config{
        .gptRun = "g", .corpus = "c", .features = 64, .k = 4, .steps = 10'000'000, .batch = 64, .warmup = 2};
    config.evalEvery = 1'000'000;
    config.checkpointEvery = 1'000'000;
    config.snapshots = 3;
    config.threads = 1;
    Q_EMIT p.window.trainPlace().startTranscoderRequested("growing", config);
    QTRY_VERIFY_WITH_TIMEOUT(!p.session.runs().active().empty() && p.session.runs().active().front().step > 0,
                             patience);
    const int id = p.session.runs().active().front().id;
    p.window.promptBar().setTranscoders({"growing", "plt"}, "growing");
    Q_EMIT p.window.promptBar().transcoderChosen("growing");
    QTRY_VERIFY_WITH_TIMEOUT(p.seen<QCheckBox>("Follow the training") != nullptr, patience);
    auto *every = p.seen<QComboBox>("Look every");
    every->setCurrentIndex(every->findData(2));
    p.seen<QCheckBox>("Follow the training")->setChecked(true);
    QTRY_VERIFY_WITH_TIMEOUT(p.liveStep() > 0, patience);
    const qint64 first = p.liveStep();
    const std::vector<float> before = p.lastToken();
    QTRY_VERIFY_WITH_TIMEOUT(p.liveStep() > first, patience);
    QTRY_VERIFY_WITH_TIMEOUT(p.lastToken() != before, patience);
    QCOMPARE(p.session.runs().row(id)->state, RunRow::State::Running);
    QTRY_VERIFY_WITH_TIMEOUT(p.session.runs().row(id)->step >= first, patience);

    auto *slider = p.seen<QSlider>("State of training"); // the state before the first step, the saved one, the live one
    QTRY_COMPARE_WITH_TIMEOUT(slider->maximum(), 2, patience);
    QCOMPARE(slider->value(), 2);
    const std::vector<float> live = p.lastToken();
    slider->setValue(0);
    QCOMPARE(slider->accessibleDescription(), QStringLiteral("after step 0"));
    QVERIFY(!p.seen<QCheckBox>("Follow the training")->isChecked());
    QTRY_VERIFY_WITH_TIMEOUT(p.lastToken() != live, patience);
    QCOMPARE(slider->maximum(), 1); // what was shown live is in no file

    p.seen<QCheckBox>("Follow the training")->setChecked(true);
    QTRY_VERIFY_WITH_TIMEOUT(p.liveStep() > first, patience);
    Q_EMIT p.window.trainPlace().stopRequested(id);
    QTRY_VERIFY_WITH_TIMEOUT(p.session.runs().active().empty(), patience);
    QTRY_COMPARE_WITH_TIMEOUT(slider->accessibleDescription(), QStringLiteral("saved last"), patience);
    QTRY_COMPARE_WITH_TIMEOUT(slider->maximum(), 2, patience); // the last state was kept, too
}

int main(int argc, char **argv) {
    return runWindowTest<TestWindowFeatures>(argc, argv);
}

#include "test_window_features.moc"
