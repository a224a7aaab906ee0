#pragma once

#include "app/session/worker.h"

#include <QObject>

#include <memory>
#include <vector>

namespace tt {

/// Requests of several kinds, answered on worker threads. Only the newest request of a kind counts: an older one is
/// stopped, and an answer that is no longer wanted is dropped. Destroying it ends the workers.
class Requests : public QObject {
    Q_OBJECT
public:
    using Answer = std::function<void()>; ///< runs on this object's thread; empty: there is nothing to say
    using Work = std::function<Answer(const std::stop_token &)>;
    /// `workerOf[kind]` is the worker (0, 1, …) that answers a kind; each computes on all processor cores.
    Requests(std::vector<int> workerOf, QObject *parent);

    void post(int kind, Work work);
    /// For what has to be written: stops no older one, is never dropped, not even when this object is destroyed.
    void postKept(int kind, Work work);
    void stop(int kind);

Q_SIGNALS:
    /// `why` is fit for people. Nothing is said of a request that was stopped.
    void failed(int kind, const QString &why);

private:
    [[nodiscard]] Worker &workerOf(int kind) {
        return *workers_[static_cast<size_t>(workerOf_[static_cast<size_t>(kind)])];
    }
    [[nodiscard]] Worker::Task task(int kind, Work work);

    std::vector<int> workerOf_;
    std::vector<std::stop_source> stops_;
    std::vector<quint64> newest_;
    std::vector<std::unique_ptr<Worker>> workers_; ///< last: they end before what they use
};

} // namespace tt
