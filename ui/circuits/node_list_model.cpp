#include "ui/circuits/node_list_model.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

namespace tt {

NodeListModel::NodeListModel(QString title, QString weightTitle, QString shareTitle, QObject *parent)
    : QAbstractTableModel(parent), title_(std::move(title)), weightTitle_(std::move(weightTitle)),
      shareTitle_(std::move(shareTitle)) {}

void NodeListModel::setRows(std::vector<Row> rows) {
    beginResetModel();
    rows_ = std::move(rows);
    endResetModel();
}

void NodeListModel::setTitle(const QString &title) {
    title_ = title;
    Q_EMIT headerDataChanged(Qt::Horizontal, NameColumn, NameColumn);
}

int NodeListModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int NodeListModel::columnCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : Columns;
}

QVariant NodeListModel::data(const QModelIndex &index, int role) const {
    const Row &row = rows_.at(static_cast<size_t>(index.row()));
    const bool isFigure = index.column() == WeightColumn || index.column() == ShareColumn;
    switch (role) {
    case Qt::DisplayRole:
        return index.column() == NameColumn     ? row.name
               : index.column() == WeightColumn ? row.weight
               : index.column() == ShareColumn  ? row.share
                                                : QVariant();
    case Qt::AccessibleTextRole:
        return QString(row.name + u' ' + row.place + u' ' + row.weight + u' ' + row.share).simplified();
    case Qt::ToolTipRole:
        return index.column() == NameColumn && !row.glyph
                   ? plainToolTip(row.place.isEmpty() ? row.name : row.name + u'\n' + row.place)
                   : QVariant();
    case Qt::FontRole:
        return isFigure ? QVariant(font(TextRole::Mono)) : QVariant();
    case Qt::TextAlignmentRole:
        return isFigure ? QVariant(Qt::AlignRight | Qt::AlignVCenter) : QVariant();
    case NodeRole:
        return row.node;
    case KindRole:
        return static_cast<int>(row.kind);
    case PlaceRole:
        return row.place;
    case BarRole:
        return row.bar;
    case GlyphRole:
        return row.glyph;
    default:
        return {};
    }
}

QVariant NodeListModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    const QString titles[Columns] = {title_, QString(), weightTitle_, shareTitle_};
    switch (role) {
    case Qt::DisplayRole:
        return titles[section];
    case Qt::FontRole:
        return font(section == NameColumn ? TextRole::SectionTitle : TextRole::Secondary);
    case Qt::ForegroundRole:
        return section == NameColumn ? theme().ink : theme().secondaryInk;
    case Qt::TextAlignmentRole:
        return static_cast<int>((section == NameColumn ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    default:
        return {};
    }
}

} // namespace tt
