#pragma once

#include "app/session/worker.h"
#include "core/io/workspace.h"
#include "core/text/published.h"
#include "ui/values.h"

#include <QElapsedTimer>
#include <QObject>

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace tt {

/// The downloads of the place Data, each on a thread of its own, so that everything else goes on meanwhile. What was
/// begun stays in the workspace when a download is paused, the window closes or the network fails.
class Downloads : public QObject {
    Q_OBJECT
public:
    explicit Downloads(QObject *parent = nullptr);
    ~Downloads() override;

    /// What can be fetched: the published corpora unless a test says otherwise.
    void setSources(std::vector<DownloadSource> sources, const DownloadPatience &patience);
    /// Pauses the downloads of the workspace before; shows those that were begun in this one.
    void setWorkspace(const Workspace &workspace);
    void start(const QString &name); ///< begins, or goes on
    void pause(const QString &name);
    void pauseAll();
    void cancel(const QString &name); ///< removes what was fetched
    [[nodiscard]] std::vector<DownloadRow> rows() const;

Q_SIGNALS:
    void changed(const std::vector<tt::DownloadRow> &rows);
    void finished(const tt::CorpusInfo &info);
    void failed(const QString &name, const QString &why);

private:
    /// Rate of the bytes that arrive, as a mean of the last seconds.
    struct Rate {
        QElapsedTimer timer;
        double done = -1, perSecond = 0;
        void take(double bytes);
    };
    struct Entry {
        DownloadRow row;
        Rate rate;
        std::stop_source stop{std::nostopstate};
        int attempt = 0;
        bool cancelled = false;
        std::unique_ptr<Worker> worker = std::make_unique<Worker>();
    };

    void run(const DownloadSource &source, Entry &entry);
    void report(const std::string &name, const Progress &progress);
    void end(const std::string &name, DownloadRow::State state, const QString &problem);
    [[nodiscard]] const DownloadSource *source(const std::string &name) const;
    void show() { Q_EMIT changed(rows()); }

    std::vector<DownloadSource> sources_ = publishedCorpora();
    DownloadPatience patience_;
    std::optional<Workspace> workspace_;
    std::map<std::string, Entry> entries_; ///< last: its workers end before what they use
};

} // namespace tt
