#pragma once

#include <QStyledItemDelegate>

namespace tt {

/// Editors of a row of interventions, and how a row without editors is painted. Editors hand over what the user changes
/// at once.
class RowDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    QWidget *createEditor(QWidget *parent, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    void setEditorData(QWidget *editor, const QModelIndex &index) const override;
    void setModelData(QWidget *editor, QAbstractItemModel *model, const QModelIndex &index) const override;
    void updateEditorGeometry(QWidget *editor, const QStyleOptionViewItem &option,
                              const QModelIndex &index) const override;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;

    /// "Value" for the selected row, "Value of row 3" for the others: names are unique.
    static QString nameOf(const QModelIndex &index, bool selected);

Q_SIGNALS:
    void removeRequested(int row) const;

private:
    /// Hands `editor`'s content to the model.
    void commit(QWidget *editor) const;
};

} // namespace tt
