#include "ui/train/runs_delegate.h"

#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/train/plot_overlay.h"
#include "ui/train/runs_model.h"
#include "ui/train/training_plot.h"

#include <QApplication>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace tt {

namespace {

struct StateLook {
    QString icon;
    QColor colour;
};

StateLook lookOf(RunRow::State state) {
    switch (state) {
    case RunRow::State::Running:
        return {QStringLiteral("play"), theme().link};
    case RunRow::State::Paused:
        return {QStringLiteral("pause"), theme().link};
    case RunRow::State::Finished:
        return {QStringLiteral("check"), theme().okText};
    case RunRow::State::Failed:
        return {QStringLiteral("failed"), theme().errorText};
    case RunRow::State::Waiting:
        return {QStringLiteral("minus"), theme().secondaryInk};
    case RunRow::State::Stopping:
    case RunRow::State::Stopped:
        return {QStringLiteral("stop"), theme().secondaryInk};
    }
    return {};
}

int side() {
    return scaled(8);
}

bool isSelected(const QStyleOptionViewItem &option) {
    return option.state & QStyle::State_Selected;
}

/// Text of less weight; a selected row's ground asks for a darker one.
QColor quietInk(const QStyleOptionViewItem &option) {
    return isSelected(option) ? theme().secondaryInk : theme().tertiaryInk;
}

} // namespace

RunsDelegate::RunsDelegate(const RunsModel &model, QObject *parent) : QStyledItemDelegate(parent), model_(model) {}

void RunsDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const {
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (isSelected(option))
        painter->fillRect(option.rect, theme().selected);
    else if (option.state & QStyle::State_MouseOver)
        painter->fillRect(option.rect, theme().hover);
    switch (index.column()) {
    case RunsModel::State:
        paintState(*painter, option, index.row());
        break;
    case RunsModel::Validation:
        paintValidation(*painter, option, index.row());
        break;
    case RunsModel::Plot:
        paintPlot(*painter, option, index.row());
        break;
    default:
        paintText(*painter, option, index);
    }
    painter->restore();
}

void RunsDelegate::paintState(QPainter &painter, const QStyleOptionViewItem &option, int row) const {
    const StateLook look = lookOf(model_.run(row).state);
    const int size = scaled(14);
    const QPoint place(option.rect.left() + scaled(14), option.rect.center().y() - size / 2 + 1);
    painter.drawPixmap(place, iconPixmap(look.icon, look.colour, size, painter.device()->devicePixelRatioF()));
}

void RunsDelegate::paintText(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index) const {
    const QVariant wanted = index.data(Qt::FontRole);
    const QFont textFont = wanted.isValid() ? wanted.value<QFont>() : font(TextRole::Body);
    const bool quiet = index.column() == RunsModel::What || index.column() == RunsModel::Left;
    painter.setFont(textFont);
    painter.setPen(quiet ? theme().secondaryInk : theme().ink);
    if (index.column() == RunsModel::Left && model_.run(index.row()).state == RunRow::State::Failed)
        painter.setPen(theme().errorText);
    const QRect place = option.rect.adjusted(side(), 0, -side(), 0);
    const QString text = QFontMetrics(textFont).elidedText(index.data().toString(), Qt::ElideRight, place.width());
    painter.drawText(place, index.data(Qt::TextAlignmentRole).toInt(), text);
}

void RunsDelegate::paintValidation(QPainter &painter, const QStyleOptionViewItem &option, int row) const {
    const QString text = model_.run(row).validation;
    const qsizetype gap = text.lastIndexOf(QLatin1Char(' ')); // "loss 2.22"
    const QFont mono = font(TextRole::Mono), words = font(TextRole::Secondary);
    QRect place = option.rect.adjusted(0, 0, -scaled(8), 0);
    const QString figure = text.mid(gap + 1);
    painter.setFont(mono);
    painter.setPen(theme().ink);
    painter.drawText(place, Qt::AlignRight | Qt::AlignVCenter, figure);
    if (gap < 0)
        return;
    place.adjust(0, 0, -QFontMetrics(mono).horizontalAdvance(figure) - scaled(5), 0);
    painter.setFont(words);
    painter.setPen(quietInk(option));
    painter.drawText(place, Qt::AlignRight | Qt::AlignVCenter, text.left(gap));
}

void RunsDelegate::paintPlot(QPainter &painter, const QStyleOptionViewItem &option, int row) const {
    const int size = scaled(16);
    QStyleOptionButton box;
    box.state = QStyle::State_Enabled | (model_.isPlotted(row) ? QStyle::State_On : QStyle::State_Off);
    box.palette = option.palette;
    box.rect = QRect(option.rect.right() + 1 - side() - size, option.rect.center().y() - size / 2 + 1, size, size);
    QApplication::style()->drawPrimitive(QStyle::PE_IndicatorCheckBox, &box, &painter, option.widget);
    const RunRow &run = model_.run(row);
    for (const RunsModel::PlottedRow &plotted : model_.plotted(run.kind)) {
        if (plotted.id != run.id)
            continue;
        PlotLine line;
        line.style = plotted.reference < 0 ? PlotLine::Style::Line : PlotLine::Style::Reference;
        line.colour = std::max(0, plotted.reference);
        painter.setPen(QPen(lineColour(line), 2, linePenStyle(line), Qt::FlatCap));
        const double y = option.rect.center().y() + 1;
        painter.drawLine(QPointF(box.rect.left() - scaled(32), y), QPointF(box.rect.left() - scaled(8), y));
    }
}

QWidget *RunsDelegate::createEditor(QWidget *parent, const QStyleOptionViewItem &option,
                                    const QModelIndex &index) const {
    QWidget *editor = QStyledItemDelegate::createEditor(parent, option, index);
    if (editor) {
        editor->setAccessibleName(tr("New name of the run"));
        editor->setToolTip(tr("New name of the run\nReturn renames, Esc leaves it"));
    }
    return editor;
}

bool RunsDelegate::editorEvent(QEvent *event, QAbstractItemModel *model, const QStyleOptionViewItem &option,
                               const QModelIndex &index) {
    if (index.column() != RunsModel::Plot || event->type() != QEvent::MouseButtonRelease)
        return false;
    const auto *mouse = static_cast<QMouseEvent *>(event);
    const int reach = side() + scaled(24); // the checkbox and a little around it
    if (mouse->button() != Qt::LeftButton || mouse->pos().x() < option.rect.right() - reach)
        return false;
    const bool checked = index.data(Qt::CheckStateRole).toInt() == Qt::Checked;
    return model->setData(index, checked ? Qt::Unchecked : Qt::Checked, Qt::CheckStateRole);
}

} // namespace tt
