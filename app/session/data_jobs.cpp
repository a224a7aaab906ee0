#include "app/session/data_jobs.h"

#include "app/session/training_runs.h"
#include "core/io/file.h"
#include "core/nn/device.h"
#include "core/text/published.h"

#include <QLocale>

#include <filesystem>

namespace tt {

namespace fs = std::filesystem;

namespace {
QString count(int64_t number) {
    return QLocale(QLocale::English).toString(static_cast<qlonglong>(number));
}

} // namespace

Message corpusMessage(const CorpusInfo &info) {
    Message message{.title =
                        QStringLiteral("%1: %2 stories").arg(QString::fromStdString(info.name), count(info.stories))};
    for (const std::string &remark : remarks(info))
        message.text += (message.text.isEmpty() ? "" : " ") + QString::fromStdString(remark);
    if (!message.text.isEmpty())
        message.kind = Message::Kind::Warning;
    return message;
}

namespace {
fs::path pathOf(const QString &text) {
    return fs::path(text.toStdString());
}
} // namespace

DataJobs::DataJobs(QObject *parent) : QObject(parent) {
    worker_.post([](const std::stop_token &) { useThreads(TrainingRuns::defaultThreads()); });
}

WorkspaceSummary DataJobs::summarise(const Workspace &workspace) {
    WorkspaceSummary summary{.folder = QString::fromStdString(workspace.folder().string()),
                             .unwritable = QString::fromStdString(whyUnwritable(workspace.folder()))};
    summary.readOnly = workspace.readOnly() || !summary.unwritable.isEmpty();
    for (const std::string &name : workspace.corpora())
        summary.corpora.push_back(readCorpusInfo(workspace, name));
    for (const std::string &id : workspace.tokenizers()) {
        const Tokenizer tokenizer = Tokenizer::load(workspace.tokenizer(id));
        summary.tokenizers.push_back(
            {QString::fromStdString(id), QString::fromStdString(tokenizer.kind()), tokenizer.vocabSize()});
    }
    for (const std::string &run : workspace.gpts())
        summary.gpts.push_back(
            {QString::fromStdString(run), gptConfigFromJson(readFile(workspace.gpt(run) / "config.json"))});
    for (const std::string &name : workspace.transcoders())
        summary.transcoders.push_back({QString::fromStdString(name),
                                       transcoderConfigFromJson(readFile(workspace.transcoder(name) / "config.json"))});
    summary.comparison = summariseTranscoders(workspace);
    return summary;
}

namespace {
/// Takes away what earlier windows deleted, and what was being written when a program was killed.
void cleanUp(const Workspace &workspace) {
    constexpr std::chrono::hours surelyAbandoned{24}; // the command line may be writing
    emptyCorpusTrash(workspace);
    removeHalfWritten(workspace.folder(), surelyAbandoned);
}
} // namespace

std::optional<Workspace> DataJobs::openLocked(const QString &folder) {
    const Workspace workspace = Workspace::openOrCreate(pathOf(folder));
    if (lock_ && lock_->holds(workspace.folder()))
        return workspace;
    auto lock = std::make_unique<FolderLock>(workspace.folder());
    switch (lock->state()) {
    case FolderLock::State::Ours:
        lock_ = std::move(lock);
        return workspace;
    case FolderLock::State::Unwritable:
        return Workspace::open(workspace.folder(), Workspace::Access::ReadOnly);
    case FolderLock::State::Elsewhere:
        break;
    }
    const QString who = lock->holder() ? tr("process %1").arg(*lock->holder()) : QString();
    handOver(this, [this, folder, who] { Q_EMIT openElsewhere(folder, who); });
    return std::nullopt;
}

void DataJobs::openExisting(const QString &folder) {
    worker_.post([this, folder](const std::stop_token &) {
        handOver(this, [this, folder, there = Workspace::isAt(pathOf(folder))] {
            if (there)
                open(folder);
            else
                Q_EMIT noWorkspace(folder);
        });
    });
}

void DataJobs::open(const QString &folder, Workspace::Access access) {
    worker_.post([this, folder, access](const std::stop_token &) {
        try {
            const auto found =
                access == Workspace::Access::Full ? openLocked(folder) : Workspace::open(pathOf(folder), access);
            if (!found)
                return;
            const auto workspace = std::make_shared<Workspace>(*found);
            if (workspace->readOnly())
                lock_.reset();
            else if (whyUnwritable(workspace->folder()).empty())
                cleanUp(*workspace);
            handOver(this, [this, workspace, summary = summarise(*workspace),
                            runs = TrainingRuns::readRuns(*workspace)] { Q_EMIT opened(workspace, summary, runs); });
        } catch (const std::exception &error) {
            handOver(this,
                     [this, folder, why = QString::fromStdString(error.what())] { Q_EMIT openFailed(folder, why); });
        }
    });
}

void DataJobs::refresh(const Workspace &workspace) {
    worker_.post([this, workspace](const std::stop_token &) {
        try {
            handOver(this, [this, summary = summarise(workspace)] { Q_EMIT summaryRead(summary); });
        } catch (const std::exception &error) {
            handOver(this, [this, why = QString::fromStdString(error.what())] {
                Q_EMIT failed(tr("The workspace cannot be read"), why);
            });
        }
    });
}

void DataJobs::start(const QString &what, Work work) {
    Q_EMIT jobChanged({.running = true, .what = what});
    stop_ = worker_.post([this, what, work = std::move(work)](const std::stop_token &stop) {
        const ProgressSink progress = [this](const Progress &p) {
            handOver(this, [this, job = JobStatus{true, QString::fromStdString(p.what), p.done, p.total}] {
                Q_EMIT jobChanged(job);
            });
        };
        try { // the one place where a data job's errors arrive
            const Message message = work(stop, progress);
            handOver(this, [this, message] { Q_EMIT finished(message); });
        } catch (const Error &error) {
            if (error.kind() != Error::Kind::Cancelled)
                handOver(this, [this, what, why = QString::fromStdString(error.what())] { Q_EMIT failed(what, why); });
        } catch (const std::exception &error) {
            handOver(this, [this, what, why = QString::fromLocal8Bit(error.what())] { Q_EMIT failed(what, why); });
        }
        handOver(this, [this] { Q_EMIT jobChanged({}); });
    });
}

void DataJobs::generate(const Workspace &workspace, const QString &name, qint64 stories, quint64 seed) {
    start(tr("Generating stories"), [=](const std::stop_token &stop, const ProgressSink &progress) {
        return corpusMessage(generateCorpus(workspace, name.toStdString(), stories, seed, stop, progress));
    });
}

void DataJobs::import(const Workspace &workspace, const QStringList &files) {
    start(tr("Importing"), [=](const std::stop_token &stop, const ProgressSink &progress) {
        std::vector<fs::path> paths;
        for (const QString &file : files)
            paths.push_back(pathOf(file));
        const std::string name = freeName(asName(paths.front().stem().string(), "imported"), workspace.corpora());
        return corpusMessage(importCorpus(workspace, name, paths, stop, progress));
    });
}

void DataJobs::trainTokenizer(const Workspace &workspace, const QString &corpus, int vocabulary) {
    start(tr("Training a tokenizer"), [=](const std::stop_token &stop, const ProgressSink &progress) {
        workspace.requireWritable();
        const Tokenizer tokenizer =
            tt::trainTokenizer(workspace.corpusText(corpus.toStdString()), vocabulary, stop, progress);
        const std::string id = freeName("own-" + std::to_string(tokenizer.vocabSize()), workspace.tokenizers());
        tokenizer.save(workspace.tokenizer(id));
        return Message{.title = tr("%1: %2 tokens").arg(QString::fromStdString(id), count(tokenizer.vocabSize()))};
    });
}

void DataJobs::takeGpt2Tokenizer(const Workspace &workspace, const QString &folder) {
    start(folder.isEmpty() ? tr("Downloading GPT-2's tokenizer") : tr("Reading GPT-2's tokenizer"),
          [=](const std::stop_token &stop, const ProgressSink &progress) {
              workspace.requireWritable();
              std::string id;
              if (folder.isEmpty()) {
                  id = downloadGpt2Tokenizer(workspace, publishedGpt2Files(), stop, progress);
              } else {
                  id = freeName("gpt2", workspace.tokenizers());
                  Tokenizer::gpt2(pathOf(folder)).save(workspace.tokenizer(id));
              }
              return Message{.title = tr("%1 is here: GPT-2’s 50,257 tokens").arg(QString::fromStdString(id))};
          });
}

void DataJobs::deleteCorpus(const Workspace &workspace, const QString &name) {
    start(tr("Deleting %1").arg(name), [=](const std::stop_token &, const ProgressSink &) {
        tt::deleteCorpus(workspace, name.toStdString());
        return Message{.title = tr("%1 was deleted.").arg(name),
                       .text = tr("It can be brought back until the workspace is opened again."),
                       .actionText = tr("Undo"),
                       .action = restoreAction + name};
    });
}

void DataJobs::restoreCorpus(const Workspace &workspace, const QString &name) {
    start(tr("Bringing back %1").arg(name), [=](const std::stop_token &, const ProgressSink &) {
        tt::restoreCorpus(workspace, name.toStdString());
        return Message{.title = tr("%1 is back").arg(name)};
    });
}

void DataJobs::readMetrics(int run, const std::string &file) {
    worker_.post([this, run, file](const std::stop_token &) {
        handOver(this, [this, run, points = tt::readMetrics(file)] { Q_EMIT metricsRead(run, points); });
    });
}

void DataJobs::cancel() {
    stop_.request_stop();
}

} // namespace tt
