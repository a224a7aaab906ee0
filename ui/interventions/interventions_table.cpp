#include "ui/interventions/interventions_table.h"

#include "ui/figures/plain_header.h"
#include "ui/interventions/interventions_model.h"
#include "ui/interventions/row_delegate.h"
#include "ui/interventions/value_editor.h"
#include "ui/interventions/value_slider.h"
#include "ui/theme.h"

#include <QApplication>
#include <QHeaderView>
#include <QKeyEvent>

#include <algorithm>
#include <array>

namespace tt {
namespace {

constexpr int mostEditedRows = 8;
using Model = InterventionsModel;

bool hasEditorIn(int column) {
    return column != Model::Label && column != Model::Effect;
}

} // namespace

InterventionsTable::InterventionsTable(InterventionsModel &model, QWidget *parent)
    : QTableView(parent), model_(model), delegate_(new RowDelegate(this)) {
    setModel(&model);
    setItemDelegate(delegate_);
    setHorizontalHeader(new PlainHeader(this));
    setAccessibleName(tr("Intervention rows"));
    setAccessibleDescription(tr("Space turns the selected row on or off, Del removes it."));
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSelectionMode(QAbstractItemView::SingleSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setShowGrid(false);
    setFrameShape(QFrame::NoFrame);
    setTabKeyNavigation(false);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    verticalHeader()->hide();
    horizontalHeader()->setSectionsClickable(false);
    horizontalHeader()->setMinimumSectionSize(scaled(24));
    connect(delegate_, &RowDelegate::removeRequested, this, &InterventionsTable::removeRequested, Qt::QueuedConnection);
    connect(&model, &QAbstractItemModel::modelReset, this, &InterventionsTable::openEditors);
    connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this] {
        openEditors();
        Q_EMIT rowSelected(selectedRow());
    });
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget *, QWidget *now) { followFocus(now); });
    placeColumns();
}

int InterventionsTable::selectedRow() const {
    return currentIndex().isValid() ? currentIndex().row() : -1;
}

void InterventionsTable::select(int row) {
    setCurrentIndex(row >= 0 && row < model_.rowCount() ? model_.index(row, Model::Label) : QModelIndex());
    nameEditors();
}

/// Working in a row selects it.
void InterventionsTable::followFocus(QWidget *now) {
    if (!now || !viewport()->isAncestorOf(now))
        return;
    QWidget *editor = now;
    while (editor->parentWidget() != viewport())
        editor = editor->parentWidget();
    if (const QModelIndex index = indexAt(editor->geometry().center()); index.isValid() && index.row() != selectedRow())
        select(index.row());
}

void InterventionsTable::openEditors() {
    for (int row = 0; row < model_.rowCount(); ++row)
        for (int column = 0; column < Model::Columns; ++column) {
            const QModelIndex index = model_.index(row, column);
            const bool wanted = hasEditorIn(column) && (model_.rowCount() <= mostEditedRows || row == selectedRow());
            if (wanted && !isPersistentEditorOpen(index))
                openPersistentEditor(index);
            else if (!wanted && isPersistentEditorOpen(index))
                closePersistentEditor(index);
        }
    nameEditors();
}

void InterventionsTable::nameEditors() {
    for (int row = 0; row < model_.rowCount(); ++row)
        for (int column = 0; column < Model::Columns; ++column)
            if (QWidget *editor = indexWidget(model_.index(row, column))) {
                const QString name = RowDelegate::nameOf(model_.index(row, column), row == selectedRow());
                if (auto *value = qobject_cast<ValueEditor *>(editor))
                    value->setNames(name, tr("Figure of row %1").arg(row + 1));
                else
                    editor->setAccessibleName(name);
            }
}

/// Keys that an editor of the row has no use for come here too.
void InterventionsTable::keyPressEvent(QKeyEvent *event) {
    const int row = selectedRow();
    auto *value = row < 0 ? nullptr : qobject_cast<ValueEditor *>(indexWidget(model_.index(row, Model::Value)));
    switch (event->key()) {
    case Qt::Key_Space:
        if (row >= 0)
            model_.setData(model_.index(row, Model::Enabled), !model_.rows()[static_cast<size_t>(row)].enabled);
        return;
    case Qt::Key_Delete:
        if (row >= 0)
            Q_EMIT removeRequested(row);
        return;
    case Qt::Key_Left:
    case Qt::Key_Right:
    case Qt::Key_PageUp:
    case Qt::Key_PageDown:
    case Qt::Key_Home:
    case Qt::Key_End:
    case Qt::Key_Backspace:
        if (value && value->slider()->isVisible())
            QApplication::sendEvent(value->slider(), event);
        return;
    default:
        QTableView::keyPressEvent(event);
    }
}

int InterventionsTable::heightOf(int rows) const {
    return horizontalHeader()->height() + rows * verticalHeader()->defaultSectionSize();
}

void InterventionsTable::placeColumns() {
    const QFontMetrics mono(tt::font(TextRole::Mono)), body(tt::font(TextRole::Body));
    std::array<int, Model::Columns> widths{};
    const int box = scaled(40);
    widths[Model::Enabled] = scaled(40);
    widths[Model::Layer] = mono.horizontalAdvance(QStringLiteral("000")) + box;
    widths[Model::Feature] = mono.horizontalAdvance(QStringLiteral("00000")) + box;
    widths[Model::Label] = mono.horizontalAdvance(QStringLiteral("␣beautiful")) + scaled(16);
    widths[Model::Position] = mono.horizontalAdvance(QStringLiteral("generated")) + scaled(56);
    widths[Model::Action] = body.horizontalAdvance(QStringLiteral("multiply")) + scaled(52);
    widths[Model::Remove] = scaled(40);
    int rest = viewport()->width();
    for (const int width : widths)
        rest -= width;
    widths[Model::Effect] =
        std::max(body.horizontalAdvance(QStringLiteral("00.00 becomes 00.00")) + scaled(16), rest * 2 / 5);
    widths[Model::Value] = std::max(scaled(220), rest - widths[Model::Effect]);
    for (int column = 0; column < Model::Columns; ++column)
        setColumnWidth(column, widths[static_cast<size_t>(column)]);
    horizontalHeader()->setFixedHeight(
        std::max(scaled(24), QFontMetrics(tt::font(TextRole::Secondary)).height() + scaled(8)));
    verticalHeader()->setDefaultSectionSize(std::max(scaled(40), body.height() + scaled(8)));
}

void InterventionsTable::resizeEvent(QResizeEvent *event) {
    QTableView::resizeEvent(event);
    placeColumns();
}

void InterventionsTable::changeEvent(QEvent *event) {
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange)
        placeColumns();
}

} // namespace tt
