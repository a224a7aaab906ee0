#pragma once

// Runs the real command line program in a folder of its own.

#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <signal.h>

namespace tt::test {

struct CliResult {
    int code = -1;
    QByteArray out, err;
    [[nodiscard]] QJsonDocument json() const { return QJsonDocument::fromJson(out); }
    [[nodiscard]] QJsonObject object() const { return json().object(); }
    [[nodiscard]] QString error() const { return QString::fromUtf8(err).trimmed(); }
};

inline QString describe(const CliResult &result) {
    return QString("exit code %1\nstdout: %2\nstderr: %3")
        .arg(result.code)
        .arg(QString::fromUtf8(result.out.left(2000)), QString::fromUtf8(result.err.left(2000)));
}

class Cli {
public:
    explicit Cli(QString folder) : folder_(std::move(folder)) {}

    /// One thread: what is computed is then the same however busy the machine is.
    [[nodiscard]] CliResult run(const QStringList &arguments) const {
        QProcess process;
        start(process, arguments);
        return finish(process);
    }

    void start(QProcess &process, const QStringList &arguments) const {
        process.setWorkingDirectory(folder_);
        process.start(TT_CLI, QStringList{"--threads", "1"} + arguments);
        if (!process.waitForStarted())
            qFatal("%s does not start", TT_CLI);
    }

    [[nodiscard]] static CliResult finish(QProcess &process) {
        if (!process.waitForFinished(120'000))
            process.kill();
        const bool crashed = process.exitStatus() == QProcess::CrashExit;
        return {crashed ? -process.exitCode() : process.exitCode(), process.readAllStandardOutput(),
                process.readAllStandardError()};
    }

    [[nodiscard]] QString path(const QString &name) const { return folder_ + "/" + name; }
    [[nodiscard]] QByteArray read(const QString &name) const {
        QFile file(path(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    void write(const QString &name, const QByteArray &bytes) const {
        QFile file(path(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
            qFatal("%s cannot be written", qPrintable(path(name)));
    }

private:
    QString folder_;
};

/// Settings of a GPT that trains in a second.
inline QStringList tinyGpt(int steps) {
    return {"--set", "d_model=32", "--set", "heads=2",  "--set", "context=16",
            "--set", "batch=8",    "--set", "warmup=2", "--set", QString("steps=%1").arg(steps)};
}

inline QStringList tinyTranscoder(int steps) {
    return {"--features", "64",    "--k",      "4",     "--set",
            "batch=64",   "--set", "warmup=2", "--set", QString("steps=%1").arg(steps)};
}

/// Corpus, tokenizer of 400 tokens.
inline bool makeCorpus(const Cli &cli) {
    return cli.run({"corpus", "generate", "--stories", "300", "--name", "c"}).code == 0 &&
           cli.run({"tokenizer", "train", "--vocab", "400"}).code == 0;
}

} // namespace tt::test
