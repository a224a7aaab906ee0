#pragma once

#include "app/session/worker.h"
#include "core/io/workspace.h"
#include "ui/values.h"

#include <QObject>
#include <QTimer>

#include <array>
#include <memory>

namespace tt {

/// Answers what a training would take, on a thread of its own. Requests are debounced; of each kind only the newest
/// counts: an older measurement is stopped and its answer dropped. Shapes that were measured are answered at once.
class TrainingEstimates : public QObject {
    Q_OBJECT
public:
    explicit TrainingEstimates(QObject *parent = nullptr);

    void setWorkspace(const Workspace &workspace);
    /// `otherThreads`: of the runs that train now.
    void estimate(const GptTrainingConfig &config, int otherThreads);
    void estimate(const TranscoderTrainingConfig &config, int otherThreads);
    /// A run starts: what is being measured would be measured beside it.
    void cancel();

Q_SIGNALS:
    void answered(tt::RunRow::Kind kind, const tt::EstimateState &state);

private:
    using Estimate = std::function<TrainingEstimate(TrainingCalibrations &, std::stop_token, const ProgressSink &)>;
    struct Request {
        QTimer pause; ///< until the user has stopped typing
        Estimate work;
        int otherThreads = 0;
        quint64 id = 0;
        std::stop_source stop;
    };
    void ask(RunRow::Kind kind, int otherThreads, Estimate work);
    void post(RunRow::Kind kind);
    void answer(RunRow::Kind kind, quint64 id, const EstimateState &state);
    Request &of(RunRow::Kind kind) { return requests_[static_cast<size_t>(kind)]; }

    std::unique_ptr<Workspace> workspace_;
    std::array<Request, 2> requests_;
    std::shared_ptr<TrainingCalibrations> known_ = std::make_shared<TrainingCalibrations>(); ///< on the worker only
    Worker worker_; ///< last: ends before what it uses
};

} // namespace tt
