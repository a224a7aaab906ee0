#pragma once

#include <QStyledItemDelegate>

namespace tt {

class RunsModel;

/// Paints the Runs list: the state as a coloured icon, the validation figure in mono after its word, the sample of the
/// run's line before its checkbox.
class RunsDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    RunsDelegate(const RunsModel &model, QObject *parent);
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    QWidget *createEditor(QWidget *parent, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    bool editorEvent(QEvent *event, QAbstractItemModel *model, const QStyleOptionViewItem &option,
                     const QModelIndex &index) override;

private:
    void paintState(QPainter &painter, const QStyleOptionViewItem &option, int row) const;
    void paintText(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index) const;
    void paintValidation(QPainter &painter, const QStyleOptionViewItem &option, int row) const;
    void paintPlot(QPainter &painter, const QStyleOptionViewItem &option, int row) const;

    const RunsModel &model_;
};

} // namespace tt
