#include "ui/features/active_features_model.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

#include <algorithm>

namespace tt {

namespace {

/// Groups have no parent; rows in group g carry g + 1.
constexpr quintptr topLevel = 0;

} // namespace

int ActiveFeaturesModel::Group::shown() const {
    const int all = static_cast<int>(features.size());
    // One row more costs no more than the row that offers it.
    return showsAll || all <= strongestShown + 1 ? all : strongestShown;
}

void ActiveFeaturesModel::setNotes(const FeatureNotes &notes) {
    notes_ = &notes;
    for (int group = 0; group < rowCount(); ++group) {
        const QModelIndex parent = index(group, 0);
        if (const int rows = rowCount(parent); rows > 0)
            Q_EMIT dataChanged(index(0, LabelColumn, parent), index(rows - 1, LabelColumn, parent));
    }
}

QString ActiveFeaturesModel::labelOf(const ActiveFeature &active) const {
    if (!notes_)
        return {};
    const auto found = notes_->find({active.layer, active.feature});
    return found == notes_->end() ? QString() : QString::fromStdString(found->second.label);
}

void ActiveFeaturesModel::setActive(const PromptIndex &index, const std::vector<int> &positions, PromptIndex::Of of) {
    beginResetModel();
    groups_.assign(static_cast<size_t>(index.features().layers), {});
    strongest_ = 0;
    for (size_t layer = 0; layer < groups_.size(); ++layer) {
        groups_[layer].features = index.activeAt(positions, static_cast<int>(layer), of);
        if (!groups_[layer].features.empty())
            strongest_ = std::max(strongest_, double{groups_[layer].features.front().activation});
    }
    endResetModel();
}

void ActiveFeaturesModel::showWeaker(int layer) {
    Group &group = groups_[static_cast<size_t>(layer)];
    if (!group.hasMoreRow())
        return;
    const QModelIndex parent = index(layer, 0);
    const int more = group.shown(), last = static_cast<int>(group.features.size()) - 1;
    beginRemoveRows(parent, more, more);
    group.offersMore = false;
    endRemoveRows();
    beginInsertRows(parent, more, last);
    group.showsAll = true;
    endInsertRows();
}

QModelIndex ActiveFeaturesModel::indexOf(int layer, int feature) {
    if (layer < 0 || layer >= static_cast<int>(groups_.size()))
        return {};
    const Group &group = groups_[static_cast<size_t>(layer)];
    const auto found = std::find_if(group.features.begin(), group.features.end(),
                                    [&](const ActiveFeature &active) { return active.feature == feature; });
    if (found == group.features.end())
        return {};
    const int row = static_cast<int>(found - group.features.begin());
    if (row >= group.shown())
        showWeaker(layer);
    return index(row, 0, index(layer, 0));
}

QModelIndex ActiveFeaturesModel::index(int row, int column, const QModelIndex &parent) const {
    if (!hasIndex(row, column, parent))
        return {};
    return createIndex(row, column, parent.isValid() ? static_cast<quintptr>(parent.row()) + 1 : topLevel);
}

QModelIndex ActiveFeaturesModel::parent(const QModelIndex &index) const {
    if (!index.isValid() || index.internalId() == topLevel)
        return {};
    return createIndex(static_cast<int>(index.internalId()) - 1, 0, topLevel);
}

int ActiveFeaturesModel::rowCount(const QModelIndex &parent) const {
    if (!parent.isValid())
        return static_cast<int>(groups_.size());
    if (parent.internalId() != topLevel || parent.column() != 0)
        return 0;
    const Group &group = groups_[static_cast<size_t>(parent.row())];
    return group.shown() + (group.hasMoreRow() ? 1 : 0);
}

int ActiveFeaturesModel::columnCount(const QModelIndex &) const {
    return Columns;
}

const ActiveFeaturesModel::Group &ActiveFeaturesModel::groupOf(const QModelIndex &index) const {
    const bool isGroup = index.internalId() == topLevel;
    return groups_[isGroup ? static_cast<size_t>(index.row()) : static_cast<size_t>(index.internalId()) - 1];
}

QVariant ActiveFeaturesModel::data(const QModelIndex &index, int role) const {
    if (!index.isValid())
        return {};
    if (index.internalId() == topLevel)
        return groupData(index, role);
    const Group &group = groupOf(index);
    if (index.row() >= group.shown())
        return moreData(index, role);
    return featureData(group.features[static_cast<size_t>(index.row())], index.column(), role);
}

QVariant ActiveFeaturesModel::groupData(const QModelIndex &index, int role) const {
    const QString note = tr("%1 active").arg(groupOf(index).features.size());
    switch (role) {
    case Qt::DisplayRole:
        return index.column() == 0 ? tr("Layer %1").arg(index.row()) : QVariant();
    case Qt::AccessibleTextRole:
        return tr("Layer %1, %2").arg(index.row()).arg(note);
    case KindRole:
        return GroupRow;
    case LayerRole:
        return index.row();
    case NoteRole:
        return note;
    default:
        return {};
    }
}

QVariant ActiveFeaturesModel::moreData(const QModelIndex &index, int role) const {
    const Group &group = groupOf(index);
    if (role == KindRole)
        return MoreRow;
    if (role == LayerRole)
        return static_cast<int>(index.internalId()) - 1;
    if ((role == Qt::DisplayRole && index.column() == 0) || role == Qt::AccessibleTextRole)
        return tr("Show %1 weaker").arg(static_cast<int>(group.features.size()) - group.shown());
    return {};
}

QVariant ActiveFeaturesModel::featureData(const ActiveFeature &active, int column, int role) const {
    const QString label = labelOf(active), said = label.isEmpty() ? tr("no label") : label;
    const QString texts[Columns] = {featureName(active.layer, active.feature), figure(active.activation), said,
                                    shownToken(active.promoted), figure(100 * active.density)};
    switch (role) {
    case Qt::DisplayRole:
        return texts[column];
    case Qt::AccessibleTextRole:
        return tr("%1, activation %2, %3, promotes %4, density %5 %")
            .arg(texts[0], texts[1], texts[2], texts[3], texts[4]);
    case LabelledRole:
        return !label.isEmpty();
    case Qt::ToolTipRole:
        return plainToolTip(tr("%1 %2\nactivation %3 at position %4, largest on the corpus %5")
                                .arg(texts[0], said, texts[1])
                                .arg(active.position)
                                .arg(figure(active.maximum)));
    case KindRole:
        return FeatureRow;
    case LayerRole:
        return active.layer;
    case IdRole:
        return active.feature;
    case ActivationRole:
        return double{active.activation};
    case ShareRole:
        return strongest_ > 0 ? active.activation / strongest_ : 0;
    default:
        return {};
    }
}

QVariant ActiveFeaturesModel::headerData(int section, Qt::Orientation orientation, int role) const {
    const QString titles[Columns] = {tr("feature"), tr("activation"), tr("label"), tr("promotes"), tr("dens. %")};
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::DisplayRole)
        return titles[section];
    if (role == Qt::ToolTipRole && section == DensityColumn)
        return tr("Share of the corpus' tokens on which the feature fires");
    if (role == Qt::ToolTipRole && section == PromotesColumn)
        return tr("The token whose logit the feature raises most");
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((section == DensityColumn ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    return {};
}

} // namespace tt
