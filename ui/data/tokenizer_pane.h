#pragma once

#include "ui/values.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QPushButton;
class QSpinBox;
class QStackedWidget;

namespace tt {

class EmptyState;
class PreviewPane;

/// The tokenizers of the workspace: one to look through, one to train from the chosen corpus, GPT-2's by download or
/// from a folder; below, the chosen corpus in the chosen tokenizer's tokens.
class TokenizerPane : public QWidget {
    Q_OBJECT
public:
    explicit TokenizerPane(QWidget *parent = nullptr);

    void setWorkspace(const WorkspaceSummary &workspace);
    /// The corpus that is previewed and trained on; empty for none.
    void setCorpus(const QString &corpus);
    void setBusy(bool busy);
    void train();
    [[nodiscard]] QPushButton *trainButton() const { return train_; }
    [[nodiscard]] PreviewPane *preview() const { return preview_; }

Q_SIGNALS:
    void trainTokenizerRequested(const QString &corpus, int vocabulary);
    void gpt2TokenizerRequested(const QString &folder); ///< an empty folder: download the files

private:
    QWidget *buildBar();
    QWidget *buildTraining();
    void refresh();
    void showPreview();
    void chooseGpt2();

    std::vector<CorpusInfo> corpora_;
    QString corpus_;
    QComboBox *tokenizer_;
    QStackedWidget *stack_;
    EmptyState *empty_;
    PreviewPane *preview_;
    QSpinBox *vocabulary_;
    QLabel *reason_;
    QPushButton *train_, *gpt2_;
    bool busy_ = false, readOnly_ = false;
};

} // namespace tt
