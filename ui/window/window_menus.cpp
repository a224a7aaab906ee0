#include "ui/window/window_menus.h"

#include "core/version.h"
#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/data/data_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/tour/tour.h"
#include "ui/window/exchange_menu.h"
#include "ui/window/keyboard_dialog.h"
#include "ui/window/main_window.h"

#include <QAction>
#include <QDir>
#include <QFileDialog>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QWhatsThis>

namespace tt {
namespace {

constexpr double zoomStep = 1.25;

} // namespace

WindowMenus::WindowMenus(MainWindow &window) : QObject(&window), window_(window) {
    buildFile();
    buildEdit();
    buildView();
    buildGo();
    buildRun();
    buildHelp();
}

QAction *WindowMenus::add(QMenu *menu, const QString &text, const QKeySequence &key,
                          const std::function<void()> &does) {
    QAction *action = menu->addAction(text);
    action->setShortcut(key);
    connect(action, &QAction::triggered, this, does);
    actions_ << action;
    return action;
}

void WindowMenus::buildFile() {
    QMenu *menu = window_.menuBar()->addMenu(tr("&File"));
    add(menu, tr("&New workspace…"), QKeySequence::New, [this] {
        const QString folder =
            QFileDialog::getSaveFileName(&window_, tr("New workspace: name of its folder"), QDir::homePath(), QString(),
                                         nullptr, QFileDialog::ShowDirsOnly);
        if (!folder.isEmpty())
            Q_EMIT window_.newWorkspaceRequested(folder);
    });
    add(menu, tr("&Open workspace…"), QKeySequence::Open, [this] { window_.chooseWorkspace(); });
    recent_ = menu->addMenu(tr("Open &recent"));
    recent_->setEnabled(false);
    add(menu, tr("Open the &demonstration"), QKeySequence(), [this] { Q_EMIT window_.demonstrationRequested(); });
    menu->addSeparator();
    import_ = add(menu, tr("&Import stories…"), QKeySequence(tr("Ctrl+I")), [this] {
        window_.goTo(MainWindow::Place::Data);
        window_.dataPlace().chooseFiles();
    });
    graphActions_ << add(menu, tr("&Export graph…"), QKeySequence(tr("Ctrl+E")),
                         [this] { window_.circuitsPlace().exportGraph(); });
    exchange_ = new ExchangeMenu(menu, &window_, [this] { return window_.promptBar().transcoder(); });
    actions_ << exchange_->actions();
    menu->addSeparator();
    add(menu, tr("&Quit"), QKeySequence(tr("Ctrl+Q")), [this] { window_.close(); });
}

void WindowMenus::setRecent(const QStringList &folders) {
    recent_->clear();
    recent_->setEnabled(!folders.isEmpty());
    for (const QString &folder : folders)
        connect(recent_->addAction(QDir::toNativeSeparators(folder)), &QAction::triggered, this,
                [this, folder] { Q_EMIT window_.openWorkspaceRequested(folder); });
}

void WindowMenus::buildEdit() {
    QMenu *menu = window_.menuBar()->addMenu(tr("&Edit"));
    QAction *undo = undo_.createUndoAction(this, tr("&Undo")), *redo = undo_.createRedoAction(this, tr("&Redo"));
    undo->setShortcut(QKeySequence::Undo);
    redo->setShortcut(QKeySequence(tr("Ctrl+Shift+Z")));
    for (QAction *action : {undo, redo}) {
        menu->addAction(action);
        actions_ << action;
    }
    menu->addSeparator();
    add(menu, tr("&Copy as command"), QKeySequence(tr("Ctrl+Shift+C")), [this] { window_.copyCommand(); });
}

void WindowMenus::buildView() {
    QMenu *menu = window_.menuBar()->addMenu(tr("&View"));
    const auto view = [this] { return window_.circuitsPlace().view(); };
    graphActions_ << add(menu, tr("Zoom graph &in"), QKeySequence::ZoomIn, [view] { view()->zoomBy(zoomStep); })
                  << add(menu, tr("Zoom graph &out"), QKeySequence::ZoomOut, [view] { view()->zoomBy(1 / zoomStep); })
                  << add(menu, tr("&Fit graph"), QKeySequence(tr("Ctrl+0")), [view] { view()->fit(); });
    menu->addSeparator();
    QAction *full = add(menu, tr("F&ull screen"), QKeySequence(Qt::Key_F11),
                        [this] { window_.setWindowState(window_.windowState() ^ Qt::WindowFullScreen); });
    connect(menu, &QMenu::aboutToShow, this, [this, full] { full->setChecked(window_.isFullScreen()); });
    full->setCheckable(true);
}

void WindowMenus::buildGo() {
    QMenu *menu = window_.menuBar()->addMenu(tr("&Go"));
    const QStringList places{tr("Go to &Data"), tr("Go to &Train"), tr("Go to &Features"), tr("Go to &Circuits"),
                             tr("Go to &Interventions")};
    for (int place = 0; place < places.size(); ++place)
        add(menu, places[place], QKeySequence(QStringLiteral("Ctrl+%1").arg(place + 1)),
            [this, place] { window_.goTo(static_cast<MainWindow::Place>(place)); });
    menu->addSeparator();
    add(menu, tr("Go to the &prompt"), QKeySequence(tr("Ctrl+L")), [this] {
        if (!window_.promptBar().isVisible())
            window_.goTo(MainWindow::Place::Features);
        window_.promptBar().focusPrompt();
    });
    add(menu, tr("&Next pane"), QKeySequence(Qt::Key_F6), [this] { window_.focusPane(1); });
    add(menu, tr("P&revious pane"), QKeySequence(tr("Shift+F6")), [this] { window_.focusPane(-1); });
}

void WindowMenus::buildRun() {
    QMenu *menu = window_.menuBar()->addMenu(tr("&Run"));
    primary_ = add(menu, tr("Main action"), QKeySequence(tr("Ctrl+Return")), [this] { window_.triggerPrimary(); });
    connect(menu, &QMenu::aboutToShow, &window_, &MainWindow::refreshPrimary);
    stop_ = add(menu, tr("&Stop all runs and jobs"), QKeySequence(tr("Ctrl+.")),
                [this] { Q_EMIT window_.stopAllRequested(); });
}

void WindowMenus::buildHelp() {
    QMenu *menu = window_.menuBar()->addMenu(tr("&Help"));
    add(menu, tr("&Manual"), QKeySequence::HelpContents, [this] { window_.showManual(); });
    add(menu, tr("&Tour"), QKeySequence(), [this] { window_.tour().start(); });
    add(menu, tr("&What’s this?"), QKeySequence::WhatsThis, [] { QWhatsThis::enterWhatsThisMode(); });
    menu->addSeparator();
    add(menu, tr("&Keyboard"), QKeySequence(), [this] { (new KeyboardDialog(actions_, &window_))->open(); });
    add(menu, tr("&About TinyTranscoder"), QKeySequence(), [this] {
        auto *about =
            new QMessageBox(QMessageBox::NoIcon, tr("About TinyTranscoder"),
                            tr("TinyTranscoder %1").arg(QLatin1String(programVersion)), QMessageBox::Close, &window_);
        about->setInformativeText(tr("Trains a small GPT on stories, trains transcoders on its MLPs, and traces which "
                                     "features cause a prediction. Everything runs on this computer."));
        about->setIconPixmap(QIcon(QStringLiteral(":/icons/tinytranscoder.svg")).pixmap(64, 64));
        about->setAttribute(Qt::WA_DeleteOnClose);
        about->open();
    });
}

void WindowMenus::setPrimary(const QString &text, bool enabled) {
    primary_->setText(tr("Main action: %1").arg(text));
    primary_->setEnabled(enabled);
}

void WindowMenus::setGraphActions(bool available) {
    for (QAction *action : std::as_const(graphActions_))
        action->setEnabled(available);
}

void WindowMenus::setUndoStack(QUndoStack *stack) {
    if (stack && !undo_.stacks().contains(stack))
        undo_.addStack(stack);
    undo_.setActiveStack(stack);
}

void WindowMenus::setReadOnly(bool readOnly) {
    import_->setEnabled(!readOnly);
    exchange_->setReadOnly(readOnly);
}

void WindowMenus::setStoppable(bool stoppable) {
    stop_->setEnabled(stoppable);
}

} // namespace tt
