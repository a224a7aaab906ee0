#include "ui/train/parameter_form.h"

#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/train/number_field.h"
#include "ui/widgets/roles.h"

#include <QComboBox>
#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

/// A cell of the grid: one of `number` and `choice` is there.
struct ParameterForm::Field {
    Parameter parameter;
    QWidget *cell = nullptr;
    QLabel *label = nullptr;
    NumberField *number = nullptr;
    QComboBox *choice = nullptr;

    [[nodiscard]] QWidget *editor() const { return number ? static_cast<QWidget *>(number) : choice; }
};

ParameterForm::ParameterForm(const std::vector<Parameter> &parameters, const QString &suffix, QWidget *parent)
    : QWidget(parent), scroll_(new QScrollArea(this)), content_(new QWidget), grid_(new QGridLayout(content_)) {
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(scaled(4));
    scroll_->setWidgetResizable(true);
    scroll_->setFrameShape(QFrame::NoFrame);
    scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll_->setFocusPolicy(Qt::NoFocus);
    scroll_->viewport()->setAutoFillBackground(false);
    scroll_->setWidget(content_);
    content_->setAutoFillBackground(false);
    grid_->setContentsMargins(0, 0, 0, 0);
    grid_->setHorizontalSpacing(scaled(16));
    grid_->setVerticalSpacing(scaled(8));
    layout->addWidget(scroll_, 1);
    for (const Parameter &parameter : parameters)
        addField(parameter, suffix);
    addFoot();
    arrange(true);
    explain();
}

ParameterForm::~ParameterForm() = default;

void ParameterForm::addField(const Parameter &parameter, const QString &suffix) {
    auto field = std::make_unique<Field>();
    field->parameter = parameter;
    const QString title = QString::fromStdString(parameter.label);
    field->cell = new QWidget(content_);
    auto *layout = new QVBoxLayout(field->cell);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(scaled(4));
    field->label = new QLabel(title);
    setTextRole(field->label, TextRole::Secondary);
    setInk(field->label, Ink::Secondary);
    layout->addWidget(field->label);
    const QString key = QString::fromStdString(parameter.key);
    if (parameter.kind == Parameter::Kind::Choice) {
        field->choice = new QComboBox;
        for (const std::string &choice : parameter.choices)
            field->choice->addItem(QString::fromStdString(choice));
        field->choice->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        field->choice->setMinimumContentsLength(6);
        field->choice->setFocusPolicy(Qt::StrongFocus);
        connect(field->choice, &QComboBox::currentTextChanged, this, [field = field.get()](const QString &text) {
            field->choice->setToolTip(QString::fromStdString(field->parameter.label) + QStringLiteral(": ") + text +
                                      QLatin1Char('\n') + QString::fromStdString(field->parameter.help));
        });
        connect(field->choice, &QComboBox::activated, this, [this, key] { Q_EMIT edited(key); });
    } else {
        field->number = new NumberField(parameter);
        connect(field->number, &NumberField::edited, this, [this, key] { Q_EMIT edited(key); });
    }
    QWidget *editor = field->editor();
    editor->setAccessibleName(title + suffix);
    editor->setAccessibleDescription(QString::fromStdString(parameter.help));
    editor->setToolTip(title + QLatin1Char('\n') + QString::fromStdString(parameter.help));
    editor->installEventFilter(this);
    field->label->setBuddy(editor);
    layout->addWidget(editor);
    fields_.push_back(std::move(field));
}

void ParameterForm::addFoot() {
    auto *foot = new QHBoxLayout;
    foot->setSpacing(scaled(8));
    warning_ = new QLabel;
    help_ = new QLabel;
    help_->setTextFormat(Qt::PlainText);
    help_->setWordWrap(true);
    setTextRole(help_, TextRole::Secondary);
    help_->setMinimumHeight(std::max(scaled(20), help_->fontMetrics().height() + 4));
    more_ = new QPushButton;
    makeLink(more_);
    setTextRole(more_, TextRole::Secondary);
    connect(more_, &QPushButton::clicked, this, [this] { setExpanded(!expanded_); });
    const auto isAdvanced = [](const auto &field) { return field->parameter.advanced; };
    more_->setVisible(std::any_of(fields_.begin(), fields_.end(), isAdvanced));
    foot->addWidget(warning_, 0, Qt::AlignVCenter);
    foot->addWidget(help_, 1);
    foot->addWidget(more_, 0, Qt::AlignTop);
    static_cast<QVBoxLayout *>(layout())->addLayout(foot);
}

std::vector<ParameterForm::Field *> ParameterForm::visibleFields() const {
    std::vector<Field *> shown;
    for (const auto &field : fields_)
        if (expanded_ || !field->parameter.advanced)
            shown.push_back(field.get());
    return shown;
}

int ParameterForm::columnsFor(int width) const {
    const auto ordinary =
        std::count_if(fields_.begin(), fields_.end(), [](const auto &f) { return !f->parameter.advanced; });
    const int inTwoRows = std::max(3, static_cast<int>(ordinary + 1) / 2);
    const int narrowest = scaled(72), gap = grid_->horizontalSpacing();
    return std::clamp((width - narrowest / 2 + gap) / (narrowest + gap), 2, inTwoRows);
}

/// Fills the grid row by row; the first two choices (of what is learned from) stand in the wider first column.
void ParameterForm::arrange(bool anew) {
    const int columns = columnsFor(width());
    if (columns == columns_ && !anew)
        return;
    for (int column = 0; column < columns_; ++column)
        grid_->setColumnStretch(column, 0);
    columns_ = columns;
    std::vector<Field *> shown = visibleFields(), rest;
    for (const auto &field : fields_)
        grid_->removeWidget(field->cell);
    int leading = 0;
    for (Field *field : shown) {
        field->cell->show();
        if (field->choice && !field->parameter.advanced && leading < 2)
            grid_->addWidget(field->cell, leading++, 0);
        else
            rest.push_back(field);
    }
    int row = 0, column = leading > 0 ? 1 : 0;
    for (Field *field : rest) {
        grid_->addWidget(field->cell, row, column);
        if (++column >= columns)
            column = ++row < leading ? 1 : 0;
    }
    for (const auto &field : fields_)
        if (field->parameter.advanced && !expanded_)
            field->cell->hide();
    for (int i = 0; i < columns; ++i)
        grid_->setColumnStretch(i, i == 0 ? 3 : 2);
    for (int i = 0; i < grid_->rowCount(); ++i)
        grid_->setRowStretch(i, 0);
    grid_->setRowStretch(grid_->rowCount(), 1);
    const auto hidden =
        std::count_if(fields_.begin(), fields_.end(), [](const auto &f) { return f->parameter.advanced; });
    more_->setText(expanded_ ? tr("Fewer") : tr("%1 more…").arg(hidden));
    more_->setAccessibleName(more_->text());
    more_->setToolTip(expanded_ ? tr("Hide the rarely needed fields") : tr("Show the rarely needed fields"));
}

void ParameterForm::setExpanded(bool expanded) {
    if (expanded == expanded_)
        return;
    expanded_ = expanded;
    arrange(true);
    setProblems(problems_);
    Q_EMIT expandedChanged(expanded);
}

int ParameterForm::wantedHeight() const {
    return content_->sizeHint().height() + scaled(4) + std::max(help_->sizeHint().height(), help_->minimumHeight());
}

ParameterForm::Field *ParameterForm::find(const std::string &key) const {
    const auto found =
        std::find_if(fields_.begin(), fields_.end(), [&](const auto &f) { return f->parameter.key == key; });
    return found == fields_.end() ? nullptr : found->get();
}

QString ParameterForm::text(const std::string &key) const {
    const Field *field = find(key);
    return !field ? QString() : field->number ? field->number->plainText() : field->choice->currentText();
}

void ParameterForm::setText(const std::string &key, const QString &text) {
    if (const Field *field = find(key); field && field->number)
        field->number->setPlainText(text);
    else if (field)
        field->choice->setCurrentText(text);
}

void ParameterForm::setChoices(const std::string &key, const QStringList &choices) {
    const Field *field = find(key);
    if (!field || !field->choice)
        return;
    const QString chosen = field->choice->currentText();
    field->choice->clear();
    field->choice->addItems(choices);
    field->choice->setEnabled(!choices.isEmpty());
    if (choices.contains(chosen))
        field->choice->setCurrentText(chosen);
}

QString ParameterForm::label(const std::string &key) const {
    const Field *field = find(key);
    return QString::fromStdString(field ? field->parameter.label : key);
}

QWidget *ParameterForm::editor(const std::string &key) const {
    const Field *field = find(key);
    return field ? field->editor() : nullptr;
}

void ParameterForm::setProblems(const std::vector<Problem> &problems) {
    problems_ = problems;
    const auto has = [&](const Field &field) {
        return std::any_of(problems.begin(), problems.end(),
                           [&](const Problem &p) { return p.key == field.parameter.key; });
    };
    const bool hiddenProblem = !expanded_ && std::any_of(fields_.begin(), fields_.end(), [&](const auto &field) {
        return field->parameter.advanced && has(*field);
    });
    for (const auto &field : fields_) {
        setFieldError(field->editor(), has(*field));
        setInk(field->label, has(*field) ? Ink::Error : Ink::Secondary);
    }
    explain();
    if (hiddenProblem) // what is wrong must be seen
        setExpanded(true);
}

void ParameterForm::explain() {
    const Problem *problem = problems_.empty() ? nullptr : &problems_.front();
    for (const Problem &candidate : problems_)
        if (candidate.key == focused_)
            problem = &candidate;
    const Field *field = find(focused_);
    QString text;
    if (problem)
        text = QString::fromStdString(problem->text);
    else if (field)
        text = tr("%1: %2").arg(label(focused_), QString::fromStdString(field->parameter.help));
    help_->setText(text);
    setInk(help_, problem ? Ink::Error : Ink::Secondary);
    warning_->setVisible(problem != nullptr);
    if (problem)
        warning_->setPixmap(iconPixmap(QStringLiteral("warning"), Ink::Error, scaled(14), devicePixelRatioF()));
}

void ParameterForm::resizeEvent(QResizeEvent *event) {
    QWidget::resizeEvent(event);
    arrange(false);
}

bool ParameterForm::eventFilter(QObject *watched, QEvent *event) {
    if (event->type() == QEvent::Wheel && !static_cast<QWidget *>(watched)->hasFocus()) {
        event->ignore(); // scrolling past a field must not change it
        return true;
    }
    if (event->type() == QEvent::FocusIn)
        for (const auto &field : fields_)
            if (field->editor() == watched) {
                focused_ = field->parameter.key;
                scroll_->ensureWidgetVisible(field->cell, 0, scaled(8));
                explain();
            }
    return QWidget::eventFilter(watched, event);
}

} // namespace tt
