#include "ui/data/data_place.h"

#include "ui/data/corpora_model.h"
#include "ui/data/data_table.h"
#include "ui/data/drop_zone.h"
#include "ui/data/generate_form.h"
#include "ui/data/job_row.h"
#include "ui/data/tokenizer_pane.h"
#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QMimeData>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

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

} // namespace

DataPlace::DataPlace(QWidget *parent)
    : QWidget(parent), model_(new CorporaModel(this)), stack_(new QStackedWidget(this)), empty_(new EmptyState(this)),
      job_(new JobRow(this)), message_(new MessageBar(this)), drop_(new DropZone(this)), form_(new GenerateForm(this)),
      tokenizers_(new TokenizerPane(this)), import_(new QPushButton(tr("Import…"), this)),
      splitter_(new QSplitter(Qt::Horizontal, this)) {
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

    connect(import_, &QPushButton::clicked, this, &DataPlace::chooseFiles);
    connect(empty_, &EmptyState::primaryRequested, form_->button(), &QPushButton::click);
    connect(form_, &GenerateForm::generateRequested, this, &DataPlace::generateRequested);
    connect(form_, &GenerateForm::changed, this, &DataPlace::showEmptyState);
    connect(tokenizers_, &TokenizerPane::trainTokenizerRequested, this, &DataPlace::trainTokenizerRequested);
    connect(tokenizers_, &TokenizerPane::gpt2TokenizerRequested, this, &DataPlace::gpt2TokenizerRequested);
    connect(job_, &JobRow::cancelRequested, this, &DataPlace::cancelRequested);
    connect(message_, &MessageBar::actionRequested, this, &DataPlace::messageAction);
    setWorkspace({});
}

QWidget *DataPlace::buildCorpora() {
    import_->setAccessibleName(import_->text());
    import_->setToolTip(tr("Reads .txt files into a new corpus\nCtrl+I"));
    auto *pane = new QWidget(this);
    auto *header = new SectionHeader(tr("Corpora"), pane, 48);
    header->addControl(import_);
    stack_->addWidget(new DataTable(tr("Corpora"), model_, pane));
    stack_->addWidget(empty_);
    stack_->setMinimumHeight(scaled(88)); // in a low window the rows scroll before the form is squeezed

    auto *notes = new QVBoxLayout;
    notes->setContentsMargins(scaled(16), scaled(8), scaled(16), scaled(16));
    notes->setSpacing(scaled(12));
    notes->addWidget(message_);
    notes->addWidget(drop_);
    auto *layout = new QVBoxLayout(pane);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(header);
    layout->addWidget(stack_, 1);
    layout->addWidget(job_);
    layout->addLayout(notes);
    layout->addWidget(horizontalLine(pane));
    layout->addWidget(form_);
    return pane;
}

void DataPlace::setWorkspace(const WorkspaceSummary &workspace) {
    folder_ = workspace.folder;
    model_->setCorpora(workspace.corpora);
    std::vector<std::string> names;
    for (const CorpusInfo &corpus : workspace.corpora)
        names.push_back(corpus.name);
    form_->setTaken(names);
    tokenizers_->setWorkspace(workspace);
    showEmptyState();
}

void DataPlace::showEmptyState() {
    stack_->setCurrentIndex(model_->rowCount() == 0 ? 1 : 0);
    empty_->setContent(QStringLiteral("data"), tr("No stories yet"),
                       tr("A model learns from a text of many small stories. Generating some needs no network."),
                       form_->stories() == 1 ? tr("Generate 1 story")
                                             : tr("Generate %1 stories").arg(count(form_->stories())));
    empty_->primaryButton()->setEnabled(form_->button()->isEnabled());
    empty_->primaryButton()->setToolTip(form_->button()->toolTip());
}

void DataPlace::setJob(const JobStatus &job) {
    job_->setJob(job);
    if (job.running == busy_)
        return;
    busy_ = job.running;
    form_->setBusy(busy_);
    tokenizers_->setBusy(busy_);
    import_->setEnabled(!busy_);
    import_->setToolTip(busy_ ? tr("Another job is running; importing is possible when it is done")
                              : tr("Reads .txt files into a new corpus\nCtrl+I"));
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
    import(QFileDialog::getOpenFileNames(this, tr("Import stories"), QString(), tr("Texts (*.txt)")));
}

void DataPlace::import(const QStringList &files) {
    if (files.isEmpty() || busy_)
        return;
    QStringList others;
    for (const QString &file : files)
        if (QFileInfo(file).suffix().compare(QLatin1String("txt"), Qt::CaseInsensitive) != 0)
            others << QFileInfo(file).fileName();
    if (others.isEmpty())
        Q_EMIT importRequested(files);
    else
        showMessage({.kind = Message::Kind::Warning,
                     .title = tr("%1 cannot be imported.").arg(others.first()),
                     .text = tr("Stories are read from .txt files. Nothing was imported."),
                     .actionText = {},
                     .action = {}});
}

void DataPlace::dragEnterEvent(QDragEnterEvent *event) {
    if (busy_ || localFiles(event->mimeData()).isEmpty())
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
    import(localFiles(event->mimeData()));
}

} // namespace tt
