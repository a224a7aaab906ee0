#include "ui/train/train_form.h"

#include "core/io/workspace.h"
#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/train/estimate_text.h"
#include "ui/train/parameter_form.h"
#include "ui/widgets/roles.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QVBoxLayout>

#include <utility>

namespace tt {

namespace {

constexpr auto nameKey = "name";

QLabel *fieldLabel(const QString &text) {
    auto *label = new QLabel(text);
    setTextRole(label, TextRole::Secondary);
    setInk(label, Ink::Secondary);
    return label;
}

/// The "-2" of a name that was taken.
const QRegularExpression &counter() {
    static const QRegularExpression digits(QStringLiteral("-\\d+$"));
    return digits;
}

std::vector<std::string> toStrings(const QStringList &texts) {
    std::vector<std::string> result;
    for (const QString &text : texts)
        result.push_back(text.toStdString());
    return result;
}

} // namespace

TrainForm::TrainForm(const Titles &titles, const std::vector<Parameter> &parameters, QWidget *parent)
    : QWidget(parent), what_(titles.form), header_(new QHBoxLayout), name_(new QLineEdit),
      nameLabel_(fieldLabel(titles.name)), fields_(new ParameterForm(parameters, titles.nameSuffix)), note_(new QLabel),
      repair_(new QPushButton), start_(new QPushButton(titles.start)) {
    setGround(this, &Theme::panel);
    setAccessibleName(titles.form);
    auto *title = new QLabel(titles.form);
    setTextRole(title, TextRole::Heading);
    name_->setAccessibleName(titles.name + titles.nameSuffix);
    name_->setToolTip(tr("%1\nThe folder of the run in the workspace").arg(titles.name));
    name_->setMinimumWidth(scaled(96));
    name_->setMaximumWidth(scaled(192));
    nameLabel_->setBuddy(name_);
    header_->setSpacing(scaled(8));
    header_->addWidget(title);
    header_->addSpacing(scaled(8));
    header_->addStretch(1);
    header_->addWidget(nameLabel_);
    header_->addWidget(name_, 1);

    note_->setTextFormat(Qt::RichText);
    note_->setMinimumHeight(2 * note_->fontMetrics().lineSpacing());
    setTextRole(note_, TextRole::Secondary);
    note_->setWordWrap(true);
    makeLink(repair_);
    makePrimary(start_);
    start_->setAccessibleName(titles.start);
    auto *foot = new QHBoxLayout;
    foot->setSpacing(scaled(8));
    foot->addWidget(note_, 1);
    foot->addWidget(repair_);
    foot->addWidget(start_);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(scaled(16), scaled(8), scaled(16), scaled(12));
    layout->setSpacing(scaled(8));
    layout->addLayout(header_);
    layout->addWidget(fields_, 1);
    layout->addLayout(foot);

    connect(fields_, &ParameterForm::edited, this, [this] { check(); });
    connect(fields_, &ParameterForm::expandedChanged, this, &TrainForm::heightWanted);
    connect(name_, &QLineEdit::textEdited, this, [this](const QString &text) {
        nameTyped_ = !text.isEmpty();
        check();
    });
    connect(start_, &QPushButton::clicked, this, [this] {
        check(); // what is asked for is what the fields say now
        if (start_->isEnabled())
            start();
    });
    connect(repair_, &QPushButton::clicked, this, &TrainForm::repair);
}

QComboBox *TrainForm::addChoice(const QString &label) {
    auto *choice = new QComboBox;
    choice->setAccessibleName(label);
    choice->setMinimumWidth(scaled(96));
    choice->setMaximumWidth(scaled(192));
    choice->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    auto *caption = fieldLabel(label);
    caption->setBuddy(choice);
    header_->insertWidget(header_->count() - 3, caption);
    header_->insertWidget(header_->count() - 3, choice, 1);
    connect(choice, &QComboBox::activated, this, [this] { check(); });
    return choice;
}

QString TrainForm::runName() const {
    return name_->text().trimmed();
}

void TrainForm::setTakenNames(const QStringList &taken) {
    const bool gone = nameTyped_ && !taken_.contains(runName()) && taken.contains(runName());
    taken_ = taken;
    if (gone) { // it was started: the next one is named after it
        base_ = runName().remove(counter());
        nameTyped_ = false;
    }
    refreshName();
    check();
}

void TrainForm::setReadOnly(bool readOnly) {
    if (std::exchange(readOnly_, readOnly) != readOnly)
        check();
}

void TrainForm::setMissing(const QString &sentence, bool inData) {
    missing_ = sentence;
    missingInData_ = inData;
}

void TrainForm::proposeName(const QString &base) {
    base_ = base;
    refreshName();
}

void TrainForm::proposeNameAfter(const QString &run) {
    base_ = QString(run).remove(counter());
    name_->setText(QString::fromStdString(freeName(base_.toStdString(), toStrings(taken_))));
    nameTyped_ = true;
}

void TrainForm::refreshName() {
    if (!nameTyped_ && !base_.isEmpty())
        name_->setText(QString::fromStdString(freeName(base_.toStdString(), toStrings(taken_))));
}

void TrainForm::addNameProblem(std::vector<Problem> &problems) const {
    try {
        checkName(runName().toStdString(), tr("The name").toStdString());
        if (taken_.contains(runName()))
            problems.push_back({nameKey, tr("There is a %1 named %2 already.").arg(what_, runName()).toStdString()});
    } catch (const Error &error) {
        problems.push_back({nameKey, error.what()});
    }
}

bool TrainForm::showProblems(std::vector<Problem> problems, const QString &facts) {
    addNameProblem(problems);
    const bool nameWrong = !problems.empty() && problems.back().key == nameKey;
    setFieldError(name_, nameWrong);
    setInk(nameLabel_, nameWrong ? Ink::Error : Ink::Secondary);
    fields_->setProblems(problems);
    QString note = readOnly_ ? readOnlyReason() : missing_;
    if (note.isEmpty() && !problems.empty())
        note = tr("Correct %1 to start.")
                   .arg(problems.front().key == nameKey ? nameLabel_->text() : fields_->label(problems.front().key));
    blocked_ = note;
    facts_ = facts;
    start_->setEnabled(note.isEmpty());
    start_->setToolTip(note.isEmpty() ? tr("%1\nCtrl+Return").arg(start_->text()) : note);
    start_->setAccessibleDescription(note);
    showFoot();
    showRepair(problems.empty() ? std::string() : problems.front().key);
    return note.isEmpty();
}

/// Offers what sets the first problem right.
void TrainForm::showRepair(const std::string &problem) {
    repaired_ = problem;
    QString text;
    if (readOnly_)
        text.clear();
    else if (!missing_.isEmpty())
        text = missingInData_ ? tr("Go to Data") : QString();
    else if (problem == nameKey)
        text = tr("Use %1").arg(QString::fromStdString(freeName(base_.toStdString(), toStrings(taken_))));
    else if (const QString usual = usualText(problem); !usual.isEmpty() && usual != fields_->text(problem))
        text = tr("Set %1 to %2").arg(fields_->label(problem), usual);
    repair_->setVisible(!text.isEmpty());
    repair_->setText(text);
    repair_->setAccessibleName(text);
}

void TrainForm::repair() {
    if (!missing_.isEmpty())
        return Q_EMIT goToData();
    if (repaired_ == nameKey) {
        nameTyped_ = false;
        refreshName();
    } else {
        fields_->setText(repaired_, usualText(repaired_));
    }
    check();
}

/// Why Start is off, else what the run would take, as far as that is known.
void TrainForm::showFoot() {
    if (!blocked_.isEmpty()) {
        note_->setText(blocked_.toHtmlEscaped());
        note_->setToolTip(blocked_);
        return setInk(note_, Ink::Normal);
    }
    const EstimateText text = estimateText(estimate_, otherRuns_, otherThreads_);
    note_->setText(text.text.isEmpty() ? facts_ : text.text);
    note_->setToolTip(facts_ + (text.details.isEmpty() ? QString() : QLatin1Char('\n') + text.details));
    setInk(note_, text.warning ? Ink::Warning : Ink::Secondary);
}

void TrainForm::setEstimate(const EstimateState &estimate) {
    estimate_ = estimate;
    showFoot();
}

void TrainForm::setOthers(int runs, int threads) {
    otherRuns_ = runs;
    otherThreads_ = threads;
    showFoot();
}

int TrainForm::wantedHeight() const {
    const int others = layout()->minimumSize().height() - fields_->minimumSizeHint().height();
    return others + fields_->wantedHeight();
}

void TrainForm::watchFocus() {
    const QList<QWidget *> children = findChildren<QWidget *>();
    for (QWidget *child : children)
        child->installEventFilter(this);
}

bool TrainForm::eventFilter(QObject *watched, QEvent *event) {
    if (event->type() == QEvent::FocusIn)
        Q_EMIT focused();
    return QWidget::eventFilter(watched, event);
}

} // namespace tt
