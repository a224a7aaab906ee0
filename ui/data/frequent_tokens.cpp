#include "ui/data/frequent_tokens.h"

#include "ui/features/feature_delegates.h"
#include "ui/figures/words.h"
#include "ui/theme.h"

#include <QEvent>
#include <QHeaderView>
#include <QPainter>

#include <algorithm>

namespace tt {
namespace {

class FrequencyDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override {
        if (option.state.testFlag(QStyle::State_Selected))
            painter->fillRect(option.rect, theme().selected);
        else if (option.state.testFlag(QStyle::State_MouseOver))
            painter->fillRect(option.rect, theme().hover);
        const QString text = index.data().toString();
        switch (index.column()) {
        case FrequentTokensModel::Token:
            paintToken(*painter, option.rect.adjusted(scaled(16), 0, -scaled(4), 0), text, theme().ink);
            break;
        case FrequentTokensModel::Bar: {
            const double share = index.data(FrequentTokensModel::ShareRole).toDouble();
            const int height = scaled(10);
            QRect bar(option.rect.left() + scaled(4), option.rect.center().y() - height / 2, 0, height);
            bar.setWidth(std::max(2, static_cast<int>(share * (option.rect.width() - scaled(8)))));
            painter->setRenderHint(QPainter::Antialiasing);
            painter->setPen(Qt::NoPen);
            painter->setBrush(theme().bar);
            painter->drawRoundedRect(bar, 2, 2);
            break;
        }
        default:
            painter->setFont(font(TextRole::Mono));
            painter->setPen(theme().ink);
            painter->drawText(option.rect.adjusted(0, 0, -scaled(16), 0), Qt::AlignRight | Qt::AlignVCenter, text);
        }
    }
};

} // namespace

void FrequentTokensModel::setCounts(const TokenCounts &counts) {
    if (counts.frequent == rows_ && counts.statistics.tokens == tokens_)
        return;
    beginResetModel();
    rows_ = counts.frequent;
    tokens_ = counts.statistics.tokens;
    endResetModel();
}

int FrequentTokensModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}
int FrequentTokensModel::columnCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QString FrequentTokensModel::shareText(int64_t count) const {
    return figure(100 * static_cast<double>(count) / static_cast<double>(std::max<int64_t>(1, tokens_)));
}

QVariant FrequentTokensModel::data(const QModelIndex &index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const TokenCounts::Row &row = rows_[static_cast<size_t>(index.row())];
    const QString token = shownToken(row.bytes);
    if (role == Qt::ToolTipRole)
        return plainToolTip(tr("%1\n%2 times, %3 % of the tokens").arg(token, count(row.count), shareText(row.count)));
    if (role == ShareRole)
        return static_cast<double>(row.count) / static_cast<double>(std::max<int64_t>(1, rows_.front().count));
    if (role == Qt::TextAlignmentRole && index.column() == Share)
        return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Token:
        return row.bytes == endOfTextMark ? tr("end of text") : token;
    case Share:
        return shareText(row.count);
    default:
        return {};
    }
}

QVariant FrequentTokensModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Token:
        return tr("token");
    case Share:
        return tr("% of tokens");
    default:
        return tr("count"); // of the bar, for a screen reader
    }
}

FrequentTokens::FrequentTokens(QWidget *parent) : QTableView(parent), model_(new FrequentTokensModel(this)) {
    setModel(model_);
    setAccessibleName(tr("Most frequent tokens"));
    setItemDelegate(new FrequencyDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setShowGrid(false);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setTabKeyNavigation(false);
    setMouseTracking(true);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    horizontalHeader()->hide();
    horizontalHeader()->setMinimumSectionSize(0);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setMinimumSectionSize(0);
    fit();
}

void FrequentTokens::setCounts(const TokenCounts &counts) {
    model_->setCounts(counts);
}

void FrequentTokens::fit() {
    const QFontMetrics mono(tt::font(TextRole::Mono));
    verticalHeader()->setDefaultSectionSize(std::max(scaled(24), mono.height() + 8));
    const int share = mono.horizontalAdvance(QStringLiteral("00.00")) + scaled(24), room = viewport()->width() - share;
    setColumnWidth(FrequentTokensModel::Share, share);
    setColumnWidth(FrequentTokensModel::Token, room * 9 / 20 + scaled(8));
    setColumnWidth(FrequentTokensModel::Bar, room - columnWidth(FrequentTokensModel::Token));
}

void FrequentTokens::resizeEvent(QResizeEvent *event) {
    QTableView::resizeEvent(event);
    fit();
}

void FrequentTokens::changeEvent(QEvent *event) {
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange && model_)
        fit();
}

} // namespace tt
