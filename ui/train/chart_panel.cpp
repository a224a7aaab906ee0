#include "ui/train/chart_panel.h"

#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/train/chart_legend.h"
#include "ui/train/density_chart.h"
#include "ui/train/plot_menu.h"
#include "ui/widgets/roles.h"

#include <QCheckBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QShortcut>
#include <QStackedWidget>
#include <QTabBar>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

namespace {

QCheckBox *option(const QString &text, const QString &accessibleName, const QString &tip) {
    auto *box = new QCheckBox(text);
    setTextRole(box, TextRole::Secondary);
    box->setAccessibleName(accessibleName);
    box->setToolTip(tip);
    return box;
}

} // namespace

ChartPanel::ChartPanel(RunRow::Kind kind, QWidget *parent)
    : QWidget(parent), kind_(kind), tabs_(new QTabBar), legend_(new ChartLegend), plot_(new TrainingPlot),
      menu_(new PlotMenu(exportedPlot(*plot_), this)), export_(new QToolButton), stack_(new QStackedWidget) {
    const bool gpt = kind == RunRow::Kind::Gpt;
    const QString owner = gpt ? QString() : tr(", transcoder");
    setGround(this, &Theme::panel);
    plot_->setAccessibleName(gpt ? tr("Loss curve") : tr("FVU curve"));
    plot_->setToolTip(tr("Wheel zooms the steps, Shift+wheel the values; drag moves; double-click follows again\n"
                         "Keys: ← → read, + − zoom, Home follows, L log, M smooth"));
    tabs_->setAccessibleName(gpt ? tr("GPT charts") : tr("Transcoder charts"));
    tabs_->setDrawBase(false);
    tabs_->setExpanding(false);
    for (const ChartSpec &spec : chartsOf(kind)) {
        const int tab = tabs_->addTab(spec.title);
        if (!spec.toolTip.isEmpty())
            tabs_->setTabToolTip(tab, spec.toolTip);
        logarithmic_.push_back(spec.logarithmic);
    }
    log_ = option(tr("log"), tr("log") + owner, tr("Logarithmic values\nL"));
    smooth_ = option(tr("smooth"), tr("smooth") + owner, tr("Moving average over about 10 recorded values\nM"));
    smooth_->setChecked(true);

    auto *row = new QHBoxLayout;
    row->setContentsMargins(scaled(16), 0, scaled(16), 0);
    row->setSpacing(scaled(12));
    row->addWidget(legend_, 1);
    row->addWidget(log_);
    row->addWidget(smooth_);
    auto *tabRow = new QHBoxLayout;
    tabRow->setContentsMargins(scaled(4), 0, scaled(16), 0);
    tabRow->addWidget(tabs_);
    tabRow->addStretch(1);
    tabRow->addWidget(export_);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(tabRow);
    layout->addLayout(row);
    stack_->addWidget(plot_);
    if (!gpt)
        stack_->addWidget(density_ = new DensityChart);
    layout->addWidget(stack_, 1);

    describing_.setSingleShot(true);
    describing_.setInterval(500);
    connect(&describing_, &QTimer::timeout, this, &ChartPanel::describe);
    connect(tabs_, &QTabBar::currentChanged, this, &ChartPanel::chooseTab);
    connect(log_, &QCheckBox::toggled, this, [this](bool on) {
        logarithmic_[static_cast<size_t>(tabs_->currentIndex())] = on;
        plot_->setLogarithmic(on);
    });
    connect(smooth_, &QCheckBox::toggled, plot_, &TrainingPlot::setSmoothed);
    addShortcuts();
    addMenus();
    chooseTab(0);
    describe();
}

void ChartPanel::addShortcuts() {
    const auto add = [this](Qt::Key key, QCheckBox *box) {
        auto *shortcut = new QShortcut(QKeySequence(key), plot_);
        shortcut->setContext(Qt::WidgetWithChildrenShortcut);
        connect(shortcut, &QShortcut::activated, box, &QCheckBox::toggle);
    };
    add(Qt::Key_L, log_);
    add(Qt::Key_M, smooth_);
}

std::vector<PlotMenu *> ChartPanel::menus() const {
    return densityMenu_ ? std::vector{menu_, densityMenu_} : std::vector{menu_};
}

void ChartPanel::addMenus() {
    menu_->addSeparator();
    connect(menu_->addAction(tr("Reset zoom")), &QAction::triggered, plot_, &TrainingPlot::resetView);
    if (density_)
        densityMenu_ = new PlotMenu(exportedPlot(*density_), this);
    export_->setIcon(icon(QStringLiteral("export")));
    export_->setObjectName(QStringLiteral("export"));
    export_->setAutoRaise(true);
    export_->setFocusPolicy(Qt::StrongFocus);
    export_->setPopupMode(QToolButton::InstantPopup);
    export_->setMenu(menu_);
    export_->setAccessibleName(tr("Export %1").arg(plot_->accessibleName()));
    export_->setToolTip(tr("Export or copy the chart"));
    const auto onRightClick = [this](QWidget *chart, PlotMenu *menu) {
        chart->setContextMenuPolicy(Qt::CustomContextMenu);
        connect(chart, &QWidget::customContextMenuRequested, menu,
                [chart, menu](const QPoint &place) { menu->popup(chart->mapToGlobal(place)); });
    };
    onRightClick(plot_, menu_);
    if (density_)
        onRightClick(density_, densityMenu_);
}

Chart ChartPanel::chosen() const {
    return chartsOf(kind_)[static_cast<size_t>(tabs_->currentIndex())].chart;
}

void ChartPanel::setRuns(const std::vector<PlottedRun> &runs) {
    runs_ = runs;
    plot_->setRunning(std::any_of(runs.begin(), runs.end(), [](const PlottedRun &run) { return run.running; }));
    updateLines();
    describe();
}

void ChartPanel::refresh() {
    updateLines(); // a first point can bring a new layer
    if (!describing_.isActive())
        describing_.start();
}

void ChartPanel::chooseTab(int tab) {
    const ChartSpec &spec = chartsOf(kind_)[static_cast<size_t>(tab)];
    const bool logarithmic = logarithmic_[static_cast<size_t>(tab)];
    const bool density = spec.chart == Chart::Density;
    stack_->setCurrentIndex(density ? 1 : 0);
    for (QWidget *ofCurves : std::initializer_list<QWidget *>{log_, smooth_})
        ofCurves->setVisible(!density);
    export_->setMenu(density ? densityMenu_ : menu_);
    log_->setChecked(logarithmic);
    plot_->setUnit(spec.unit);
    plot_->setLogarithmic(logarithmic);
    updateLines();
    describe();
}

void ChartPanel::updateLines() {
    if (chosen() == Chart::Density)
        density_->setHistory(runs_.empty() ? nullptr : runs_.front().history);
    else
        plot_->setLines(chartLines(chosen(), runs_));
}

void ChartPanel::describe() {
    describing_.stop();
    const bool facts = kind_ == RunRow::Kind::Transcoder && !runs_.empty();
    legend_->setContent(plot_->lines(), facts ? chartFacts(*runs_.front().history) : std::vector<ChartFact>());
    const QString summary = chartSummary(kind_, runs_);
    if (summary != plot_->accessibleDescription())
        plot_->setAccessibleDescription(summary);
}

void ChartPanel::changeEvent(QEvent *event) {
    if (event->type() == QEvent::PaletteChange)
        legend_->update();
    QWidget::changeEvent(event);
}

} // namespace tt
