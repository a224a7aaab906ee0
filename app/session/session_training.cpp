#include "app/session/session.h"

#include "ui/prompt/prompt_bar.h"
#include "ui/train/story_pane.h"
#include "ui/train/train_place.h"
#include "ui/window/status_line.h"

#include <QDesktopServices>
#include <QDir>
#include <QUrl>

#include <algorithm>

namespace tt {

namespace {
const QString undoAction = QStringLiteral("undo-delete:"), halveAction = QStringLiteral("halve-rate:");
} // namespace

void Session::connectTraining() {
    TrainPlace &place = window_.trainPlace();
    connect(&place, &TrainPlace::startGptRequested, this, [this](const QString &name, const GptTrainingConfig &config) {
        estimates_.cancel();
        runs_.startGpt(name.toStdString(), config);
    });
    connect(&place, &TrainPlace::startTranscoderRequested, this,
            [this](const QString &name, const TranscoderTrainingConfig &config) {
                estimates_.cancel();
                runs_.startTranscoder(name.toStdString(), config);
            });
    connect(&place, &TrainPlace::pauseRequested, &runs_, &TrainingRuns::pause);
    connect(&place, &TrainPlace::resumeRequested, &runs_, &TrainingRuns::resume);
    connect(&place, &TrainPlace::stopRequested, &runs_, &TrainingRuns::stop);
    connect(&place, &TrainPlace::historyRequested, this, [this](int id) {
        const auto active = runs_.active();
        const bool training =
            std::any_of(active.begin(), active.end(), [id](const RunRow &row) { return row.id == id; });
        if (!training) // a run that trains hands its points over itself
            data_.readMetrics(id, runs_.metricsFile(id));
    });

    connect(&runs_, &TrainingRuns::runsChanged, this, [this] {
        window_.trainPlace().setRuns(runs_.rows());
        showRuns();
    });
    connect(&runs_, &TrainingRuns::runUpdated, this, [this](const RunRow &row) {
        window_.trainPlace().updateRun(row);
        showRuns();
    });
    connect(&runs_, &TrainingRuns::pointsArrived, &place, &TrainPlace::addPoints);
    connect(&runs_, &TrainingRuns::runEnded, this, &Session::runEnded);
    connect(&runs_, &TrainingRuns::failed, this, [this](const RunRow &row, const QString &why, bool diverged) {
        Message message{.kind = Message::Kind::Error, .title = tr("%1 stopped").arg(row.name), .text = why};
        if (diverged) {
            message.actionText = tr("Resume at half the learning rate");
            message.action = halveAction + QString::number(row.id);
        }
        window_.showMessage(message, MainWindow::Place::Train);
    });
}

void Session::connectEstimates() {
    TrainPlace &place = window_.trainPlace();
    connect(&place, &TrainPlace::gptEstimateRequested, this, [this](const GptTrainingConfig &config) {
        estimates_.estimate(runs_.withThreads(config), runs_.threads());
    });
    connect(&place, &TrainPlace::transcoderEstimateRequested, this, [this](const TranscoderTrainingConfig &config) {
        estimates_.estimate(runs_.withThreads(config), runs_.threads());
    });
    connect(&estimates_, &TrainingEstimates::answered, &place, &TrainPlace::setEstimate);
}

void Session::connectRunActions() {
    TrainPlace &place = window_.trainPlace();
    connect(&place, &TrainPlace::renameRequested, this, [this](int id, const QString &name) {
        if (const RunRow *run = runs_.row(id))
            actions_.rename(*run, name);
    });
    connect(&place, &TrainPlace::deleteRequested, this, [this](int id) {
        if (const RunRow *run = runs_.row(id))
            actions_.remove(*run);
    });
    connect(&place, &TrainPlace::undoRequested, this, [this] { actions_.undo(0); });
    connect(&place, &TrainPlace::showFolderRequested, this, [this](int id) {
        const RunRow *run = runs_.row(id);
        const QString folder = run ? QString::fromStdString(runs_.folder(*run).string()) : QString();
        window_.setStatus(QDir::toNativeSeparators(folder));
        QDesktopServices::openUrl(QUrl::fromLocalFile(folder));
    });
    connect(&window_, &MainWindow::messageAction, this, [this](const QString &action) {
        if (action.startsWith(undoAction))
            actions_.undo(action.mid(undoAction.size()).toInt());
        else if (const RunRow *run =
                     action.startsWith(halveAction) ? runs_.row(action.mid(halveAction.size()).toInt()) : nullptr)
            actions_.halveRate(*run);
    });

    connect(&place, &TrainPlace::transcoderChosen, this, [this](const QString &name) {
        window_.promptBar().setTranscoders(transcoders_, name);
        openTranscoder(name);
    });
    connect(&explainer_, &Explainer::opened, this, [this](const QString &, const QString &transcoder) {
        window_.trainPlace().setChosenTranscoder(transcoder);
    });
    connect(&place, &TrainPlace::csvRequested, &actions_, &RunActions::writeCsv);
    const auto exported = [this](const QString &file) {
        window_.setStatus(tr("Exported %1").arg(QDir::toNativeSeparators(file)));
    };
    connect(&place, &TrainPlace::plotExported, this, exported);
    connect(&actions_, &RunActions::csvWritten, this, exported);

    connect(&actions_, &RunActions::renamed, this, [this](int id, const QString &name) {
        runs_.rename(id, name);
        window_.setStatus(tr("Renamed to %1").arg(name));
        data_.refresh(*workspace_);
    });
    connect(&actions_, &RunActions::removed, this, [this](int id, int ticket) {
        const QString name = runs_.row(id) ? runs_.row(id)->name : QString();
        runs_.remove(id);
        window_.showMessage({.kind = Message::Kind::Notice,
                             .title = tr("%1 was deleted.").arg(name),
                             .text = tr("It can come back until the program ends."),
                             .actionText = tr("Undo"),
                             .action = undoAction + QString::number(ticket)},
                            MainWindow::Place::Train);
        data_.refresh(*workspace_);
    });
    connect(&actions_, &RunActions::restored, this, [this](const RunRow &run) {
        runs_.restore(run);
        window_.setStatus(tr("%1 is back").arg(run.name));
        data_.refresh(*workspace_);
    });
    connect(&actions_, &RunActions::rateHalved, this, [this](int id, double rate) {
        window_.setStatus(tr("Going on at a learning rate of %1").arg(rate));
        runs_.resume(id);
    });
    connect(&actions_, &RunActions::failed, this, [this](const QString &title, const QString &why) {
        window_.showMessage({.kind = Message::Kind::Warning, .title = title, .text = why}, MainWindow::Place::Train);
    });
}

void Session::connectStories() {
    StoryPane &pane = window_.trainPlace().story();
    const auto request = [this](int id, const QString &prompt, const SamplingConfig &sampling) {
        static quint64 seed = 0; // another story each time
        const RunRow *run = runs_.row(id);
        return StoryRequest{.run = run ? run->name.toStdString() : std::string(),
                            .prompt = prompt.toStdString(),
                            .sampling = sampling,
                            .seed = ++seed};
    };
    connect(&pane, &StoryPane::generateRequested, this,
            [this, request](int id, const QString &prompt, const SamplingConfig &sampling) {
                storyteller_.tell(id, request(id, prompt, sampling));
            });
    connect(&pane, &StoryPane::stopRequested, &storyteller_, &Storyteller::stop);
    connect(&runs_, &TrainingRuns::checkpointSaved, this, [this, &pane, request](int id) {
        const RunRow *run = runs_.row(id);
        if (run && run->kind == RunRow::Kind::Transcoder)
            data_.refresh(*workspace_); // it was measured
        if (run && run->kind == RunRow::Kind::Gpt && !closing_ && !pane.prompt().trimmed().isEmpty())
            storyteller_.tellIfIdle(id, request(id, pane.prompt(), pane.sampling()));
    });
    connect(&storyteller_, &Storyteller::started, &pane, &StoryPane::begin);
    connect(&storyteller_, &Storyteller::tokensArrived, &pane, &StoryPane::append);
    connect(&storyteller_, &Storyteller::ended, &pane, &StoryPane::end);
}

void Session::showRuns() {
    window_.setRunsActive(runsStatus(runs_.active()));
}

void Session::runEnded(int id) {
    if (closing_ && runs_.active().empty()) {
        window_.closeNow();
        return;
    }
    const auto &rows = runs_.rows();
    const auto row = std::find_if(rows.begin(), rows.end(), [id](const RunRow &r) { return r.id == id; });
    if (row != rows.end() && row->state != RunRow::State::Failed)
        window_.setStatus(row->state == RunRow::State::Finished
                              ? tr("%1 finished").arg(row->name)
                              : tr("%1 stopped and saved at step %2").arg(row->name).arg(row->step));
    if (row != rows.end() && row->kind == RunRow::Kind::Transcoder &&
        (transcoder_ == row->name || transcoder_.isEmpty()))
        transcoder_.clear(); // its weights are new: open it again
    data_.refresh(*workspace_);
    showRuns();
}

} // namespace tt
