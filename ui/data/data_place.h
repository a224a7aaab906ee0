#pragma once

#include "ui/values.h"

#include <QWidget>

class QPushButton;
class QSplitter;

namespace tt {

class CorporaPane;
class DownloadRows;
class DropZone;
class GenerateForm;
class JobRow;
class MessageBar;
class PreviewPane;
class TokenizerPane;

/// What the model reads: corpora at the left, and how a tokenizer cuts the chosen one at
/// the right. Accepts dropped .txt and .jsonl files everywhere.
class DataPlace : public QWidget {
    Q_OBJECT
public:
    explicit DataPlace(QWidget *parent = nullptr);

    void setWorkspace(const WorkspaceSummary &workspace);
    void setJob(const JobStatus &job);
    void setDownloads(const std::vector<DownloadRow> &rows);
    void showMessage(const Message &message);
    void clearMessage();

    /// The command line that generates what the form says.
    [[nodiscard]] QString commandLine() const;
    [[nodiscard]] QPushButton *primaryButton() const;
    [[nodiscard]] QSplitter *splitter() const { return splitter_; }
    [[nodiscard]] GenerateForm *generateForm() const { return form_; }
    /// Asks for stories and counts, and shows them.
    [[nodiscard]] PreviewPane *preview() const;

public Q_SLOTS:
    void chooseFiles(); ///< asks for .txt and .jsonl files to import

Q_SIGNALS:
    void generateRequested(const QString &name, qint64 stories, quint64 seed);
    void importRequested(const QStringList &files);
    void trainTokenizerRequested(const QString &corpus, int vocabulary);
    void gpt2TokenizerRequested(const QString &folder); ///< an empty folder: download the files
    void downloadRequested(const QString &name);        ///< begins, or goes on
    void pauseDownloadRequested(const QString &name);
    void cancelDownloadRequested(const QString &name);
    void deleteCorpusRequested(const QString &name);
    void weightsDropped(const QStringList &files); ///< checkpoints of PyTorch, or the folder of a transcoder
    void cancelRequested();
    void messageAction(const QString &action);

protected:
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dragLeaveEvent(QDragLeaveEvent *event) override;
    void dropEvent(QDropEvent *event) override;

private:
    QWidget *buildCorpora();
    void connectPanes();
    void showOffer();
    void import(const QStringList &files);

    CorporaPane *corpora_;
    DownloadRows *downloads_;
    JobRow *job_;
    MessageBar *message_;
    DropZone *drop_;
    GenerateForm *form_;
    TokenizerPane *tokenizers_;
    QSplitter *splitter_;
    QString folder_;
    bool busy_ = false, readOnly_ = false;
};

} // namespace tt
