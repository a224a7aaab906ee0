#include "ui/interventions/position_changes_model.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

namespace tt {

void PositionChangesModel::setPositions(const std::vector<PositionShift> &positions,
                                        const std::vector<std::string> &tokens) {
    const bool same = positions.size() == positions_.size() && tokens == tokens_;
    if (!same)
        beginResetModel();
    positions_ = positions;
    tokens_ = tokens;
    if (!same)
        endResetModel();
    else if (!positions_.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, Columns - 1));
}

int PositionChangesModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(positions_.size());
}
int PositionChangesModel::columnCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : Columns;
}

QVariant PositionChangesModel::data(const QModelIndex &index, int role) const {
    if (!index.isValid())
        return {};
    const PositionShift &at = positions_[static_cast<size_t>(index.row())];
    const auto top = [](const TokenCandidate &token) {
        return QStringLiteral("%1 %2").arg(shownToken(token.text), figure(token.probability, 3));
    };
    switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole: {
        const QString texts[Columns] = {QString::number(at.position),
                                        shownToken(tokens_[static_cast<size_t>(at.position)]),
                                        figure(at.kl, 3),
                                        top(at.before),
                                        top(at.after),
                                        signedFigure(at.targetChange)};
        return texts[index.column()];
    }
    case Qt::FontRole:
        return tt::font(TextRole::Mono);
    case Qt::ForegroundRole:
        return at.kl > 1e-6 ? theme().ink : theme().tertiaryInk;
    case Qt::TextAlignmentRole:
        return headerData(index.column(), Qt::Horizontal, role);
    default:
        return {};
    }
}

QVariant PositionChangesModel::headerData(int section, Qt::Orientation orientation, int role) const {
    const QString titles[Columns] = {tr("position"), tr("token"), tr("KL"), tr("before"), tr("after"), tr("logit")};
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::DisplayRole)
        return titles[section];
    if (role == Qt::TextAlignmentRole) {
        const bool right = section == Position || section == Divergence || section == Logit;
        return static_cast<int>((right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    }
    if (role == Qt::ToolTipRole && section == Logit)
        return tr("Change of the followed token's logit at this position, relative to the mean logit");
    return {};
}

} // namespace tt
