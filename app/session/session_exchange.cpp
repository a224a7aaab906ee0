// What the session joins for weights of other programs.
#include "app/session/session.h"

#include "ui/data/data_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/window/exchange_menu.h"

#include <QFileInfo>

namespace tt {

namespace {
const QString showAction = QStringLiteral("show-transcoder:");
}

void Session::connectExchange() {
    ExchangeMenu &menu = window_.exchangeMenu();
    connect(&menu, &ExchangeMenu::importFilesRequested, &exchange_, &ExchangeJobs::importFiles);
    connect(&exchange_, &ExchangeJobs::kWanted, &menu, &ExchangeMenu::askForK);
    connect(&menu, &ExchangeMenu::importFolderRequested, &exchange_, &ExchangeJobs::importFolder);
    connect(&menu, &ExchangeMenu::exportRequested, &exchange_, &ExchangeJobs::exportTranscoder);
    connect(&window_.dataPlace(), &DataPlace::weightsDropped, this, [this](const QStringList &dropped) {
        if (QFileInfo(dropped.first()).isDir())
            exchange_.importFolder(dropped.first());
        else
            exchange_.importFiles(dropped);
    });
    connect(&exchange_, &ExchangeJobs::jobChanged, &window_, &MainWindow::setExchange);
    connect(&exchange_, &ExchangeJobs::imported, this,
            [this](Message message, const std::vector<RunRow> &runs, const QString &transcoder) {
                if (!transcoder.isEmpty()) {
                    message.actionText = tr("Show %1").arg(transcoder);
                    message.action = showAction + transcoder;
                }
                window_.showMessage(message);
                for (auto run = runs.rbegin(); run != runs.rend(); ++run)
                    runs_.adopt(*run);
                data_.refresh(*workspace_);
            });
    connect(&exchange_, &ExchangeJobs::exported, this,
            [this](const Message &message) { window_.showMessage(message); });
    connect(&exchange_, &ExchangeJobs::failed, this, [this](const QString &what, const QString &why) {
        window_.showMessage({.kind = Message::Kind::Error, .title = what, .text = why});
    });
    connect(&window_, &MainWindow::messageAction, this, [this](const QString &action) {
        const QString name = action.startsWith(showAction) ? action.mid(showAction.size()) : QString();
        if (name.isEmpty())
            return;
        if (!transcoders_.contains(name)) // the list is still being read
            transcoders_.prepend(name);
        window_.goTo(MainWindow::Place::Features);
        window_.promptBar().setTranscoders(transcoders_, name);
        openTranscoder(name);
    });
}

} // namespace tt
