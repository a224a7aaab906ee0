// The window's program as a process: in other countries, with little memory and no graphics driver it opens and ends as
// it should, and after kill -9 it opens the same workspace again.
#include "core/text/corpus.h"
#include "core/text/tokenizer.h"

#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <sys/resource.h>

using namespace tt;

namespace {
constexpr int patience = 60'000; // milliseconds; a machine under load

/// Private memory that the process may write: what a machine of 1 GB has for it.
void limitToGigabyte() {
    const rlimit limit{rlim_t{1} << 30, rlim_t{1} << 30};
    ::setrlimit(RLIMIT_DATA, &limit);
}
} // namespace

class TestWindowProgram : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void it_opens_and_ends_data();
    void it_opens_and_ends();
    void after_a_kill_it_opens_again();

private:
    void start(QProcess &process, const QStringList &environment, bool gigabyte) const;
    /// Whether this process has the workspace open.
    [[nodiscard]] bool hasOpened(const QProcess &process) const {
        QFile lock(folder_.filePath("workspace/.lock"));
        return lock.open(QIODevice::ReadOnly) && lock.readAll().trimmed().toLongLong() == process.processId();
    }
    QTemporaryDir folder_;
};

void TestWindowProgram::initTestCase() {
    const Workspace workspace = Workspace::openOrCreate(folder_.filePath("workspace").toStdString());
    generateCorpus(workspace, "c", 100, 1, {}, {});
    trainTokenizer(workspace.corpusText("c"), 300, {}, {}).save(workspace.tokenizer("own"));
}

void TestWindowProgram::start(QProcess &process, const QStringList &environment, bool gigabyte) const {
    QProcessEnvironment all = QProcessEnvironment::systemEnvironment();
    all.insert("HOME", folder_.path());
    all.insert("XDG_CONFIG_HOME", folder_.path());
    all.insert("XDG_DATA_HOME", folder_.path());
    for (const QString &each : environment)
        all.insert(each.section('=', 0, 0), each.section('=', 1));
    process.setProcessEnvironment(all);
    process.setProcessChannelMode(QProcess::MergedChannels);
    if (gigabyte)
        process.setChildProcessModifier(limitToGigabyte);
    process.start(TT_WINDOW, {"--workspace", folder_.filePath("workspace")});
}

void TestWindowProgram::it_opens_and_ends_data() {
    QTest::addColumn<QStringList>("environment");
    QTest::addColumn<bool>("gigabyte");
    QTest::newRow("as ever") << QStringList() << false;
    QTest::newRow("decimal commas") << QStringList{"LC_ALL=de_DE.UTF-8", "LANG=de_DE.UTF-8"} << false;
    QTest::newRow("no graphics driver") << QStringList{"LIBGL_DRIVERS_PATH=/nowhere", "VK_DRIVER_FILES=/nowhere",
                                                       "__EGL_VENDOR_LIBRARY_DIRS=/nowhere"}
                                        << false;
    QTest::newRow("1 GB of memory") << QStringList() << true;
}

void TestWindowProgram::it_opens_and_ends() {
    QFETCH(QStringList, environment);
    QFETCH(bool, gigabyte);
    QProcess process;
    start(process, environment, gigabyte);
    QTRY_VERIFY2_WITH_TIMEOUT(hasOpened(process) || process.state() == QProcess::NotRunning,
                              process.readAll().constData(), patience);
    process.terminate();
    QVERIFY(process.waitForFinished(patience));
    const QByteArray said = process.readAll();
    QVERIFY2(process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0, said.constData());
}

void TestWindowProgram::after_a_kill_it_opens_again() {
    for (int i = 0; i < 2; ++i) {
        QProcess process;
        start(process, {}, false);
        QTRY_VERIFY_WITH_TIMEOUT(hasOpened(process), patience);
        process.kill();
        QVERIFY(process.waitForFinished(patience));
    }
}

QTEST_GUILESS_MAIN(TestWindowProgram)
#include "test_window_program.moc"
