#pragma once

#include "app/session/explainer.h"
#include "app/session/training_runs.h"

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include <optional>

namespace tt {

class SnapshotBar;

/// Shows the transcoder that is open as its run has it now, every few seconds, without stopping the run: copies of the
/// weights come at the end of a step. Looking takes at most a tenth of the time: where it takes long, the next look
/// comes later.
class FollowTraining : public QObject {
    Q_OBJECT
public:
    FollowTraining(TrainingRuns &runs, Explainer &explainer, SnapshotBar &bar, QObject *parent = nullptr);
    /// The transcoder that is open or being opened, as it was saved.
    void setTranscoder(const QString &name);

Q_SIGNALS:
    void savedWanted(); ///< the run that was followed has ended: its last state is in the files

private:
    [[nodiscard]] std::optional<int> run() const; ///< the id of the run that trains it
    void runsChanged();
    void follow();
    void look();
    void looked();

    static constexpr int restPerLook = 9; ///< times as long as the look took
    TrainingRuns &runs_;
    Explainer &explainer_;
    SnapshotBar &bar_;
    QString transcoder_;
    bool live_ = false;  ///< what is shown came from the run
    quint64 opened_ = 0; ///< counts what was opened: weights for an earlier one come too late
    QTimer next_;
    QElapsedTimer look_;         ///< since the weights arrived
    std::optional<qint64> step_; ///< of the weights that are being opened
    bool shown_ = false;         ///< they are open, and what the prompt says with them is on its way
};

} // namespace tt
