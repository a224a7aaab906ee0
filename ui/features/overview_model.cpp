#include "ui/features/overview_model.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

#include <algorithm>

namespace tt {

void OverviewModel::setPrompt(const PromptIndex &index) {
    beginResetModel();
    index_ = &index;
    features_ = index.strongest(featuresShown);
    endResetModel();
}

QModelIndex OverviewModel::indexOf(int layer, int feature) const {
    const auto found = std::find(features_.begin(), features_.end(), PromptIndex::Key{layer, feature});
    return found == features_.end() ? QModelIndex() : index(static_cast<int>(found - features_.begin()), 0);
}

int OverviewModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(features_.size());
}

int OverviewModel::columnCount(const QModelIndex &parent) const {
    return parent.isValid() || !index_ ? 0 : fixedColumns + static_cast<int>(index_->features().tokens.size());
}

const ActiveFeature *OverviewModel::activeAt(const QModelIndex &index) const {
    const auto &[layer, feature] = features_[static_cast<size_t>(index.row())];
    for (const ActiveFeature &active : index_->of(layer, feature))
        if (active.position == index.column() - fixedColumns)
            return &active;
    return nullptr;
}

QVariant OverviewModel::data(const QModelIndex &index, int role) const {
    if (!index.isValid())
        return {};
    const auto &[layer, feature] = features_[static_cast<size_t>(index.row())];
    if (role == LayerRole)
        return layer;
    if (role == IdRole)
        return feature;
    if (index.column() < fixedColumns) {
        if (role != Qt::DisplayRole)
            return {};
        return index.column() == 0 ? featureName(layer, feature)
                                   : shownToken(index_->of(layer, feature).front().promoted);
    }
    const ActiveFeature *active = activeAt(index);
    if (!active)
        return {};
    const QString token = shownToken(index_->features().tokens[static_cast<size_t>(active->position)]);
    switch (role) {
    case Qt::DisplayRole:
        return figure(active->activation);
    case ShareRole:
        return active->maximum > 0 ? active->activation / active->maximum : 0.0F;
    case Qt::AccessibleTextRole:
    case Qt::ToolTipRole: {
        const QString text = tr("%1 at %2, position %3: %4 of at most %5")
                                 .arg(featureName(layer, feature), token)
                                 .arg(active->position)
                                 .arg(figure(active->activation), figure(active->maximum));
        return role == Qt::ToolTipRole ? plainToolTip(text) : text;
    }
    default:
        return {};
    }
}

QVariant OverviewModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || !index_)
        return {};
    const bool isToken = section >= fixedColumns;
    switch (role) {
    case Qt::DisplayRole:
        return isToken        ? shownToken(index_->features().tokens[static_cast<size_t>(section - fixedColumns)])
               : section == 0 ? tr("feature")
                              : tr("promotes");
    case Qt::FontRole:
        return font(isToken ? TextRole::Mono : TextRole::Secondary);
    case Qt::TextAlignmentRole:
        return static_cast<int>((isToken ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    default:
        return {};
    }
}

} // namespace tt
