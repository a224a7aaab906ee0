#include "ui/features/all_features.h"

#include "ui/figures/words.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

AllFeatures::AllFeatures(QWidget *parent)
    : QWidget(parent), model_(new FeatureTableModel(this)), proxy_(new FeatureTableProxy(model_, this)),
      view_(new QTableView(this)), filter_(new QComboBox(this)), count_(new QLabel(this)),
      progress_(new QProgressBar(this)), measure_(namedButton(tr("Measure CE effects"), QString(), this)) {
    setGround(this, &Theme::panel);
    auto *bar = new QHBoxLayout;
    bar->setContentsMargins(scaled(16), scaled(6), scaled(16), scaled(6));
    bar->setSpacing(scaled(12));
    filter_->setAccessibleName(tr("Show features"));
    filter_->setToolTip(tr("Which features the table shows"));
    filter_->addItems({tr("All"), tr("Alive"), tr("Dead: never fire"), tr("Dense: on over 10 % of tokens"),
                       tr("Starred"), tr("Labelled")});
    setInk(count_, Ink::Secondary);
    bar->addWidget(filter_);
    bar->addWidget(count_, 1);
    progress_->setAccessibleName(tr("Features progress"));
    progress_->setTextVisible(false);
    progress_->setFixedWidth(scaled(160));
    progress_->setRange(0, 1000);
    bar->addWidget(progress_);
    bar->addWidget(measure_);
    view_->setAccessibleName(tr("Table of all features"));
    view_->setModel(proxy_);
    view_->setSortingEnabled(true);
    view_->sortByColumn(FeatureTableModel::LayerColumn, Qt::AscendingOrder);
    view_->setFrameShape(QFrame::NoFrame);
    view_->setShowGrid(false);
    view_->setSelectionBehavior(QTableView::SelectRows);
    view_->setSelectionMode(QTableView::SingleSelection);
    view_->setTabKeyNavigation(false);
    view_->setWordWrap(false);
    view_->verticalHeader()->hide();
    view_->horizontalHeader()->setStretchLastSection(true);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(horizontalLine(this));
    layout->addWidget(view_, 1);
    connect(filter_, &QComboBox::activated, this, [this](int filter) {
        proxy_->setFilter(static_cast<FeatureTableProxy::Filter>(filter));
        showCount();
    });
    connect(measure_, &QPushButton::clicked, this,
            [this] { working_ ? Q_EMIT workStopRequested() : Q_EMIT measureRequested(); });
    connect(view_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex &index) { choose(index, false); });
    connect(view_, &QTableView::activated, this, [this](const QModelIndex &index) { choose(index, true); });
    view_->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(view_, &QWidget::customContextMenuRequested, this, [this](const QPoint &at) {
        const QModelIndex index = view_->indexAt(at);
        if (!index.isValid())
            return;
        const auto [layer, feature] = model_->featureAt(proxy_->mapToSource(index).row());
        Q_EMIT menuRequested(layer, feature, view_->viewport()->mapToGlobal(at));
    });
    updateSizes();
    showCount();
    showMeasure();
}

void AllFeatures::choose(const QModelIndex &index, bool activate) {
    if (quiet_ || !index.isValid())
        return;
    const auto [layer, feature] = model_->featureAt(proxy_->mapToSource(index).row());
    if (activate)
        Q_EMIT featureActivated(layer, feature);
    else
        Q_EMIT featureChosen(layer, feature);
}

void AllFeatures::setMatches(const QString &query, const std::vector<SearchMatch> &matches) {
    const QScopedValueRollback quiet(quiet_, true);
    const bool searched = !query_.isEmpty();
    query_ = query;
    proxy_->setSearching(false); // one pass over the rows, not two
    model_->setMatches(matches);
    proxy_->setSearching(!query.isEmpty());
    view_->setColumnHidden(FeatureTableModel::FoundColumn, query.isEmpty());
    if (!query.isEmpty())
        view_->sortByColumn(FeatureTableModel::FoundColumn, Qt::AscendingOrder);
    else if (searched)
        view_->sortByColumn(FeatureTableModel::LayerColumn, Qt::AscendingOrder);
    showCount();
}

void AllFeatures::noteChanged(int layer, int feature) {
    const QScopedValueRollback quiet(quiet_, true);
    model_->setNote(layer, feature);
    showCount();
}

void AllFeatures::dictionaryChanged(const DictionarySummary *dictionary) {
    indexed_ = dictionary && dictionary->indexed;
    exact_ = dictionary && dictionary->ceExact;
    windows_ = dictionary ? dictionary->ceWindows : 0;
    setMatches(QString(), {});
    updateSizes();
    showMeasure();
}

void AllFeatures::setWorking(bool running, double share, const QString &text) {
    working_ = running;
    progress_->setValue(static_cast<int>(1000 * share));
    workText_ = text;
    showMeasure();
    showCount();
}

void AllFeatures::setReadOnly(bool readOnly) {
    readOnly_ = readOnly;
    showMeasure();
}

void AllFeatures::showMeasure() {
    progress_->setVisible(working_);
    const QString text = working_ ? tr("Stop") : windows_ > 0 ? tr("Measure more windows") : tr("Measure CE effects");
    measure_->setText(text);
    measure_->setAccessibleName(text);
    measure_->setEnabled(working_ || (indexed_ && !exact_ && !readOnly_));
    measure_->setToolTip(
        working_    ? tr("Effects that were measured are kept and shown; measuring goes on from there")
        : readOnly_ ? readOnlyReason()
        : !indexed_ ? tr("Index the corpus first, on a feature's card: effects are measured on the index's sample")
        : exact_    ? tr("Every feature was ablated in every window of the sample in which it fires")
        : windows_ > 0
            ? tr("Measured on %1 windows of each feature, exact for those that fire in fewer").arg(windows_)
            : tr("Ablates each feature in windows of the corpus in which it fires and measures how the loss rises.\n"
                 "Takes minutes; what was measured is kept."));
}

void AllFeatures::showEvent(QShowEvent *event) {
    QWidget::showEvent(event);
    const QScopedValueRollback quiet(quiet_, true);
    proxy_->setShown(true);
    showCount();
    highlight(highlighted_.first, highlighted_.second);
}

void AllFeatures::hideEvent(QHideEvent *event) {
    QWidget::hideEvent(event);
    const QScopedValueRollback quiet(quiet_, true);
    proxy_->setShown(false);
}

void AllFeatures::highlight(int layer, int feature) {
    highlighted_ = {layer, feature};
    const QScopedValueRollback quiet(quiet_, true);
    const int row = model_->rowOf(layer, feature);
    const QModelIndex index = row < 0 ? QModelIndex() : proxy_->mapFromSource(model_->index(row, 0));
    if (!index.isValid())
        view_->selectionModel()->clear();
    else if (index.row() != view_->currentIndex().row())
        view_->setCurrentIndex(index);
}

void AllFeatures::showCount() {
    const QString shown = count(proxy_->rowCount()), all = count(model_->rowCount());
    if (working_)
        return count_->setText(workText_);
    count_->setText(
        !query_.isEmpty() && proxy_->rowCount() == 0
            ? tr("Nothing found for “%1”. A token, a text, a word of a label or 1/12 can be looked for.").arg(query_)
        : !query_.isEmpty() ? tr("%1 of %2 found for “%3”").arg(shown, all, query_)
                            : tr("%1 of %2").arg(shown, all));
}

void AllFeatures::updateSizes() {
    const QFontMetrics mono(tt::font(TextRole::Mono));
    view_->verticalHeader()->setMinimumSectionSize(0);
    view_->verticalHeader()->setDefaultSectionSize(std::max(scaled(24), mono.height() + scaled(8)));
    const auto width = [&](const char *text) { return mono.horizontalAdvance(QLatin1String(text)) + scaled(40); };
    const int widths[] = {width("*"),        width("layer"),     width("feature "),    scaled(280), width("dens. % "),
                          width("largest "), width("CE effect"), width("promotes me"), scaled(240)};
    for (int column = 0; column < FeatureTableModel::Columns; ++column)
        view_->setColumnWidth(column, widths[column]);
    view_->setColumnHidden(FeatureTableModel::CeColumn, !model_->hasCeEffects());
    view_->setColumnHidden(FeatureTableModel::FoundColumn, query_.isEmpty());
}

void AllFeatures::changeEvent(QEvent *event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange && view_)
        updateSizes();
}

} // namespace tt
