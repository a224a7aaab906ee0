#include "ui/data/tokenizer_pane.h"

#include "ui/data/corpora_model.h"
#include "ui/data/data_table.h"
#include "ui/theme.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QComboBox>
#include <QFileDialog>
#include <QGridLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

TokenizerPane::TokenizerPane(QWidget *parent)
    : QWidget(parent), model_(new TokenizersModel(this)), stack_(new QStackedWidget(this)),
      empty_(new EmptyState(this)), corpus_(new QComboBox(this)), vocabulary_(new QSpinBox(this)),
      reason_(new QLabel(this)), train_(new QPushButton(tr("Train tokenizer"), this)),
      gpt2_(new QPushButton(tr("Use GPT-2’s…"), this)) {
    gpt2_->setAccessibleName(gpt2_->text());
    gpt2_->setToolTip(tr("Takes vocab.bpe and encoder.json from a folder: 50,257 tokens"));
    auto *header = new SectionHeader(tr("Tokenizers"), this, 48);
    header->addControl(gpt2_);
    empty_->setContent(
        QStringLiteral("token"), tr("No tokenizer yet"),
        tr("Stories are cut into tokens before a model reads them. One is learned from a corpus: the most "
           "frequent pairs of bytes become tokens."));
    stack_->addWidget(new DataTable(tr("Tokenizers"), model_, this));
    stack_->addWidget(empty_);
    stack_->setMinimumHeight(scaled(88));

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(header);
    layout->addWidget(stack_, 1);
    layout->addWidget(horizontalLine(this));
    layout->addWidget(buildForm());
    connect(gpt2_, &QPushButton::clicked, this, &TokenizerPane::chooseGpt2);
    connect(train_, &QPushButton::clicked, this,
            [this] { Q_EMIT trainTokenizerRequested(corpus_->currentText(), vocabulary_->value()); });
    refresh();
}

QWidget *TokenizerPane::buildForm() {
    corpus_->setAccessibleName(tr("Tokenizer corpus"));
    corpus_->setToolTip(tr("The stories whose pairs of bytes are counted"));
    corpus_->setMinimumWidth(scaled(176));
    vocabulary_->setAccessibleName(tr("Vocabulary"));
    vocabulary_->setLocale(QLocale(QLocale::English, QLocale::UnitedStates));
    vocabulary_->setGroupSeparatorShown(true);
    vocabulary_->setRange(257, 65'536);
    vocabulary_->setValue(4096);
    vocabulary_->setToolTip(tr("Tokens in all, 257 to 65,536: 256 bytes, the merges, and end of text"));
    setTextRole(vocabulary_, TextRole::Mono);
    setTextRole(reason_, TextRole::Secondary);
    setInk(reason_, Ink::Secondary);
    reason_->setWordWrap(true);
    train_->setAccessibleName(train_->text());
    makePrimary(train_);

    auto *form = new QWidget(this);
    auto *grid = new QGridLayout;
    grid->setContentsMargins(scaled(16), 0, scaled(16), scaled(16));
    grid->setHorizontalSpacing(scaled(16));
    grid->setVerticalSpacing(scaled(8));
    const auto label = [&](const QString &text, QWidget *field, int row) {
        auto *words = new QLabel(text, form);
        words->setBuddy(field);
        setInk(words, Ink::Secondary);
        grid->addWidget(words, row, 0);
        grid->addWidget(field, row, 1);
    };
    label(tr("Corpus"), corpus_, 0);
    label(tr("Vocabulary"), vocabulary_, 1);
    grid->setColumnStretch(2, 1);
    grid->addWidget(train_, 1, 3);
    grid->addWidget(reason_, 2, 0, 1, 4);
    auto *layout = new QVBoxLayout(form);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(new SectionHeader(tr("Train one"), form));
    layout->addLayout(grid);
    return form;
}

void TokenizerPane::setWorkspace(const WorkspaceSummary &workspace) {
    model_->setTokenizers(workspace.tokenizers);
    stack_->setCurrentIndex(workspace.tokenizers.empty() ? 1 : 0);
    QStringList names;
    for (const CorpusInfo &corpus : workspace.corpora)
        names << QString::fromStdString(corpus.name);
    const QString chosen = corpus_->currentText();
    const QSignalBlocker blocker(corpus_);
    corpus_->clear();
    corpus_->addItems(names);
    corpus_->setCurrentIndex(names.isEmpty() ? -1 : std::max(0, static_cast<int>(names.indexOf(chosen))));
    refresh();
}

void TokenizerPane::setBusy(bool busy) {
    busy_ = busy;
    refresh();
}

void TokenizerPane::refresh() {
    QString reason;
    if (corpus_->count() == 0)
        reason = tr("A tokenizer is learned from a corpus: generate or import one first.");
    else if (busy_)
        reason = tr("Another job is running; this one can start when it is done.");
    corpus_->setEnabled(corpus_->count() > 0);
    train_->setEnabled(reason.isEmpty());
    train_->setToolTip(reason.isEmpty() ? tr("Learns a byte-level BPE from the corpus") : reason);
    gpt2_->setEnabled(!busy_);
    reason_->setText(reason.isEmpty() ? tr("Byte-level BPE: every text can be written in it, whatever its bytes.")
                                      : reason);
}

void TokenizerPane::chooseGpt2() {
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Folder with vocab.bpe and encoder.json"));
    if (!folder.isEmpty())
        Q_EMIT gpt2TokenizerRequested(folder);
}

} // namespace tt
