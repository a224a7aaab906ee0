#include "app/session/exchange_jobs.h"

#include "app/session/training_runs.h"
#include "core/nn/device.h"

#include <QDir>
#include <QFileInfo>

#include <algorithm>

namespace tt {

namespace {
QString text(const std::string &utf8) {
    return QString::fromStdString(utf8);
}

QString sentences(const std::vector<std::string> &all) {
    QStringList list;
    for (const std::string &each : all)
        list << text(each);
    return list.join(QLatin1Char(' '));
}

Message noticeOf(const QString &title, const QString &remarks) {
    return {
        .kind = remarks.isEmpty() ? Message::Kind::Notice : Message::Kind::Warning, .title = title, .text = remarks};
}

/// The rows of the runs with these names, as they are listed when the workspace is opened.
std::vector<RunRow> rowsOf(const Workspace &workspace, const std::string &gpt, const std::string &transcoder) {
    std::vector<RunRow> rows = TrainingRuns::readRuns(workspace);
    std::erase_if(rows, [&](const RunRow &row) {
        return row.name.toStdString() != (row.kind == RunRow::Kind::Gpt ? gpt : transcoder);
    });
    return rows;
}
} // namespace

ExchangeJobs::ExchangeJobs(QObject *parent) : QObject(parent) {
    worker_.post([](const std::stop_token &) { useThreads(TrainingRuns::defaultThreads()); });
}

void ExchangeJobs::setWorkspace(const Workspace &workspace) {
    cancel();
    workspace_ = std::make_unique<Workspace>(workspace);
}

void ExchangeJobs::start(const QString &what, const QString &failure, Work work) {
    if (!workspace_)
        return;
    Q_EMIT jobChanged({.running = true, .what = what});
    stop_ = worker_.post([this, failure, work = std::move(work), workspace = *workspace_](const std::stop_token &stop) {
        const ProgressSink progress = [this](const Progress &p) {
            handOver(this, [this, job = JobStatus{true, text(p.what), p.done, p.total}] { Q_EMIT jobChanged(job); });
        };
        try { // the one place where their errors arrive
            handOver(this, [this, folder = workspace.folder(), answer = work(workspace, stop, progress)] {
                if (workspace_->folder() == folder) // else another one was opened meanwhile
                    answer();
            });
        } catch (const Error &error) {
            if (error.kind() != Error::Kind::Cancelled)
                handOver(this, [this, failure, why = text(error.what())] { Q_EMIT failed(failure, why); });
        } catch (const std::exception &error) {
            handOver(this,
                     [this, failure, why = QString::fromLocal8Bit(error.what())] { Q_EMIT failed(failure, why); });
        }
        handOver(this, [this] { Q_EMIT jobChanged({}); });
    });
}

void ExchangeJobs::importFiles(const QStringList &files, int k) {
    const auto work = [this, files, k](const Workspace &workspace, const std::stop_token &stop,
                                       const ProgressSink &progress) -> Answer {
        std::vector<std::filesystem::path> paths;
        for (const QString &file : files)
            paths.emplace_back(file.toStdString());
        OriginalImport request = originalImportOf(paths);
        if (k == 0 && !request.transcoder.empty())
            return [this, files] { Q_EMIT kWanted(files); };
        if (k > 0)
            request.k = k;
        const ImportedOriginal made = importOriginal(workspace, request, stop, progress);
        const bool withGpt = !request.gpt.empty();
        const QString title = made.transcoder.empty() ? tr("%1 is here").arg(text(made.gpt))
                              : withGpt ? tr("%1 is here, and %2 for it").arg(text(made.gpt), text(made.transcoder))
                                        : tr("%1 is here, for %2").arg(text(made.transcoder), text(made.gpt));
        return [this, message = noticeOf(title, sentences(made.warnings)), transcoder = text(made.transcoder),
                rows = rowsOf(workspace, withGpt ? made.gpt : std::string(), made.transcoder)] {
            Q_EMIT imported(message, rows, transcoder);
        };
    };
    const QString name = files.isEmpty() ? QString() : QFileInfo(files.first()).fileName();
    start(tr("Importing %1").arg(name), tr("%1 was not imported").arg(name), work);
}

void ExchangeJobs::importFolder(const QString &folder) {
    const auto work = [this, folder](const Workspace &workspace, const std::stop_token &stop,
                                     const ProgressSink &progress) -> Answer {
        const ImportedTranscoder made = importTranscoder(workspace, {.folder = folder.toStdString()}, stop, progress);
        std::vector<std::string> remarks = made.warnings;
        if (made.conversion)
            remarks.push_back(describe(*made.conversion));
        QString title = tr("%1 is here, for %2").arg(text(made.name), text(made.gptRun));
        if (made.figures)
            title += tr(": FVU %1, L0 %2").arg(made.figures->fvu, 0, 'g', 3).arg(made.figures->l0, 0, 'g', 3);
        return [this, message = noticeOf(title, sentences(remarks)), transcoder = text(made.name),
                rows = rowsOf(workspace, {}, made.name)] { Q_EMIT imported(message, rows, transcoder); };
    };
    const QString name = QFileInfo(QDir::cleanPath(folder)).fileName();
    start(tr("Importing %1").arg(name), tr("%1 was not imported").arg(name), work);
}

void ExchangeJobs::exportTranscoder(const QString &name, const QString &format, const QString &folder) {
    const auto work = [this, name, format, folder](const Workspace &workspace, const std::stop_token &stop,
                                                   const ProgressSink &progress) -> Answer {
        const ExportedTranscoder made =
            tt::exportTranscoder(workspace, name.toStdString(), transcoderFormatFromName(format.toStdString()),
                                 folder.toStdString(), stop, progress);
        const QString where = QDir::toNativeSeparators(folder);
        return [this, message = noticeOf(tr("%1 was exported to %2").arg(name, where),
                                         made.conversion ? text(describe(*made.conversion)) : QString())] {
            Q_EMIT exported(message);
        };
    };
    start(tr("Exporting %1").arg(name), tr("%1 was not exported").arg(name), work);
}

void ExchangeJobs::cancel() {
    stop_.request_stop();
}

} // namespace tt
