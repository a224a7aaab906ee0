#include "ui/data/data_place.h"

#include "ui/data/corpora_pane.h"
#include "ui/data/download_rows.h"
#include "ui/data/drop_zone.h"
#include "ui/data/generate_form.h"
#include "ui/data/job_row.h"
#include "ui/data/preview_pane.h"
#include "ui/data/token_preview.h"
#include "ui/data/tokenizer_pane.h"
#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QMimeData>
#include <QPushButton>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {
namespace {

QStringList localFiles(const QMimeData *data) {
    QStringList files;
    const QList<QUrl> urls = data->urls();
    for (const QUrl &url : urls)
        if (url.isLocalFile())
            files << url.toLocalFile();
    return files;
}

bool isStories(const QString &file) {
    const QString suffix = QFileInfo(file).suffix().toLower();
    return suffix == QLatin1String("txt") || suffix == QLatin1String("jsonl");
}

bool isCheckpoint(const QString &file) {
    const QString suffix = QFileInfo(file).suffix().toLower();
    return suffix == QLatin1String("pth") || suffix == QLatin1String("pt");
}

/// One folder, or nothing but checkpoints.
bool isWeights(const QStringList &files) {
    return (files.size() == 1 && QFileInfo(files.first()).isDir()) ||
           (!files.isEmpty() && std::all_of(files.begin(), files.end(), isCheckpoint));
}

} // namespace

DataPlace::DataPlace(QWidget *parent)
    : QWidget(parent), corpora_(new CorporaPane(this)), downloads_(new DownloadRows(this)), job_(new JobRow(this)),
      message_(new MessageBar(this)), drop_(new DropZone(this)), form_(new GenerateForm(this)),
      tokenizers_(new TokenizerPane(this)), splitter_(new QSplitter(Qt::Horizontal, this)) {
    setGround(this, &Theme::panel);
    setAcceptDrops(true);
    splitter_->addWidget(buildCorpora());
    splitter_->addWidget(tokenizers_);
    splitter_->setStretchFactor(0, 528);
    splitter_->setStretchFactor(1, 656);
    splitter_->setSizes({scaled(528), scaled(656)});
    splitter_->setChildrenCollapsible(false);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter_);
    connectPanes();
    setWorkspace({});
}

void DataPlace::connectPanes() {
    connect(corpora_, &CorporaPane::importRequested, this, &DataPlace::chooseFiles);
    connect(corpora_, &CorporaPane::generateRequested, form_->button(), &QPushButton::click);
    connect(corpora_, &CorporaPane::downloadRequested, this, &DataPlace::downloadRequested);
    connect(corpora_, &CorporaPane::deleteRequested, this, &DataPlace::deleteCorpusRequested);
    connect(corpora_, &CorporaPane::corpusChosen, tokenizers_, &TokenizerPane::setCorpus);
    connect(corpora_, &CorporaPane::trainTokenizerRequested, tokenizers_, &TokenizerPane::train);
    connect(corpora_, &CorporaPane::previewRequested, preview()->tokens(),
            [this] { preview()->tokens()->setFocus(Qt::OtherFocusReason); });
    connect(downloads_, &DownloadRows::resumeRequested, this, &DataPlace::downloadRequested);
    connect(downloads_, &DownloadRows::pauseRequested, this, &DataPlace::pauseDownloadRequested);
    connect(downloads_, &DownloadRows::cancelRequested, this, &DataPlace::cancelDownloadRequested);
    connect(form_, &GenerateForm::generateRequested, this, &DataPlace::generateRequested);
    connect(form_, &GenerateForm::changed, this, &DataPlace::showOffer);
    connect(tokenizers_, &TokenizerPane::trainTokenizerRequested, this, &DataPlace::trainTokenizerRequested);
    connect(tokenizers_, &TokenizerPane::gpt2TokenizerRequested, this, &DataPlace::gpt2TokenizerRequested);
    connect(job_, &JobRow::cancelRequested, this, &DataPlace::cancelRequested);
    connect(message_, &MessageBar::actionRequested, this, &DataPlace::messageAction);
}

QWidget *DataPlace::buildCorpora() {
    auto *pane = new QWidget(this);
    auto *notes = new QVBoxLayout;
    notes->setContentsMargins(scaled(16), scaled(8), scaled(16), scaled(16));
    notes->setSpacing(scaled(12));
    notes->addWidget(message_);
    notes->addWidget(drop_);
    auto *layout = new QVBoxLayout(pane);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(corpora_, 1);
    layout->addWidget(downloads_);
    layout->addWidget(job_);
    layout->addLayout(notes);
    layout->addWidget(horizontalLine(pane));
    layout->addWidget(form_);
    return pane;
}

PreviewPane *DataPlace::preview() const {
    return tokenizers_->preview();
}

void DataPlace::setWorkspace(const WorkspaceSummary &workspace) {
    folder_ = workspace.folder;
    readOnly_ = workspace.readOnly;
    drop_->setVisible(!readOnly_);
    form_->setReadOnly(readOnly_);
    std::vector<std::string> names;
    for (const CorpusInfo &corpus : workspace.corpora)
        names.push_back(corpus.name);
    form_->setTaken(names);
    tokenizers_->setWorkspace(workspace);
    corpora_->setWorkspace(workspace);
    showOffer();
}

void DataPlace::showOffer() {
    corpora_->setOffer(form_->stories() == 1 ? tr("Generate 1 story")
                                             : tr("Generate %1 stories").arg(count(form_->stories())),
                       form_->button()->isEnabled(), form_->button()->toolTip());
}

void DataPlace::setDownloads(const std::vector<DownloadRow> &rows) {
    downloads_->setRows(rows);
    corpora_->setDownloads(rows);
}

void DataPlace::setJob(const JobStatus &job) {
    job_->setJob(job);
    if (job.running == busy_)
        return;
    busy_ = job.running;
    form_->setBusy(busy_);
    tokenizers_->setBusy(busy_);
    corpora_->setBusy(busy_);
}

void DataPlace::showMessage(const Message &message) {
    message_->setMessage(message);
}
void DataPlace::clearMessage() {
    message_->clear();
}
QPushButton *DataPlace::primaryButton() const {
    return form_->button();
}

QString DataPlace::commandLine() const {
    return QStringLiteral("tinytranscoder-cli corpus generate --stories %1 --seed %2 --name %3 --workspace %4")
        .arg(QString::number(form_->stories()), QString::number(form_->seed()), shellWord(form_->name()),
             shellWord(folder_));
}

void DataPlace::chooseFiles() {
    if (readOnly_)
        return;
    import(QFileDialog::getOpenFileNames(this, tr("Import stories"), QString(), tr("Stories (*.txt *.jsonl)")));
}

void DataPlace::import(const QStringList &files) {
    if (files.isEmpty() || busy_ || readOnly_)
        return;
    QStringList others;
    for (const QString &file : files)
        if (!isStories(file))
            others << QFileInfo(file).fileName();
    if (others.isEmpty())
        Q_EMIT importRequested(files);
    else
        showMessage({.kind = Message::Kind::Warning,
                     .title = tr("%1 cannot be imported.").arg(others.first()),
                     .text = tr("Stories are read from .txt and .jsonl files, weights from .pth and .pt files or from "
                                "one transcoder’s folder. Nothing was imported."),
                     .actionText = {},
                     .action = {}});
}

void DataPlace::dragEnterEvent(QDragEnterEvent *event) {
    if (busy_ || readOnly_ || localFiles(event->mimeData()).isEmpty())
        return;
    event->acceptProposedAction();
    drop_->setLit(true);
}

void DataPlace::dragLeaveEvent(QDragLeaveEvent *) {
    drop_->setLit(false);
}

void DataPlace::dropEvent(QDropEvent *event) {
    drop_->setLit(false);
    event->acceptProposedAction();
    const QStringList files = localFiles(event->mimeData());
    if (isWeights(files))
        Q_EMIT weightsDropped(files);
    else
        import(files);
}

} // namespace tt
