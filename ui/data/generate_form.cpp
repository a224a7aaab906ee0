#include "ui/data/generate_form.h"

#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>

namespace tt {
namespace {

constexpr int mostStories = 10'000'000; // of generateCorpus

QSpinBox *numberField(QWidget *parent, const QString &name, int minimum, int maximum, int value) {
    auto *field = new QSpinBox(parent);
    field->setAccessibleName(name);
    field->setLocale(QLocale(QLocale::English, QLocale::UnitedStates));
    field->setGroupSeparatorShown(true);
    field->setRange(minimum, maximum);
    field->setValue(value);
    setTextRole(field, TextRole::Mono);
    return field;
}

} // namespace

QString proposedCorpusName(qint64 stories) {
    if (stories % 1'000'000 == 0)
        return QStringLiteral("generated-%1m").arg(stories / 1'000'000);
    if (stories % 1000 == 0)
        return QStringLiteral("generated-%1k").arg(stories / 1000);
    return QStringLiteral("generated-%1").arg(stories);
}

GenerateForm::GenerateForm(QWidget *parent)
    : QWidget(parent), stories_(numberField(this, tr("Stories"), 1, mostStories, 20'000)),
      seed_(numberField(this, tr("Seed"), 0, std::numeric_limits<int>::max(), 1)), name_(new QLineEdit(this)),
      reason_(new QLabel(this)), repair_(new QPushButton(this)), start_(new QPushButton(tr("Generate stories"), this)) {
    build();
    connect(stories_, &QSpinBox::valueChanged, this, &GenerateForm::propose);
    connect(seed_, &QSpinBox::valueChanged, this, &GenerateForm::changed);
    connect(name_, &QLineEdit::textEdited, this, [this] { nameTyped_ = !name_->text().isEmpty(); });
    connect(name_, &QLineEdit::textChanged, this, &GenerateForm::refresh);
    connect(repair_, &QPushButton::clicked, this, [this] {
        nameTyped_ = false;
        propose();
    });
    connect(start_, &QPushButton::clicked, this, [this] { Q_EMIT generateRequested(name(), stories(), seed()); });
    propose();
}

void GenerateForm::build() {
    stories_->setSingleStep(1000);
    stories_->setToolTip(tr("How many stories to write, 1 to 10,000,000"));
    seed_->setToolTip(tr("The same seed gives the same stories"));
    name_->setAccessibleName(tr("Corpus name"));
    name_->setToolTip(tr("Name of the new corpus: letters, digits, '-', '_' and '.'"));
    reason_->setTextFormat(Qt::PlainText);
    reason_->setWordWrap(true);
    setTextRole(reason_, TextRole::Secondary);
    makeLink(repair_);
    makePrimary(start_);
    start_->setAccessibleName(start_->text());

    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(scaled(16));
    grid->setVerticalSpacing(scaled(8));
    const std::vector<std::pair<QString, QWidget *>> rows{
        {tr("Stories"), stories_}, {tr("Seed"), seed_}, {tr("Name"), name_}};
    for (int row = 0; row < static_cast<int>(rows.size()); ++row) {
        auto *label = new QLabel(rows[static_cast<size_t>(row)].first, this);
        label->setBuddy(rows[static_cast<size_t>(row)].second);
        setInk(label, Ink::Secondary);
        grid->addWidget(label, row, 0);
        grid->addWidget(rows[static_cast<size_t>(row)].second, row, 1);
        rows[static_cast<size_t>(row)].second->setMinimumSize(scaled(176), scaled(28));
    }
    grid->setColumnStretch(2, 1);
    grid->addWidget(start_, 2, 3);
    auto *below = new QHBoxLayout;
    below->setSpacing(scaled(8));
    below->addWidget(reason_, 1);
    below->addWidget(repair_, 0, Qt::AlignTop);

    auto *header = new SectionHeader(tr("Generate"), this);
    header->setNote(tr("needs no network"));
    auto *body = new QVBoxLayout;
    body->setContentsMargins(scaled(16), 0, scaled(16), scaled(16));
    body->setSpacing(scaled(8));
    body->addLayout(grid);
    body->addLayout(below);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(header);
    layout->addLayout(body);
}

void GenerateForm::setTaken(const std::vector<std::string> &corpora) {
    taken_ = corpora;
    propose();
}

void GenerateForm::setBusy(bool busy) {
    busy_ = busy;
    refresh();
}

void GenerateForm::setReadOnly(bool readOnly) {
    readOnly_ = readOnly;
    refresh();
}

QString GenerateForm::name() const {
    return name_->text();
}
qint64 GenerateForm::stories() const {
    return stories_->value();
}
quint64 GenerateForm::seed() const {
    return static_cast<quint64>(seed_->value());
}

void GenerateForm::propose() {
    if (!nameTyped_)
        name_->setText(QString::fromStdString(freeName(proposedCorpusName(stories()).toStdString(), taken_)));
    refresh();
}

QString GenerateForm::nameProblem() const {
    if (name().isEmpty())
        return tr("A corpus needs a name.");
    if (std::find(taken_.begin(), taken_.end(), name().toStdString()) != taken_.end())
        return tr("There is a corpus named %1 already.").arg(name());
    try {
        checkName(name().toStdString(), "corpus");
    } catch (const Error &error) {
        return QString::fromUtf8(error.what());
    }
    return {};
}

QString GenerateForm::problem() const {
    const QString wrong = nameProblem();
    if (readOnly_)
        return readOnlyReason();
    return wrong.isEmpty() && busy_ ? tr("Another job is running; this one can start when it is done.") : wrong;
}

void GenerateForm::refresh() {
    const QString wrongName = nameProblem(), reason = problem();
    setFieldError(name_, !wrongName.isEmpty());
    setInk(reason_, wrongName.isEmpty() ? Ink::Secondary : Ink::Error);
    reason_->setText(reason.isEmpty() ? tr("Fixed openings, names that return as the right pronoun, quotes that close: "
                                           "regularities worth finding.")
                                      : reason);
    const QString free = QString::fromStdString(freeName(proposedCorpusName(stories()).toStdString(), taken_));
    repair_->setText(tr("Use %1").arg(free));
    repair_->setAccessibleName(repair_->text());
    repair_->setToolTip(tr("Takes a name that is free"));
    repair_->setVisible(!wrongName.isEmpty());
    start_->setEnabled(reason.isEmpty());
    start_->setToolTip(reason.isEmpty() ? tr("Writes the stories into a new corpus\nCtrl+Return") : reason);
    Q_EMIT changed();
}

} // namespace tt
