#include "app/session/downloads.h"

#include <algorithm>
#include <cmath>

namespace tt {

namespace {
constexpr double rateSeconds = 4; // over which the rate is a mean
}

void Downloads::Rate::take(double bytes) {
    if (done < 0 || bytes < done) { // begun, or begun again
        *this = {};
        done = bytes;
        timer.start();
        return;
    }
    const double seconds = static_cast<double>(timer.nsecsElapsed()) / 1e9;
    if (seconds < 0.2)
        return;
    timer.restart();
    const double now = (bytes - done) / seconds, share = perSecond > 0 ? 1 - std::exp(-seconds / rateSeconds) : 1;
    perSecond += share * (now - perSecond);
    done = bytes;
}

Downloads::Downloads(QObject *parent) : QObject(parent) {}

Downloads::~Downloads() {
    entries_.clear();
}

void Downloads::setSources(std::vector<DownloadSource> sources, const DownloadPatience &patience) {
    sources_ = std::move(sources);
    patience_ = patience;
}

void Downloads::setWorkspace(const Workspace &workspace) {
    entries_.clear();
    workspace_ = workspace;
    for (const DownloadSource &source : sources_) {
        if (workspace.readOnly()) // what was begun belongs to the window that may write
            break;
        const int64_t bytes = downloadedBytes(source, workspace.downloads());
        if (bytes < 0)
            continue;
        Entry &entry = entries_[source.name];
        entry.row = {.name = QString::fromStdString(source.name),
                     .state = DownloadRow::State::Paused,
                     .done = static_cast<double>(bytes),
                     .total = static_cast<double>(source.bytes)};
    }
    show();
}

const DownloadSource *Downloads::source(const std::string &name) const {
    const auto found =
        std::find_if(sources_.begin(), sources_.end(), [&](const auto &source) { return source.name == name; });
    return found == sources_.end() ? nullptr : &*found;
}

void Downloads::start(const QString &name) {
    const DownloadSource *what = source(name.toStdString());
    if (!what || !workspace_)
        return;
    const auto [at, begun] = entries_.try_emplace(what->name);
    Entry &entry = at->second;
    if (!begun && entry.row.state == DownloadRow::State::Running)
        return;
    entry.row = {.name = name,
                 .state = DownloadRow::State::Running,
                 .what = tr("Connecting"),
                 .done = entry.row.done,
                 .total = static_cast<double>(what->bytes)};
    entry.rate = {};
    ++entry.attempt;
    run(*what, entry);
    show();
}

void Downloads::run(const DownloadSource &source, Entry &entry) {
    entry.stop =
        entry.worker->post([this, source, workspace = *workspace_, patience = patience_](const std::stop_token &stop) {
            const std::string name = source.name;
            const auto ended = [&](DownloadRow::State state, const std::string &problem) {
                handOver(this, [this, name, state, problem] { end(name, state, QString::fromStdString(problem)); });
            };
            try {
                const CorpusInfo info = downloadCorpus(
                    workspace, source, stop,
                    [this, name](const Progress &progress) {
                        handOver(this, [this, name, progress] { report(name, progress); });
                    },
                    patience);
                ended(DownloadRow::State::Finished, {});
                handOver(this, [this, info] { Q_EMIT finished(info); });
            } catch (const Error &error) {
                const bool paused = error.kind() == Error::Kind::Cancelled;
                ended(paused ? DownloadRow::State::Paused : DownloadRow::State::Failed, paused ? "" : error.what());
            } catch (const std::exception &error) {
                ended(DownloadRow::State::Failed, error.what());
            }
        });
}

void Downloads::report(const std::string &name, const Progress &progress) {
    const auto found = entries_.find(name);
    if (found == entries_.end() || found->second.row.state != DownloadRow::State::Running)
        return;
    Entry &entry = found->second;
    DownloadRow &row = entry.row;
    const QString what = QString::fromStdString(progress.what);
    if (what != row.what)
        entry.rate = {};
    entry.rate.take(progress.done);
    row.what = what;
    row.done = progress.done;
    row.total = progress.total;
    row.bytesPerSecond = entry.rate.perSecond;
    row.secondsLeft = row.bytesPerSecond > 0 ? (row.total - row.done) / row.bytesPerSecond : -1;
    show();
}

void Downloads::end(const std::string &name, DownloadRow::State state, const QString &problem) {
    const auto found = entries_.find(name);
    if (found == entries_.end())
        return;
    Entry &entry = found->second;
    if (entry.cancelled)
        return; // forget() follows
    if (state == DownloadRow::State::Finished) {
        entries_.erase(found);
    } else {
        const DownloadSource *what = source(name);
        const int64_t here = what ? downloadedBytes(*what, workspace_->downloads()) : -1;
        entry.row.state = state;
        entry.row.done = static_cast<double>(std::max<int64_t>(0, here));
        entry.row.total = what ? static_cast<double>(what->bytes) : 0;
        entry.row.problem = problem;
        entry.row.bytesPerSecond = 0;
        entry.row.secondsLeft = -1;
    }
    show();
    if (state == DownloadRow::State::Failed)
        Q_EMIT failed(QString::fromStdString(name), problem);
}

void Downloads::pause(const QString &name) {
    const auto found = entries_.find(name.toStdString());
    if (found == entries_.end() || found->second.row.state != DownloadRow::State::Running)
        return;
    Entry &entry = found->second;
    entry.stop.request_stop();
    // A download that had not begun ends without a word.
    entry.worker->post([this, key = found->first, attempt = entry.attempt](const std::stop_token &) {
        handOver(this, [this, key, attempt] {
            const auto still = entries_.find(key);
            if (still != entries_.end() && still->second.attempt == attempt &&
                still->second.row.state == DownloadRow::State::Running)
                end(key, DownloadRow::State::Paused, {});
        });
    });
}

void Downloads::pauseAll() {
    for (const DownloadRow &row : rows())
        pause(row.name);
}

void Downloads::cancel(const QString &name) {
    const auto found = entries_.find(name.toStdString());
    const DownloadSource *what = source(name.toStdString());
    if (found == entries_.end() || !what)
        return;
    Entry &entry = found->second;
    entry.cancelled = true;
    entry.stop.request_stop();
    // After the download has ended, since the worker does one thing after the other.
    entry.worker->post([this, source = *what, folder = workspace_->downloads()](const std::stop_token &) {
        discardDownload(source, folder);
        handOver(this, [this, name = source.name] {
            entries_.erase(name);
            show();
        });
    });
    show();
}

std::vector<DownloadRow> Downloads::rows() const {
    std::vector<DownloadRow> rows;
    for (const auto &[name, entry] : entries_)
        if (!entry.cancelled)
            rows.push_back(entry.row);
    return rows;
}

} // namespace tt
