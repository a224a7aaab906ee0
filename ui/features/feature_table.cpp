#include "ui/features/feature_table.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

#include <algorithm>
#include <limits>

namespace tt {

void FeatureTableModel::setDictionary(std::shared_ptr<const DictionarySummary> dictionary) {
    beginResetModel();
    dictionary_ = std::move(dictionary);
    matches_.clear();
    found_.assign(dictionary_ ? dictionary_->maximum.size() : 0, -1);
    endResetModel();
}

void FeatureTableModel::setNotes(const FeatureNotes &notes) {
    notes_ = &notes;
    if (rowCount() > 0)
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, LabelColumn));
}

void FeatureTableModel::setNote(int layer, int feature) {
    const int row = rowOf(layer, feature);
    if (row >= 0)
        Q_EMIT dataChanged(index(row, 0), index(row, LabelColumn));
}

void FeatureTableModel::setMatches(const std::vector<SearchMatch> &matches) {
    matches_ = matches;
    std::fill(found_.begin(), found_.end(), -1);
    for (size_t i = 0; i < matches_.size(); ++i)
        if (const int row = rowOf(matches_[i].layer, matches_[i].feature); row >= 0 && !isFound(row))
            found_[static_cast<size_t>(row)] = static_cast<int>(i);
    if (rowCount() > 0)
        Q_EMIT dataChanged(index(0, FoundColumn), index(rowCount() - 1, FoundColumn));
}

int FeatureTableModel::rowOf(int layer, int feature) const {
    if (!dictionary_ || layer < 0 || layer >= dictionary_->layers || feature < 0 || feature >= dictionary_->features)
        return -1;
    return layer * dictionary_->features + feature;
}

std::pair<int, int> FeatureTableModel::featureAt(int row) const {
    return {row / dictionary_->features, row % dictionary_->features};
}

const FeatureNote *FeatureTableModel::note(int row) const {
    if (!notes_)
        return nullptr;
    const auto found = notes_->find(featureAt(row));
    return found == notes_->end() ? nullptr : &found->second;
}

int FeatureTableModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() || !dictionary_ ? 0 : static_cast<int>(dictionary_->maximum.size());
}

int FeatureTableModel::columnCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : Columns;
}

QString FeatureTableModel::foundText(int row) const {
    if (!isFound(row))
        return {};
    const SearchMatch &match = matches_[static_cast<size_t>(found_[static_cast<size_t>(row)])];
    const QString token = shownToken(match.text), score = figure(static_cast<double>(match.score));
    switch (match.kind) {
    case MatchKind::Name:
        return tr("its name");
    case MatchKind::Label:
        return tr("label or notes");
    case MatchKind::Promotes:
        return tr("promotes %1, %2").arg(token, score);
    case MatchKind::FiresOn:
        return tr("fires on %1, %2").arg(token, score);
    }
    return {};
}

QString FeatureTableModel::ceText(int row) const {
    if (!hasCeEffects())
        return {};
    const std::optional<float> rise = dictionary_->ceEffect[static_cast<size_t>(row)];
    return rise ? figure(1000 * static_cast<double>(*rise), 3) : QString();
}

QString FeatureTableModel::text(int row, int column) const {
    const auto i = static_cast<size_t>(row);
    const FeatureNote *noted = note(row);
    switch (column) {
    case StarColumn:
        return noted && noted->starred ? QStringLiteral("★") : QString();
    case LayerColumn:
        return QString::number(featureAt(row).first);
    case IndexColumn:
        return QString::number(featureAt(row).second);
    case LabelColumn:
        return noted ? QString::fromStdString(noted->label) : QString();
    case DensityColumn:
        return figure(100 * static_cast<double>(dictionary_->density[i]), 3);
    case MaximumColumn:
        return figure(static_cast<double>(dictionary_->maximum[i]));
    case CeColumn:
        return ceText(row);
    case PromotesColumn:
        return shownToken(dictionary_->promoted[i]);
    case FoundColumn:
        return foundText(row);
    default:
        return {};
    }
}

QVariant FeatureTableModel::sortKey(int row, int column) const {
    const auto i = static_cast<size_t>(row);
    switch (column) {
    case LayerColumn:
        return row;
    case IndexColumn:
        return featureAt(row).second;
    case DensityColumn:
        return static_cast<double>(dictionary_->density[i]);
    case MaximumColumn:
        return static_cast<double>(dictionary_->maximum[i]);
    case CeColumn: // what was not measured stands below the smallest
        return hasCeEffects() && dictionary_->ceEffect[i] ? static_cast<double>(*dictionary_->ceEffect[i])
                                                          : std::numeric_limits<double>::lowest();
    case FoundColumn: // as the search ranked them; what it did not find is last
        return isFound(row) ? found_[i] : static_cast<int>(matches_.size());
    default:
        return text(row, column);
    }
}

QVariant FeatureTableModel::data(const QModelIndex &index, int role) const {
    if (!index.isValid())
        return {};
    switch (role) {
    case Qt::DisplayRole:
        return text(index.row(), index.column());
    case SortRole:
        return sortKey(index.row(), index.column());
    case Qt::AccessibleTextRole: {
        const auto [layer, feature] = featureAt(index.row());
        const QString label = text(index.row(), LabelColumn);
        const QString ce = ceText(index.row());
        return tr("%1, %2, density %3 %, largest %4, promotes %5")
                   .arg(featureName(layer, feature), label.isEmpty() ? tr("no label") : label,
                        text(index.row(), DensityColumn), text(index.row(), MaximumColumn),
                        text(index.row(), PromotesColumn)) +
               (ce.isEmpty() ? QString() : tr(", CE effect %1").arg(ce));
    }
    case Qt::FontRole:
        return tt::font(index.column() == LabelColumn || index.column() == FoundColumn ? TextRole::Body
                                                                                       : TextRole::Mono);
    case Qt::TextAlignmentRole: {
        const bool number = index.column() == DensityColumn || index.column() == MaximumColumn ||
                            index.column() == CeColumn || index.column() == LayerColumn ||
                            index.column() == IndexColumn;
        return static_cast<int>((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    }
    default:
        return {};
    }
}

QVariant FeatureTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    const QString titles[Columns] = {QString(),     tr("layer"),     tr("feature"),  tr("label"),        tr("dens. %"),
                                     tr("largest"), tr("CE effect"), tr("promotes"), tr("found because")};
    const QString tips[Columns] = {tr("Starred"),
                                   {},
                                   {},
                                   {},
                                   tr("Share of the corpus' tokens on which the feature fires"),
                                   tr("Its largest activation on the corpus"),
                                   tr("How much the model's loss rises when the feature is ablated wherever it fires,\n"
                                      "in thousandths of a nat a token, on the index's sample of the corpus"),
                                   tr("The token whose logit it raises most"),
                                   tr("What the search found, with its score")};
    switch (role) {
    case Qt::DisplayRole:
        return titles[section];
    case Qt::ToolTipRole:
        return tips[section];
    case Qt::TextAlignmentRole:
        return data(index(0, section), Qt::TextAlignmentRole);
    default:
        return {};
    }
}

FeatureTableProxy::FeatureTableProxy(FeatureTableModel *model, QObject *parent)
    : QSortFilterProxyModel(parent), model_(model) {
    setSortRole(FeatureTableModel::SortRole);
    setSortCaseSensitivity(Qt::CaseInsensitive);
    setSourceModel(model);
}

void FeatureTableProxy::setFilter(Filter filter) {
    filter_ = filter;
    invalidateFilter();
}

void FeatureTableProxy::setSearching(bool searching) {
    searching_ = searching;
    invalidateFilter();
}

void FeatureTableProxy::setShown(bool shown) {
    shown_ = shown;
    invalidateFilter();
}

bool FeatureTableProxy::filterAcceptsRow(int row, const QModelIndex &) const {
    if (!shown_ || (searching_ && !model_->isFound(row)))
        return false;
    const FeatureNote *note = model_->note(row);
    switch (filter_) {
    case Filter::All:
        return true;
    case Filter::Alive:
        return model_->density(row) > 0;
    case Filter::Dead:
        return model_->density(row) == 0;
    case Filter::Dense:
        return model_->density(row) > dense;
    case Filter::Starred:
        return note && note->starred;
    case Filter::Labelled:
        return note && !note->label.empty();
    }
    return true;
}

} // namespace tt
