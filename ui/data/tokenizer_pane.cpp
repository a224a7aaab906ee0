#include "ui/data/tokenizer_pane.h"

#include "ui/data/menu_button.h"
#include "ui/data/preview_pane.h"
#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

TokenizerPane::TokenizerPane(QWidget *parent)
    : QWidget(parent), tokenizer_(new QComboBox(this)), stack_(new QStackedWidget(this)), empty_(new EmptyState(this)),
      preview_(new PreviewPane(this)), vocabulary_(new QSpinBox(this)), reason_(new QLabel(this)),
      train_(new QPushButton(tr("Train tokenizer"), this)), gpt2_(new QPushButton(tr("Use GPT-2’s…"), this)) {
    stack_->addWidget(preview_);
    stack_->addWidget(empty_);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(buildBar());
    layout->addWidget(buildTraining());
    layout->addWidget(horizontalLine(this));
    layout->addWidget(stack_, 1);
    connect(tokenizer_, &QComboBox::currentIndexChanged, this, &TokenizerPane::showPreview);
    connect(train_, &QPushButton::clicked, this, &TokenizerPane::train);
    refresh();
}

QWidget *TokenizerPane::buildBar() {
    tokenizer_->setAccessibleName(tr("Tokenizer"));
    tokenizer_->setToolTip(tr("How the corpus is cut in the preview below"));
    tokenizer_->setMinimumWidth(scaled(160));
    tokenizer_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    QMenu *menu = menuOf(gpt2_);
    menu->addAction(tr("Download the two files (1.5 MB)"), this, [this] { Q_EMIT gpt2TokenizerRequested({}); });
    menu->addAction(tr("Choose a folder with vocab.bpe and encoder.json…"), this, &TokenizerPane::chooseGpt2);
    auto *header = new SectionHeader(tr("Tokenizer"), this, 48);
    header->addControl(tokenizer_);
    header->addControl(gpt2_);
    return header;
}

QWidget *TokenizerPane::buildTraining() {
    vocabulary_->setAccessibleName(tr("Vocabulary"));
    vocabulary_->setLocale(QLocale(QLocale::English, QLocale::UnitedStates));
    vocabulary_->setGroupSeparatorShown(true);
    vocabulary_->setRange(257, 65'536);
    vocabulary_->setValue(4096);
    vocabulary_->setToolTip(tr("Tokens in all, 257 to 65,536: 256 bytes, the merges, and end of text"));
    setTextRole(vocabulary_, TextRole::Mono);
    reason_->setTextFormat(Qt::PlainText);
    reason_->setWordWrap(true);
    setTextRole(reason_, TextRole::Secondary);
    setInk(reason_, Ink::Secondary);
    train_->setAccessibleName(train_->text());
    auto *words = new QLabel(tr("Vocabulary"), this);
    words->setBuddy(vocabulary_);
    setInk(words, Ink::Secondary);
    auto *row = new QWidget(this);
    auto *layout = new QHBoxLayout(row);
    layout->setContentsMargins(scaled(16), 0, scaled(16), scaled(10));
    layout->setSpacing(scaled(8));
    layout->addWidget(reason_, 1);
    layout->addWidget(words);
    layout->addWidget(vocabulary_);
    layout->addWidget(train_);
    return row;
}

void TokenizerPane::setWorkspace(const WorkspaceSummary &workspace) {
    corpora_ = workspace.corpora;
    readOnly_ = workspace.readOnly;
    const QString chosen = tokenizer_->currentData().toString();
    const QSignalBlocker blocker(tokenizer_);
    QStringList before, now;
    for (int i = 0; i < tokenizer_->count(); ++i)
        before << tokenizer_->itemData(i).toString();
    tokenizer_->clear();
    for (const auto &row : workspace.tokenizers) {
        const QString kind = row.kind == QLatin1String("gpt2") ? tr("GPT-2’s") : tr("byte-level BPE");
        tokenizer_->addItem(tr("%1, %2, %3 tokens").arg(row.id, kind, count(row.vocabSize)), row.id);
        now << row.id;
    }
    // A new tokenizer, which is the first of the list, is shown at once.
    const bool added = !now.isEmpty() && !before.contains(now.first());
    tokenizer_->setCurrentIndex(now.isEmpty() ? -1 : added ? 0 : std::max(0, tokenizer_->findData(chosen)));
    refresh();
    showPreview();
}

void TokenizerPane::setCorpus(const QString &corpus) {
    corpus_ = corpus;
    preview_->forget();
    refresh();
    showPreview();
}

void TokenizerPane::setBusy(bool busy) {
    busy_ = busy;
    refresh();
}

void TokenizerPane::train() {
    if (train_->isEnabled())
        Q_EMIT trainTokenizerRequested(corpus_, vocabulary_->value());
}

void TokenizerPane::refresh() {
    QString reason;
    if (readOnly_)
        reason = readOnlyReason();
    else if (corpus_.isEmpty())
        reason = tr("A tokenizer is learned from a corpus: generate or import one first.");
    else if (busy_)
        reason = tr("Another job is running; this one can start when it is done.");
    train_->setEnabled(reason.isEmpty());
    train_->setToolTip(reason.isEmpty() ? tr("Learns a byte-level BPE from %1").arg(corpus_) : reason);
    gpt2_->setEnabled(!busy_ && !readOnly_);
    gpt2_->setToolTip(busy_ || readOnly_
                          ? reason
                          : tr("Downloads vocab.bpe and encoder.json, or takes them from a folder: 50,257 tokens"));
    tokenizer_->setEnabled(tokenizer_->count() > 0);
    reason_->setText(reason.isEmpty() ? tr("Train one on %1").arg(corpus_) : reason);
    const bool none = tokenizer_->count() == 0;
    empty_->setContent(QStringLiteral("token"), none ? tr("No tokenizer yet") : tr("No corpus to look into"),
                       none ? tr("Stories are cut into tokens before a model reads them. One is learned from a corpus: "
                                 "the most frequent pairs of bytes become tokens.")
                            : tr("Generate or import stories; here they stand cut into tokens."));
}

void TokenizerPane::showPreview() {
    const auto corpus = std::find_if(corpora_.begin(), corpora_.end(), [this](const CorpusInfo &info) {
        return QString::fromStdString(info.name) == corpus_;
    });
    const bool possible = corpus != corpora_.end() && tokenizer_->currentIndex() >= 0;
    stack_->setCurrentIndex(possible ? 0 : 1);
    if (possible)
        preview_->lookAt(corpus_, tokenizer_->currentData().toString(), corpus->stories);
}

void TokenizerPane::chooseGpt2() {
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Folder with vocab.bpe and encoder.json"));
    if (!folder.isEmpty())
        Q_EMIT gpt2TokenizerRequested(folder);
}

} // namespace tt
