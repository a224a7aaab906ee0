#include "ui/features/active_features_view.h"
#include "ui/features/all_features.h"
#include "ui/features/card_head.h"
#include "ui/features/feature_card.h"
#include "ui/features/features_place.h"
#include "ui/features/overview_view.h"

#include <QMenu>

namespace tt {

/// The menu of a feature wherever it is listed. Each item is a button of the card too.
void FeaturesPlace::showMenu(int layer, int feature, const QPoint &at) {
    const bool fires = !index_.of(layer, feature).empty();
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const auto add = [&](const QString &text, auto work) {
        return menu->addAction(text, this, [this, layer, feature, work] {
            choose(layer, feature);
            work();
        });
    };
    add(tr("Open card"), [this] { showTab(Tab::Prompt); });
    add(tr("Trace"), [this] { card_->trace(); })->setEnabled(fires);
    add(tr("Intervene"), [this] { card_->intervene(); })->setEnabled(fires);
    menu->addSeparator();
    add(tr("Star"), [this] { card_->head()->toggleStar(); })->setEnabled(!readOnly_);
    add(tr("Rename"), [this] {
        showTab(Tab::Prompt);
        card_->head()->editLabel();
    })->setEnabled(!readOnly_);
    menu->addSeparator();
    add(tr("Copy as text"), [this, layer, feature] { Q_EMIT copyTextRequested(layer, feature); });
    add(tr("Copy as JSON"), [this, layer, feature] { Q_EMIT copyJsonRequested(layer, feature); });
    menu->popup(at);
}

void FeaturesPlace::offerMenus() {
    connect(all_, &AllFeatures::menuRequested, this, &FeaturesPlace::showMenu);
    connect(card_, &FeatureCard::menuRequested, this, &FeaturesPlace::showMenu);
    const auto offer = [this](QAbstractItemView *list, int layerRole, int idRole) {
        list->setContextMenuPolicy(Qt::CustomContextMenu);
        connect(list, &QWidget::customContextMenuRequested, this, [this, list, layerRole, idRole](const QPoint &at) {
            const QVariant id = list->indexAt(at).data(idRole);
            if (id.isValid())
                showMenu(list->indexAt(at).data(layerRole).toInt(), id.toInt(), list->viewport()->mapToGlobal(at));
        });
    };
    offer(active_, ActiveFeaturesModel::LayerRole, ActiveFeaturesModel::IdRole);
    offer(overview_, OverviewModel::LayerRole, OverviewModel::IdRole);
}

} // namespace tt
