// The command line on a disk that is full, gone, slow or read-only, in a country with decimal commas, with the clock
// set back and with little memory: a sentence and an exit code, and afterwards everything is there and goes on.
#include "app/cli_runner.h"

#include <QDir>
#include <QDirIterator>

#include <filesystem>
#include <functional>
#include <sys/resource.h>

using namespace tt::test;
namespace fs = std::filesystem;

namespace {

/// A command that writes, and the file or folder that is there when it has succeeded.
struct Writer {
    const char *name;
    QStringList arguments;
    QString result;
    int callsUntilGone; ///< in the middle of its work
};

std::vector<Writer> writers() {
    return {{"stories", {"corpus", "generate", "--stories", "300", "--name", "new"}, "workspace/corpus/new.json", 4},
            {"tokenizer",
             {"tokenizer", "train", "--vocab", "500", "--id", "new"},
             "workspace/tokenizer/new/tokenizer.json",
             4},
            {"GPT", QStringList{"gpt", "train", "--run", "new", "--quiet"} + tinyGpt(20),
             "workspace/gpt/new/state.json", 12},
            {"transcoder",
             QStringList{"transcoder", "train", "--name", "new", "--run", "g", "--quiet"} + tinyTranscoder(20),
             "workspace/transcoders/new/state.json", 12},
            {"index", {"features", "index", "--name", "t", "--again"}, "workspace/transcoders/t/features.index", 12},
            {"label",
             {"features", "label", "--name", "t", "--layer", "0", "--feature", "1", "a name"},
             "workspace/transcoders/t/labels.json",
             2},
            {"export",
             {"graph", "trace", "--prompt", "Once upon a", "--out", "workspace/graph.svg"},
             "workspace/graph.svg",
             12}};
}

QMap<QString, QByteArray> contentsOf(const QString &folder) {
    QMap<QString, QByteArray> contents;
    QDirIterator files(folder, QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        QFile file(files.next());
        if (file.open(QIODevice::ReadOnly))
            contents[QDir(folder).relativeFilePath(file.fileName())] = file.readAll();
    }
    return contents;
}

} // namespace

class TestHardTimes : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void a_full_disk_is_a_sentence_and_loses_nothing_data() { addWriters({}); }
    void a_full_disk_is_a_sentence_and_loses_nothing();
    void a_disk_that_vanishes_is_a_sentence_and_loses_nothing_data() {
        addWriters({"stories", "GPT", "index", "label"});
    }
    void a_disk_that_vanishes_is_a_sentence_and_loses_nothing();
    void read_only_it_reads_and_says_why_it_cannot_write();
    void a_run_on_a_full_disk_goes_on_when_there_is_room();
    void a_slow_disk_only_takes_longer();
    void decimal_commas_change_no_byte();
    void the_clock_may_be_set_back();
    void a_gigabyte_of_memory_is_enough_for_small_models();
    void what_does_not_fit_into_memory_is_a_sentence();

private:
    /// Those named, or all. Each is two or three starts of the program.
    static void addWriters(const QStringList &names);
    /// A copy of the workspace as it was made, in a folder of its own, that the faults concern.
    Cli freshCopy();
    CliResult run(const Cli &cli, const QStringList &arguments, const QStringList &environment,
                  const std::function<void()> &limit = {}) const;
    void saysWhy(const CliResult &result, const QString &reason) const;
    void goesOn(const Cli &cli, const Writer &writer) const;
    /// What was there before is there, byte for byte.
    void keptEverything(const Cli &cli) const;

    QTemporaryDir folder_;
    int copies_ = 0;
};

void TestHardTimes::initTestCase() {
    QVERIFY(QDir().mkpath(folder_.filePath("made")));
    const Cli cli(folder_.filePath("made"));
    QVERIFY(makeCorpus(cli));
    QCOMPARE(cli.run(QStringList{"gpt", "train", "--run", "g", "--quiet"} + tinyGpt(30)).code, 0);
    QCOMPARE(cli.run(QStringList{"transcoder", "train", "--name", "t", "--quiet"} + tinyTranscoder(20)).code, 0);
}

void TestHardTimes::addWriters(const QStringList &names) {
    QTest::addColumn<int>("index");
    const std::vector<Writer> all = writers();
    for (size_t i = 0; i < all.size(); ++i)
        if (names.isEmpty() || names.contains(all[i].name))
            QTest::newRow(all[i].name) << static_cast<int>(i);
}

Cli TestHardTimes::freshCopy() {
    const QString copy = folder_.filePath(QString("copy-%1").arg(++copies_));
    fs::copy(folder_.filePath("made").toStdString(), copy.toStdString(), fs::copy_options::recursive);
    for (const auto &entry : fs::recursive_directory_iterator(folder_.filePath("made").toStdString())) {
        const fs::path other = copy.toStdString() / fs::relative(entry.path(), folder_.filePath("made").toStdString());
        fs::last_write_time(other, entry.last_write_time()); // token caches are known by the corpus' time
    }
    return Cli(copy);
}

CliResult TestHardTimes::run(const Cli &cli, const QStringList &arguments, const QStringList &environment,
                             const std::function<void()> &limit) const {
    QProcess process;
    QProcessEnvironment all = QProcessEnvironment::systemEnvironment();
    all.insert("LD_PRELOAD", TT_FAULTY_DISK);
    all.insert("TT_DISK", cli.path("workspace"));
    for (const QString &each : environment)
        all.insert(each.section('=', 0, 0), each.section('=', 1));
    process.setProcessEnvironment(all);
    if (limit)
        process.setChildProcessModifier(limit);
    cli.start(process, arguments);
    return Cli::finish(process);
}

void TestHardTimes::saysWhy(const CliResult &result, const QString &reason) const {
    QVERIFY2(result.code == 1, qPrintable(describe(result)));
    QVERIFY2(result.error().contains(reason), qPrintable(describe(result)));
    QVERIFY2(!result.error().contains("unexpected"), qPrintable(describe(result)));
    QVERIFY2(result.error().endsWith('.'), qPrintable(describe(result)));
}

/// With a sound disk the same command succeeds, or a run goes on.
void TestHardTimes::goesOn(const Cli &cli, const Writer &writer) const {
    QStringList arguments = writer.arguments;
    if (arguments[1] == "train" && arguments[0] != "tokenizer" && QFile::exists(cli.path(writer.result)))
        arguments = QStringList{arguments[0], "train", arguments[2], "new", "--resume", "--quiet"};
    const CliResult again = cli.run(arguments);
    QVERIFY2(again.code == 0, qPrintable(describe(again)));
    QVERIFY(QFile::exists(cli.path(writer.result)));
}

void TestHardTimes::keptEverything(const Cli &cli) const {
    const auto before = contentsOf(folder_.filePath("made/workspace")), after = contentsOf(cli.path("workspace"));
    for (auto file = before.begin(); file != before.end(); ++file)
        QVERIFY2(after.value(file.key()) == file.value(), qPrintable(file.key()));
}

void TestHardTimes::a_full_disk_is_a_sentence_and_loses_nothing() {
    QFETCH(int, index);
    const Writer writer = writers()[static_cast<size_t>(index)];
    const Cli cli = freshCopy();
    saysWhy(run(cli, writer.arguments, {"TT_DISK_ROOM=30"}), "No space left on device");
    keptEverything(cli);
    goesOn(cli, writer);
}

void TestHardTimes::a_disk_that_vanishes_is_a_sentence_and_loses_nothing() {
    QFETCH(int, index);
    const Writer writer = writers()[static_cast<size_t>(index)];
    const Cli cli = freshCopy();
    saysWhy(run(cli, writer.arguments, {QString("TT_DISK_GONE=%1").arg(writer.callsUntilGone)}), "Input/output error");
    keptEverything(cli);
    goesOn(cli, writer);
}

void TestHardTimes::read_only_it_reads_and_says_why_it_cannot_write() {
    const Cli cli = freshCopy();
    for (const Writer &writer : writers())
        saysWhy(run(cli, writer.arguments, {"TT_DISK_READ_ONLY=1"}), "Read-only file system");
    QCOMPARE(contentsOf(cli.path("workspace")), contentsOf(folder_.filePath("made/workspace")));
    for (const QStringList &reader : {QStringList{"features", "active", "--prompt", "Once upon a"},
                                      {"graph", "verify", "--prompt", "Once upon a"},
                                      {"gpt", "generate", "--prompt", "Once", "--tokens", "8"}}) {
        const CliResult read = run(cli, reader, {"TT_DISK_READ_ONLY=1"});
        QVERIFY2(read.code == 0, qPrintable(describe(read)));
    }
}

void TestHardTimes::a_run_on_a_full_disk_goes_on_when_there_is_room() {
    const Cli cli = freshCopy();
    const QStringList train{"gpt", "train", "--run", "new", "--quiet", "--set", "checkpoint_every=2"};
    const CliResult full = run(cli, train + tinyGpt(40), {"TT_DISK_ROOM=2000000"});
    saysWhy(full, "No space left on device");
    const auto step = [&] {
        return QJsonDocument::fromJson(cli.read("workspace/gpt/new/state.json")).object()["step"].toInt();
    };
    QVERIFY2(step() > 0 && step() < 40, qPrintable(QString::number(step())));
    const CliResult resumed = cli.run({"gpt", "train", "--run", "new", "--resume", "--quiet"});
    QVERIFY2(resumed.code == 0, qPrintable(describe(resumed)));
    const CliResult whole = cli.run(QStringList{"gpt", "train", "--run", "whole", "--quiet"} + tinyGpt(40));
    QVERIFY2(whole.code == 0, qPrintable(describe(whole)));
    QVERIFY(cli.read("workspace/gpt/new/model.safetensors") == cli.read("workspace/gpt/whole/model.safetensors"));
}

void TestHardTimes::a_slow_disk_only_takes_longer() {
    const Cli cli = freshCopy();
    const CliResult slow = run(cli, {"corpus", "generate", "--stories", "300", "--name", "slow"}, {"TT_DISK_SLOW=60"});
    QVERIFY2(slow.code == 0, qPrintable(describe(slow)));
    QCOMPARE(cli.run({"corpus", "generate", "--stories", "300", "--name", "quick"}).code, 0);
    QVERIFY(cli.read("workspace/corpus/slow.txt") == cli.read("workspace/corpus/quick.txt"));
}

/// Everything that is written for a person or another program, under a German locale and under C.
void TestHardTimes::decimal_commas_change_no_byte() {
    if (!qEnvironmentVariableIsSet("LOCPATH"))
        QSKIP("the locale de_DE could not be compiled: install the package locales");
    std::vector<QMap<QString, QByteArray>> written;
    std::vector<QByteArray> told;
    for (const QString locale : {"C", "de_DE.UTF-8"}) {
        const Cli cli = freshCopy();
        const QStringList environment{"LC_ALL=" + locale, "LANG=" + locale};
        for (const QStringList &command :
             {QStringList{"gpt", "train", "--run", "new", "--quiet", "--set", "learning_rate=0.0015"} + tinyGpt(10),
              QStringList{"graph", "trace", "--prompt", "Once upon a", "--node-threshold", "0.85", "--out", "g.svg",
                          "g.dot", "g.json", "g.csv", "g.pdf"},
              QStringList{"features", "active", "--prompt", "Once upon a"},
              QStringList{"intervene", "--prompt", "Once upon a", "--set", "0/last/3=1.5"}}) {
            const CliResult result = run(cli, command, environment);
            QVERIFY2(result.code == 0, qPrintable(describe(result)));
            if (command.first() != "gpt" && command.first() != "graph") // they say how long they took
                told.push_back(result.out);
        }
        auto contents = contentsOf(cli.path(""));
        contents.removeIf([](const auto &file) {
            return file.key().endsWith("metrics.jsonl") || file.key().endsWith("state.json"); // seconds are in them
        });
        written.push_back(contents);
    }
    QCOMPARE(written[0].keys(), written[1].keys());
    for (auto file = written[0].begin(); file != written[0].end(); ++file)
        QVERIFY2(written[1].value(file.key()) == file.value(), qPrintable(file.key()));
    QVERIFY(written[0].contains("g.svg") && written[0].contains("g.pdf"));
    QCOMPARE(told[0], told[2]);
    QCOMPARE(told[1], told[3]);
}

/// All files are from next year, as they look after the clock was set back.
void TestHardTimes::the_clock_may_be_set_back() {
    const Cli cli = freshCopy();
    for (const auto &entry : fs::recursive_directory_iterator(cli.path("workspace").toStdString()))
        fs::last_write_time(entry.path(), entry.last_write_time() + std::chrono::hours(24 * 365));
    for (const Writer &writer : writers()) {
        const CliResult result = cli.run(writer.arguments);
        QVERIFY2(result.code == 0, qPrintable(describe(result)));
        QVERIFY(QFile::exists(cli.path(writer.result)));
    }
    const CliResult label = cli.run({"features", "show", "--name", "t", "--layer", "0", "--feature", "1"});
    QVERIFY2(label.code == 0 && label.out.contains("a name"), qPrintable(describe(label)));
    // A run from the future that was stopped goes on.
    QCOMPARE(
        cli.run(QStringList{"gpt", "train", "--run", "later", "--quiet", "--set", "checkpoint_every=5"} + tinyGpt(10))
            .code,
        0);
    const CliResult resumed = cli.run({"gpt", "train", "--run", "later", "--resume", "--quiet"});
    QVERIFY2(resumed.code == 0, qPrintable(describe(resumed)));
}

namespace {
/// Private memory that the process may write: what a machine of 1 GB has for it.
void limitToGigabyte() {
    const rlimit limit{rlim_t{1} << 30, rlim_t{1} << 30};
    ::setrlimit(RLIMIT_DATA, &limit);
}
} // namespace

void TestHardTimes::a_gigabyte_of_memory_is_enough_for_small_models() {
    const Cli cli = freshCopy();
    for (const Writer &writer : writers()) {
        if (QByteArray(writer.name) == "stories" || QByteArray(writer.name) == "tokenizer" ||
            QByteArray(writer.name) == "label")
            continue; // they compute nothing
        const CliResult result = run(cli, writer.arguments, {}, limitToGigabyte);
        QVERIFY2(result.code == 0, qPrintable(describe(result)));
    }
}

void TestHardTimes::what_does_not_fit_into_memory_is_a_sentence() {
    const Cli cli = freshCopy();
    const CliResult result =
        run(cli, {"gpt", "train", "--run", "huge", "--quiet", "--set", "d_model=2048", "--set", "layers=24"}, {},
            limitToGigabyte);
    QVERIFY2(result.code == 1, qPrintable(describe(result)));
    QVERIFY2(result.error().contains("emory"), qPrintable(describe(result)));
    keptEverything(cli);
    QCOMPARE(cli.run({"transcoder", "list"}).code, 0);
}

QTEST_GUILESS_MAIN(TestHardTimes)
#include "test_hard_times.moc"
