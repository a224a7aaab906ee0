#pragma once

#include "core/circuits/intervention_effects.h"

#include <QAbstractTableModel>
#include <QStringList>

#include <vector>

namespace tt {

/// "What matters here": features by the size of what ablating them does to the target.
class EffectsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Place, Predicted, Measured, Columns };
    using QAbstractTableModel::QAbstractTableModel;
    void setEffects(const std::vector<FeatureEffect> &effects, const QStringList &names);
    void setForetold(double FeatureEffect::*foretold); ///< direct or total
    [[nodiscard]] const std::vector<FeatureEffect> &effects() const { return effects_; }

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<FeatureEffect> effects_;
    QStringList names_;
    double FeatureEffect::*foretold_ = &FeatureEffect::total;
};

} // namespace tt
