// What the command line tool prints for shells and for its manual page, run by the shells themselves.
#include "app/cli_runner.h"

#include <QRegularExpression>
#include <QStandardPaths>

using namespace tt;

namespace {
/// As the package installs it.
const QString inFpath = QStringLiteral("fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -D");
} // namespace

class TestCliCompletion : public QObject {
    Q_OBJECT
    QTemporaryDir folder_;
    std::unique_ptr<test::Cli> cli_;

    /// The output of a shell, which has to say nothing on stderr and succeed.
    QString shell(const QString &program, const QStringList &arguments) const;
    /// What bash offers after `line`.
    QStringList offeredByBash(const QString &line) const;
    QStringList offeredByFish(const QString &line) const;
    /// What zsh lists below the line, typed into a shell at a terminal.
    QStringList offeredByZsh(const QString &line, const QString &setUp) const;
    static void compare(const QStringList &words);
    static void addLines();

private Q_SLOTS:
    void initTestCase();
    void bash_offers_what_can_follow_data() { addLines(); }
    void bash_offers_what_can_follow();
    void fish_offers_what_can_follow_data() { addLines(); }
    void fish_offers_what_can_follow();
    void zsh_offers_what_can_follow_data() { addLines(); }
    void zsh_offers_what_can_follow();
    void zsh_offers_the_same_when_the_script_is_sourced();
    void zsh_describes_each_option_once();
    void every_command_of_help_is_offered_and_in_the_manual();
    void the_manual_formats_without_a_warning();
};

void TestCliCompletion::initTestCase() {
    cli_ = std::make_unique<test::Cli>(folder_.path());
    for (const char *name : {"bash", "zsh", "fish"}) {
        const test::CliResult script = cli_->run({"completion", name});
        QVERIFY2(script.code == 0 && script.err.isEmpty(), qPrintable(describe(script)));
        cli_->write(name, script.out);
    }
    QVERIFY(QDir(folder_.path()).mkdir("functions"));
    cli_->write("functions/_tinytranscoder-cli", cli_->read("zsh"));
    QCOMPARE(cli_->run({"completion", "tcsh"}).code, 2);
}

QString TestCliCompletion::shell(const QString &program, const QStringList &arguments) const {
    QProcess process;
    process.setWorkingDirectory(folder_.path());
    process.start(program, arguments);
    const test::CliResult result = test::Cli::finish(process);
    if (result.code != 0 || !result.err.isEmpty())
        QTest::qFail(qPrintable(describe(result)), __FILE__, __LINE__);
    return QString::fromUtf8(result.out);
}

QStringList TestCliCompletion::offeredByBash(const QString &line) const {
    const QString script = QStringLiteral(R"(source ./bash
        COMP_WORDS=(tinytranscoder-cli %1)
        [[ '%1' == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _tinytranscoder_cli
        printf '%s\n' "${COMPREPLY[@]}")");
    return shell("bash", {"--norc", "-c", QString(script).replace("%1", line)}).split('\n', Qt::SkipEmptyParts);
}

QStringList TestCliCompletion::offeredByFish(const QString &line) const {
    QStringList words;
    const QString script = QStringLiteral("source ./fish; complete --do-complete 'tinytranscoder-cli %1'").arg(line);
    for (const QString &offered : shell("fish", {"--no-config", "-c", script}).split('\n', Qt::SkipEmptyParts))
        words.append(offered.section('\t', 0, 0));
    return words;
}

QStringList TestCliCompletion::offeredByZsh(const QString &line, const QString &setUp) const {
    // In a terminal of its own; ^G lists and changes nothing. Each step waits for what the shell prints.
    cli_->write("typed", (line + u'\a').toUtf8());
    cli_->write("set-up", setUp.toUtf8() + "\nPROMPT='<>'\nLISTMAX=1000\nbindkey '^G' list-choices\n");
    const QString listed = shell("zsh", {"--no-rcs", "-c", R"zsh(zmodload zsh/zpty
        export TERM=dumb COLUMNS=200 LINES=200
        zpty shell zsh --no-rcs -i
        zpty -w shell 'unset zle_bracketed_paste; . ./set-up'
        zpty -r shell shown '*<>'
        zpty -w -n shell "tinytranscoder-cli $(<typed)"
        zpty -r shell shown '*<>*'
        print -r -- $shown
        zpty -d shell)zsh"});
    QStringList words;
    for (const QString &row : listed.split('\n'))
        if (!row.contains("tinytranscoder-cli "))
            words += row.section(" -- ", 0, 0).simplified().split(' ', Qt::SkipEmptyParts);
    return words;
}

void TestCliCompletion::addLines() {
    QTest::addColumn<QString>("line");
    QTest::addColumn<QStringList>("offered");
    QTest::addColumn<QStringList>("notOffered");
    QTest::addRow("commands") << "g" << QStringList{"gpt", "graph"} << QStringList{"info", "generate"};
    QTest::addRow("commands of a group") << "graph t" << QStringList{"trace"} << QStringList{"verify", "tokenizer"};
    QTest::addRow("options of a command")
        << "graph trace --no" << QStringList{"--node-threshold", "--no-prune"} << QStringList{"--notes"};
    QTest::addRow("the program's options") << "graph trace --works" << QStringList{"--workspace"} << QStringList{};
    QTest::addRow("values of an option") << "transcoder train --kind " << QStringList{"per-layer", "cross-layer"}
                                         << QStringList{"--name", "train"};
    QTest::addRow("values of a program's option")
        << "gpt train --precision " << QStringList{"fp32", "bf16"} << QStringList{"--run"};
    QTest::addRow("a value that is called as a command")
        << "--workspace demo gpt tr" << QStringList{"train"} << QStringList{"tokenizer"};
    QTest::addRow("a command with options and commands")
        << "intervene d" << QStringList{"demonstrate"} << QStringList{"demo"};
    QTest::addRow("values of a word") << "completion " << QStringList{"bash", "zsh", "fish"} << QStringList{"info"};
}

void TestCliCompletion::compare(const QStringList &words) {
    QFETCH(QStringList, offered);
    QFETCH(QStringList, notOffered);
    for (const QString &word : offered)
        QVERIFY2(words.contains(word), qPrintable(word + " is not in " + words.join(' ')));
    for (const QString &word : notOffered)
        QVERIFY2(!words.contains(word), qPrintable(word + " is in " + words.join(' ')));
}

void TestCliCompletion::bash_offers_what_can_follow() {
    QFETCH(QString, line);
    compare(offeredByBash(line));
}

void TestCliCompletion::fish_offers_what_can_follow() {
    if (QStandardPaths::findExecutable("fish").isEmpty())
        QSKIP("fish is not installed");
    QFETCH(QString, line);
    compare(offeredByFish(line));
}

void TestCliCompletion::zsh_offers_what_can_follow() {
    if (QStandardPaths::findExecutable("zsh").isEmpty())
        QSKIP("zsh is not installed");
    QFETCH(QString, line);
    compare(offeredByZsh(line, inFpath));
}

void TestCliCompletion::zsh_offers_the_same_when_the_script_is_sourced() {
    if (QStandardPaths::findExecutable("zsh").isEmpty())
        QSKIP("zsh is not installed");
    QCOMPARE(offeredByZsh("g", "autoload -U compinit; compinit -u -D; source ./zsh"), offeredByZsh("g", inFpath));
}

void TestCliCompletion::zsh_describes_each_option_once() {
    if (QStandardPaths::findExecutable("zsh").isEmpty())
        QSKIP("zsh is not installed");
    const QStringList words = offeredByZsh("info --h", inFpath);
    QCOMPARE(words.count("--help"), 1);
}

void TestCliCompletion::every_command_of_help_is_offered_and_in_the_manual() {
    const test::CliResult manual = cli_->run({"manual-page"});
    QCOMPARE(manual.code, 0);
    const QStringList offered = offeredByBash(" ");
    static const QRegularExpression command("^  ([a-z]+) {2,}", QRegularExpression::MultilineOption);
    const QString help = QString::fromUtf8(cli_->run({"--help"}).out).section("Subcommands:", 1);
    int commands = 0;
    for (auto found = command.globalMatch(help); found.hasNext(); ++commands) {
        const QString name = found.next().captured(1);
        QVERIFY2(offered.contains(name), qPrintable(name));
        QVERIFY2(manual.out.contains(".SS \"" + name.toUtf8()), qPrintable(name));
    }
    QVERIFY(commands >= 10);
    QVERIFY(!offered.contains("manual-page")); // for the build only
}

void TestCliCompletion::the_manual_formats_without_a_warning() {
    if (QStandardPaths::findExecutable("groff").isEmpty())
        QSKIP("groff is not installed");
    cli_->write("page.1", cli_->run({"manual-page"}).out);
    const QString page = shell("groff", {"-man", "-Tutf8", "-P-cbou", "-ww", "./page.1"});
    QVERIFY(page.contains("EXIT STATUS"));
}

QTEST_GUILESS_MAIN(TestCliCompletion)
#include "test_cli_completion.moc"
