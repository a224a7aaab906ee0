#pragma once

#include <QList>
#include <QObject>
#include <QStringList>

#include <functional>

class QAction;
class QFileDialog;
class QMenu;
class QWidget;

namespace tt {

/// The entries of the File menu for weights of other programs: "Import weights" and "Export transcoder". Asks for files
/// and folders, and says what was chosen.
class ExchangeMenu : public QObject {
    Q_OBJECT
public:
    /// `transcoder`: the name of the one that is shown, "" for none.
    ExchangeMenu(QMenu *file, QWidget *window, std::function<QString()> transcoder);
    [[nodiscard]] QList<QAction *> actions() const { return actions_; }
    /// Asks how many features of the transcoder among these files are active; importFilesRequested() follows.
    void askForK(const QStringList &files);

    void setReadOnly(bool readOnly); ///< the workspace is: nothing can be imported

Q_SIGNALS:
    void importFilesRequested(const QStringList &files, int k); ///< .pth and .pt; `k`: 0 where it was not asked for
    void importFolderRequested(const QString &folder);          ///< of circuit-tracer, SAELens or this program
    /// `format`: "circuit-tracer", "saelens" or "safetensors". The folder is new.
    void exportRequested(const QString &transcoder, const QString &format, const QString &folder);

private:
    void buildImport(QMenu *menu);
    void buildExport(QMenu *menu);
    void chooseFiles();
    void chooseFolder();
    void chooseTarget(const QString &program, const QString &format);
    QAction *add(QMenu *menu, const QString &text, const QString &toolTip, const std::function<void()> &does);

    QWidget *window_;
    QMenu *import_ = nullptr;
    std::function<QString()> transcoder_;
    QList<QAction *> actions_;
};

} // namespace tt
