#include "ui/interventions/effects_model.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

namespace tt {

void EffectsModel::setEffects(const std::vector<FeatureEffect> &effects, const QStringList &names) {
    beginResetModel();
    effects_ = effects;
    names_ = names;
    endResetModel();
}

void EffectsModel::setForetold(double FeatureEffect::*foretold) {
    foretold_ = foretold;
    if (!effects_.empty())
        Q_EMIT dataChanged(index(0, Predicted), index(rowCount() - 1, Predicted));
}

int EffectsModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(effects_.size());
}
int EffectsModel::columnCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : Columns;
}

QVariant EffectsModel::data(const QModelIndex &index, int role) const {
    if (!index.isValid())
        return {};
    const FeatureEffect &effect = effects_[static_cast<size_t>(index.row())];
    const QString texts[Columns] = {names_.value(index.row()), tr("at %1").arg(effect.position),
                                    signedFigure(effect.*foretold_), signedFigure(effect.measured)};
    switch (role) {
    case Qt::DisplayRole:
        return texts[index.column()];
    case Qt::AccessibleTextRole:
        return tr("%1 %2, predicted %3, measured %4").arg(texts[Name], texts[Place], texts[Predicted], texts[Measured]);
    case Qt::ToolTipRole:
        return plainToolTip(
            tr("%1 at %2, activation %3\nablated: predicted by its edge %4, by all paths %5, measured %6\n"
               "Return adds an intervention")
                .arg(featureName(effect.layer, effect.feature))
                .arg(effect.position)
                .arg(figure(effect.activation), signedFigure(effect.direct), signedFigure(effect.total),
                     signedFigure(effect.measured)));
    case Qt::FontRole:
        return tt::font(index.column() == Place ? TextRole::Secondary : TextRole::Mono);
    case Qt::ForegroundRole:
        return index.column() == Place || index.column() == Predicted ? theme().secondaryInk : theme().ink;
    case Qt::TextAlignmentRole:
        return static_cast<int>((index.column() == Name ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    default:
        return {};
    }
}

QVariant EffectsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    const QString titles[Columns] = {tr("what matters"), QString(), tr("pred."), tr("meas.")};
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::DisplayRole)
        return titles[section];
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((section == Name ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    return {};
}

} // namespace tt
