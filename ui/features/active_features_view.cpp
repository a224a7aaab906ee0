#include "ui/features/active_features_view.h"

#include "ui/features/feature_delegates.h"
#include "ui/figures/plain_header.h"
#include "ui/icons/icons.h"
#include "ui/theme.h"

#include <QEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QScopedValueRollback>

#include <algorithm>

namespace tt {

namespace {

bool isMore(const QModelIndex &index) {
    return index.isValid() && index.data(ActiveFeaturesModel::KindRole).toInt() == ActiveFeaturesModel::MoreRow;
}

} // namespace

ActiveFeaturesView::ActiveFeaturesView(QWidget *parent) : QTreeView(parent), model_(new ActiveFeaturesModel(this)) {
    setAccessibleName(tr("Active features"));
    setHeader(new PlainHeader(this));
    setModel(model_);
    setItemDelegate(new ActiveFeatureDelegate(this));
    setFrameShape(NoFrame);
    setUniformRowHeights(true);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setMouseTracking(true);
    header()->setStretchLastSection(false);
    connect(this, &QTreeView::clicked, this, [this](const QModelIndex &index) { showWeakerAt(index); });
    updateSizes();
}

void ActiveFeaturesView::setActive(const PromptIndex &index, const std::vector<int> &positions, PromptIndex::Of of) {
    const QScopedValueRollback quiet(quiet_, true);
    model_->setActive(index, positions, of);
    expandAll();
    spanRows();
}

void ActiveFeaturesView::spanRows() {
    // Group heads and "Show … weaker" go over all columns.
    for (int group = 0; group < model_->rowCount(); ++group) {
        const QModelIndex parent = model_->index(group, 0);
        setFirstColumnSpanned(group, {}, true);
        for (int row = 0; row < model_->rowCount(parent); ++row)
            setFirstColumnSpanned(row, parent, isMore(model_->index(row, 0, parent)));
    }
}

void ActiveFeaturesView::highlight(int layer, int feature) {
    const QScopedValueRollback quiet(quiet_, true);
    const QModelIndex index = model_->indexOf(layer, feature);
    if (!index.isValid())
        return selectionModel()->clear();
    if (isFirstColumnSpanned(index.row(), index.parent()))
        spanRows(); // it was hidden among the weaker
    if (index != currentIndex().siblingAtColumn(0)) {
        setCurrentIndex(index);
        scrollTo(index);
    }
}

QRect ActiveFeaturesView::rectOf(int layer, int feature) {
    const QModelIndex index = model_->indexOf(layer, feature);
    const QRect row = index.isValid() ? visualRect(index) : QRect();
    return row.isEmpty() ? row : QRect(0, row.y(), viewport()->width(), row.height());
}

bool ActiveFeaturesView::showWeakerAt(const QModelIndex &index) {
    if (!isMore(index))
        return false;
    const QScopedValueRollback quiet(quiet_, true);
    model_->showWeaker(index.data(ActiveFeaturesModel::LayerRole).toInt());
    spanRows();
    return true;
}

void ActiveFeaturesView::currentChanged(const QModelIndex &current, const QModelIndex &previous) {
    QTreeView::currentChanged(current, previous);
    if (!quiet_ && current.isValid() &&
        current.data(ActiveFeaturesModel::KindRole).toInt() == ActiveFeaturesModel::FeatureRow)
        Q_EMIT featureChosen(current.data(ActiveFeaturesModel::LayerRole).toInt(),
                             current.data(ActiveFeaturesModel::IdRole).toInt());
}

void ActiveFeaturesView::keyPressEvent(QKeyEvent *event) {
    const bool presses =
        event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space;
    if (presses && event->modifiers() == Qt::NoModifier && showWeakerAt(currentIndex()))
        return;
    QTreeView::keyPressEvent(event);
}

void ActiveFeaturesView::drawBranches(QPainter *painter, const QRect &rect, const QModelIndex &index) const {
    if (index.parent().isValid()) {
        if (selectionModel()->isRowSelected(index.row(), index.parent()))
            painter->fillRect(rect, theme().selected);
        return;
    }
    painter->fillRect(rect, theme().alternate);
    const int side = scaled(16);
    const QRect sign(rect.right() - side, rect.center().y() - side / 2 + 1, side, side);
    icon(isExpanded(index) ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right")).paint(painter, sign);
}

void ActiveFeaturesView::updateSizes() {
    setIndentation(scaled(20));
    const int width = viewport()->width();
    const QFontMetrics mono(tt::font(TextRole::Mono));
    const int name = 2 * indentation() + mono.horizontalAdvance(QStringLiteral("0/00000")) + scaled(8);
    const int density =
        std::max(mono.horizontalAdvance(QStringLiteral("00.00")), fontMetrics().horizontalAdvance(tr("dens. %"))) +
        scaled(PlainHeader::sidePadding + 8);
    const int rest = std::max(scaled(200), width - name - density);
    setColumnWidth(ActiveFeaturesModel::FeatureColumn, name);
    const int activation = std::clamp(rest * 35 / 100, scaled(96), scaled(240));
    const int promotes = std::min(rest * 27 / 100, mono.horizontalAdvance(QStringLiteral("␣00000000000")) + scaled(8));
    setColumnWidth(ActiveFeaturesModel::ActivationColumn, activation);
    setColumnWidth(ActiveFeaturesModel::LabelColumn, rest - activation - promotes);
    setColumnWidth(ActiveFeaturesModel::PromotesColumn, promotes);
    setColumnWidth(ActiveFeaturesModel::DensityColumn, density);
    header()->setFixedHeight(std::max(scaled(24), QFontMetrics(tt::font(TextRole::Secondary)).height() + scaled(8)));
}

void ActiveFeaturesView::resizeEvent(QResizeEvent *event) {
    QTreeView::resizeEvent(event);
    updateSizes();
}

void ActiveFeaturesView::changeEvent(QEvent *event) {
    QTreeView::changeEvent(event);
    if (event->type() == QEvent::FontChange && model_)
        updateSizes();
}

} // namespace tt
