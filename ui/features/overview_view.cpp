#include "ui/features/overview_view.h"

#include "ui/features/feature_delegates.h"
#include "ui/figures/plain_header.h"
#include "ui/theme.h"

#include <QEvent>
#include <QScopedValueRollback>

#include <algorithm>

namespace tt {

OverviewView::OverviewView(QWidget *parent) : QTableView(parent), model_(new OverviewModel(this)) {
    setAccessibleName(tr("Strongest features of this prompt"));
    setHorizontalHeader(new PlainHeader(this));
    horizontalHeader()->show();
    verticalHeader()->hide();
    setModel(model_);
    setItemDelegate(new OverviewDelegate(this));
    setFrameShape(NoFrame);
    setShowGrid(false);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setHorizontalScrollMode(ScrollPerPixel);
    updateSizes();
}

void OverviewView::setPrompt(const PromptIndex &index) {
    const QScopedValueRollback quiet(quiet_, true);
    model_->setPrompt(index);
    updateSizes();
}

void OverviewView::highlight(int layer, int feature) {
    const QScopedValueRollback quiet(quiet_, true);
    const QModelIndex index = model_->indexOf(layer, feature);
    if (!index.isValid())
        selectionModel()->clear();
    else if (index.row() != currentIndex().row())
        setCurrentIndex(index);
}

void OverviewView::currentChanged(const QModelIndex &current, const QModelIndex &previous) {
    QTableView::currentChanged(current, previous);
    if (!quiet_ && current.isValid() && current.row() != previous.row())
        Q_EMIT featureChosen(current.data(OverviewModel::LayerRole).toInt(),
                             current.data(OverviewModel::IdRole).toInt());
}

void OverviewView::updateSizes() {
    const QFontMetrics mono(tt::font(TextRole::Mono)), words(tt::font(TextRole::Secondary));
    verticalHeader()->setMinimumSectionSize(0);
    verticalHeader()->setDefaultSectionSize(std::max(scaled(28), mono.height() + scaled(8)));
    horizontalHeader()->setFixedHeight(std::max(scaled(24), words.height() + scaled(8)));
    setColumnWidth(0, mono.horizontalAdvance(QStringLiteral("0/00000")) + scaled(PlainHeader::sidePadding + 12));
    setColumnWidth(1, mono.horizontalAdvance(QStringLiteral("␣0000000")) + scaled(8));
    for (int column = OverviewModel::fixedColumns; column < model_->columnCount(); ++column) {
        const QString token = model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
        const bool last = column + 1 == model_->columnCount();
        setColumnWidth(column, std::clamp(mono.horizontalAdvance(token) + scaled(8), scaled(58), scaled(120)) +
                                   scaled(last ? 8 : 0));
    }
}

void OverviewView::changeEvent(QEvent *event) {
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange && model_)
        updateSizes();
}

} // namespace tt
