#include "ui/interventions/row_delegate.h"

#include "ui/figures/words.h"
#include "ui/icons/icons.h"
#include "ui/interventions/interventions_model.h"
#include "ui/interventions/value_editor.h"
#include "ui/widgets/roles.h"

#include <QAbstractItemView>
#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QPainter>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>

#include <algorithm>
#include <vector>

namespace tt {
namespace {

using Model = InterventionsModel;

constexpr int largestLayer = 999, largestFeature = 9'999'999; // what is not there is said at the row
constexpr int firstColumnEdge = 16;

QSpinBox *numberBox(QWidget *parent, int largest) {
    auto *box = new QSpinBox(parent);
    box->setRange(0, largest);
    box->setKeyboardTracking(false);
    setTextRole(box, TextRole::Mono);
    return box;
}

/// The places one can choose for a prompt; others are typed ("0,2-5"). Left alone where they are there already.
void fillPositions(QComboBox &box, const Model &model, const InterventionPlaces &present) {
    std::vector<InterventionPlaces> choices;
    for (const auto kind :
         {InterventionPlaces::Kind::Last, InterventionPlaces::Kind::All, InterventionPlaces::Kind::Generated})
        choices.push_back({kind, {}});
    for (int position = 0; position < static_cast<int>(model.tokens().size()); ++position)
        choices.push_back({InterventionPlaces::Kind::Chosen, {position}});
    if (std::find(choices.begin(), choices.end(), present) == choices.end())
        choices.push_back(present);
    bool same = box.count() == static_cast<int>(choices.size());
    for (int i = 0; same && i < box.count(); ++i)
        same = box.itemText(i) == placesText(choices[static_cast<size_t>(i)], model.tokens());
    if (same)
        return;
    box.clear();
    for (const InterventionPlaces &places : choices)
        box.addItem(placesText(places, model.tokens()), QString::fromStdString(toString(places)));
}

/// The place chosen or typed; empty if the words are none.
QString placesOf(const QComboBox &box) {
    const int chosen = box.findText(box.currentText());
    const QString text = chosen >= 0 ? box.itemData(chosen).toString() : box.currentText().remove(u' ');
    try {
        return QString::fromStdString(toString(parsePlaces(text.toStdString())));
    } catch (const Error &) {
        return {};
    }
}

QComboBox *positionBox(QWidget *parent) {
    auto *box = new QComboBox(parent);
    box->setEditable(true);
    box->setInsertPolicy(QComboBox::NoInsert);
    box->setCompleter(nullptr);
    box->setToolTip(InterventionsModel::tr("Where the feature is changed: one position, several (0,2-5), last, all, or "
                                           "only what is generated\n\"all\" includes what is generated"));
    setTextRole(box, TextRole::Mono);
    return box;
}

} // namespace

QString RowDelegate::nameOf(const QModelIndex &index, bool selected) {
    const QString names[Model::Columns] = {tr("Enabled"), tr("Layer"), tr("Feature"), QString(),   tr("Position"),
                                           tr("Action"),  tr("Value"), QString(),     tr("Remove")};
    const QString name = names[index.column()];
    // The values of the selected row carry the plain name; Layer and Feature are the card's.
    if (selected && index.column() == Model::Value)
        return name;
    return tr("%1 of row %2").arg(name).arg(index.row() + 1);
}

void RowDelegate::commit(QWidget *editor) const {
    const auto *view = qobject_cast<const QAbstractItemView *>(parent());
    const QModelIndex index = view ? view->indexAt(editor->geometry().center()) : QModelIndex();
    if (index.isValid() && view->indexWidget(index) == editor) // an editor on its way out has nothing to say
        Q_EMIT const_cast<RowDelegate *>(this)->commitData(editor);
}

QWidget *RowDelegate::createEditor(QWidget *parent, const QStyleOptionViewItem &, const QModelIndex &index) const {
    QWidget *editor = nullptr;
    switch (index.column()) {
    case Model::Enabled: {
        auto *box = new QCheckBox(parent);
        box->setToolTip(tr("Whether the row acts\nSpace"));
        connect(box, &QCheckBox::toggled, this, [this, box] { commit(box); });
        editor = box;
        break;
    }
    case Model::Layer:
    case Model::Feature: {
        auto *box = numberBox(parent, index.column() == Model::Layer ? largestLayer : largestFeature);
        connect(box, &QSpinBox::valueChanged, this, [this, box] { commit(box); });
        editor = box;
        break;
    }
    case Model::Position: {
        QComboBox *box = positionBox(parent);
        connect(box, &QComboBox::activated, this, [this, box] { commit(box); });
        connect(box->lineEdit(), &QLineEdit::editingFinished, this, [this, box] { commit(box); });
        editor = box;
        break;
    }
    case Model::Action: {
        auto *box = new QComboBox(parent);
        for (const auto action : {InterventionAction::Ablate, InterventionAction::Set, InterventionAction::Multiply,
                                  InterventionAction::Add})
            box->addItem(QString::fromStdString(toString(action)));
        box->setToolTip(
            tr("ablate: 0 · set: the value · multiply: the value times the activation · add: the activation "
               "plus the value"));
        connect(box, &QComboBox::activated, this, [this, box] { commit(box); });
        editor = box;
        break;
    }
    case Model::Value: {
        auto *value = new ValueEditor(parent);
        connect(value, &ValueEditor::edited, this, [this, value] { commit(value); });
        editor = value;
        break;
    }
    case Model::Remove: {
        auto *button = new QToolButton(parent);
        button->setIcon(icon(QStringLiteral("close")));
        button->setAutoRaise(true);
        button->setToolTip(tr("Remove the row\nDel"));
        connect(button, &QToolButton::clicked, this,
                [this, at = QPersistentModelIndex(index)] { Q_EMIT removeRequested(at.row()); });
        editor = button;
        break;
    }
    default:
        return nullptr;
    }
    editor->setAccessibleName(nameOf(index, false));
    editor->setAutoFillBackground(false);
    return editor;
}

void RowDelegate::setEditorData(QWidget *editor, const QModelIndex &index) const {
    const auto &model = *static_cast<const Model *>(index.model());
    const Intervention &row = model.rows()[static_cast<size_t>(index.row())];
    const QSignalBlocker quiet(editor);
    switch (index.column()) {
    case Model::Enabled:
        static_cast<QCheckBox *>(editor)->setChecked(row.enabled);
        break;
    case Model::Layer:
    case Model::Feature:
        static_cast<QSpinBox *>(editor)->setValue(index.data(Qt::EditRole).toInt());
        if (auto *line = editor->findChild<QLineEdit *>(); line && !editor->hasFocus())
            line->deselect();
        break;
    case Model::Position: {
        auto &box = *static_cast<QComboBox *>(editor);
        fillPositions(box, model, row.places);
        box.setCurrentIndex(box.findData(QString::fromStdString(toString(row.places))));
        setFieldError(&box, false);
        break;
    }
    case Model::Action:
        static_cast<QComboBox *>(editor)->setCurrentIndex(static_cast<int>(row.action));
        break;
    case Model::Value:
        static_cast<ValueEditor *>(editor)->setContent(row.action, model.rangeOf(index.row()), row.value);
        break;
    default:
        break;
    }
}

void RowDelegate::setModelData(QWidget *editor, QAbstractItemModel *model, const QModelIndex &index) const {
    switch (index.column()) {
    case Model::Enabled:
        model->setData(index, static_cast<QCheckBox *>(editor)->isChecked());
        break;
    case Model::Layer:
    case Model::Feature:
        model->setData(index, static_cast<QSpinBox *>(editor)->value());
        break;
    case Model::Position: {
        auto &box = *static_cast<QComboBox *>(editor);
        const QString places = placesOf(box);
        setFieldError(&box, places.isEmpty());
        if (!places.isEmpty() && !model->setData(index, places))
            setEditorData(editor, index); // the same place in other words
        break;
    }
    case Model::Action:
        model->setData(index, static_cast<QComboBox *>(editor)->currentIndex());
        break;
    case Model::Value:
        model->setData(index, static_cast<ValueEditor *>(editor)->value());
        break;
    default:
        break;
    }
}

void RowDelegate::updateEditorGeometry(QWidget *editor, const QStyleOptionViewItem &option,
                                       const QModelIndex &index) const {
    QRect room = option.rect.adjusted(scaled(4), 0, -scaled(4), 0);
    if (index.column() == Model::Enabled)
        room.setLeft(option.rect.left() + scaled(firstColumnEdge));
    if (index.column() == Model::Value) {
        editor->setGeometry(room);
        return;
    }
    const int height = std::min(room.height(), std::max(scaled(28), QFontMetrics(option.font).height() + scaled(8)));
    editor->setGeometry(room.left(), room.center().y() - height / 2 + 1, room.width(), height);
}

QSize RowDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &) const {
    return {scaled(40), std::max(scaled(40), QFontMetrics(option.font).height() + scaled(8))};
}

void RowDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const {
    painter->save();
    painter->fillRect(option.rect, option.state & QStyle::State_Selected ? theme().selected : theme().panel);
    const auto *view = qobject_cast<const QAbstractItemView *>(option.widget);
    const bool hasEditor = view && view->indexWidget(index);
    const auto note = static_cast<RowNote::Kind>(index.data(Model::NoteKindRole).toInt());
    const bool enabled = index.data(Model::EnabledRole).toBool();
    QColor ink = enabled ? theme().ink : theme().disabledInk;
    if (index.column() == Model::Effect)
        ink = !enabled || note == RowNote::Kind::None ? theme().secondaryInk
              : note == RowNote::Kind::Problem        ? theme().errorText
                                                      : theme().warningText;
    if (!hasEditor && index.column() != Model::Enabled) {
        const bool figures = index.column() != Model::Effect && index.column() != Model::Action;
        painter->setFont(tt::font(figures ? TextRole::Mono : TextRole::Secondary));
        painter->setPen(ink);
        const QRect room = option.rect.adjusted(scaled(8), 0, -scaled(4), 0);
        const bool wraps = index.column() == Model::Effect && note != RowNote::Kind::None;
        const QString text = index.data().toString();
        painter->drawText(room,
                          static_cast<int>(Qt::AlignLeft | Qt::AlignVCenter) | (wraps ? int(Qt::TextWordWrap) : 0),
                          wraps ? text : painter->fontMetrics().elidedText(text, Qt::ElideRight, room.width()));
    }
    painter->setPen(theme().innerLine);
    painter->drawLine(option.rect.bottomLeft(), option.rect.bottomRight());
    painter->restore();
}

} // namespace tt
