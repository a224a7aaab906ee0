#pragma once

#include "core/circuits/graph.h"

#include <QAbstractTableModel>
#include <QString>

#include <vector>

namespace tt {

/// Nodes with a signed figure each, for the lists of the node panel: inputs, outputs, strongest nodes.
class NodeListModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { NameColumn, BarColumn, WeightColumn, ShareColumn, Columns };
    enum Role {
        NodeRole = Qt::UserRole, ///< int, index into the graph's nodes
        KindRole,                ///< int of NodeKind
        PlaceRole,               ///< words behind the name
        BarRole,                 ///< double −1 … 1
        GlyphRole                ///< bool
    };
    struct Row {
        int node = 0;
        NodeKind kind = NodeKind::Feature;
        QString name, place, weight, share;
        double bar = 0;
        bool glyph = true; ///< paint the sign of the kind
    };
    NodeListModel(QString title, QString weightTitle, QString shareTitle, QObject *parent);

    void setRows(std::vector<Row> rows);
    void setTitle(const QString &title);
    [[nodiscard]] const std::vector<Row> &rows() const { return rows_; }

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString title_, weightTitle_, shareTitle_;
    std::vector<Row> rows_;
};

} // namespace tt
