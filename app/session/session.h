#pragma once

#include "app/session/circuits_session.h"
#include "app/session/data_jobs.h"
#include "app/session/downloads.h"
#include "app/session/exchange_jobs.h"
#include "app/session/explainer.h"
#include "app/session/feature_inspector.h"
#include "app/session/first_start.h"
#include "app/session/follow_training.h"
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

/// Joins the window's intentions to core's work on worker threads, and hands results back. The only such place.
class Session : public QObject {
    Q_OBJECT
public:
    explicit Session(MainWindow &window, QObject *parent = nullptr);
    /// Opens (or makes) a workspace and shows its newest transcoder on the first prompt.
    void open(const QString &folder);
    /// Opens the demonstration, copied first where there is no copy; the first time the tour begins. `folder` and
    /// `model` are those of FirstStart by themselves. Where it cannot be had, the window says why and opens an empty
    /// workspace.
    void openDemonstration(const QString &folder = QString(), const QString &model = QString());
    /// The demonstration where the folder is its, else open().
    void openFirst(const QString &folder);
    /// Opens a saved graph, in a file anywhere, in the first of these workspaces that has its weights; where none has
    /// them in the first of all, and the window says so.
    void openGraph(const QString &file, const QStringList &folders);
    /// Saves every run and then lets the window close (window closing, SIGTERM).
    void saveAndClose();
    /// Whether anything computes at this moment; for tests.
    [[nodiscard]] const TrainingRuns &runs() const { return runs_; }
    [[nodiscard]] Downloads &downloads() { return downloads_; }
    /// A saved graph, in a file anywhere, to show once a workspace is open.
    void showFirst(const QString &graphFile) { graphFile_ = graphFile; }

private:
    void connectData();
    void connectAccess(); // session_access.cpp
    /// Whether a workspace is open; says so where none is.
    bool hasWorkspace();
    void showAccess(const WorkspaceSummary &summary);
    void checkAccess();
    void connectPreview();
    void connectDownloads();
    void connectExchange(); // session_exchange.cpp
    void connectTraining();
    void connectEstimates();
    void connectRunActions();
    void connectStories();
    void connectPrompt();
    void connectFeatures();  // session_features.cpp
    void connectSnapshots(); // session_features.cpp
    void openSnapshot(qint64 step);
    void traceToToken(const QString &before, int token, const QString &text);
    void connectStart(); // session_start.cpp
    void connectFrame();
    void takeWorkspace(const WorkspaceSummary &summary);
    void openTranscoder(const QString &name);
    void takePrompt(const PromptFeatures &features);
    void editPrompt(const QString &prompt);
    void showRuns();
    void runEnded(int id);

    MainWindow &window_;
    std::unique_ptr<Workspace> workspace_;
    QStringList transcoders_;
    QString graphFile_;          ///< to show once a workspace is open
    QString transcoder_;         ///< the one that is open or being opened
    bool traceWhenRead_ = false; ///< a workspace was opened: trace its first prompt
    bool tourWhenRead_ = false;  ///< the demonstration was opened for the first time
    bool closing_ = false;
    bool readOnlyShown_ = false; ///< the window says that the workspace is
    bool accessAsked_ = false;   ///< the workspace is being read because something failed
    FirstStart start_;
    DataJobs data_;
    Downloads downloads_;
    ExchangeJobs exchange_;
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
