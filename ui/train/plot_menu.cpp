#include "ui/train/plot_menu.h"

#include "core/error.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>

namespace tt {

PlotMenu::PlotMenu(ExportedPlot plot, QWidget *parent) : QMenu(parent), plot_(std::move(plot)) {
    addExport(tr("Export CSV…"), QStringLiteral("csv"));
    addExport(tr("Export PNG…"), QStringLiteral("png"));
    addExport(tr("Export SVG…"), QStringLiteral("svg"));
    connect(addAction(tr("Copy image")), &QAction::triggered, this,
            [this] { QApplication::clipboard()->setImage(plotImage(plot_)); });
}

void PlotMenu::addExport(const QString &text, const QString &suffix) {
    connect(addAction(text), &QAction::triggered, this, [this, text, suffix] {
        const QString proposed = plot_.widget->accessibleName().toLower().replace(u' ', u'-') + u'.' + suffix;
        const QString file = QFileDialog::getSaveFileName(parentWidget(), QString(text).remove(QChar(0x2026)), proposed,
                                                          QStringLiteral("*.") + suffix);
        if (!file.isEmpty())
            exportTo(QFileInfo(file).suffix().isEmpty() ? file + u'.' + suffix : file);
    });
}

void PlotMenu::exportTo(const QString &file) {
    if (QFileInfo(file).suffix().compare(QLatin1String("csv"), Qt::CaseInsensitive) == 0)
        return Q_EMIT csvRequested(file, plot_.table());
    try {
        writePlotPicture(plot_, file);
        Q_EMIT exported(file);
    } catch (const Error &error) {
        Q_EMIT failed(QString::fromStdString(error.what()));
    }
}

} // namespace tt
