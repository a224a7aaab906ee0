#pragma once

#include "ui/values.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QSplitter;
class QStackedWidget;

namespace tt {

class CorporaModel;
class DropZone;
class EmptyState;
class GenerateForm;
class JobRow;
class MessageBar;
class TokenizerPane;

/// What the model reads: corpora at the left, tokenizers at the right. Accepts dropped .txt files everywhere.
class DataPlace : public QWidget {
    Q_OBJECT
public:
    explicit DataPlace(QWidget *parent = nullptr);

    void setWorkspace(const WorkspaceSummary &workspace);
    void setJob(const JobStatus &job);
    void showMessage(const Message &message);
    void clearMessage();

    /// The command line that generates what the form says.
    [[nodiscard]] QString commandLine() const;
    [[nodiscard]] QPushButton *primaryButton() const;
    [[nodiscard]] QSplitter *splitter() const { return splitter_; }
    [[nodiscard]] GenerateForm *generateForm() const { return form_; }

public Q_SLOTS:
    void chooseFiles(); ///< asks for .txt files to import

Q_SIGNALS:
    void generateRequested(const QString &name, qint64 stories, quint64 seed);
    void importRequested(const QStringList &files);
    void trainTokenizerRequested(const QString &corpus, int vocabulary);
    void gpt2TokenizerRequested(const QString &folder);
    void cancelRequested();
    void messageAction(const QString &action);

protected:
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dragLeaveEvent(QDragLeaveEvent *event) override;
    void dropEvent(QDropEvent *event) override;

private:
    QWidget *buildCorpora();
    void showEmptyState();
    void import(const QStringList &files);

    CorporaModel *model_;
    QStackedWidget *stack_;
    EmptyState *empty_;
    JobRow *job_;
    MessageBar *message_;
    DropZone *drop_;
    GenerateForm *form_;
    TokenizerPane *tokenizers_;
    QPushButton *import_;
    QSplitter *splitter_;
    QString folder_;
    bool busy_ = false;
};

} // namespace tt
