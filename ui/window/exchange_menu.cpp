#include "ui/window/exchange_menu.h"

#include "core/train/import_original.h"

#include <QAction>
#include <QDir>
#include <QFileDialog>
#include <QInputDialog>
#include <QMenu>
#include <QSpinBox>

namespace tt {

namespace {
constexpr int mostActive = 1'000'000; ///< as the command line takes; more than a transcoder has is refused on reading
}

ExchangeMenu::ExchangeMenu(QMenu *file, QWidget *window, std::function<QString()> transcoder)
    : QObject(window), window_(window), transcoder_(std::move(transcoder)) {
    QMenu *import = import_ = file->addMenu(tr("Import &weights"));
    QMenu *out = file->addMenu(tr("Export &transcoder"));
    for (QMenu *menu : {import, out})
        menu->setToolTipsVisible(true);
    buildImport(import);
    buildExport(out);
    connect(file, &QMenu::aboutToShow, this, [this, out] {
        const QString name = transcoder_();
        out->setTitle(name.isEmpty() ? tr("Export &transcoder") : tr("Export &transcoder %1").arg(name));
        out->setEnabled(!name.isEmpty());
    });
}

QAction *ExchangeMenu::add(QMenu *menu, const QString &text, const QString &toolTip,
                           const std::function<void()> &does) {
    QAction *action = menu->addAction(text);
    action->setToolTip(toolTip);
    connect(action, &QAction::triggered, this, does);
    actions_ << action;
    return action;
}

void ExchangeMenu::setReadOnly(bool readOnly) {
    import_->setEnabled(!readOnly);
}

void ExchangeMenu::buildImport(QMenu *menu) {
    add(menu, tr("Of the &Python TinyTranscoder…"),
        tr("Its gpt_….pth, its transcoder.pth, or both at once.\nNothing in the files is run."),
        [this] { chooseFiles(); });
    add(menu, tr("A transcoder’s &folder…"),
        tr("A folder of circuit-tracer (config.yaml), SAELens (cfg.json)\nor this program (config.json)"),
        [this] { chooseFolder(); });
}

void ExchangeMenu::buildExport(QMenu *menu) {
    add(menu, tr("For &circuit-tracer…"), tr("config.yaml and safetensors, as circuit-tracer loads them"),
        [this] { chooseTarget(tr("circuit-tracer"), QStringLiteral("circuit-tracer")); });
    add(menu, tr("For &SAELens…"), tr("cfg.json and sae_weights.safetensors, a folder for each layer"),
        [this] { chooseTarget(tr("SAELens"), QStringLiteral("saelens")); });
    add(menu, tr("As s&afetensors…"), tr("config.json and safetensors, as this program keeps them"),
        [this] { chooseTarget(tr("TinyTranscoder"), QStringLiteral("safetensors")); });
}

void ExchangeMenu::chooseFiles() {
    auto *dialog = new QFileDialog(window_, tr("Import weights of the Python TinyTranscoder"), QDir::homePath(),
                                   tr("PyTorch checkpoints (*.pth *.pt)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFiles);
    connect(dialog, &QFileDialog::filesSelected, this,
            [this](const QStringList &files) { Q_EMIT importFilesRequested(files, 0); });
    dialog->open();
}

void ExchangeMenu::askForK(const QStringList &files) {
    auto *dialog = new QInputDialog(window_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Import a transcoder of the Python TinyTranscoder"));
    dialog->setInputMode(QInputDialog::IntInput);
    dialog->setIntRange(1, mostActive);
    dialog->setIntValue(OriginalImport().k);
    dialog->setLabelText(tr("How many features are active at a token (k)?\nIts file does not say; %1 is that program’s "
                            "default.")
                             .arg(OriginalImport().k));
    dialog->setOkButtonText(tr("Import"));
    if (auto *field = dialog->findChild<QSpinBox *>()) {
        field->setAccessibleName(tr("Active features a token"));
        field->setToolTip(tr("The k that the transcoder was trained with"));
    }
    connect(dialog, &QInputDialog::intValueSelected, this,
            [this, files](int k) { Q_EMIT importFilesRequested(files, k); });
    dialog->open();
}

void ExchangeMenu::chooseFolder() {
    auto *dialog = new QFileDialog(window_, tr("Import a transcoder: its folder"), QDir::homePath());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, this, &ExchangeMenu::importFolderRequested);
    dialog->open();
}

void ExchangeMenu::chooseTarget(const QString &program, const QString &format) {
    const QString name = transcoder_();
    if (name.isEmpty())
        return;
    auto *dialog =
        new QFileDialog(window_, tr("Export %1 for %2: name of a new folder").arg(name, program), QDir::homePath());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setFileMode(QFileDialog::AnyFile);
    dialog->setOption(QFileDialog::DontConfirmOverwrite); // one with something in it is refused, nothing is overwritten
    dialog->selectFile(QStringLiteral("%1-%2").arg(name, format));
    connect(dialog, &QFileDialog::fileSelected, this,
            [this, name, format](const QString &folder) { Q_EMIT exportRequested(name, format, folder); });
    dialog->open();
}

} // namespace tt
