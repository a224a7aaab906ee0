#pragma once

#include "core/features/steered_prompt.h"
#include "ui/interventions/value_range.h"

#include <QAbstractTableModel>

#include <vector>

namespace tt {

/// The rows of the place Interventions. An edit is asked for by editRequested(), so that it can be undone; setRows()
/// brings it.
class InterventionsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Enabled, Layer, Feature, Label, Position, Action, Value, Effect, Remove, Columns };
    enum Role {
        ActionRole = Qt::UserRole, ///< int of InterventionAction
        NoteRole,                  ///< why the row does not act, in words
        NoteKindRole,              ///< int of RowNote::Kind
        EnabledRole,
    };
    explicit InterventionsModel(QObject *parent = nullptr);

    void setTokens(const std::vector<std::string> &tokens); ///< of the prompt
    [[nodiscard]] const std::vector<std::string> &tokens() const { return tokens_; }
    void setRows(const std::vector<Intervention> &rows);
    [[nodiscard]] const std::vector<Intervention> &rows() const { return rows_; }
    /// What was found out about the rows; ignored where it belongs to another number of rows.
    void setOutcome(const std::vector<RowNote> &notes, const std::vector<RowEffect> &effects);
    [[nodiscard]] ValueRange rangeOf(int row) const;
    [[nodiscard]] QString labelOf(int row) const;

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    bool setData(const QModelIndex &index, const QVariant &value, int role = Qt::EditRole) override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex &index) const override;

Q_SIGNALS:
    void editRequested(int row, int column, const tt::Intervention &edited);

private:
    [[nodiscard]] QVariant editData(const Intervention &row, int column) const;
    [[nodiscard]] QString text(int row, int column) const;
    [[nodiscard]] QString effectText(int row) const;

    std::vector<Intervention> rows_;
    std::vector<RowNote> notes_;
    std::vector<RowEffect> effects_;
    std::vector<std::string> tokens_;
};

/// "at 2, ␣a", "last", "all", "generated", "at 0, 2".
QString placesText(const InterventionPlaces &places, const std::vector<std::string> &tokens);

} // namespace tt
