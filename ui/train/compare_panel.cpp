#include "ui/train/compare_panel.h"

#include "ui/data/data_table.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QVBoxLayout>

#include <set>
#include <string>

namespace tt {

namespace {

QSortFilterProxyModel *sortedModel(TranscodersModel &model, QObject *parent) {
    auto *sorted = new QSortFilterProxyModel(parent);
    sorted->setSourceModel(&model);
    sorted->setSortRole(Qt::UserRole);
    return sorted;
}

} // namespace

ComparePanel::ComparePanel(QWidget *parent)
    : QWidget(parent), sorted_(sortedModel(model_, this)), table_(new DataTable(tr("Transcoders compared"), sorted_)),
      use_(new QPushButton), back_(new QPushButton(tr("Back to the runs"))) {
    auto *header = new SectionHeader(tr("Transcoders"), this, 32);
    header->setNote(tr("on held-out stories"));
    setGround(header, &Theme::alternate);
    for (QPushButton *button : {use_, back_}) {
        setTextRole(button, TextRole::Secondary);
        button->setFixedHeight(std::max(scaled(24), button->fontMetrics().height() + 6));
    }
    use_->setText(tr("Use in the other places"));
    use_->setAccessibleName(use_->text());
    back_->setAccessibleName(back_->text());
    back_->setToolTip(tr("Show the list of runs again"));
    header->addControl(use_);
    header->addControl(back_);
    makeTable();
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(header);
    layout->addWidget(table_, 1);
    connect(use_, &QPushButton::clicked, this, &ComparePanel::use);
    connect(back_, &QPushButton::clicked, this, &ComparePanel::backRequested);
    updateButton();
}

void ComparePanel::makeTable() {
    table_->setAccessibleDescription(tr("Return uses the selected one in Features and Circuits."));
    table_->horizontalHeader()->setSectionsClickable(true);
    table_->setSortingEnabled(true);
    table_->sortByColumn(-1, Qt::AscendingOrder); // newest first until a header is clicked
    table_->installEventFilter(this);
    connect(table_, &QTableView::doubleClicked, this, &ComparePanel::use);
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &ComparePanel::updateButton);
}

/// With all rows of the table.
QSize ComparePanel::sizeHint() const {
    const QSize table = table_->sizeHint();
    const int rows = table_->model()->rowCount() * table_->verticalHeader()->defaultSectionSize();
    const int spare = QWidget::sizeHint().height() - table.height(); // the header's
    return {table.width(), spare + table_->horizontalHeader()->sizeHint().height() + rows};
}

void ComparePanel::setTranscoders(const std::vector<TranscoderSummary> &transcoders) {
    const QString before = selected();
    model_.setTranscoders(transcoders);
    std::set<std::string> corpora;
    for (const TranscoderSummary &each : transcoders)
        if (each.heldOut)
            corpora.insert(each.heldOut->corpus);
    table_->setColumnHidden(TranscodersModel::Measured, corpora.size() < 2); // else the names need the room
    if (const int row = model_.rowOf(before.isEmpty() ? model_.chosen() : before); row >= 0)
        table_->setCurrentIndex(sorted_->mapFromSource(model_.index(row, 0)));
    updateButton();
}

void ComparePanel::setChosen(const QString &name) {
    model_.setChosen(name);
    updateButton();
}

QString ComparePanel::selected() const {
    const QModelIndex current = sorted_->mapToSource(table_->currentIndex());
    return current.isValid() ? model_.name(current.row()) : QString();
}

void ComparePanel::updateButton() {
    const QString name = selected();
    const QString why = name.isEmpty()            ? tr("No transcoder is selected.")
                        : name == model_.chosen() ? tr("%1 is the one they use.").arg(name)
                                                  : QString();
    use_->setEnabled(why.isEmpty());
    use_->setToolTip(why.isEmpty() ? tr("Features and Circuits explain with %1\nReturn").arg(name) : why);
}

void ComparePanel::use() {
    if (const QString name = selected(); !name.isEmpty() && name != model_.chosen())
        Q_EMIT chosen(name);
}

bool ComparePanel::eventFilter(QObject *watched, QEvent *event) {
    if (watched == table_ && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent *>(event)->key();
        if (key == Qt::Key_Return || key == Qt::Key_Enter) {
            use();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace tt
