#pragma once

#include <QMetaObject>
#include <QObject>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace tt {

/// One thread that runs tasks one after the other. Destroying it asks them to stop, waits for the present one and runs
/// those that are kept.
class Worker {
public:
    using Task = std::function<void(std::stop_token)>;
    Worker();
    ~Worker();
    Worker(const Worker &) = delete;
    Worker &operator=(const Worker &) = delete;

    /// Runs `task` after those posted before. Its stop can be asked for through what is returned.
    std::stop_source post(Task task);
    /// The same for a task that is run even when the worker is being destroyed: what writes a person's words.
    void postKept(Task task);

private:
    void run(const std::stop_token &ending);

    struct Entry {
        std::stop_source stop;
        Task task;
        bool kept = false;
    };
    std::stop_source enqueue(Task task, bool kept);
    std::mutex mutex_;
    std::condition_variable_any posted_;
    std::deque<Entry> queue_;
    std::stop_source present_{std::nostopstate};
    std::jthread thread_; ///< last: ends before what it uses
};

/// Runs `call` on the thread of `context`, later. Never called after `context` is gone, provided that the calling
/// worker is owned by it (and so ends first).
template <class Call>
void handOver(QObject *context, Call &&call) {
#ifdef __SANITIZE_THREAD__ // it does not see the locks in Qt's own code, by which the one thread's work is the other's
                           // past
    auto handed = std::make_shared<std::atomic<bool>>(false);
    auto seen = [handed, call = std::decay_t<Call>(std::forward<Call>(call))]() mutable {
        if (handed->load(std::memory_order_acquire))
            call();
    };
    handed->store(true, std::memory_order_release);
    QMetaObject::invokeMethod(context, std::move(seen), Qt::QueuedConnection);
#else
    QMetaObject::invokeMethod(context, std::forward<Call>(call), Qt::QueuedConnection);
#endif
}

} // namespace tt
