#pragma once

#include "core/train/curves_csv.h"
#include "ui/train/runs_model.h"
#include "ui/train/training_history.h"
#include "ui/values.h"

#include <QWidget>

#include <map>
#include <memory>
#include <vector>

class QSplitter;

namespace tt {

class ChartPanel;
class ComparePanel;
class GptForm;
class MessageBar;
class RunsPanel;
class StoryPane;
struct PlottedRun;
class TranscoderForm;

/// The Train place: a form for the next GPT and one for the next transcoder, the runs, and their curves.
class TrainPlace : public QWidget {
    Q_OBJECT
public:
    explicit TrainPlace(QWidget *parent = nullptr);

    /// Fills corpora, tokenizers and GPTs; what the user has typed stays.
    void setWorkspace(const WorkspaceSummary &workspace);
    void setRuns(const std::vector<RunRow> &runs);
    void updateRun(const RunRow &run);
    /// New points of a run, in order of their steps.
    void addPoints(int id, const std::vector<TrainingPoint> &points);
    /// All points of a run so far, e.g. after historyRequested().
    void setPoints(int id, const std::vector<TrainingPoint> &points);
    /// Answers gptEstimateRequested() or transcoderEstimateRequested().
    void setEstimate(RunRow::Kind kind, const EstimateState &estimate);
    /// The transcoder that the other places use.
    void setChosenTranscoder(const QString &name);
    void showMessage(const Message &message);
    [[nodiscard]] StoryPane &story() const { return *story_; }
    /// The command that does what the form last used would do.
    [[nodiscard]] QString commandLine() const;
    /// Presses Start of the form last used (Ctrl+Return).
    void startFocusedForm();

Q_SIGNALS:
    void startGptRequested(const QString &name, const tt::GptTrainingConfig &config);
    void startTranscoderRequested(const QString &name, const tt::TranscoderTrainingConfig &config);
    /// While the place is shown: what would this training take? setEstimate() answers.
    void gptEstimateRequested(const tt::GptTrainingConfig &config);
    void transcoderEstimateRequested(const tt::TranscoderTrainingConfig &config);
    void pauseRequested(int id);
    void resumeRequested(int id);
    void stopRequested(int id);
    void renameRequested(int id, const QString &name);
    void deleteRequested(int id);
    void undoRequested(); ///< the deletion made last
    void showFolderRequested(int id);
    void transcoderChosen(const QString &name); ///< for the other places
    /// A run is to be plotted whose points are not known; setPoints() answers.
    void historyRequested(int id);
    void csvRequested(const QString &file, const tt::CurveTable &table);
    void plotExported(const QString &file);
    void goToData();
    void messageActionRequested(const QString &action);
    void commandLineChanged();

protected:
    void showEvent(QShowEvent *event) override;

private:
    QWidget *makeForms();
    QWidget *makeLists();
    QWidget *makeCharts();
    void makeRoomFor(const QWidget *list);
    void connectForms();
    void updateTakenNames();
    void updateCharts();
    void tellOthers();
    void connectRuns();
    void duplicate(int id);
    void updateStory();
    std::vector<PlottedRun> plottedRuns(RunRow::Kind kind);
    std::shared_ptr<TrainingHistory> history(int id);
    ChartPanel *chartOf(int id);
    void selectStarted(const RunRow &run);
    void fitForms();

    WorkspaceSummary workspace_;
    std::map<int, std::shared_ptr<TrainingHistory>> histories_;
    QString started_; ///< name asked for with a Start button, until its run appears
    bool transcoderFocused_ = false, placed_ = false;
    MessageBar *message_;
    GptForm *gpt_;
    TranscoderForm *transcoder_;
    RunsPanel *runs_;
    ComparePanel *compare_;
    ChartPanel *gptChart_, *transcoderChart_;
    StoryPane *story_;
    QSplitter *rows_;
    QList<int> sizesBefore_; ///< of rows_, while transcoders are compared
};

} // namespace tt
