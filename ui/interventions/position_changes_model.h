#pragma once

#include "core/features/steered_prompt.h"

#include <QAbstractTableModel>

namespace tt {

/// What the interventions change at each position of the prompt.
class PositionChangesModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Position, Token, Divergence, Before, After, Logit, Columns };
    using QAbstractTableModel::QAbstractTableModel;
    void setPositions(const std::vector<PositionShift> &positions, const std::vector<std::string> &tokens);

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<PositionShift> positions_;
    std::vector<std::string> tokens_;
};

} // namespace tt
