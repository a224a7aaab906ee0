// What the session joins for the preview and the downloads of the place Data.
#include "app/session/session.h"

#include "ui/data/data_place.h"
#include "ui/data/preview_pane.h"

namespace tt {

void Session::connectPreview() {
    PreviewPane *pane = window_.dataPlace().preview();
    connect(pane, &PreviewPane::previewRequested, this,
            [this](const QString &corpus, const QString &tokenizer, qint64 first) {
                preview_.preview(*workspace_, corpus, tokenizer, first);
            });
    connect(pane, &PreviewPane::countsRequested, this,
            [this](const QString &corpus, const QString &tokenizer, bool all) {
                preview_.count(*workspace_, corpus, tokenizer, all);
            });
    connect(&preview_, &PreviewJobs::previewed, pane, &PreviewPane::setPreview);
    connect(&preview_, &PreviewJobs::counted, pane, &PreviewPane::setCounts);
    connect(&preview_, &PreviewJobs::jobChanged, &window_, &MainWindow::setCounting);
    connect(&preview_, &PreviewJobs::failed, this, [this](const QString &why) {
        window_.showMessage({.kind = Message::Kind::Error, .title = tr("The corpus cannot be shown"), .text = why},
                            MainWindow::Place::Data);
    });
}

void Session::connectDownloads() {
    DataPlace &place = window_.dataPlace();
    connect(&place, &DataPlace::downloadRequested, &downloads_, &Downloads::start);
    connect(&place, &DataPlace::pauseDownloadRequested, &downloads_, &Downloads::pause);
    connect(&place, &DataPlace::cancelDownloadRequested, &downloads_, &Downloads::cancel);
    connect(&place, &DataPlace::deleteCorpusRequested, this,
            [this](const QString &name) { data_.deleteCorpus(*workspace_, name); });
    connect(&window_, &MainWindow::messageAction, this, [this](const QString &action) {
        if (!action.startsWith(restoreAction))
            return;
        const QString name = action.mid(restoreAction.size()); // the message goes, and its action with it
        window_.dataPlace().clearMessage();
        data_.restoreCorpus(*workspace_, name);
    });
    connect(&downloads_, &Downloads::changed, &window_, &MainWindow::setDownloads);
    connect(&downloads_, &Downloads::failed, this, [this](const QString &name, const QString &) {
        window_.setStatus(tr("Downloading %1 stopped").arg(name));
    });
    connect(&downloads_, &Downloads::finished, this, [this](const CorpusInfo &info) {
        const Message message = corpusMessage(info);
        window_.setStatus(message.title);
        if (!message.text.isEmpty())
            window_.showMessage(message, MainWindow::Place::Data);
        data_.refresh(*workspace_);
    });
}

} // namespace tt
