#include "ui/data/data_table.h"

#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QEvent>
#include <QHeaderView>
#include <QPainter>
#include <QStyledItemDelegate>

#include <algorithm>

namespace tt {

namespace {

/// Keeps the text of the outer columns in line with what stands above and below the table; the row's ground stays
/// whole.
class EdgeDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override {
        if (option.state.testFlag(QStyle::State_Selected))
            painter->fillRect(option.rect, theme().selected);
        QStyleOptionViewItem inner = option;
        const int extra = scaled(8);
        if (index.column() == 0)
            inner.rect.setLeft(inner.rect.left() + extra);
        if (index.column() == index.model()->columnCount() - 1)
            inner.rect.setRight(inner.rect.right() - extra);
        QStyledItemDelegate::paint(painter, inner, index);
    }
};

} // namespace

DataTable::DataTable(const QString &name, QAbstractItemModel *model, QWidget *parent) : QTableView(parent) {
    setModel(model);
    setAccessibleName(name);
    setFrameShape(QFrame::NoFrame);
    setShowGrid(false);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setTextElideMode(Qt::ElideRight);
    setHorizontalScrollMode(ScrollPerPixel);
    setVerticalScrollMode(ScrollPerPixel);
    setItemDelegate(new EdgeDelegate(this));
    setCellEdge(horizontalHeader(), scaled(16));
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    horizontalHeader()->setSectionsClickable(false);
    horizontalHeader()->setMinimumSectionSize(scaled(40));
    connect(model, &QAbstractItemModel::modelReset, this, &DataTable::fit);
    fit();
}

int DataTable::contentWidth(int column) const {
    return std::max(sizeHintForColumn(column), horizontalHeader()->sectionSizeHint(column));
}

/// Every column as wide as its contents and, where there is room, some air; the first as wide as the view leaves it.
void DataTable::fit() {
    verticalHeader()->setDefaultSectionSize(std::max(scaled(32), fontMetrics().height() + 8));
    const int columns = model()->columnCount();
    int needed = 0;
    for (int column = 0; column < columns; ++column)
        needed += std::min(contentWidth(column), scaled(200));
    const int air = std::clamp((viewport()->width() - needed) / std::max(columns, 1), scaled(4), scaled(24));
    int others = 0;
    for (int column = 1; column < columns; ++column) {
        setColumnWidth(column, std::min(contentWidth(column) + air, scaled(200)));
        others += columnWidth(column);
    }
    setColumnWidth(0, std::max(viewport()->width() - others, scaled(96)));
}

void DataTable::resizeEvent(QResizeEvent *event) {
    QTableView::resizeEvent(event);
    fit();
}

void DataTable::changeEvent(QEvent *event) {
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange && model())
        fit();
}

} // namespace tt
