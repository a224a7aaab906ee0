#include "app/session/worker.h"

namespace tt {

Worker::Worker() : thread_([this](const std::stop_token &ending) { run(ending); }) {}

Worker::~Worker() {
    thread_.request_stop();
    {
        const std::lock_guard lock(mutex_);
        present_.request_stop();
        for (const Entry &entry : queue_)
            entry.stop.request_stop();
        queue_.clear();
    }
    thread_.join();
}

std::stop_source Worker::post(Task task) {
    std::stop_source stop;
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back({stop, std::move(task)});
    }
    posted_.notify_one();
    return stop;
}

void Worker::run(const std::stop_token &ending) {
    while (true) {
        Entry entry;
        {
            std::unique_lock lock(mutex_);
            if (!posted_.wait(lock, ending, [this] { return !queue_.empty(); }))
                return;
            entry = std::move(queue_.front());
            queue_.pop_front();
            present_ = entry.stop;
        }
        if (!entry.stop.stop_requested())
            entry.task(entry.stop.get_token());
    }
}

} // namespace tt
