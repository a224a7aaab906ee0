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
class TokenizersModel;

/// The tokenizers of the workspace, one to train from a corpus, GPT-2's from a folder.
class TokenizerPane : public QWidget {
    Q_OBJECT
public:
    explicit TokenizerPane(QWidget *parent = nullptr);

    void setWorkspace(const WorkspaceSummary &workspace);
    void setBusy(bool busy);
    [[nodiscard]] QPushButton *trainButton() const { return train_; }

Q_SIGNALS:
    void trainTokenizerRequested(const QString &corpus, int vocabulary);
    void gpt2TokenizerRequested(const QString &folder);

private:
    QWidget *buildForm();
    void refresh();
    void chooseGpt2();

    TokenizersModel *model_;
    QStackedWidget *stack_;
    EmptyState *empty_;
    QComboBox *corpus_;
    QSpinBox *vocabulary_;
    QLabel *reason_;
    QPushButton *train_, *gpt2_;
    bool busy_ = false;
};

} // namespace tt
