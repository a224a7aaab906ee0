#include "ui/train/chart_panel.h"

#include "ui/theme.h"
#include "ui/train/chart_legend.h"
#include "ui/widgets/roles.h"

#include <QCheckBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QShortcut>
#include <QTabBar>
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
    : QWidget(parent), kind_(kind), tabs_(new QTabBar), legend_(new ChartLegend), plot_(new TrainingPlot) {
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
        tabs_->addTab(spec.title);
        logarithmic_.push_back(spec.logarithmic);
    }
    log_ = option(tr("log"), tr("log") + owner, tr("Logarithmic values\nL"));
    smooth_ = option(tr("smooth"), tr("smooth") + owner, tr("Moving average over about 10 steps\nM"));
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
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(tabRow);
    layout->addLayout(row);
    layout->addWidget(plot_, 1);

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
    log_->setChecked(logarithmic);
    plot_->setUnit(spec.unit);
    plot_->setLogarithmic(logarithmic);
    updateLines();
    describe();
}

void ChartPanel::updateLines() {
    plot_->setLines(chartLines(chartsOf(kind_)[static_cast<size_t>(tabs_->currentIndex())].chart, runs_));
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
