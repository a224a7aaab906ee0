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
    const auto k = static_cast<size_t>(kind);
    const quint64 number = newest_[k];
    Worker &worker = *workers_[static_cast<size_t>(workerOf_[k])];
    stops_[k] = worker.post([this, kind, number, work = std::move(work)](const std::stop_token &token) {
        Answer answer;
        QString why;
        try { // the one place where a request's errors arrive
            answer = work(token);
        } catch (const Error &error) {
            if (error.kind() == Error::Kind::Cancelled)
                return;
            why = QString::fromStdString(error.what());
        } catch (const std::bad_alloc &) {
            why = QStringLiteral("Memory ran out. A shorter prompt needs less.");
        } catch (const std::exception &error) {
            why = QStringLiteral("Something unexpected failed: %1").arg(QString::fromLocal8Bit(error.what()));
        }
        if (!answer)
            answer = [this, kind, why] { Q_EMIT failed(kind, why); };
        handOver(this, [this, kind, number, answer] {
            if (number == newest_[static_cast<size_t>(kind)])
                answer();
        });
    });
}

} // namespace tt
