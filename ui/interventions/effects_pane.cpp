#include "ui/interventions/effects_pane.h"

#include "ui/figures/plain_header.h"
#include "ui/figures/stale_veil.h"
#include "ui/figures/words.h"
#include "ui/interventions/effects_model.h"
#include "ui/interventions/effects_plot.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QTableView>
#include <QVBoxLayout>

namespace tt {

EffectsPane::EffectsPane(QWidget *parent) : QWidget(parent) {
    setGround(this, &Theme::panel);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(header_ = new SectionHeader(tr("Predicted and measured"), this));
    foretold_ = new QComboBox(this);
    foretold_->addItems({tr("total influence"), tr("direct edge")});
    foretold_->setAccessibleName(tr("Predicted by"));
    foretold_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    foretold_->setMinimumContentsLength(9);
    foretold_->setToolTip(
        tr("What the graph predicts with\ntotal influence: all paths through the graph, features answering "
           "linearly\ndirect edge: the edge from the feature to the token alone"));
    header_->addControl(foretold_);
    auto *content = new QWidget(this);
    layout->addWidget(content, 1);
    auto *row = new QHBoxLayout(content);
    row->setContentsMargins(scaled(8), 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(plot_ = new EffectsPlot(content), 9);
    row->addWidget(makeTable(), 10);
    veil_ = new StaleVeil(content);
    connect(plot_, &EffectsPlot::effectClicked, this, [this](int effect) { choose(effect, true); });
    connect(foretold_, &QComboBox::currentIndexChanged, this, [this] {
        plot_->setForetold(showsDirect() ? EffectsPlot::Foretold::Direct : EffectsPlot::Foretold::Total);
        model_->setForetold(showsDirect() ? &FeatureEffect::direct : &FeatureEffect::total);
        fitColumns();
        updateFoot();
        Q_EMIT foretoldChanged();
    });
    fitColumns();
    clear(QString());
}

QWidget *EffectsPane::makeTable() {
    auto *pane = new QWidget(this);
    auto *layout = new QVBoxLayout(pane);
    layout->setContentsMargins(0, 0, 0, scaled(8));
    layout->setSpacing(scaled(4));
    model_ = new EffectsModel(this);
    table_ = new QTableView(pane);
    table_->setModel(model_);
    table_->setHorizontalHeader(new PlainHeader(table_));
    table_->setAccessibleName(tr("What matters here"));
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setShowGrid(false);
    table_->setFrameShape(QFrame::NoFrame);
    table_->setTabKeyNavigation(false);
    table_->setWordWrap(false);
    table_->setContextMenuPolicy(Qt::CustomContextMenu);
    table_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setMinimumSectionSize(scaled(20));
    table_->verticalHeader()->setDefaultSectionSize(std::max(scaled(24), QFontMetrics(font()).height() + scaled(8)));
    table_->horizontalHeader()->setSectionResizeMode(EffectsModel::Name, QHeaderView::Stretch);
    for (const int column : {EffectsModel::Predicted, EffectsModel::Measured})
        table_->horizontalHeader()->setSectionResizeMode(column, QHeaderView::Fixed);
    const QFontMetrics mono(tt::font(TextRole::Mono));
    table_->setColumnWidth(EffectsModel::Place, mono.horizontalAdvance(QStringLiteral("at 00")) + scaled(12));
    layout->addWidget(table_, 1);
    foot_ = new QLabel(pane);
    foot_->setWordWrap(true);
    foot_->setContentsMargins(scaled(8), 0, scaled(8), 0);
    setTextRole(foot_, TextRole::Secondary);
    setInk(foot_, Ink::Secondary);
    layout->addWidget(foot_);
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex &now) {
        if (now.isValid())
            choose(now.row(), false);
    });
    connect(table_, &QTableView::activated, this, [this](const QModelIndex &at) {
        Q_EMIT interveneRequested(model_->effects()[static_cast<size_t>(at.row())]);
    });
    connect(table_, &QTableView::customContextMenuRequested, this, [this](const QPoint &point) {
        const QModelIndex at = table_->indexAt(point);
        if (!at.isValid())
            return;
        auto *menu = new QMenu(table_);
        menu->setAttribute(Qt::WA_DeleteOnClose);
        connect(menu->addAction(tr("Add intervention")), &QAction::triggered, this,
                [this, row = at.row()] { Q_EMIT interveneRequested(model_->effects()[static_cast<size_t>(row)]); });
        menu->popup(table_->viewport()->mapToGlobal(point));
    });
    return pane;
}

/// The figures' columns: never narrower than usual figures, so that they seldom change.
void EffectsPane::fitColumns() {
    const int least = QFontMetrics(tt::font(TextRole::Mono)).horizontalAdvance(QStringLiteral("−00.00")) + scaled(14);
    for (const int column : {EffectsModel::Predicted, EffectsModel::Measured}) {
        table_->resizeColumnToContents(column);
        table_->setColumnWidth(column, std::max(least, table_->columnWidth(column)));
    }
}

bool EffectsPane::showsDirect() const {
    return foretold_->currentIndex() == 1;
}

void EffectsPane::setReport(const EffectReport &report, const QStringList &names, int layers) {
    report_ = report;
    has_ = true;
    veil_->hide();
    header_->setNote(tr("logit %1, each ablated").arg(shownToken(report.target.text)));
    plot_->setEffects(report.scan.effects, names, layers);
    model_->setEffects(report.scan.effects, names);
    fitColumns();
    updateFoot();
}

void EffectsPane::updateFoot() {
    if (!has_)
        return;
    const EffectScan &scan = report_.scan;
    QString text = tr("%1 features, correlation %2.")
                       .arg(count(static_cast<long long>(scan.effects.size())),
                            figure(showsDirect() ? scan.directCorrelation : scan.totalCorrelation));
    if (scan.unreachable > 0)
        text += tr(" %1 more cannot reach the target.").arg(count(scan.unreachable));
    foot_->setText(text);
}

void EffectsPane::setBusy(const QString &what) {
    if (!has_)
        return clear(what);
    header_->setNote(what);
    veil_->show();
}

void EffectsPane::clear(const QString &why) {
    has_ = false;
    header_->setNote(why);
    veil_->hide();
    plot_->setEffects({}, {}, 0);
    model_->setEffects({}, {});
    foot_->clear();
}

void EffectsPane::choose(int row, bool fromPlot) {
    plot_->select(row);
    if (fromPlot && table_->currentIndex().row() != row) {
        table_->setCurrentIndex(model_->index(row, 0)); // comes back here
        return;
    }
    Q_EMIT effectChosen(model_->effects()[static_cast<size_t>(row)]);
}

void EffectsPane::select(int layer, int position, int feature) {
    const auto &effects = model_->effects();
    for (size_t row = 0; row < effects.size(); ++row)
        if (effects[row].layer == layer && effects[row].position == position && effects[row].feature == feature)
            plot_->select(static_cast<int>(row));
}

} // namespace tt
