#pragma once

#include "ui/features/prompt_index.h"

#include <QAbstractTableModel>
#include <QTableView>

namespace tt {

/// Where in the prompt the chosen feature fires: position, token, activation as a share of its largest on the corpus.
class PositionsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { PositionColumn, TokenColumn, ActivationColumn, Columns };
    using QAbstractTableModel::QAbstractTableModel;
    void setRows(std::vector<ActiveFeature> rows, const std::vector<std::string> &tokens);
    [[nodiscard]] const std::vector<ActiveFeature> &rows() const { return rows_; }

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<ActiveFeature> rows_;
    std::vector<QString> tokens_;
};

class PositionsList : public QTableView {
    Q_OBJECT
public:
    explicit PositionsList(QWidget *parent = nullptr);
    void setRows(std::vector<ActiveFeature> rows, const std::vector<std::string> &tokens);
    void choosePosition(int position);
    /// Of the selected row; −1 without.
    [[nodiscard]] int position() const;

Q_SIGNALS:
    void positionChosen(int position);

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    void currentChanged(const QModelIndex &current, const QModelIndex &previous) override;

private:
    void updateSizes();
    PositionsModel *model_;
    bool quiet_ = false;
};

} // namespace tt
