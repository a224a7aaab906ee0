#include "app/session/follow_training.h"

#include "ui/features/snapshot_bar.h"

#include <algorithm>

namespace tt {

FollowTraining::FollowTraining(TrainingRuns &runs, Explainer &explainer, SnapshotBar &bar, QObject *parent)
    : QObject(parent), runs_(runs), explainer_(explainer), bar_(bar) {
    next_.setSingleShot(true);
    connect(&next_, &QTimer::timeout, this, &FollowTraining::look);
    connect(&bar_, &SnapshotBar::followChanged, this, &FollowTraining::follow);
    connect(&runs_, &TrainingRuns::runsChanged, this, &FollowTraining::runsChanged);
    connect(&runs_, &TrainingRuns::runUpdated, this, &FollowTraining::runsChanged);
    connect(&runs_, &TrainingRuns::runEnded, this, &FollowTraining::runsChanged);
    connect(&explainer_, &Explainer::modelOpened, this, [this] {
        if (!step_)
            return;
        bar_.setLive(*step_);
        step_.reset();
        shown_ = true;
    });
    connect(&explainer_, &Explainer::openFailed, this, [this] { step_.reset(); });
    connect(&explainer_, &Explainer::promptRead, this, &FollowTraining::looked);
}

void FollowTraining::setTranscoder(const QString &name) {
    transcoder_ = name;
    live_ = false;
    step_.reset();
    shown_ = false;
    ++opened_;
    bar_.forgetLive();
    runsChanged();
}

std::optional<int> FollowTraining::run() const {
    for (const RunRow &row : runs_.active())
        if (row.kind == RunRow::Kind::Transcoder && row.name == transcoder_)
            return row.id;
    return std::nullopt;
}

void FollowTraining::runsChanged() {
    const bool trains = run().has_value();
    const bool followed = bar_.follows();
    bar_.setTraining(trains);
    if (!trains && followed && live_)
        Q_EMIT savedWanted();
    if (trains && bar_.follows() && !next_.isActive() && !step_ && !shown_)
        next_.start(0);
}

void FollowTraining::follow() {
    next_.stop();
    if (bar_.follows())
        next_.start(0);
}

void FollowTraining::look() {
    const std::optional<int> id = run();
    if (!bar_.follows() || !id)
        return;
    runs_.askForWeights(
        *id, [this, opened = opened_](int64_t step, const std::shared_ptr<const TranscoderWeights<float>> &weights) {
            if (opened != opened_ || !bar_.follows())
                return;
            step_ = step;
            live_ = true;
            look_.start();
            explainer_.openLive(weights, step);
        });
}

/// What the prompt says with the new weights is there.
void FollowTraining::looked() {
    if (!shown_)
        return;
    shown_ = false;
    const qint64 rest = restPerLook * look_.elapsed();
    if (bar_.follows())
        next_.start(static_cast<int>(std::max<qint64>(1000LL * bar_.followSeconds(), rest)));
}

} // namespace tt
