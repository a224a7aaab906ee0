#pragma once

#include "ui/values.h"

#include <QWidget>

class QPushButton;
class QStackedWidget;

namespace tt {

class CorporaModel;
class DataTable;
class EmptyState;

/// The corpora of the workspace: one is always chosen, and looked into at the right. Import, download, and a menu for
/// each.
class CorporaPane : public QWidget {
    Q_OBJECT
public:
    explicit CorporaPane(QWidget *parent = nullptr);

    void setWorkspace(const WorkspaceSummary &workspace);
    void setDownloads(const std::vector<DownloadRow> &rows);
    void setBusy(bool busy);
    /// What the empty list offers: the words of a button, empty tooltip = it can be pressed.
    void setOffer(const QString &words, bool enabled, const QString &toolTip);
    [[nodiscard]] QString chosen() const; ///< name of the chosen corpus, empty if there is none

Q_SIGNALS:
    void corpusChosen(const QString &name); ///< also when another text stands under the name
    void importRequested();
    void downloadRequested(const QString &name);
    void generateRequested();
    void previewRequested(const QString &name);
    void trainTokenizerRequested(const QString &name);
    void deleteRequested(const QString &name);

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    void buildDownloadMenu();
    void updateButtons();
    void showMenu(const QPoint &point);
    void showFolder() const;

    CorporaModel *model_;
    DataTable *table_;
    QStackedWidget *stack_;
    EmptyState *empty_;
    QPushButton *import_, *download_;
    std::vector<std::pair<QString, QAction *>> downloadActions_;
    std::vector<QString> downloading_;
    QString folder_;
    bool busy_ = false, readOnly_ = false;
    bool reading_ = false; ///< the list is being filled: what the view chooses by itself is not the choice
};

} // namespace tt
