#include "ui/window/main_window.h"

#include "ui/circuits/circuits_place.h"
#include "ui/data/data_place.h"
#include "ui/features/features_place.h"
#include "ui/help/manual_window.h"
#include "ui/help/term_help.h"
#include "ui/interventions/interventions_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/theme.h"
#include "ui/tour/tour.h"
#include "ui/tour/tour_bar.h"
#include "ui/train/train_place.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/section_header.h"
#include "ui/window/closing_dialog.h"
#include "ui/window/place_bar.h"
#include "ui/window/rail.h"
#include "ui/window/status_line.h"
#include "ui/window/window_menus.h"

#include <QApplication>
#include <QClipboard>
#include <QCloseEvent>
#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QMenuBar>
#include <QPushButton>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {
namespace {

constexpr int mostRecentWorkspaces = 8;

QSettings settings() {
    return QSettings(QStringLiteral("TinyTranscoder"), QStringLiteral("TinyTranscoder"));
}
QString recentKey() {
    return QStringLiteral("workspaces/recent");
}

} // namespace

MainWindow::MainWindow(QWidget *parent)
    : QMainWindow(parent), rail_(new Rail(this)), bar_(new PlaceBar(this)), prompt_(new PromptBar(this)),
      notice_(new MessageBar(this)), message_(new MessageBar(this)), stack_(new QStackedWidget(this)),
      status_(new StatusLine(this)), data_(new DataPlace(this)), train_(new TrainPlace(this)),
      features_(new FeaturesPlace(this)), circuits_(new CircuitsPlace(this)),
      interventions_(new InterventionsPlace(this)), tourBar_(new TourBar(this)) {
    setWindowTitle(QStringLiteral("TinyTranscoder"));
    setWindowIcon(QIcon(QStringLiteral(":/icons/tinytranscoder.svg")));
    setMinimumSize(scaled(1024), scaled(640));
    resize(scaled(1280), scaled(800));
    buildFrame();
    addPlaces();
    menus_ = new WindowMenus(*this);
    connectFrame();
    connectPlaces();
    tour_ = new Tour(*this, *tourBar_, centralWidget());
    connect(tour_, &Tour::trainWanted, this, [this] { goTo(Place::Train); });
    new TermHelp(this);
    restoreState();
}

MainWindow::~MainWindow() = default;

void MainWindow::buildFrame() {
    auto *column = new QVBoxLayout;
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(notice_);
    column->addWidget(bar_);
    column->addWidget(prompt_);
    column->addWidget(horizontalLine(this));
    column->addWidget(tourBar_);
    column->addWidget(message_);
    column->addWidget(stack_, 1);
    auto *centre = new QWidget(this);
    auto *layout = new QHBoxLayout(centre);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(rail_);
    layout->addLayout(column, 1);
    setCentralWidget(centre);
    setStatusBar(status_);
}

void MainWindow::connectFrame() {
    connect(rail_, &Rail::chosen, this, [this](int place) { goTo(static_cast<Place>(place)); });
    connect(bar_, &PlaceBar::copyCommandRequested, this, &MainWindow::copyCommand);
    connect(prompt_, &PromptBar::copyCommandRequested, this, &MainWindow::copyCommand);
    connect(status_, &StatusLine::stopAllRequested, this, &MainWindow::stopAllRequested);
    connect(message_, &MessageBar::actionRequested, this, &MainWindow::messageAction);
    connect(notice_, &MessageBar::actionRequested, this, &MainWindow::messageAction);
    setRunsActive({});
    setModelName({});
}

void MainWindow::goTo(Place place) {
    const PlaceEntry &shown = entry(place);
    const bool changed = place != place_;
    place_ = place;
    const QWidget *focus = focusWidget();
    if (changed && focus && !status_->isAncestorOf(focus))
        rail_->button(static_cast<int>(place))->setFocus(Qt::OtherFocusReason); // what hides cannot keep it
    rail_->choose(static_cast<int>(place));
    stack_->setCurrentWidget(shown.widget);
    if (changed)
        message_->clear();
    bar_->setPlace(shown.name, shown.subtitle);
    bar_->setVisible(!shown.usesPrompt);
    prompt_->setVisible(shown.usesPrompt);
    menus_->setGraphActions(place == Place::Circuits);
    menus_->setUndoStack(place == Place::Circuits        ? circuits_->undoStack()
                         : place == Place::Interventions ? interventions_->undoStack()
                         : place == Place::Features      ? features_->undoStack()
                                                         : nullptr);
    refreshPrimary();
    if (changed)
        Q_EMIT placeChanged(place);
}

void MainWindow::refreshPrimary() {
    menus_->setPrimary(entry(place_).primary, entry(place_).ready());
}

void MainWindow::triggerPrimary() {
    if (entry(place_).ready())
        entry(place_).trigger();
}

void MainWindow::chooseWorkspace() {
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Open workspace"), QDir::homePath());
    if (!folder.isEmpty())
        Q_EMIT openWorkspaceRequested(folder);
}

void MainWindow::showManual() {
    if (!manual_)
        manual_ = new ManualWindow(this);
    manual_->open(entry(place_).page, ManualWindow::headingFor(focusWidget(), entry(place_).page));
    manual_->show();
    manual_->raise();
    manual_->activateWindow();
}

void MainWindow::focusPane(int step) {
    QWidget *top = entry(place_).usesPrompt ? static_cast<QWidget *>(prompt_) : bar_;
    const std::vector<QWidget *> panes{rail_, top, stack_->currentWidget(), status_};
    const QWidget *focus = QApplication::focusWidget();
    const auto holds = [focus](const QWidget *pane) { return focus && pane->isAncestorOf(focus); };
    const auto present = std::find_if(panes.begin(), panes.end(), holds);
    const int count = static_cast<int>(panes.size());
    int index = present == panes.end() ? 0 : static_cast<int>(present - panes.begin());
    for (int tries = 0; tries < count; ++tries) {
        index = (index + step + count) % count;
        const QList<QWidget *> inside = panes[static_cast<size_t>(index)]->findChildren<QWidget *>();
        for (QWidget *widget : inside) {
            if (widget->isVisible() && widget->isEnabled() && (widget->focusPolicy() & Qt::TabFocus)) {
                widget->setFocus(Qt::TabFocusReason);
                return;
            }
        }
    }
}

ExchangeMenu &MainWindow::exchangeMenu() const {
    return menus_->exchange();
}

void MainWindow::setStatus(const QString &text) {
    status_->setStatus(text);
}
QString MainWindow::status() const {
    return status_->status();
}

void MainWindow::setJob(const JobStatus &job) {
    job_ = job;
    data_->setJob(job);
    showJob();
}

void MainWindow::setDownloads(const std::vector<DownloadRow> &rows) {
    data_->setDownloads(rows);
    const auto running = std::find_if(rows.begin(), rows.end(),
                                      [](const DownloadRow &row) { return row.state == DownloadRow::State::Running; });
    download_ = running == rows.end() ? JobStatus() : JobStatus{true, running->what, running->done, running->total};
    showJob();
}

void MainWindow::setExchange(const JobStatus &job) {
    exchange_ = job;
    showJob();
}

void MainWindow::setCounting(const JobStatus &job) {
    counting_ = job;
    showJob();
}

void MainWindow::setIndexing(const JobStatus &job) {
    indexing_ = job;
    showJob();
}

void MainWindow::setFeaturesWork(const JobStatus &job) {
    featuresWork_ = job;
    showJob();
}

const JobStatus &MainWindow::shownJob() const {
    for (const JobStatus *job : {&job_, &exchange_, &counting_, &indexing_, &featuresWork_})
        if (job->running)
            return *job;
    return download_;
}

void MainWindow::showJob() {
    status_->setJob(shownJob());
    menus_->setStoppable(shownJob().running || runs_.training + runs_.paused > 0);
}

void MainWindow::setRunsActive(const RunsStatus &runs) {
    runs_ = runs;
    status_->setRunsActive(runs);
    menus_->setStoppable(shownJob().running || runs.training + runs.paused > 0);
    RailButton *train = rail_->button(static_cast<int>(Place::Train));
    train->setDot(runs.training > 0);
    QStringList words;
    if (runs.training > 0)
        words << (runs.training == 1 ? tr("1 run is training") : tr("%1 runs are training").arg(runs.training));
    if (runs.paused > 0)
        words << (runs.paused == 1 ? tr("1 run is paused") : tr("%1 runs are paused").arg(runs.paused));
    train->setAccessibleDescription(words.join(QStringLiteral(", ")));
}

void MainWindow::setWorkspace(const WorkspaceSummary &workspace) {
    data_->setWorkspace(workspace);
    train_->setWorkspace(workspace);
    features_->setHasTranscoder(!workspace.transcoders.empty());
    features_->setReadOnly(workspace.readOnly);
    circuits_->setTranscoders(workspace.transcoders);
    circuits_->setReadOnly(workspace.readOnly);
    menus_->setReadOnly(workspace.readOnly);
    interventions_->setHasTranscoder(!workspace.transcoders.empty());
    QStringList names;
    for (const auto &transcoder : workspace.transcoders)
        names << transcoder.name;
    prompt_->setTranscoders(names, prompt_->transcoder());
    status_->setWorkspaceFolder(workspace.folder, workspace.readOnly);
    rememberWorkspace(workspace.folder);
}

void MainWindow::rememberWorkspace(const QString &folder) {
    QSettings kept = settings();
    QStringList recent = kept.value(recentKey()).toStringList();
    if (!folder.isEmpty()) {
        recent.removeAll(folder);
        recent.prepend(folder);
        recent = recent.mid(0, mostRecentWorkspaces);
        kept.setValue(recentKey(), recent);
    }
    menus_->setRecent(recent);
}

void MainWindow::setModelName(const QString &name) {
    status_->setModelName(name);
}
void MainWindow::setThreads(int used, int all) {
    status_->setThreads(used, all);
}

void MainWindow::showMessage(const Message &message, std::optional<Place> place) {
    entry(place.value_or(place_)).showMessage(message);
    setStatus(message.title.isEmpty() ? message.text : message.title);
}

void MainWindow::setNotice(const Message &message) {
    if (message.title.isEmpty())
        return notice_->clear();
    notice_->setMessage(message);
    setStatus(message.title);
}

void MainWindow::copyCommand() {
    const QString command = entry(place_).commandLine();
    if (command.isEmpty())
        return setStatus(tr("There is no command to copy yet."));
    QApplication::clipboard()->setText(command);
    setStatus(tr("Copied: %1").arg(command));
}

void MainWindow::setActiveRuns(std::function<std::vector<RunRow>()> activeRuns) {
    activeRuns_ = std::move(activeRuns);
}

void MainWindow::closeNow() {
    closing_ = true;
    close();
}

void MainWindow::closeEvent(QCloseEvent *event) {
    const std::vector<RunRow> runs = closing_ || !activeRuns_ ? std::vector<RunRow>{} : activeRuns_();
    if (runs.empty()) {
        saveState();
        event->accept();
        return;
    }
    event->ignore();
    auto *dialog = new ClosingDialog(runs, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this] {
        setStatus(tr("Saving the runs before closing."));
        Q_EMIT saveAndCloseRequested();
    });
    dialog->open();
}

void MainWindow::saveState() {
    QSettings kept = settings();
    kept.setValue(QStringLiteral("window/geometry"), saveGeometry());
    kept.setValue(QStringLiteral("window/place"), static_cast<int>(place_));
    kept.setValue(QStringLiteral("window/data"), data_->splitter()->saveState());
}

void MainWindow::restoreState() {
    const QSettings kept = settings();
    restoreGeometry(kept.value(QStringLiteral("window/geometry")).toByteArray());
    data_->splitter()->restoreState(kept.value(QStringLiteral("window/data")).toByteArray());
    const int place = kept.value(QStringLiteral("window/place"), 0).toInt();
    rememberWorkspace({});
    goTo(place >= 0 && place < static_cast<int>(places_.size()) ? static_cast<Place>(place) : Place::Data);
}

} // namespace tt
