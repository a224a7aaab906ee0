#pragma once

#include "core/io/workspace.h"
#include "core/train/gpt_training.h"
#include "core/train/transcoder_training.h"
#include "ui/values.h"

#include <QObject>

#include <map>
#include <memory>
#include <vector>

namespace tt {

/// The training runs of a workspace: those on disk, and those that train now, each on a thread of its own. Tells the
/// window by signals; values cross threads in batches, at most about 30 a second, the last never lost.
class TrainingRuns : public QObject {
    Q_OBJECT
public:
    explicit TrainingRuns(QObject *parent = nullptr);
    ~TrainingRuns() override; ///< stops all, waits until they are saved

    /// Cores that a run of the window uses when its configuration says none: all but one.
    static int defaultThreads();
    /// `config` with the threads it will compute on.
    template <class Config>
    static Config withThreads(Config config) {
        config.threads = config.threads > 0 ? config.threads : defaultThreads();
        return config;
    }
    /// Threads that the runs which train now compute on, paused ones left out.
    [[nodiscard]] int threads() const;

    /// Forgets the runs shown and lists those of the workspace (rows made by readRuns()). Nothing may train meanwhile.
    void setWorkspace(const Workspace &workspace, const std::vector<RunRow> &onDisk);
    /// Rows of the runs in a workspace, newest first, id 0. Reads files: call it on a worker.
    static std::vector<RunRow> readRuns(const Workspace &workspace);

    void startGpt(const std::string &name, const GptTrainingConfig &config);
    void startTranscoder(const std::string &name, const TranscoderTrainingConfig &config);
    void pause(int id);
    void resume(int id); ///< a paused run, or one that was stopped before
    void stop(int id);
    void stopAll();

    /// What RunActions did to the folder of a run that does not train.
    void rename(int id, const QString &name);
    void remove(int id);
    void restore(const RunRow &run);
    void adopt(RunRow run); ///< one of readRuns() that came to be while the workspace is open
    [[nodiscard]] const RunRow *row(int id) const;

    [[nodiscard]] const std::vector<RunRow> &rows() const { return rows_; }
    [[nodiscard]] std::vector<RunRow> active() const; ///< training, pausing or stopping
    [[nodiscard]] std::filesystem::path folder(const RunRow &run) const;
    /// Asks a transcoder's run for its weights as they are (LiveTranscoder); `take` is called on this object's thread.
    /// Nothing happens where the run does not train.
    void askForWeights(int id, const LiveTranscoder::Take &take);
    /// metrics.jsonl of a run.
    [[nodiscard]] std::string metricsFile(int id) const;

Q_SIGNALS:
    void runsChanged(); ///< rows were added or taken away
    void runUpdated(const tt::RunRow &row);
    void pointsArrived(int id, const std::vector<tt::TrainingPoint> &points);
    void checkpointSaved(int id);
    void runEnded(int id); ///< finished, stopped or failed; saved
    void failed(const tt::RunRow &row, const QString &why, bool diverged);

private:
    struct Active;
    using Work = std::function<void(std::stop_token, const TrainingSink &)>;
    RunRow *find(int id);
    int addRow(RunRow row);
    void launch(int id, Work work, std::shared_ptr<LiveTranscoder> live = {});
    void update(int id, const std::function<void(RunRow &)> &change);
    void takePoints(int id, const std::vector<TrainingPoint> &points);
    struct Ending {
        bool stopped = false, diverged = false;
        QString failure;
    };
    void end(int id, const Ending &ending);
    Work resumeWork(const RunRow &row, const std::shared_ptr<LiveTranscoder> &live);
    /// Shows what goes before a run's first step. Called on the run's thread.
    ProgressSink preparing(int id);

    std::unique_ptr<Workspace> workspace_;
    std::vector<RunRow> rows_;
    std::map<int, std::unique_ptr<Active>> active_;
    int nextId_ = 1;
};

} // namespace tt
