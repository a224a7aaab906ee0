#include "ui/circuits/node_list.h"

#include "ui/circuits/node_shape.h"
#include "ui/figures/plain_header.h"
#include "ui/figures/signed_bar.h"
#include "ui/theme.h"

#include <QEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPainter>
#include <QStyledItemDelegate>

#include <algorithm>

namespace tt {

namespace {

/// Name with the sign of its kind, and the signed bar: raise filled, lower hollow with −.
class NodeListDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override {
        QStyleOptionViewItem ground = option;
        initStyleOption(&ground, index);
        ground.text.clear();
        ground.widget->style()->drawControl(QStyle::CE_ItemViewItem, &ground, painter, ground.widget);
        painter->save();
        if (index.column() == NodeListModel::NameColumn)
            paintName(*painter, option.rect, index);
        else if (index.column() == NodeListModel::BarColumn)
            paintSignedBar(*painter, option.rect.adjusted(0, 0, -scaled(8), 0),
                           index.data(NodeListModel::BarRole).toDouble());
        else
            paintFigure(*painter, option.rect, index);
        painter->restore();
    }

private:
    static void paintName(QPainter &painter, const QRect &cell, const QModelIndex &index) {
        const auto kind = static_cast<NodeKind>(index.data(NodeListModel::KindRole).toInt());
        const double side = scaled(14);
        const QRectF glyph(cell.left() + scaled(12), cell.center().y() + 0.5 - side / 2, side, side);
        const bool hasGlyph = index.data(NodeListModel::GlyphRole).toBool();
        if (hasGlyph)
            paintNodeGlyph(painter, kind, glyph);
        QRect text = cell.adjusted(scaled(hasGlyph ? 34 : 12), 0, -scaled(4), 0);
        painter.setFont(tt::font(isNamedByToken(kind) ? TextRole::Mono : TextRole::Body));
        painter.setPen(theme().ink);
        const auto elide = hasGlyph ? Qt::ElideRight : Qt::ElideMiddle; // of a path or an edge both ends tell
        const QString name = painter.fontMetrics().elidedText(index.data().toString(), elide, text.width());
        painter.drawText(text, Qt::AlignLeft | Qt::AlignVCenter, name);
        text.setLeft(text.left() + painter.fontMetrics().horizontalAdvance(name) + scaled(4));
        painter.setFont(tt::font(TextRole::Secondary));
        painter.setPen(theme().secondaryInk);
        const QString place = index.data(NodeListModel::PlaceRole).toString();
        painter.drawText(text, Qt::AlignLeft | Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(place, Qt::ElideRight, std::max(0, text.width())));
    }

    static void paintFigure(QPainter &painter, const QRect &cell, const QModelIndex &index) {
        const bool last = index.column() == NodeListModel::ShareColumn;
        painter.setFont(tt::font(TextRole::Mono));
        painter.setPen(last ? theme().secondaryInk : theme().ink);
        painter.drawText(cell.adjusted(0, 0, -scaled(last ? PlainHeader::sidePadding : 4), 0),
                         Qt::AlignRight | Qt::AlignVCenter, index.data().toString());
    }
};

} // namespace

NodeList::NodeList(const QString &title, const QString &weightTitle, const QString &shareTitle, QWidget *parent)
    : QTableView(parent), model_(new NodeListModel(title, weightTitle, shareTitle, this)) {
    setAccessibleName(title);
    setObjectName(title);
    setModel(model_);
    setItemDelegate(new NodeListDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setShowGrid(false);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setTabKeyNavigation(false);
    setWordWrap(false);
    verticalHeader()->hide();
    setHorizontalHeader(new PlainHeader(this));
    horizontalHeader()->show();
    connect(this, &QTableView::clicked, this,
            [this](const QModelIndex &index) { Q_EMIT nodeChosen(index.data(NodeListModel::NodeRole).toInt()); });
    setContextMenuPolicy(Qt::CustomContextMenu);
    connect(this, &QTableView::customContextMenuRequested, this, [this](QPoint point) {
        if (const QModelIndex index = indexAt(point); index.isValid())
            Q_EMIT menuRequested(index.data(NodeListModel::NodeRole).toInt(), viewport()->mapToGlobal(point));
    });
    updateSizes();
}

void NodeList::setRows(std::vector<NodeListModel::Row> rows) {
    model_->setRows(std::move(rows));
}

int NodeList::heightOf(int rows) const {
    return horizontalHeader()->height() + rows * verticalHeader()->defaultSectionSize();
}

void NodeList::updateSizes() {
    const auto rowHeight = [](TextRole role, int design) {
        return std::max(scaled(design), QFontMetrics(tt::font(role)).height() + scaled(8));
    };
    verticalHeader()->setMinimumSectionSize(0);
    verticalHeader()->setDefaultSectionSize(rowHeight(TextRole::Mono, 24));
    horizontalHeader()->setFixedHeight(rowHeight(TextRole::SectionTitle, 24));
    const QFontMetrics mono(tt::font(TextRole::Mono));
    const int weight = mono.horizontalAdvance(QStringLiteral("−00.00")) + scaled(12);
    const int share = mono.horizontalAdvance(QStringLiteral("100 %")) + scaled(20);
    const int bar = std::clamp(viewport()->width() / 6, scaled(40), scaled(160));
    const int used[] = {bar, weight, share};
    for (int column = 1; column < NodeListModel::Columns; ++column)
        setColumnWidth(column, used[column - 1]);
    setColumnWidth(0, std::max(scaled(80), viewport()->width() - bar - weight - share));
}

void NodeList::resizeEvent(QResizeEvent *event) {
    QTableView::resizeEvent(event);
    updateSizes();
}

void NodeList::changeEvent(QEvent *event) {
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange)
        updateSizes();
}

void NodeList::keyPressEvent(QKeyEvent *event) {
    const bool enters = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (enters && event->modifiers() == Qt::NoModifier && currentIndex().isValid())
        return Q_EMIT nodeChosen(currentIndex().data(NodeListModel::NodeRole).toInt());
    if (event->key() == Qt::Key_Space && currentIndex().isValid())
        return Q_EMIT splitWanted(currentIndex().data(NodeListModel::NodeRole).toInt());
    QTableView::keyPressEvent(event);
}

} // namespace tt
