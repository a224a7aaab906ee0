#pragma once

#include "core/train/transcoder_evaluation.h"

#include <QAbstractTableModel>

#include <vector>

namespace tt {

/// The workspace's transcoders side by side, as last measured on held-out stories. Qt::UserRole is what a column is
/// sorted by; what was not measured yet sorts last.
class TranscodersModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Kind, Activation, Gpt, Features, Fvu, CeRecovered, Dead, L0, Measured, Size, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;

    void setTranscoders(const std::vector<TranscoderSummary> &transcoders);
    /// The one that the other places use.
    void setChosen(const QString &name);
    [[nodiscard]] const QString &chosen() const { return chosen_; }
    [[nodiscard]] QString name(int row) const;
    [[nodiscard]] int rowOf(const QString &name) const; ///< −1 if there is none

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<TranscoderSummary> transcoders_;
    QString chosen_;
};

} // namespace tt
