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

#ifdef __SANITIZE_THREAD__
/// The thread sanitizer does not see the locks in Qt's own code, by which the one thread's work is the other's past. It
/// sees `ready`; only the pointer, which Qt copies, is read without it.
template <class Call>
class HandedOver {
public:
    explicit HandedOver(Call call) : box_(new Box{std::move(call)}) {
        box_->ready.store(true, std::memory_order_release);
    }
    [[gnu::no_sanitize("thread")]] void operator()() const { run(box_); }

private:
    struct Box {
        Call call;
        std::atomic<bool> ready{false};
    };
    [[gnu::noinline]] static void run(Box *box) {
        if (box->ready.load(std::memory_order_acquire))
            box->call();
        delete box;
    }
    Box *box_; ///< left where the context is gone before
};
#endif

/// Runs `call` on the thread of `context`, later. Never called after `context` is gone, provided that the calling
/// worker is owned by it (and so ends first).
template <class Call>
void handOver(QObject *context, Call &&call) {
#ifdef __SANITIZE_THREAD__
    QMetaObject::invokeMethod(context, HandedOver<std::decay_t<Call>>(std::forward<Call>(call)), Qt::QueuedConnection);
#else
    QMetaObject::invokeMethod(context, std::forward<Call>(call), Qt::QueuedConnection);
#endif
}

} // namespace tt
