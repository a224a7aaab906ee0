#pragma once

#include "ui/values.h"

#include <QAbstractTableModel>
#include <QTableView>

namespace tt {

/// The most frequent tokens: token, a bar, % of all tokens.
class FrequentTokensModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Token, Bar, Share, ColumnCount };
    enum Role { ShareRole = Qt::UserRole }; ///< of the most frequent's count, 0 … 1
    using QAbstractTableModel::QAbstractTableModel;
    void setCounts(const TokenCounts &counts);

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    [[nodiscard]] QString shareText(int64_t count) const;
    std::vector<TokenCounts::Row> rows_;
    int64_t tokens_ = 0;
};

/// `Most frequent tokens`.
class FrequentTokens : public QTableView {
    Q_OBJECT
public:
    explicit FrequentTokens(QWidget *parent = nullptr);
    void setCounts(const TokenCounts &counts);

protected:
    void changeEvent(QEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void fit();
    FrequentTokensModel *model_;
};

} // namespace tt
