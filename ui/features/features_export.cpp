#include "ui/features/features_place.h"

#include "ui/features/feature_card.h"
#include "ui/figures/words.h"

#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QLineEdit>
#include <QTabWidget>

namespace tt {

void FeaturesPlace::copyImage() {
    QGuiApplication::clipboard()->setPixmap(card_->grab());
}

void FeaturesPlace::exportCard() {
    const auto key = card_->feature();
    if (!key)
        return;
    const QString name = QStringLiteral("%1-%2.json").arg(key->first).arg(key->second);
    const QString file = QFileDialog::getSaveFileName(this, tr("Export this feature"), name, tr("Feature (*.json)"));
    if (!file.isEmpty())
        Q_EMIT exportRequested(key->first, key->second, file);
}

void FeaturesPlace::exportAll(bool packed) {
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Export all features to a folder"));
    if (!folder.isEmpty())
        Q_EMIT exportAllRequested(folder, packed);
}

QString FeaturesPlace::commandLine() const {
    const PromptFeatures &features = index_.features();
    const QString name = shellWord(QString::fromStdString(features.transcoder));
    const auto key = card_->feature();
    if (tabs_->currentIndex() == static_cast<int>(Tab::All) && !search_->text().isEmpty())
        return QStringLiteral("tinytranscoder-cli features search --name %1 %2").arg(name, shellWord(search_->text()));
    if (tabs_->currentIndex() != static_cast<int>(Tab::Prompt) && key)
        return QStringLiteral("tinytranscoder-cli features show --name %1 --layer %2 --feature %3")
            .arg(name)
            .arg(key->first)
            .arg(key->second);
    return QStringLiteral("tinytranscoder-cli features active --name %1 --prompt %2")
        .arg(name, shellWord(QString::fromStdString(features.prompt)));
}

} // namespace tt
