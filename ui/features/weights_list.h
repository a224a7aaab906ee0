#pragma once

#include <QAbstractTableModel>
#include <QString>
#include <QTableView>

#include <optional>
#include <utility>
#include <vector>

namespace tt {

/// Names with a weight: tokens a feature raises or reads, features near it or on its paths.
class WeightsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    struct Row {
        QString name;                               ///< mono: a shown token or "1/1184"
        std::optional<std::pair<int, int>> feature; ///< layer, index, where the row is one
        QString label, path;                        ///< of a feature; "direct", "L1H3"
        double weight = 0;
        bool operator==(const Row &) const = default;
    };
    enum Column { NameColumn, LabelColumn, PathColumn, BarColumn, WeightColumn, Columns };
    enum Role {
        ShareRole = Qt::UserRole, ///< double: weight as a share of the list's largest, with its sign
        IsFeatureRole
    };
    using QAbstractTableModel::QAbstractTableModel;
    void setRows(std::vector<Row> rows);
    [[nodiscard]] const std::vector<Row> &rows() const { return rows_; }

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    /// The list shows no header; who hears it read is told.
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    [[nodiscard]] static QString text(const Row &row, int column);
    std::vector<Row> rows_;
    double largest_ = 0;
};

/// A short list of them without a header. Which columns there are is fixed: a bar for tokens, label and path for
/// features.
class WeightsList : public QTableView {
    Q_OBJECT
public:
    enum class Kind { Tokens, Reads, Features, Paths };
    WeightsList(Kind kind, const QString &accessibleName, QWidget *parent = nullptr);
    void setRows(std::vector<WeightsModel::Row> rows);
    [[nodiscard]] WeightsModel *weights() const { return model_; }

Q_SIGNALS:
    void featureChosen(int layer, int feature); ///< clicked, or Return
    void menuRequested(int layer, int feature, const QPoint &at);

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;

private:
    void updateSizes();
    void follow(const QModelIndex &index);
    Kind kind_;
    WeightsModel *model_;
};

} // namespace tt
