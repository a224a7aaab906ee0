#include "ui/train/train_place.h"

#include "ui/theme.h"
#include "ui/train/chart_panel.h"
#include "ui/train/compare_panel.h"
#include "ui/train/gpt_form.h"
#include "ui/train/plot_menu.h"
#include "ui/train/runs_panel.h"
#include "ui/train/story_pane.h"
#include "ui/train/transcoder_form.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/section_header.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QShortcut>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

namespace {
// Shares of the heights of forms, runs and charts, and of the charts' widths (design.md §4).
constexpr int formsShare = 232, runsShare = 152, chartsShare = 312, gptShare = 448, transcoderShare = 432,
              storyShare = 304;
} // namespace

TrainPlace::TrainPlace(QWidget *parent)
    : QWidget(parent), message_(new MessageBar(this)), gpt_(new GptForm), transcoder_(new TranscoderForm),
      runs_(new RunsPanel), compare_(new ComparePanel), gptChart_(new ChartPanel(RunRow::Kind::Gpt)),
      transcoderChart_(new ChartPanel(RunRow::Kind::Transcoder)), story_(new StoryPane),
      rows_(new QSplitter(Qt::Vertical)) {
    rows_->addWidget(makeForms());
    rows_->addWidget(makeLists());
    rows_->addWidget(makeCharts());
    rows_->setStretchFactor(0, 0);
    rows_->setStretchFactor(1, 1);
    rows_->setStretchFactor(2, 2);
    rows_->setChildrenCollapsible(false);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(message_);
    layout->addWidget(rows_, 1);
    connect(message_, &MessageBar::actionRequested, this, &TrainPlace::messageActionRequested);
    connectRuns();
    connectForms();
}

void TrainPlace::connectRuns() {
    connect(runs_, &RunsPanel::pauseRequested, this, &TrainPlace::pauseRequested);
    connect(runs_, &RunsPanel::resumeRequested, this, &TrainPlace::resumeRequested);
    connect(runs_, &RunsPanel::stopRequested, this, &TrainPlace::stopRequested);
    connect(runs_, &RunsPanel::duplicateRequested, this, &TrainPlace::duplicate);
    connect(runs_, &RunsPanel::renameRequested, this, &TrainPlace::renameRequested);
    connect(runs_, &RunsPanel::deleteRequested, this, &TrainPlace::deleteRequested);
    connect(runs_, &RunsPanel::showFolderRequested, this, &TrainPlace::showFolderRequested);
    connect(&runs_->model(), &RunsModel::plottedChanged, this, &TrainPlace::updateCharts);
    connect(&runs_->model(), &RunsModel::plottedChanged, this, &TrainPlace::tellOthers);
    auto *undo = new QShortcut(QKeySequence::Undo, this);
    undo->setContext(Qt::WidgetWithChildrenShortcut);
    connect(undo, &QShortcut::activated, this, &TrainPlace::undoRequested);
}

/// Puts the settings of a run into its form, under a free name.
void TrainPlace::duplicate(int id) {
    const RunRow *run = runs_->model().find(id);
    if (!run || run->settings.empty())
        return;
    transcoderFocused_ = run->kind == RunRow::Kind::Transcoder;
    TrainForm *form = transcoderFocused_ ? static_cast<TrainForm *>(transcoder_) : gpt_;
    if (transcoderFocused_)
        transcoder_->setConfig(run->name, transcoderTrainingConfigFromJson(run->settings));
    else
        gpt_->setConfig(run->name, gptTrainingConfigFromJson(run->settings));
    form->startButton()->setFocus();
    Q_EMIT commandLineChanged();
}

QWidget *TrainPlace::makeForms() {
    auto *forms = new QWidget;
    auto *layout = new QHBoxLayout(forms);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(gpt_, 1);
    layout->addWidget(verticalLine(forms));
    layout->addWidget(transcoder_, 1);
    return forms;
}

/// The runs, or in their place the transcoders compared.
QWidget *TrainPlace::makeLists() {
    auto *lists = new QStackedWidget;
    lists->addWidget(runs_);
    lists->addWidget(compare_);
    connect(runs_, &RunsPanel::compareRequested, this, [this, lists] {
        lists->setCurrentIndex(1);
        makeRoomFor(compare_);
    });
    connect(compare_, &ComparePanel::backRequested, this, [this, lists] {
        lists->setCurrentIndex(0);
        rows_->setSizes(sizesBefore_);
    });
    connect(compare_, &ComparePanel::chosen, this, &TrainPlace::transcoderChosen);
    return lists;
}

/// The list grows to its rows at the expense of the charts, down to half of theirs.
void TrainPlace::makeRoomFor(const QWidget *list) {
    sizesBefore_ = rows_->sizes();
    QList<int> sizes = sizesBefore_;
    const int more = std::clamp(list->sizeHint().height() - sizes[1], 0, sizes[2] / 2);
    sizes[1] += more;
    sizes[2] -= more;
    rows_->setSizes(sizes);
}

QWidget *TrainPlace::makeCharts() {
    auto *charts = new QSplitter(Qt::Horizontal);
    charts->addWidget(gptChart_);
    charts->addWidget(transcoderChart_);
    charts->addWidget(story_);
    for (const ChartPanel *chart : {gptChart_, transcoderChart_})
        for (const PlotMenu *menu : chart->menus()) {
            connect(menu, &PlotMenu::csvRequested, this, &TrainPlace::csvRequested);
            connect(menu, &PlotMenu::exported, this, &TrainPlace::plotExported);
            connect(menu, &PlotMenu::failed, this, [this](const QString &why) {
                showMessage({.kind = Message::Kind::Error, .title = tr("The export failed."), .text = why});
            });
        }
    charts->setStretchFactor(0, gptShare);
    charts->setStretchFactor(1, transcoderShare);
    charts->setStretchFactor(2, storyShare);
    charts->setSizes({gptShare, transcoderShare, storyShare});
    charts->setChildrenCollapsible(false);
    return charts;
}

void TrainPlace::connectForms() {
    connect(gpt_, &GptForm::startRequested, this, [this](const QString &name, const GptTrainingConfig &config) {
        started_ = name;
        Q_EMIT startGptRequested(name, config);
    });
    connect(transcoder_, &TranscoderForm::startRequested, this,
            [this](const QString &name, const TranscoderTrainingConfig &config) {
                started_ = name;
                Q_EMIT startTranscoderRequested(name, config);
            });
    connect(gpt_, &GptForm::estimateRequested, this, [this](const GptTrainingConfig &config) {
        if (isVisible())
            Q_EMIT gptEstimateRequested(config);
    });
    connect(transcoder_, &TranscoderForm::estimateRequested, this, [this](const TranscoderTrainingConfig &config) {
        if (isVisible())
            Q_EMIT transcoderEstimateRequested(config);
    });
    for (TrainForm *form : std::initializer_list<TrainForm *>{gpt_, transcoder_}) {
        connect(form, &TrainForm::goToData, this, &TrainPlace::goToData);
        connect(form, &TrainForm::heightWanted, this, &TrainPlace::fitForms);
        connect(form, &TrainForm::focused, this, [this, form] {
            if (std::exchange(transcoderFocused_, form == transcoder_) != (form == transcoder_))
                Q_EMIT commandLineChanged();
        });
    }
    auto *start = new QShortcut(QKeySequence(Qt::CTRL | Qt::Key_Return), this);
    start->setContext(Qt::WidgetWithChildrenShortcut);
    connect(start, &QShortcut::activated, this, &TrainPlace::startFocusedForm);
}

void TrainPlace::setWorkspace(const WorkspaceSummary &workspace) {
    workspace_ = workspace;
    gpt_->setWorkspace(workspace);
    transcoder_->setWorkspace(workspace);
    compare_->setTranscoders(workspace.comparison);
    runs_->setComparable(static_cast<int>(workspace.comparison.size()));
    updateTakenNames();
}

void TrainPlace::setRuns(const std::vector<RunRow> &runs) {
    std::erase_if(histories_, [&](const auto &entry) {
        return std::none_of(runs.begin(), runs.end(), [&](const RunRow &run) { return run.id == entry.first; });
    });
    runs_->setRuns(runs);
    for (const RunRow &run : runs)
        selectStarted(run);
    updateTakenNames();
}

void TrainPlace::updateRun(const RunRow &run) {
    const bool isNew = runs_->model().find(run.id) == nullptr;
    runs_->updateRun(run);
    if (run.kind == RunRow::Kind::Gpt)
        updateStory();
    if (!isNew)
        return;
    selectStarted(run);
    updateTakenNames();
}

void TrainPlace::selectStarted(const RunRow &run) {
    if (run.name != started_ || !isActive(run.state))
        return;
    started_.clear();
    runs_->select(run.id);
}

void TrainPlace::updateTakenNames() {
    QStringList gpts, transcoders;
    for (const auto &row : workspace_.gpts)
        gpts.append(row.run);
    for (const auto &row : workspace_.transcoders)
        transcoders.append(row.name);
    for (int row = 0; row < runs_->model().rowCount(); ++row) {
        const RunRow &run = runs_->model().run(row);
        (run.kind == RunRow::Kind::Gpt ? gpts : transcoders).append(run.name);
    }
    gpt_->setTakenNames(gpts);
    transcoder_->setTakenNames(transcoders);
}

void TrainPlace::addPoints(int id, const std::vector<TrainingPoint> &points) {
    history(id)->append(points);
    if (ChartPanel *chart = chartOf(id))
        chart->refresh();
}

void TrainPlace::setPoints(int id, const std::vector<TrainingPoint> &points) {
    history(id)->replace(points);
    if (ChartPanel *chart = chartOf(id))
        chart->refresh();
}

std::shared_ptr<TrainingHistory> TrainPlace::history(int id) {
    auto &history = histories_[id];
    if (!history)
        history = std::make_shared<TrainingHistory>();
    return history;
}

ChartPanel *TrainPlace::chartOf(int id) {
    const RunRow *run = runs_->model().find(id);
    return !run ? nullptr : run->kind == RunRow::Kind::Gpt ? gptChart_ : transcoderChart_;
}

std::vector<PlottedRun> TrainPlace::plottedRuns(RunRow::Kind kind) {
    std::vector<PlottedRun> plotted;
    for (const RunsModel::PlottedRow &row : runs_->model().plotted(kind)) {
        const RunRow &run = *runs_->model().find(row.id);
        if (!histories_.contains(row.id)) {
            history(row.id);
            Q_EMIT historyRequested(row.id);
        }
        plotted.push_back({row.id, run.name, run.state == RunRow::State::Running, row.reference, history(row.id)});
    }
    return plotted;
}

/// The story is of the GPT whose curves stand in full colour.
void TrainPlace::updateStory() {
    const RunsModel &runs = runs_->model();
    story_->setRun(runs.find(runs.main(RunRow::Kind::Gpt)));
}

void TrainPlace::updateCharts() {
    updateStory();
    gptChart_->setRuns(plottedRuns(RunRow::Kind::Gpt));
    transcoderChart_->setRuns(plottedRuns(RunRow::Kind::Transcoder));
}

/// The forms say how much longer a run takes beside those that train now.
void TrainPlace::tellOthers() {
    int runs = 0, threads = 0;
    for (int row = 0; row < runs_->model().rowCount(); ++row) {
        const RunRow &run = runs_->model().run(row);
        if (!isActive(run.state) || run.state == RunRow::State::Paused)
            continue;
        ++runs;
        threads += run.threads;
    }
    for (TrainForm *form : std::initializer_list<TrainForm *>{gpt_, transcoder_})
        form->setOthers(runs, threads);
}

void TrainPlace::setEstimate(RunRow::Kind kind, const EstimateState &estimate) {
    TrainForm *form = kind == RunRow::Kind::Gpt ? static_cast<TrainForm *>(gpt_) : transcoder_;
    form->setEstimate(estimate);
}

void TrainPlace::setChosenTranscoder(const QString &name) {
    compare_->setChosen(name);
}

void TrainPlace::showMessage(const Message &message) {
    message_->setMessage(message);
}

QString TrainPlace::commandLine() const {
    return transcoderFocused_ ? transcoder_->commandLine() : gpt_->commandLine();
}

void TrainPlace::startFocusedForm() {
    const TrainForm *form = transcoderFocused_ ? static_cast<TrainForm *>(transcoder_) : gpt_;
    form->startButton()->click();
}

/// Gives the forms the height their fields want, as far as runs and charts keep their smallest.
void TrainPlace::fitForms() {
    const int total = rows_->height();
    const int wanted = std::max({gpt_->wantedHeight(), transcoder_->wantedHeight(), scaled(formsShare)});
    const int forms =
        std::clamp(wanted, rows_->widget(0)->minimumSizeHint().height(), std::max(scaled(formsShare), total / 2));
    const int runs = std::max(scaled(136), (total - forms) * runsShare / (runsShare + chartsShare));
    rows_->setSizes({forms, runs, std::max(0, total - forms - runs)});
}

void TrainPlace::showEvent(QShowEvent *event) {
    QWidget::showEvent(event);
    gpt_->checkAgain();
    transcoder_->checkAgain();
    if (!std::exchange(placed_, true)) {
        layout()->activate();
        fitForms();
    }
}

} // namespace tt
