// The real window with its real session, offscreen: the whole chain as a person clicks through it.
#include "app/window_program.h"
#include "ui/fail_on_warning.h"

#include "core/io/workspace.h"
#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/data/data_place.h"
#include "ui/features/features_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/train/train_place.h"

#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QApplication>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QSpinBox>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QXmlStreamReader>
#include <QtTest>

#include <memory>

using namespace tt;

namespace {
constexpr int patience = 120'000; // milliseconds; a machine under load

/// A window with its session, as main() makes them.
struct Program : WindowProgram {
    explicit Program(const QString &folder) { session.open(folder); }
    [[nodiscard]] bool canPress(const QString &name) {
        const auto *button = named<QAbstractButton>(name);
        return button && button->isEnabled();
    }
    /// Types into a spin box or number field, as a person would.
    bool enter(const QString &name, const QString &text, QWidget *inside = nullptr) {
        auto *field = named<QWidget>(name, inside);
        if (!field)
            return false;
        auto *line = qobject_cast<QLineEdit *>(field);
        if (!line)
            line = field->findChild<QLineEdit *>();
        if (!line)
            return false;
        field->setFocus();
        line->selectAll();
        QTest::keyClicks(line, text);
        QTest::keyClick(line, Qt::Key_Tab);
        return true;
    }
    [[nodiscard]] const RunRow *run(const QString &name) const {
        for (const RunRow &row : session.runs().rows())
            if (row.name == name)
                return &row;
        return nullptr;
    }
    /// Steps done by a run; −1 if there is none.
    [[nodiscard]] int64_t stepOf(const QString &name) const {
        const RunRow *row = run(name);
        return row ? row->step : -1;
    }
    [[nodiscard]] bool runIs(const QString &name, RunRow::State state) const {
        const RunRow *row = run(name);
        return row && row->state == state;
    }
};
} // namespace

class TestWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void stories_are_generated_and_a_tokenizer_trained();
    void a_training_starts_from_the_button_and_its_curve_grows();
    void the_window_answers_while_a_training_runs();
    void a_run_pauses_and_goes_on();
    void a_stopped_run_resumes_in_a_window_opened_anew();
    void a_transcoder_trains_and_opens();
    void a_clicked_token_shows_its_features_in_each_layer();
    void a_clicked_feature_colours_the_tokens();
    void a_traced_graph_shows_inputs_and_outputs_of_a_clicked_node();
    void the_graph_is_verified_against_frozen_interventions();
    void the_exported_svg_has_one_element_a_node();
    void a_prompt_longer_than_the_context_keeps_its_last_tokens();
    void a_newer_workspace_is_refused_in_words();
    void a_workspace_damaged_while_open_is_said_once();
    void cleanupTestCase();

private:
    std::unique_ptr<FailOnWarning> failOnWarning_;
    QTemporaryDir folder_;
    std::unique_ptr<Program> program_;
};

void TestWindow::initTestCase() {
    QStandardPaths::setTestModeEnabled(true);
    failOnWarning_ = std::make_unique<FailOnWarning>();
    program_ = std::make_unique<Program>(folder_.filePath("workspace"));
    QTRY_VERIFY_WITH_TIMEOUT(program_->window.status().startsWith("Opened"), patience);
}

void TestWindow::stories_are_generated_and_a_tokenizer_trained() {
    Program &p = *program_;
    p.window.goTo(MainWindow::Place::Data);
    QVERIFY(p.enter("Stories", "400"));
    QVERIFY(p.enter("Corpus name", "small"));
    QVERIFY(p.press("Generate stories"));
    const Workspace workspace = Workspace::open(folder_.filePath("workspace").toStdString());
    QTRY_COMPARE_WITH_TIMEOUT(workspace.corpora(), std::vector<std::string>{"small"}, patience);
    QVERIFY(p.enter("Vocabulary", "400"));
    QTRY_VERIFY_WITH_TIMEOUT(p.canPress("Train tokenizer"), patience);
    QVERIFY(p.press("Train tokenizer"));
    QTRY_COMPARE_WITH_TIMEOUT(workspace.tokenizers(), std::vector<std::string>{"own-400"}, patience);
}

void TestWindow::a_training_starts_from_the_button_and_its_curve_grows() {
    Program &p = *program_;
    p.window.goTo(MainWindow::Place::Train);
    auto *start = p.named<QAbstractButton>("Start GPT training");
    QVERIFY(start);
    QTRY_VERIFY_WITH_TIMEOUT(start->isEnabled(), patience);
    QVERIFY(p.enter("Name", "first"));
    for (const auto &[key, value] : {std::pair{"Steps", "900000"},
                                     {"Batch", "16"},
                                     {"Context, tokens", "32"},
                                     {"Width d", "32"},
                                     {"Heads", "4"},
                                     {"Layers", "2"}})
        QVERIFY2(p.enter(key, value), key);
    QVERIFY2(start->isEnabled(), qPrintable(start->toolTip()));
    start->click();
    QTRY_VERIFY_WITH_TIMEOUT(p.runIs("first", RunRow::State::Running) && p.stepOf("first") >= 5, patience);
    auto *curve = p.named<QWidget>("Loss curve");
    QVERIFY(curve);
    QTRY_VERIFY_WITH_TIMEOUT(curve->accessibleDescription().contains("first"), patience);
    const QString before = curve->accessibleDescription();
    QTRY_VERIFY_WITH_TIMEOUT(curve->accessibleDescription() != before, patience);
}

void TestWindow::the_window_answers_while_a_training_runs() {
    Program &p = *program_;
    QVERIFY(p.runIs("first", RunRow::State::Running));
    QTimer timer;
    QElapsedTimer sinceTick;
    qint64 longest = 0;
    int ticks = 0;
    connect(&timer, &QTimer::timeout, this, [&] {
        longest = std::max(longest, sinceTick.restart());
        ++ticks;
    });
    timer.setTimerType(Qt::PreciseTimer);
    sinceTick.start();
    timer.start(4);
    QTest::qWait(3000);
    qInfo("longest gap between two events while a training runs: %lld ms in %d", static_cast<long long>(longest),
          ticks);
    QVERIFY(ticks > 50); // a frozen window would give a handful
}

void TestWindow::a_run_pauses_and_goes_on() {
    Program &p = *program_;
    QVERIFY(p.press("Pause"));
    QTRY_VERIFY_WITH_TIMEOUT(p.runIs("first", RunRow::State::Paused), patience);
    const int64_t step = p.stepOf("first");
    QTest::qWait(300);
    QCOMPARE(p.stepOf("first"), step);
    QVERIFY(p.press("Resume"));
    QTRY_VERIFY_WITH_TIMEOUT(p.stepOf("first") > step, patience);
}

void TestWindow::a_stopped_run_resumes_in_a_window_opened_anew() {
    QVERIFY(program_->press("Stop"));
    QTRY_VERIFY_WITH_TIMEOUT(program_->runIs("first", RunRow::State::Stopped), patience);
    const int64_t step = program_->stepOf("first");
    QVERIFY(step < 900000);
    program_.reset();

    program_ = std::make_unique<Program>(folder_.filePath("workspace"));
    Program &p = *program_;
    QTRY_VERIFY_WITH_TIMEOUT(p.runIs("first", RunRow::State::Stopped), patience);
    QCOMPARE(p.stepOf("first"), step);
    p.window.goTo(MainWindow::Place::Train);
    auto *runs = p.named<QAbstractItemView>("Runs");
    QVERIFY(runs);
    runs->setCurrentIndex(runs->model()->index(0, 1));
    QTRY_VERIFY_WITH_TIMEOUT(p.canPress("Resume"), patience);
    QVERIFY(p.press("Resume"));
    QTRY_VERIFY_WITH_TIMEOUT(p.stepOf("first") > step, patience);
    QVERIFY(p.press("Stop"));
    QTRY_VERIFY_WITH_TIMEOUT(p.runIs("first", RunRow::State::Stopped), patience);
}

void TestWindow::a_transcoder_trains_and_opens() {
    Program &p = *program_;
    auto *start = p.named<QAbstractButton>("Start transcoder training");
    QVERIFY(start);
    for (const auto &[key, value] : {std::pair{"Features, transcoder", "128"},
                                     {"k, transcoder", "4"},
                                     {"Steps, transcoder", "30"},
                                     {"Batch, tokens, transcoder", "256"}})
        QVERIFY2(p.enter(key, value, p.window.findChild<TrainPlace *>()), key);
    QTRY_VERIFY2_WITH_TIMEOUT(start->isEnabled(), qPrintable(start->toolTip()), patience);
    start->click();
    QTRY_VERIFY_WITH_TIMEOUT(
        !p.session.runs().rows().empty() && p.session.runs().rows().front().kind == RunRow::Kind::Transcoder, patience);
    const QString name = p.session.runs().rows().front().name;
    QTRY_VERIFY_WITH_TIMEOUT(p.runIs(name, RunRow::State::Finished), patience);
    QTRY_COMPARE_WITH_TIMEOUT(p.window.promptBar().transcoder(), name, patience);
}

void TestWindow::a_clicked_token_shows_its_features_in_each_layer() {
    Program &p = *program_;
    p.window.goTo(MainWindow::Place::Features);
    QVERIFY(p.enter("Prompt", "Once upon a time"));
    TokenChips *chips = p.window.promptBar().chips();
    QTRY_VERIFY_WITH_TIMEOUT(chips->count() >= 3, patience);
    QTest::mouseClick(chips->chip(1), Qt::LeftButton);
    auto *active = p.named<QAbstractItemView>("Active features");
    QVERIFY(active);
    QTRY_COMPARE_WITH_TIMEOUT(active->model()->rowCount(), 2, patience); // one group a layer
    for (int layer = 0; layer < 2; ++layer)
        QVERIFY(active->model()->rowCount(active->model()->index(layer, 0)) > 0);
}

void TestWindow::a_clicked_feature_colours_the_tokens() {
    Program &p = *program_;
    auto *active = p.named<QAbstractItemView>("Active features");
    const QModelIndex first = active->model()->index(0, 0, active->model()->index(0, 0));
    QVERIFY(first.isValid());
    active->scrollTo(first);
    const QImage before = p.window.promptBar().chips()->chip(1)->grab().toImage();
    QTest::mouseClick(active->viewport(), Qt::LeftButton, {}, active->visualRect(first).center());
    QTRY_VERIFY_WITH_TIMEOUT(p.window.promptBar().chips()->chip(1)->grab().toImage() != before, patience);
}

void TestWindow::a_traced_graph_shows_inputs_and_outputs_of_a_clicked_node() {
    Program &p = *program_;
    p.window.goTo(MainWindow::Place::Circuits);
    QTRY_VERIFY_WITH_TIMEOUT(p.canPress("Trace"), patience);
    QVERIFY(p.press("Trace"));
    GraphView *view = p.window.circuitsPlace().view();
    QTRY_VERIFY_WITH_TIMEOUT(!view->graph().nodes.empty() && view->graph().prompt == "Once upon a time", patience);
    QVERIFY(view->accessibleDescription().contains("nodes"));
    QTRY_VERIFY_WITH_TIMEOUT(p.window.status().contains("Traced"), patience);
    auto *threshold = p.named<QAbstractSlider>("Node threshold");
    QVERIFY(threshold);
    threshold->setValue(threshold->maximum()); // a transcoder this young carries little: keep its features too
    const auto firstFeature = [view] {
        const auto &nodes = view->graph().nodes;
        const auto isFeature = [](const GraphNode &n) { return n.node.kind == NodeKind::Feature; };
        const auto found = std::find_if(nodes.begin(), nodes.end(), isFeature);
        return found == nodes.end() ? -1 : static_cast<int>(found - nodes.begin());
    };
    QTRY_VERIFY_WITH_TIMEOUT(firstFeature() >= 0, patience);
    const int index = firstFeature();
    const QPoint at = view->mapFromScene(view->nodeItem(index)->sceneBoundingRect().center());
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, at);
    QCOMPARE(view->selectedNode(), std::optional(index));
    for (const char *list : {"Inputs", "Outputs"}) {
        auto *table = p.named<QAbstractItemView>(list);
        QVERIFY2(table, list);
        QVERIFY2(table->model()->rowCount() > 0, list);
    }
}

void TestWindow::the_graph_is_verified_against_frozen_interventions() {
    Program &p = *program_;
    QVERIFY(p.press("Verify"));
    const auto *badge = p.named<QWidget>("Verified"); // what the badge says, whatever Status says by now
    QTRY_VERIFY_WITH_TIMEOUT((badge = p.named<QWidget>("Verified")) != nullptr, patience);
}

void TestWindow::the_exported_svg_has_one_element_a_node() {
    Program &p = *program_;
    const QString file = folder_.filePath("graph.svg");
    Q_EMIT p.window.circuitsPlace().exportRequested(
        {.file = file, .hiddenKinds = {}}); // what Export… emits once a name was chosen
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(file), patience);
    QFile svg(file);
    QVERIFY(svg.open(QIODevice::ReadOnly));
    QXmlStreamReader xml(&svg);
    size_t nodes = 0, edges = 0;
    QString description;
    while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement)
            continue;
        const auto classes = xml.attributes().value("class").toString().split(' ');
        nodes += xml.name() == QLatin1String("g") && classes.contains("node");
        edges += xml.name() == QLatin1String("path") && classes.contains("edge");
        if (xml.name() == QLatin1String("desc") && description.isEmpty())
            description = xml.readElementText();
    }
    QVERIFY2(!xml.hasError(), qPrintable(xml.errorString()));
    const AttributionGraph &graph = p.window.circuitsPlace().view()->graph();
    QCOMPARE(nodes, graph.nodes.size());
    QCOMPARE(edges, graph.edges.size());
    QVERIFY(description.contains("first") && description.contains("Once upon a time"));
}

void TestWindow::a_prompt_longer_than_the_context_keeps_its_last_tokens() {
    Program &p = *program_;
    p.window.goTo(MainWindow::Place::Features);
    QString text = "Once upon a time there was a dog";
    for (int i = 0; i < 40; ++i)
        text += " dog";
    QVERIFY(p.enter("Prompt", text));
    QTRY_COMPARE_WITH_TIMEOUT(p.window.promptBar().chips()->count(), 32, patience);
    QTRY_VERIFY_WITH_TIMEOUT(p.window.status().contains("last 32 of"), patience);
}

void TestWindow::a_newer_workspace_is_refused_in_words() {
    const QString folder = folder_.filePath("newer");
    QVERIFY(QDir().mkpath(folder));
    QFile file(folder + "/workspace.json");
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(R"({"version": 99})");
    file.close();
    program_->session.open(folder);
    QTRY_VERIFY_WITH_TIMEOUT(program_->window.status().contains("cannot be opened"), patience);
    QVERIFY(program_->run("first")); // what was open stays
}

/// After a failure the workspace is read, for it may have become unwritable; where that fails, too, it is not read
/// again.
void TestWindow::a_workspace_damaged_while_open_is_said_once() {
    MainWindow &window = program_->window;
    const QDir damaged(folder_.filePath("workspace/transcoders/damaged"));
    QVERIFY(damaged.mkpath("."));
    for (const char *name : {"state.json", "config.json"}) {
        QFile file(damaged.filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("{") == 1);
    }
    const auto remove = qScopeGuard([&] { QDir(damaged).removeRecursively(); });
    Q_EMIT window.dataPlace().importRequested({folder_.filePath("not there.txt")});
    QTRY_VERIFY_WITH_TIMEOUT(window.status().contains("cannot be read"), patience);
    window.setStatus("quiet");
    QVERIFY(!QTest::qWaitFor([&] { return window.status() != "quiet"; }, 300));
}

void TestWindow::cleanupTestCase() {
    const QDir pictures(QCoreApplication::applicationDirPath() + "/pictures");
    QVERIFY(QDir().mkpath(pictures.path()));
    program_->window.grab().save(pictures.filePath("window.png"));
    program_.reset();
    failOnWarning_.reset();
}

int main(int argc, char **argv) {
    return runWindowTest<TestWindow>(argc, argv);
}

#include "test_window.moc"
