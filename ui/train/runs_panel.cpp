#include "ui/train/runs_panel.h"

#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/train/runs_delegate.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

namespace {

QPushButton *barButton(const QString &text, const QString &iconName) {
    auto *button = new QPushButton(icon(iconName), text);
    button->setAccessibleName(text);
    setTextRole(button, TextRole::Secondary);
    button->setIconSize(QSize(scaled(12), scaled(12)));
    button->setFixedHeight(std::max(scaled(24), button->fontMetrics().height() + 6));
    return button;
}

/// On, or off with the reason in the tooltip.
void enable(QPushButton *button, const QString &reasonOff, const QString &tip) {
    button->setEnabled(reasonOff.isEmpty());
    button->setToolTip(reasonOff.isEmpty() ? tip : reasonOff);
    button->setAccessibleDescription(reasonOff);
}

} // namespace

RunsPanel::RunsPanel(QWidget *parent) : QWidget(parent), menu_(new RunMenu(this)), table_(new QTableView(this)) {
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeBar());
    layout->addWidget(table_, 1);
    makeTable();
    placeColumns();
    updateBar();
    setComparable(0);
}

QWidget *RunsPanel::makeBar() {
    auto *header = new SectionHeader(tr("Runs"), this, 32);
    setGround(header, &Theme::alternate);
    name_ = new QLabel;
    name_->setTextFormat(Qt::PlainText);
    setInk(name_, Ink::Secondary);
    progress_ = new QProgressBar;
    progress_->setTextVisible(false);
    progress_->setFixedSize(scaled(160), scaled(8));
    progress_->setAccessibleName(tr("Training progress"));
    percent_ = new QLabel;
    setTextRole(percent_, TextRole::Mono);
    percent_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    percent_->setMinimumWidth(percent_->fontMetrics().horizontalAdvance(QStringLiteral("100 %")));
    pause_ = barButton(tr("Pause"), QStringLiteral("pause"));
    resume_ = barButton(tr("Resume"), QStringLiteral("play"));
    stop_ = barButton(tr("Stop"), QStringLiteral("stop"));
    more_ = barButton(tr("More"), QStringLiteral("chevron-down"));
    more_->setAccessibleName(tr("More for this run"));
    more_->setToolTip(tr("Duplicate, rename, show or delete the selected run"));
    connect(more_, &QPushButton::clicked, this,
            [this] { menu_->popup(more_->mapToGlobal(QPoint(0, more_->height()))); });
    compare_ = new QPushButton(tr("Compare transcoders"));
    compare_->setAccessibleName(compare_->text());
    makeLink(compare_);
    setTextRole(compare_, TextRole::Secondary);
    connect(compare_, &QPushButton::clicked, this, &RunsPanel::compareRequested);
    for (QWidget *control :
         std::initializer_list<QWidget *>{compare_, name_, progress_, percent_, pause_, resume_, stop_, more_})
        header->addControl(control);
    for (const auto &[button, item] :
         {std::pair{pause_, RunMenu::Pause}, {resume_, RunMenu::Resume}, {stop_, RunMenu::Stop}})
        connect(button, &QPushButton::clicked, this, [this, item = item] { act(item); });
    connect(menu_, &RunMenu::chosen, this, &RunsPanel::act);
    return header;
}

void RunsPanel::makeTable() {
    table_->setModel(&model_);
    table_->setItemDelegate(new RunsDelegate(model_, table_));
    table_->setAccessibleName(tr("Runs"));
    table_->setAccessibleDescription(tr("Training runs. Space pauses or resumes the selected one, F2 renames it."));
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setShowGrid(false);
    table_->setWordWrap(false);
    table_->setMouseTracking(true);
    table_->setFrameShape(QFrame::NoFrame);
    table_->setTabKeyNavigation(false);
    table_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    table_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    table_->verticalHeader()->hide();
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setSectionsClickable(false);
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    table_->horizontalHeader()->setMinimumSectionSize(scaled(24));
    setTextRole(table_->horizontalHeader(), TextRole::Secondary);
    table_->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(table_, &QWidget::customContextMenuRequested, this, [this](const QPoint &place) {
        if (selected())
            menu_->popup(table_->viewport()->mapToGlobal(place));
    });
    connect(&model_, &RunsModel::renameAsked, this, &RunsPanel::renameRequested);
    table_->installEventFilter(this);
    table_->viewport()->installEventFilter(this);
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex &current) {
                if (current.isValid())
                    model_.setMain(model_.run(current.row()).id);
                updateBar();
                Q_EMIT selectionChanged(selected() ? selected()->id : 0);
            });
}

void RunsPanel::setRuns(const std::vector<RunRow> &runs) {
    model_.setRuns(runs);
    if (!selected() && model_.rowCount() > 0)
        select(model_.run(0).id);
    updateBar();
}

void RunsPanel::updateRun(const RunRow &run) {
    model_.updateRun(run);
    if (!selected())
        select(run.id);
    if (selected()->id == run.id)
        updateBar();
}

const RunRow *RunsPanel::selected() const {
    const QModelIndex current = table_->currentIndex();
    return current.isValid() ? &model_.run(current.row()) : nullptr;
}

void RunsPanel::select(int id) {
    if (const int row = model_.rowOf(id); row >= 0)
        table_->setCurrentIndex(model_.index(row, RunsModel::Name));
}

void RunsPanel::setComparable(int transcoders) {
    enable(compare_, transcoders > 0 ? QString() : tr("There is no transcoder yet. Train one above."),
           tr("Kind, FVU, CE recovered, dead, L0 and size of every transcoder"));
}

void RunsPanel::setReadOnly(bool readOnly) {
    readOnly_ = readOnly;
    updateBar();
}

void RunsPanel::updateBar() {
    const RunRow *run = selected();
    for (QWidget *widget : std::initializer_list<QWidget *>{name_, progress_, percent_})
        widget->setVisible(run != nullptr);
    menu_->setRun(run, readOnly_);
    more_->setEnabled(run != nullptr);
    if (!run) {
        for (QPushButton *button : {pause_, resume_, stop_})
            enable(button, tr("No run is selected. Start one above."), {});
        return;
    }
    const double share = run->steps > 0 ? static_cast<double>(run->step) / static_cast<double>(run->steps) : 0;
    const int percent = static_cast<int>(std::clamp(share, 0.0, 1.0) * 100);
    name_->setText(run->name);
    progress_->setValue(percent);
    progress_->setAccessibleDescription(tr("%1, %2 %").arg(run->name).arg(percent));
    percent_->setText(tr("%1 %").arg(percent));
    keepFocus(*run);
    enable(pause_, whyNot(RunMenu::Pause, *run, readOnly_),
           tr("Pause %1\nIt keeps its memory and goes on at once.\nSpace").arg(run->name));
    enable(resume_, whyNot(RunMenu::Resume, *run, readOnly_),
           tr("Go on with %1 from step %2\nSpace").arg(run->name).arg(run->step));
    enable(stop_, whyNot(RunMenu::Stop, *run, readOnly_),
           tr("Stop %1 and save it\nIt can be resumed later.").arg(run->name));
}

/// Of Pause and Resume, the one that goes off hands the focus to the other: left alone it would go to Stop.
void RunsPanel::keepFocus(const RunRow &run) {
    const bool canPause = whyNot(RunMenu::Pause, run, readOnly_).isEmpty(),
               canResume = whyNot(RunMenu::Resume, run, readOnly_).isEmpty();
    QPushButton *off = canPause ? resume_ : pause_, *on = canPause ? pause_ : resume_;
    if (canPause == canResume || window()->focusWidget() != off)
        return;
    on->setEnabled(true);
    on->setFocus();
}

void RunsPanel::pauseOrResume() {
    if (pause_->isEnabled())
        pause_->click();
    else if (resume_->isEnabled())
        resume_->click();
}

void RunsPanel::act(RunMenu::Item item) {
    const RunRow *run = selected();
    if (!run || !whyNot(item, *run, readOnly_).isEmpty())
        return;
    switch (item) {
    case RunMenu::Pause:
        return Q_EMIT pauseRequested(run->id);
    case RunMenu::Resume:
        return Q_EMIT resumeRequested(run->id);
    case RunMenu::Stop:
        return Q_EMIT stopRequested(run->id);
    case RunMenu::Duplicate:
        return Q_EMIT duplicateRequested(run->id);
    case RunMenu::Rename:
        return table_->edit(table_->currentIndex().siblingAtColumn(RunsModel::Name));
    case RunMenu::ShowFolder:
        return Q_EMIT showFolderRequested(run->id);
    case RunMenu::Delete:
        return Q_EMIT deleteRequested(run->id);
    default:
        return;
    }
}

bool RunsPanel::actOnKey(const QKeyEvent &key) {
    if (key.modifiers() == Qt::ControlModifier && key.key() == Qt::Key_D)
        return act(RunMenu::Duplicate), true;
    if (key.modifiers() != Qt::NoModifier)
        return false;
    switch (key.key()) {
    case Qt::Key_Space:
        return pauseOrResume(), true;
    case Qt::Key_F2:
        return act(RunMenu::Rename), true;
    case Qt::Key_Delete:
        return act(RunMenu::Delete), true;
    case Qt::Key_P:
        if (selected())
            model_.togglePlotted(table_->currentIndex().row());
        return true;
    default:
        return false;
    }
}

bool RunsPanel::eventFilter(QObject *watched, QEvent *event) {
    if (watched == table_->viewport() && event->type() == QEvent::Resize)
        placeColumns();
    if (watched == table_ && event->type() == QEvent::KeyPress)
        return actOnKey(*static_cast<QKeyEvent *>(event));
    return QWidget::eventFilter(watched, event);
}

void RunsPanel::placeColumns() {
    const QFontMetrics mono(tt::font(TextRole::Mono)), body(tt::font(TextRole::Body));
    const int gap = scaled(24), width = table_->viewport()->width();
    std::array<int, RunsModel::ColumnCount> widths{};
    widths[RunsModel::State] = scaled(32);
    widths[RunsModel::Step] = mono.horizontalAdvance(QStringLiteral("10,000 / 10,000")) + gap;
    widths[RunsModel::Validation] = mono.horizontalAdvance(QStringLiteral("FVU 0.134")) + 2 * gap;
    widths[RunsModel::Speed] = mono.horizontalAdvance(QStringLiteral("1,000,000")) + gap;
    widths[RunsModel::Left] = body.horizontalAdvance(QStringLiteral("done in 10 min")) + gap;
    widths[RunsModel::Plot] = scaled(80);
    int rest = width;
    for (const int fixed : widths)
        rest -= fixed;
    widths[RunsModel::Name] = std::clamp(rest * 3 / 10, scaled(72), scaled(200));
    widths[RunsModel::What] = std::clamp(rest - widths[RunsModel::Name], scaled(80), scaled(400));
    widths[RunsModel::Plot] += std::max(0, rest - widths[RunsModel::Name] - widths[RunsModel::What]);
    for (int column = 0; column < RunsModel::ColumnCount; ++column)
        table_->setColumnWidth(column, widths[static_cast<size_t>(column)]);
    setMinimumHeight(scaled(32) + 4 * std::max(scaled(24), body.height() + 8)); // bar, header and three rows
    table_->verticalHeader()->setMinimumSectionSize(scaled(20));
    table_->verticalHeader()->setDefaultSectionSize(std::max(scaled(24), body.height() + 8));
    table_->horizontalHeader()->setFixedHeight(std::max(scaled(24), body.height() + 6));
}

void RunsPanel::changeEvent(QEvent *event) {
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange) {
        placeColumns();
        table_->viewport()->update();
    }
    QWidget::changeEvent(event);
}

} // namespace tt
