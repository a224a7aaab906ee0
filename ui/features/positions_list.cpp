#include "ui/features/positions_list.h"

#include "ui/features/feature_delegates.h"
#include "ui/figures/plain_header.h"
#include "ui/figures/words.h"
#include "ui/theme.h"

#include <QEvent>
#include <QPainter>
#include <QScopedValueRollback>

#include <algorithm>

namespace tt {

namespace {

class PositionDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override {
        painter->save();
        if (option.state & QStyle::State_Selected)
            painter->fillRect(option.rect, theme().selected);
        QRect room = option.rect.adjusted(scaled(4), 0, -scaled(PlainHeader::sidePadding), 0);
        painter->setFont(tt::font(TextRole::Mono));
        painter->setPen(theme().ink);
        const QString text = index.data().toString();
        if (index.column() == PositionsModel::TokenColumn) {
            paintToken(*painter, room, text, theme().ink);
        } else {
            painter->drawText(room, Qt::AlignRight | Qt::AlignVCenter, text);
            if (index.column() == PositionsModel::ActivationColumn) {
                room.setRight(room.right() - painter->fontMetrics().horizontalAdvance(QStringLiteral("0000.00")));
                paintActivationBar(*painter, room, index.data(Qt::UserRole).toDouble());
            }
        }
        painter->restore();
    }
};

} // namespace

void PositionsModel::setRows(std::vector<ActiveFeature> rows, const std::vector<std::string> &tokens) {
    beginResetModel();
    rows_ = std::move(rows);
    tokens_.clear();
    for (const ActiveFeature &row : rows_)
        tokens_.push_back(shownToken(tokens[static_cast<size_t>(row.position)]));
    endResetModel();
}

int PositionsModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int PositionsModel::columnCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : Columns;
}

QVariant PositionsModel::data(const QModelIndex &index, int role) const {
    const ActiveFeature &row = rows_.at(static_cast<size_t>(index.row()));
    const QString texts[Columns] = {QString::number(row.position), tokens_[static_cast<size_t>(index.row())],
                                    figure(row.activation)};
    switch (role) {
    case Qt::DisplayRole:
        return texts[index.column()];
    case Qt::AccessibleTextRole:
        return tr("position %1, %2, activation %3").arg(texts[0], texts[1], texts[2]);
    case Qt::UserRole:
        return row.maximum > 0 ? row.activation / row.maximum : 0.0F;
    default:
        return {};
    }
}

QVariant PositionsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    const QString titles[Columns] = {tr("position"), tr("token"), tr("activation, of its largest")};
    if (role == Qt::DisplayRole)
        return titles[section];
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((section == PositionColumn ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    return {};
}

PositionsList::PositionsList(QWidget *parent) : QTableView(parent), model_(new PositionsModel(this)) {
    setAccessibleName(tr("Positions of this prompt"));
    setHorizontalHeader(new PlainHeader(this));
    horizontalHeader()->show();
    verticalHeader()->hide();
    setModel(model_);
    setItemDelegate(new PositionDelegate(this));
    setFrameShape(NoFrame);
    setShowGrid(false);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    updateSizes();
}

void PositionsList::setRows(std::vector<ActiveFeature> rows, const std::vector<std::string> &tokens) {
    const QScopedValueRollback quiet(quiet_, true);
    model_->setRows(std::move(rows), tokens);
}

void PositionsList::choosePosition(int position) {
    const QScopedValueRollback quiet(quiet_, true);
    for (size_t row = 0; row < model_->rows().size(); ++row)
        if (model_->rows()[row].position == position)
            setCurrentIndex(model_->index(static_cast<int>(row), 0));
}

int PositionsList::position() const {
    return currentIndex().isValid() ? model_->rows()[static_cast<size_t>(currentIndex().row())].position : -1;
}

void PositionsList::currentChanged(const QModelIndex &current, const QModelIndex &previous) {
    QTableView::currentChanged(current, previous);
    if (!quiet_ && current.isValid())
        Q_EMIT positionChosen(position());
}

void PositionsList::updateSizes() {
    const QFontMetrics mono(tt::font(TextRole::Mono)), words(tt::font(TextRole::Secondary));
    verticalHeader()->setMinimumSectionSize(0);
    verticalHeader()->setDefaultSectionSize(std::max(scaled(24), mono.height() + scaled(8)));
    horizontalHeader()->setFixedHeight(std::max(scaled(24), words.height() + scaled(8)));
    const int position = words.horizontalAdvance(tr("position")) + scaled(20);
    const int token = mono.horizontalAdvance(QStringLiteral("␣00000000000")) + scaled(16);
    setColumnWidth(PositionsModel::PositionColumn, position);
    setColumnWidth(PositionsModel::TokenColumn, token);
    setColumnWidth(PositionsModel::ActivationColumn, std::max(scaled(120), viewport()->width() - position - token));
}

void PositionsList::resizeEvent(QResizeEvent *event) {
    QTableView::resizeEvent(event);
    updateSizes();
}

void PositionsList::changeEvent(QEvent *event) {
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange && model_)
        updateSizes();
}

} // namespace tt
