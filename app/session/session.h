#pragma once

#include "app/session/circuits_session.h"
#include "app/session/data_jobs.h"
#include "app/session/downloads.h"
#include "app/session/explainer.h"
#include "app/session/feature_inspector.h"
#include "app/session/interventions_session.h"
#include "app/session/preview_jobs.h"
#include "app/session/run_actions.h"
#include "app/session/storyteller.h"
#include "app/session/training_estimates.h"
#include "app/session/training_runs.h"
#include "ui/window/main_window.h"

#include <QObject>

#include <memory>

namespace tt {

class FollowTraining;

/// Joins the window's intentions to core's work on worker threads, and hands results back. The only such place.
class Session : public QObject {
    Q_OBJECT
public:
    explicit Session(MainWindow &window, QObject *parent = nullptr);
    /// Opens (or makes) a workspace and shows its newest transcoder on the first prompt.
    void open(const QString &folder);
    /// Saves every run and then lets the window close (window closing, SIGTERM).
    void saveAndClose();
    /// Whether anything computes at this moment; for tests.
    [[nodiscard]] const TrainingRuns &runs() const { return runs_; }
    [[nodiscard]] Downloads &downloads() { return downloads_; }

private:
    void connectData();
    void connectPreview();
    void connectDownloads();
    void connectTraining();
    void connectEstimates();
    void connectRunActions();
    void connectStories();
    void connectPrompt();
    void connectFeatures();  // session_features.cpp
    void connectSnapshots(); // session_features.cpp
    [[nodiscard]] bool transcoderTrains() const;
    void connectFrame();
    void takeWorkspace(const WorkspaceSummary &summary);
    void openTranscoder(const QString &name);
    void takePrompt(const PromptFeatures &features);
    void editPrompt(const QString &prompt);
    void showRuns();
    void runEnded(int id);
    void openSnapshot(qint64 step);
    void traceToToken(const QString &before, int token, const QString &text);

    MainWindow &window_;
    std::unique_ptr<Workspace> workspace_;
    QStringList transcoders_;
    QString transcoder_;         ///< the one that is open or being opened
    bool traceWhenRead_ = false; ///< a workspace was opened: trace its first prompt
    bool closing_ = false;
    DataJobs data_;
    Downloads downloads_;
    PreviewJobs preview_;
    TrainingRuns runs_;
    TrainingEstimates estimates_;
    RunActions actions_;
    Storyteller storyteller_;
    Explainer explainer_;
    CircuitsSession circuits_;
    InterventionsSession interventions_{window_};
    FeatureInspector inspector_;
    FollowTraining *follow_ = nullptr;
};

} // namespace tt
