#pragma once

#include "app/session/worker.h"
#include "core/io/workspace.h"
#include "core/train/import_original.h"
#include "core/train/transcoder_exchange.h"
#include "ui/values.h"

#include <QObject>
#include <QStringList>

#include <memory>
#include <optional>
#include <vector>

namespace tt {

/// Imports weights of other programs and exports transcoders for them, one after the other on a thread of its own.
class ExchangeJobs : public QObject {
    Q_OBJECT
public:
    explicit ExchangeJobs(QObject *parent = nullptr);

    void setWorkspace(const Workspace &workspace);
    /// Of the Python TinyTranscoder, one or both. A transcoder's file does not say its k: where one is among them and
    /// `k` is 0, kWanted() follows and nothing is imported yet.
    void importFiles(const QStringList &files, int k = 0);
    void importFolder(const QString &folder);
    void exportTranscoder(const QString &name, const QString &format, const QString &folder);
    void cancel();

Q_SIGNALS:
    void jobChanged(const tt::JobStatus &job);
    /// The runs that were made, and the transcoder among them, "" where there is none.
    void imported(const tt::Message &message, const std::vector<tt::RunRow> &runs, const QString &transcoder);
    void exported(const tt::Message &message);
    void kWanted(const QStringList &files);
    void failed(const QString &what, const QString &why);

private:
    using Answer = std::function<void()>; ///< runs on this object's thread
    using Work = std::function<Answer(const Workspace &, const std::stop_token &, const ProgressSink &)>;
    void start(const QString &what, const QString &failure, Work work);

    std::unique_ptr<Workspace> workspace_;
    std::stop_source stop_{std::nostopstate};
    Worker worker_; ///< last: ends before what it uses
};

} // namespace tt
