#include "ui/data/corpora_pane.h"

#include "core/text/published.h"
#include "ui/data/corpora_model.h"
#include "ui/data/data_table.h"
#include "ui/data/menu_button.h"
#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/section_header.h"

#include <QAction>
#include <QDesktopServices>
#include <QDir>
#include <QKeyEvent>
#include <QMenu>
#include <QPushButton>
#include <QStackedWidget>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

CorporaPane::CorporaPane(QWidget *parent)
    : QWidget(parent), model_(new CorporaModel(this)), table_(new DataTable(tr("Corpora"), model_, this)),
      stack_(new QStackedWidget(this)), empty_(new EmptyState(this)), import_(new QPushButton(tr("Import…"), this)),
      download_(new QPushButton(tr("Download TinyStories"), this)) {
    import_->setAccessibleName(import_->text());
    buildDownloadMenu();
    auto *header = new SectionHeader(tr("Corpora"), this, 48);
    header->addControl(import_);
    header->addControl(download_);
    stack_->addWidget(table_);
    stack_->addWidget(empty_);
    stack_->setMinimumHeight(scaled(88)); // in a low window the rows scroll before the form is squeezed
    table_->setContextMenuPolicy(Qt::CustomContextMenu);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(header);
    layout->addWidget(stack_, 1);
    connect(import_, &QPushButton::clicked, this, &CorporaPane::importRequested);
    connect(empty_, &EmptyState::primaryRequested, this, &CorporaPane::generateRequested);
    connect(table_, &QWidget::customContextMenuRequested, this, &CorporaPane::showMenu);
    connect(table_, &QAbstractItemView::activated, this, [this] { Q_EMIT previewRequested(chosen()); });
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex &now) {
        if (now.isValid() && !reading_)
            Q_EMIT corpusChosen(chosen());
    });
    updateButtons();
}

void CorporaPane::buildDownloadMenu() {
    QMenu *menu = menuOf(download_);
    for (const DownloadSource &source : publishedCorpora()) {
        const QString name = QString::fromStdString(source.name);
        const QString what = name.endsWith(QLatin1String("valid")) ? tr("Stories to measure with, %1 (%2)")
                                                                   : tr("Stories to train on, %1 (%2)");
        QAction *action = menu->addAction(what.arg(name, bytesText(source.bytes)));
        connect(action, &QAction::triggered, this, [this, name] { Q_EMIT downloadRequested(name); });
        downloadActions_.emplace_back(name, action);
    }
    // What is here or on its way is not fetched a second time.
    connect(menu, &QMenu::aboutToShow, this, [this] {
        for (const auto &[name, action] : downloadActions_)
            action->setEnabled(!folder_.isEmpty() && model_->find(name) < 0 &&
                               std::find(downloading_.begin(), downloading_.end(), name) == downloading_.end());
    });
}

void CorporaPane::setWorkspace(const WorkspaceSummary &workspace) {
    const QString before = chosen();
    const CorpusInfo old = before.isEmpty() ? CorpusInfo() : model_->corpus(table_->currentIndex().row());
    const bool more = workspace.corpora.size() > static_cast<size_t>(model_->rowCount());
    folder_ = workspace.folder;
    readOnly_ = workspace.readOnly;
    updateButtons();
    reading_ = true;
    model_->setCorpora(workspace.corpora);
    // A new corpus, the first of the list, is chosen; else the one that was.
    const int row = more ? 0 : std::max(0, model_->find(before));
    if (model_->rowCount() > 0)
        table_->setCurrentIndex(model_->index(row, 0));
    stack_->setCurrentIndex(workspace.corpora.empty() ? 1 : 0);
    reading_ = false;
    if (chosen() != before || chosen().isEmpty() || !(model_->corpus(row) == old))
        Q_EMIT corpusChosen(chosen());
}

void CorporaPane::setDownloads(const std::vector<DownloadRow> &rows) {
    downloading_.clear();
    for (const DownloadRow &row : rows)
        downloading_.push_back(row.name);
}

void CorporaPane::setBusy(bool busy) {
    busy_ = busy;
    updateButtons();
}

void CorporaPane::updateButtons() {
    import_->setEnabled(!busy_ && !readOnly_);
    import_->setToolTip(readOnly_ ? readOnlyReason()
                        : busy_   ? tr("Another job is running; importing is possible when it is done")
                                  : tr("Reads .txt and .jsonl files into a new corpus\nCtrl+I"));
    download_->setEnabled(!readOnly_);
    download_->setToolTip(readOnly_ ? readOnlyReason()
                                    : tr("Fetches TinyStories from its home on the Web, over TLS; sha256 is checked"));
}

void CorporaPane::setOffer(const QString &words, bool enabled, const QString &toolTip) {
    empty_->setContent(QStringLiteral("data"), tr("No stories yet"),
                       tr("A model learns from a text of many small stories. Generating some needs no network."),
                       words);
    empty_->primaryButton()->setEnabled(enabled);
    empty_->primaryButton()->setToolTip(toolTip);
}

QString CorporaPane::chosen() const {
    const int row = table_->currentIndex().row();
    return row < 0 || row >= model_->rowCount() ? QString() : QString::fromStdString(model_->corpus(row).name);
}

void CorporaPane::showMenu(const QPoint &point) {
    const QString name = chosen();
    if (name.isEmpty())
        return;
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Preview"), this, [this, name] { Q_EMIT previewRequested(name); });
    menu->addAction(tr("Train tokenizer"), this, [this, name] { Q_EMIT trainTokenizerRequested(name); })
        ->setEnabled(!busy_ && !readOnly_);
    menu->addAction(tr("Show folder"), this, &CorporaPane::showFolder);
    menu->addSeparator();
    menu->addAction(tr("Delete"), QKeySequence::Delete, this, [this, name] { Q_EMIT deleteRequested(name); })
        ->setEnabled(!busy_ && !readOnly_);
    menu->popup(table_->viewport()->mapToGlobal(point));
}

void CorporaPane::showFolder() const {
    QDesktopServices::openUrl(QUrl::fromLocalFile(QDir(folder_).filePath(QStringLiteral("corpus"))));
}

void CorporaPane::keyPressEvent(QKeyEvent *event) {
    if (event->matches(QKeySequence::Delete) && table_->hasFocus() && !busy_ && !readOnly_ && !chosen().isEmpty())
        Q_EMIT deleteRequested(chosen());
    else
        QWidget::keyPressEvent(event);
}

} // namespace tt
