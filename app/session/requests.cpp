#include "app/session/requests.h"

#include "core/error.h"
#include "core/nn/device.h"

#include <algorithm>

namespace tt {

Requests::Requests(std::vector<int> workerOf, QObject *parent)
    : QObject(parent), workerOf_(std::move(workerOf)), stops_(workerOf_.size()), newest_(workerOf_.size()) {
    const int workers = 1 + *std::max_element(workerOf_.begin(), workerOf_.end());
    for (int i = 0; i < workers; ++i)
        workers_.push_back(std::make_unique<Worker>());
    for (const auto &worker : workers_)
        worker->post([](const std::stop_token &) { useThreads(hardwareThreads()); });
}

void Requests::stop(int kind) {
    const auto k = static_cast<size_t>(kind);
    stops_[k].request_stop();
    ++newest_[k];
}

void Requests::post(int kind, Work work) {
    stop(kind);
    stops_[static_cast<size_t>(kind)] = workerOf(kind).post(task(kind, std::move(work)));
}

void Requests::postKept(int kind, Work work) {
    workerOf(kind).postKept(task(kind, std::move(work)));
}

Worker::Task Requests::task(int kind, Work work) {
    const quint64 number = newest_[static_cast<size_t>(kind)];
    return [this, kind, number, work = std::move(work)](const std::stop_token &token) {
        Answer answer;
        const auto failWith = [&](const QString &why) { answer = [this, kind, why] { Q_EMIT failed(kind, why); }; };
        try { // the one place where a request's errors arrive
            answer = work(token);
        } catch (const Error &error) {
            if (error.kind() == Error::Kind::Cancelled)
                return;
            failWith(QString::fromStdString(error.what()));
        } catch (const std::bad_alloc &) {
            failWith(QStringLiteral("Memory ran out. A shorter prompt needs less."));
        } catch (const std::exception &error) {
            failWith(QStringLiteral("Something unexpected failed: %1").arg(QString::fromLocal8Bit(error.what())));
        }
        if (!answer)
            return;
        handOver(this, [this, kind, number, answer] {
            if (number == newest_[static_cast<size_t>(kind)])
                answer();
        });
    };
}

} // namespace tt
