#include "ui/interventions/interventions_model.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

namespace tt {

QString placesText(const InterventionPlaces &places, const std::vector<std::string> &tokens) {
    if (places.kind != InterventionPlaces::Kind::Chosen)
        return QString::fromStdString(toString(places));
    QStringList positions;
    for (const int position : places.chosen)
        positions << QString::number(position);
    const QString at = InterventionsModel::tr("at %1").arg(positions.join(QStringLiteral(", ")));
    const bool one = places.chosen.size() == 1 && places.chosen.front() < static_cast<int>(tokens.size());
    return one ? at + QStringLiteral(", ") + shownToken(tokens[static_cast<size_t>(places.chosen.front())]) : at;
}

InterventionsModel::InterventionsModel(QObject *parent) : QAbstractTableModel(parent) {}

void InterventionsModel::setTokens(const std::vector<std::string> &tokens) {
    tokens_ = tokens;
    if (!rows_.empty())
        Q_EMIT dataChanged(index(0, Position), index(rowCount() - 1, Position));
}

void InterventionsModel::setRows(const std::vector<Intervention> &rows) {
    if (rows == rows_)
        return;
    if (rows.size() != rows_.size()) {
        beginResetModel();
        rows_ = rows;
        notes_.clear();
        effects_.clear();
        endResetModel();
        return;
    }
    for (size_t row = 0; row < rows.size(); ++row) {
        if (rows[row] == rows_[row])
            continue;
        const bool moved =
            std::pair(rows[row].layer, rows[row].feature) != std::pair(rows_[row].layer, rows_[row].feature);
        rows_[row] = rows[row];
        if (moved && row < effects_.size())
            effects_[row] = {};
        Q_EMIT dataChanged(index(static_cast<int>(row), 0), index(static_cast<int>(row), Columns - 1));
    }
}

void InterventionsModel::setOutcome(const std::vector<RowNote> &notes, const std::vector<RowEffect> &effects) {
    if (notes.size() != rows_.size() || effects.size() != rows_.size() || (notes == notes_ && effects == effects_))
        return;
    const auto sameRange = [&](size_t row) {
        return row < effects_.size() && effects_[row].maximum == effects[row].maximum &&
               effects_[row].before == effects[row].before && effects_[row].promoted == effects[row].promoted;
    };
    std::vector<bool> same;
    for (size_t row = 0; row < rows_.size(); ++row)
        same.push_back(sameRange(row));
    notes_ = notes;
    effects_ = effects;
    for (int row = 0; row < rowCount(); ++row) {
        const int first = same[static_cast<size_t>(row)] ? Effect : 0; // what is being dragged is left alone
        Q_EMIT dataChanged(index(row, first), index(row, Columns - 1));
    }
}

ValueRange InterventionsModel::rangeOf(int row) const {
    const auto r = static_cast<size_t>(row);
    const RowEffect effect = r < effects_.size() ? effects_[r] : RowEffect();
    return valueRange(rows_[r].action, effect.before, effect.maximum, rows_[r].value);
}

QString InterventionsModel::labelOf(int row) const {
    const auto r = static_cast<size_t>(row);
    return r < effects_.size() ? shownToken(effects_[r].promoted) : QString();
}

int InterventionsModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}
int InterventionsModel::columnCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : Columns;
}

QString InterventionsModel::effectText(int row) const {
    const auto r = static_cast<size_t>(row);
    if (!rows_[r].enabled)
        return tr("off");
    if (r < notes_.size() && notes_[r].kind != RowNote::Kind::None)
        return QString::fromStdString(notes_[r].text);
    if (r >= effects_.size())
        return {};
    if (effects_[r].position < 0)
        return tr("acts on what is generated");
    return tr("%1 becomes %2").arg(figure(effects_[r].before), figure(effects_[r].after));
}

QString InterventionsModel::text(int row, int column) const {
    const Intervention &at = rows_[static_cast<size_t>(row)];
    switch (column) {
    case Layer:
        return QString::number(at.layer);
    case Feature:
        return QString::number(at.feature);
    case Label:
        return labelOf(row);
    case Position:
        return placesText(at.places, tokens_);
    case Action:
        return QString::fromStdString(toString(at.action));
    case Value:
        return at.action == InterventionAction::Ablate     ? tr("sets the activation to 0")
               : at.action == InterventionAction::Multiply ? QStringLiteral("× ") + figure(at.value)
                                                           : figure(at.value);
    case Effect:
        return effectText(row);
    default:
        return {};
    }
}

QVariant InterventionsModel::editData(const Intervention &row, int column) const {
    switch (column) {
    case Enabled:
        return row.enabled;
    case Layer:
        return row.layer;
    case Feature:
        return row.feature;
    case Position:
        return QString::fromStdString(toString(row.places));
    case Action:
        return static_cast<int>(row.action);
    case Value:
        return row.value;
    default:
        return {};
    }
}

QVariant InterventionsModel::data(const QModelIndex &index, int role) const {
    if (!index.isValid())
        return {};
    const auto row = static_cast<size_t>(index.row());
    const RowNote note = row < notes_.size() ? notes_[row] : RowNote();
    switch (role) {
    case Qt::DisplayRole:
        return text(index.row(), index.column());
    case Qt::EditRole:
        return editData(rows_[row], index.column());
    case Qt::ToolTipRole:
        if (note.kind != RowNote::Kind::None)
            return plainToolTip(QString::fromStdString(note.text));
        return index.column() == Label && !text(index.row(), Label).isEmpty()
                   ? plainToolTip(tr("The token whose logit the feature raises most: %1").arg(text(index.row(), Label)))
                   : QVariant();
    case Qt::AccessibleTextRole:
        return index.column() == Enabled  ? (rows_[row].enabled ? tr("on") : tr("off"))
               : index.column() == Remove ? tr("Remove")
                                          : text(index.row(), index.column());
    case ActionRole:
        return static_cast<int>(rows_[row].action);
    case NoteRole:
        return QString::fromStdString(note.text);
    case NoteKindRole:
        return static_cast<int>(note.kind);
    case EnabledRole:
        return rows_[row].enabled;
    default:
        return {};
    }
}

bool InterventionsModel::setData(const QModelIndex &index, const QVariant &value, int role) {
    if (!index.isValid() || role != Qt::EditRole ||
        value == editData(rows_[static_cast<size_t>(index.row())], index.column()))
        return false;
    Intervention row = rows_[static_cast<size_t>(index.row())];
    switch (index.column()) {
    case Enabled:
        row.enabled = value.toBool();
        break;
    case Layer:
        row.layer = value.toInt();
        break;
    case Feature:
        row.feature = value.toInt();
        break;
    case Position:
        try {
            row.places = parsePlaces(value.toString().toStdString());
        } catch (const Error &) {
            return false;
        }
        break;
    case Action: {
        row.action = static_cast<InterventionAction>(value.toInt());
        const auto effect = static_cast<size_t>(index.row()) < effects_.size()
                                ? effects_[static_cast<size_t>(index.row())]
                                : RowEffect();
        row.value = row.action == InterventionAction::Ablate
                        ? 0
                        : valueRange(row.action, effect.before, effect.maximum, row.value).present;
        break;
    }
    case Value:
        row.value = value.toDouble();
        break;
    default:
        return false;
    }
    Q_EMIT editRequested(index.row(), index.column(), row);
    return true;
}

QVariant InterventionsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    const QString titles[Columns] = {QString(),
                                     tr("layer"),
                                     tr("feature"),
                                     tr("promotes"),
                                     tr("position"),
                                     tr("action"),
                                     tr("value on the feature's own range, mark = now"),
                                     tr("effect"),
                                     QString()};
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::DisplayRole)
        return titles[section];
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>(Qt::AlignLeft | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == Label)
        return tr("The token whose logit the feature raises most");
    return {};
}

Qt::ItemFlags InterventionsModel::flags(const QModelIndex &index) const {
    const Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    if (!index.isValid())
        return flags;
    const int column = index.column();
    return column == Label || column == Effect || column == Remove ? flags : flags | Qt::ItemIsEditable;
}

} // namespace tt
