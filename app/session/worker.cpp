#include "app/session/worker.h"

namespace tt {

Worker::Worker() : thread_([this](const std::stop_token &ending) { run(ending); }) {}

Worker::~Worker() {
    thread_.request_stop();
    {
        const std::lock_guard lock(mutex_);
        present_.request_stop();
        std::erase_if(queue_, [](const Entry &entry) { return !entry.kept; });
    }
    thread_.join();
}

std::stop_source Worker::post(Task task) {
    return enqueue(std::move(task), false);
}

void Worker::postKept(Task task) {
    enqueue(std::move(task), true);
}

std::stop_source Worker::enqueue(Task task, bool kept) {
    std::stop_source stop;
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back({stop, std::move(task), kept});
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
