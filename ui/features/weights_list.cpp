#include "ui/features/weights_list.h"

#include "ui/features/feature_delegates.h"
#include "ui/figures/signed_bar.h"
#include "ui/figures/words.h"
#include "ui/theme.h"

#include <QContextMenuEvent>
#include <QEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPainter>
#include <QStyledItemDelegate>

#include <algorithm>
#include <cmath>

namespace tt {

namespace {
constexpr int sidePadding = 16;

class WeightDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override {
        painter->save();
        const bool selected = option.state & QStyle::State_Selected;
        if (selected)
            painter->fillRect(option.rect, theme().selected);
        const QString text = index.data().toString();
        QRect room = option.rect.adjusted(scaled(4), 0, -scaled(4), 0);
        switch (index.column()) {
        case WeightsModel::NameColumn:
            room.setLeft(option.rect.left() + scaled(sidePadding));
            paintToken(*painter, room, text, theme().ink);
            break;
        case WeightsModel::BarColumn:
            paintSignedBar(*painter, room, index.data(WeightsModel::ShareRole).toDouble());
            break;
        case WeightsModel::WeightColumn:
            write(*painter, room.adjusted(0, 0, -scaled(sidePadding - 4), 0), TextRole::Mono, theme().ink, text,
                  Qt::AlignRight);
            break;
        case WeightsModel::PathColumn:
            write(*painter, room, TextRole::MonoSmall, selected ? theme().secondaryInk : theme().tertiaryInk, text,
                  Qt::AlignLeft);
            break;
        default:
            write(*painter, room, TextRole::Body, theme().secondaryInk, text, Qt::AlignLeft);
        }
        painter->restore();
    }

private:
    static void write(QPainter &painter, const QRect &room, TextRole role, const QColor &ink, const QString &text,
                      Qt::Alignment side) {
        painter.setFont(tt::font(role));
        painter.setPen(ink);
        painter.drawText(room, static_cast<int>(side | Qt::AlignVCenter),
                         painter.fontMetrics().elidedText(text, Qt::ElideRight, room.width()));
    }
};

QString weightText(double weight) {
    const QString text = figure(weight, std::abs(weight) < 0.1 ? 3 : 2);
    return text.startsWith(u'−') ? text : u'+' + text;
}
} // namespace

void WeightsModel::setRows(std::vector<Row> rows) {
    if (rows == rows_)
        return;
    const bool inPlace = rows.size() == rows_.size(); // the view then lays nothing out anew
    if (!inPlace)
        beginResetModel();
    rows_ = std::move(rows);
    largest_ = 0;
    for (const Row &row : rows_)
        largest_ = std::max(largest_, std::abs(row.weight));
    if (!inPlace)
        endResetModel();
    else
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, Columns - 1));
}

int WeightsModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int WeightsModel::columnCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : Columns;
}

QVariant WeightsModel::data(const QModelIndex &index, int role) const {
    if (!index.isValid())
        return {};
    const Row &row = rows_[static_cast<size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        return text(row, index.column());
    case Qt::AccessibleTextRole:
    case Qt::ToolTipRole: {
        QStringList words{row.name};
        for (const QString &word : {row.label, row.path})
            if (!word.isEmpty())
                words << word;
        words << weightText(row.weight);
        const QString text = words.join(QStringLiteral(", "));
        return role == Qt::AccessibleTextRole ? text : plainToolTip(text);
    }
    case ShareRole:
        return largest_ > 0 ? row.weight / largest_ : 0.0;
    case IsFeatureRole:
        return row.feature.has_value();
    default:
        return {};
    }
}

QString WeightsModel::text(const Row &row, int column) {
    switch (column) {
    case NameColumn:
        return row.name;
    case LabelColumn:
        return row.label;
    case PathColumn:
        return row.path;
    case WeightColumn:
        return weightText(row.weight);
    default:
        return {};
    }
}

QVariant WeightsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    const QString titles[Columns] = {tr("what"), tr("label"), tr("path"), tr("bar"), tr("weight")};
    return orientation == Qt::Horizontal && role == Qt::DisplayRole ? QVariant(titles[section]) : QVariant();
}

WeightsList::WeightsList(Kind kind, const QString &accessibleName, QWidget *parent)
    : QTableView(parent), kind_(kind), model_(new WeightsModel(this)) {
    setAccessibleName(accessibleName);
    setModel(model_);
    setItemDelegate(new WeightDelegate(this));
    setFrameShape(NoFrame);
    setShowGrid(false);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    horizontalHeader()->hide();
    verticalHeader()->hide();
    const bool features = kind == Kind::Features || kind == Kind::Paths;
    setColumnHidden(WeightsModel::LabelColumn, !features);
    setColumnHidden(WeightsModel::PathColumn, kind != Kind::Paths);
    connect(this, &QTableView::clicked, this, &WeightsList::follow);
    updateSizes();
}

/// Of another feature, as a rule: nothing is chosen, and the strongest is in sight.
void WeightsList::setRows(std::vector<WeightsModel::Row> rows) {
    if (rows == model_->rows())
        return;
    setCurrentIndex({});
    scrollToTop();
    model_->setRows(std::move(rows));
}

void WeightsList::follow(const QModelIndex &index) {
    if (!index.isValid())
        return;
    const auto feature = model_->rows()[static_cast<size_t>(index.row())].feature;
    if (feature)
        Q_EMIT featureChosen(feature->first, feature->second);
}

void WeightsList::contextMenuEvent(QContextMenuEvent *event) {
    const QModelIndex index = indexAt(event->pos());
    if (!index.isValid())
        return;
    if (const auto feature = model_->rows()[static_cast<size_t>(index.row())].feature)
        Q_EMIT menuRequested(feature->first, feature->second, event->globalPos());
}

void WeightsList::keyPressEvent(QKeyEvent *event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        return follow(currentIndex());
    QTableView::keyPressEvent(event);
}

void WeightsList::updateSizes() {
    const QFontMetrics mono(tt::font(TextRole::Mono)), small(tt::font(TextRole::MonoSmall));
    verticalHeader()->setMinimumSectionSize(0);
    horizontalHeader()->setMinimumSectionSize(0);
    verticalHeader()->setDefaultSectionSize(std::max(scaled(24), mono.height() + scaled(8)));
    const int width = viewport()->width();
    const int weight = mono.horizontalAdvance(QStringLiteral("−00.00")) + scaled(sidePadding + 8);
    const int path = kind_ == Kind::Paths ? small.horizontalAdvance(QStringLiteral("direct")) + scaled(10) : 0;
    // A narrow list keeps its words: the figure says what the bar would.
    const bool bar = kind_ == Kind::Tokens && width >= scaled(176);
    setColumnHidden(WeightsModel::BarColumn, !bar);
    int name = width - weight;
    if (kind_ == Kind::Features || kind_ == Kind::Paths)
        name = mono.horizontalAdvance(QStringLiteral("0/00000")) + scaled(sidePadding + 8);
    else if (bar)
        name = (width - weight) * 60 / 100;
    setColumnWidth(WeightsModel::NameColumn, name);
    setColumnWidth(WeightsModel::PathColumn, path);
    setColumnWidth(WeightsModel::WeightColumn, weight);
    const int rest = std::max(0, width - name - path - weight);
    setColumnWidth(WeightsModel::LabelColumn, rest);
    setColumnWidth(WeightsModel::BarColumn, rest);
}

void WeightsList::resizeEvent(QResizeEvent *event) {
    QTableView::resizeEvent(event);
    updateSizes();
}

void WeightsList::changeEvent(QEvent *event) {
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange && model_)
        updateSizes();
}

} // namespace tt
