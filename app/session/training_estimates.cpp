#include "app/session/training_estimates.h"

#include <memory>

namespace tt {

namespace {
constexpr int typingPause = 400; ///< milliseconds
} // namespace

TrainingEstimates::TrainingEstimates(QObject *parent) : QObject(parent) {
    for (const RunRow::Kind kind : {RunRow::Kind::Gpt, RunRow::Kind::Transcoder}) {
        of(kind).pause.setSingleShot(true);
        of(kind).pause.setInterval(typingPause);
        connect(&of(kind).pause, &QTimer::timeout, this, [this, kind] { post(kind); });
    }
}

void TrainingEstimates::setWorkspace(const Workspace &workspace) {
    cancel();
    workspace_ = std::make_unique<Workspace>(workspace);
}

void TrainingEstimates::cancel() {
    for (Request &request : requests_) {
        request.pause.stop();
        request.stop.request_stop();
        ++request.id;
    }
}

void TrainingEstimates::estimate(const GptTrainingConfig &config, int otherThreads) {
    if (workspace_)
        ask(RunRow::Kind::Gpt, otherThreads,
            [config, workspace = *workspace_](TrainingCalibrations &known, std::stop_token stop,
                                              const ProgressSink &progress) {
                return estimateGptTraining(workspace, config, known, std::move(stop), progress);
            });
}

void TrainingEstimates::estimate(const TranscoderTrainingConfig &config, int otherThreads) {
    if (workspace_)
        ask(RunRow::Kind::Transcoder, otherThreads,
            [config, workspace = *workspace_](TrainingCalibrations &known, std::stop_token stop,
                                              const ProgressSink &progress) {
                return estimateTranscoderTraining(workspace, config, known, std::move(stop), progress);
            });
}

void TrainingEstimates::ask(RunRow::Kind kind, int otherThreads, Estimate work) {
    Request &request = of(kind);
    request.stop.request_stop();
    ++request.id;
    request.work = std::move(work);
    request.otherThreads = otherThreads;
    request.pause.start();
}

void TrainingEstimates::post(RunRow::Kind kind) {
    Request &request = of(kind);
    const auto work = [this, kind, id = request.id, work = request.work, known = known_,
                       others = request.otherThreads](const std::stop_token &stop) {
        const auto hand = [&](EstimateState state) {
            handOver(this, [this, kind, id, state = std::move(state)] { answer(kind, id, state); });
        };
        bool said = false;
        const ProgressSink progress = [&](const Progress &) {
            if (!std::exchange(said, true))
                hand({.state = EstimateState::State::Measuring});
        };
        try { // the one place where an estimate's errors arrive
            known->otherThreads = others;
            hand({.state = EstimateState::State::Known, .estimate = work(*known, stop, progress)});
        } catch (const Error &error) {
            if (error.kind() != Error::Kind::Cancelled)
                hand({.state = EstimateState::State::Failed, .failure = QString::fromStdString(error.what())});
        } catch (const std::exception &error) {
            hand({.state = EstimateState::State::Failed, .failure = QString::fromLocal8Bit(error.what())});
        }
    };
    request.stop = worker_.post(work);
}

void TrainingEstimates::answer(RunRow::Kind kind, quint64 id, const EstimateState &state) {
    if (id == of(kind).id)
        Q_EMIT answered(kind, state);
}

} // namespace tt
