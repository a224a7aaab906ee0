// A workspace in which nothing can be written: the window opens it read-only and says why, everything that reads works,
// nothing that writes is offered. The program gives up root's rights before anything else, since for root nothing is
// read-only; where it cannot, it skips.
#include "app/cli_runner.h"
#include "app/window_program.h"
#include "ui/fail_on_warning.h"

#include "core/features/feature_labels.h"
#include "ui/circuits/circuits_place.h"
#include "ui/features/examples_list.h"
#include "ui/features/features_place.h"

#include <QApplication>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>

#include <grp.h>
#include <map>
#include <memory>
#include <unistd.h>

using namespace tt;
namespace fs = std::filesystem;

namespace {
constexpr int patience = 60'000; // milliseconds; a machine under load

struct Program : WorkspaceProgram {
    using WorkspaceProgram::WorkspaceProgram;
    [[nodiscard]] bool isOff(const QString &name) {
        const auto *button = named<QAbstractButton>(name);
        return button && !button->isEnabled();
    }
    [[nodiscard]] QLineEdit *label() { return named<QLineEdit>("Label", &window.featuresPlace()); }
};

/// Every file and folder with its time of change.
std::map<fs::path, fs::file_time_type> contentsOf(const fs::path &folder) {
    std::map<fs::path, fs::file_time_type> found;
    for (const auto &entry : fs::recursive_directory_iterator(folder))
        found[entry.path()] = entry.last_write_time();
    return found;
}

void setWritable(const fs::path &folder, bool writable) {
    const auto how = writable ? fs::perm_options::add : fs::perm_options::remove;
    if (writable)
        fs::permissions(folder, fs::perms::owner_write, how);
    for (const auto &entry : fs::recursive_directory_iterator(folder))
        fs::permissions(entry.path(), fs::perms::owner_write, how);
    if (!writable)
        fs::permissions(folder, fs::perms::owner_write, how);
}

/// From now on the process has no more rights than anybody, and a home of its own.
void giveUpRights(const QString &home) {
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 && (::chown(home.toLocal8Bit().constData(), nobody, nobody) != 0 ||
                             ::setgroups(0, nullptr) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0))
        return;
    for (const char *variable : {"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"})
        qputenv(variable, home.toLocal8Bit());
}
} // namespace

class TestUnwritableWindow : public QObject {
    Q_OBJECT
public:
    explicit TestUnwritableWindow(QString folder) : folder_(std::move(folder)) {}

private Q_SLOTS:
    void initTestCase();
    void it_is_opened_read_only_and_says_why();
    void everything_that_reads_works();
    void nothing_that_writes_is_offered();
    void nothing_in_it_was_changed();
    void made_writable_it_is_opened_for_writing();
    void what_cannot_be_written_any_more_is_not_shown_as_kept();
    void cleanupTestCase();

private:
    QString folder_;
    fs::path workspace_;
    std::map<fs::path, fs::file_time_type> before_;
    std::unique_ptr<FailOnWarning> failOnWarning_;
    std::unique_ptr<Program> program_;
};

void TestUnwritableWindow::initTestCase() {
    if (::geteuid() == 0)
        QSKIP("For root nothing is read-only, and its rights could not be given up here.");
    if (::access(TT_CLI, X_OK) != 0)
        QSKIP("The programs lie in a folder of root's.");
    failOnWarning_ = std::make_unique<FailOnWarning>();
    const test::Cli cli(folder_);
    QVERIFY(test::makeCorpus(cli));
    QCOMPARE(cli.run(QStringList{"gpt", "train", "--run", "g", "--quiet"} + test::tinyGpt(30)).code, 0);
    QCOMPARE(cli.run(QStringList{"transcoder", "train", "--name", "plt", "--quiet"} + test::tinyTranscoder(20)).code,
             0);
    QCOMPARE(cli.run({"features", "index", "--quiet"}).code, 0);
    QCOMPARE(cli.run({"features", "label", "--layer", "0", "--feature", "1", "mine"}).code, 0);
    workspace_ = cli.path("workspace").toStdString();
    fs::remove_all(workspace_ / "corpus/tokens"); // made again where they can be
    setWritable(workspace_, false);
    before_ = contentsOf(workspace_);
    program_ = std::make_unique<Program>(cli.path("workspace"));
}

void TestUnwritableWindow::it_is_opened_read_only_and_says_why() {
    QTRY_VERIFY_WITH_TIMEOUT(program_->hasTraced(), patience);
    const Message notice = program_->notice();
    QCOMPARE(notice.title, "workspace is open read-only");
    QVERIFY2(notice.text.startsWith("Nothing can be written in its folder: Permission denied."),
             qPrintable(notice.text));
}

void TestUnwritableWindow::everything_that_reads_works() {
    FeaturesPlace &features = program_->window.featuresPlace();
    program_->window.goTo(MainWindow::Place::Features);
    features.chooseFeature(0, 1);
    QTRY_COMPARE_WITH_TIMEOUT(program_->label()->text(), "mine", patience);
    auto *examples = features.findChild<ExamplesView *>();
    bool any = false; // of the features of a layer some fire
    for (int feature = 0; feature < 64 && !any; ++feature) {
        features.chooseFeature(0, feature);
        any = QTest::qWaitFor([&] { return !examples->examples()->isEmpty(); }, feature == 0 ? 10'000 : 1'000);
    }
    QVERIFY(any);
}

void TestUnwritableWindow::nothing_that_writes_is_offered() {
    for (const char *name : {"Generate stories", "Import…", "Download TinyStories", "Train tokenizer", "Use GPT-2’s…",
                             "Start GPT training", "Start transcoder training", "Resume", "Star", "Measure CE effects"})
        QVERIFY2(program_->isOff(name), name);
    QVERIFY(program_->label()->isReadOnly());
    QVERIFY(program_->named<QLineEdit>("Notes")->isReadOnly());
    QVERIFY(program_->label()->toolTip().contains("read-only"));
    auto *graphs = program_->named<QPushButton>("Graphs");
    QVERIFY(!graphs->menu()->actions().front()->isEnabled());
}

void TestUnwritableWindow::nothing_in_it_was_changed() {
    QVERIFY(contentsOf(workspace_) == before_);
}

void TestUnwritableWindow::made_writable_it_is_opened_for_writing() {
    setWritable(workspace_, true);
    auto *button = program_->seen<QAbstractButton>("Open for writing");
    QVERIFY(button);
    program_->window.setStatus({});
    button->click();
    QTRY_COMPARE_WITH_TIMEOUT(program_->notice().title, QString(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(program_->window.status().startsWith("Traced"), patience); // its transcoder is open anew
    QTRY_VERIFY_WITH_TIMEOUT(!program_->label()->isReadOnly(), patience);
    Q_EMIT program_->window.featuresPlace().noteEdited(0, 2, {.label = "kept"});
    QTRY_COMPARE_WITH_TIMEOUT(readFeatureLabels(workspace_ / "transcoders/plt").notes.size(), size_t{2}, patience);
}

void TestUnwritableWindow::what_cannot_be_written_any_more_is_not_shown_as_kept() {
    FeaturesPlace &features = program_->window.featuresPlace();
    features.chooseFeature(0, 1);
    QTRY_COMPARE_WITH_TIMEOUT(program_->label()->text(), "mine", patience);
    setWritable(workspace_, false);
    program_->label()->setFocus();
    program_->label()->selectAll();
    QTest::keyClicks(program_->label(), "lost");
    QTRY_VERIFY_WITH_TIMEOUT(program_->says("The note was not kept. Nothing can be written in"), patience);
    QTRY_COMPARE_WITH_TIMEOUT(program_->label()->text(), "mine", patience);
    QTRY_VERIFY_WITH_TIMEOUT(program_->notice().title.startsWith("workspace is open read-only"), patience);
    QVERIFY(program_->label()->isReadOnly());
    Q_EMIT program_->window.circuitsPlace().saveRequested("mine");
    QTRY_VERIFY_WITH_TIMEOUT(program_->says("That did not work"), patience);
    QCOMPARE(readFeatureLabels(workspace_ / "transcoders/plt").notes.at({0, 1}).label, std::string("mine"));
}

void TestUnwritableWindow::cleanupTestCase() {
    program_.reset();
    if (!workspace_.empty())
        setWritable(workspace_, true);
}

int main(int argc, char **argv) {
    const QTemporaryDir home;
    giveUpRights(home.path());
    QApplication application(argc, argv);
    TestUnwritableWindow test(home.path());
    return QTest::qExec(&test, argc, argv);
}
#include "test_unwritable_window.moc"
