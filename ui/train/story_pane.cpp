#include "ui/train/story_pane.h"

#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/train/number_field.h"
#include "ui/train/number_text.h"
#include "ui/train/runs_model.h"
#include "ui/train/story_view.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

namespace tt {

namespace {

constexpr size_t keptStories = 100; ///< of a run

QToolButton *turnButton(const QString &iconName, const QString &name) {
    auto *button = new QToolButton;
    button->setIcon(icon(iconName));
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::StrongFocus);
    button->setAccessibleName(name);
    button->setToolTip(name);
    return button;
}

NumberField *samplingField(QGridLayout &grid, int place, const Parameter &parameter, double value) {
    auto *label = new QLabel(QString::fromStdString(parameter.label));
    setTextRole(label, TextRole::Secondary);
    setInk(label, Ink::Secondary);
    auto *field = new NumberField(parameter);
    field->setValue(value);
    field->setAccessibleName(label->text() + StoryPane::tr(", story"));
    field->setToolTip(label->text() + QLatin1Char('\n') + QString::fromStdString(parameter.help));
    label->setBuddy(field);
    grid.addWidget(label, 2 * (place / 2), place % 2);
    grid.addWidget(field, 2 * (place / 2) + 1, place % 2);
    return field;
}

} // namespace

StoryPane::StoryPane(QWidget *parent)
    : QWidget(parent), header_(new SectionHeader(tr("Story"))), prompt_(new QLineEdit(tr("Once upon a time"))),
      view_(new StoryView), foot_(new QLabel) {
    setGround(this, &Theme::panel);
    setMinimumWidth(scaled(200));
    earlier_ = turnButton(QStringLiteral("chevron-left"), tr("Earlier story"));
    later_ = turnButton(QStringLiteral("chevron-right"), tr("Later story"));
    header_->addControl(earlier_);
    header_->addControl(later_);
    foot_->setTextFormat(Qt::PlainText);
    foot_->setWordWrap(true);
    setTextRole(foot_, TextRole::Secondary);
    setInk(foot_, Ink::Secondary);

    auto *inside = new QVBoxLayout;
    inside->setContentsMargins(scaled(16), 0, scaled(16), scaled(8));
    inside->setSpacing(scaled(8));
    inside->addWidget(makeControls());
    inside->addWidget(makeSampling());
    inside->addWidget(view_, 1);
    inside->addWidget(foot_);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(header_);
    layout->addLayout(inside, 1);

    connect(earlier_, &QToolButton::clicked, this, [this] { turn(-1); });
    connect(later_, &QToolButton::clicked, this, [this] { turn(1); });
    connect(view_, &StoryView::tokenLit, this, [this](const QString &text) {
        lit_ = text;
        updateFoot();
    });
    setRun(nullptr);
}

QWidget *StoryPane::makeControls() {
    auto *controls = new QWidget;
    prompt_->setAccessibleName(tr("Story prompt"));
    prompt_->setToolTip(tr("How the story begins\nReturn generates"));
    generate_ = new QPushButton(tr("Generate"));
    generate_->setAccessibleName(tr("Generate story"));
    samplingToggle_ = new QPushButton(tr("Sampling"));
    samplingToggle_->setAccessibleName(tr("Sampling"));
    samplingToggle_->setToolTip(tr("How the next token is drawn: temperature, top-k, length"));
    makeLink(samplingToggle_);
    setTextRole(samplingToggle_, TextRole::Secondary);
    auto *layout = new QGridLayout(controls);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setHorizontalSpacing(scaled(8));
    layout->setVerticalSpacing(scaled(4));
    layout->addWidget(prompt_, 0, 0, 1, 2);
    layout->addWidget(samplingToggle_, 1, 0, Qt::AlignLeft);
    layout->addWidget(generate_, 1, 1, Qt::AlignRight);
    const auto press = [this] {
        if (stories().writing)
            return Q_EMIT stopRequested();
        if (generate_->isEnabled())
            Q_EMIT generateRequested(run_.id, prompt(), sampling());
    };
    connect(generate_, &QPushButton::clicked, this, press);
    connect(prompt_, &QLineEdit::returnPressed, this, press);
    connect(prompt_, &QLineEdit::textChanged, this, &StoryPane::updateControls);
    return controls;
}

QWidget *StoryPane::makeSampling() {
    sampling_ = new QWidget;
    auto *grid = new QGridLayout(sampling_);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(scaled(8));
    grid->setVerticalSpacing(scaled(4));
    using Kind = Parameter::Kind;
    tokens_ = samplingField(*grid, 0, {"tokens", "Tokens", "How long it may become.", Kind::Integer, 1, 10'000}, 150);
    temperature_ =
        samplingField(*grid, 1,
                      {"temperature", "Temperature",
                       "0 takes the most probable token always; 1 draws as the model says.", Kind::Real, 0, 5},
                      0.8);
    topK_ = samplingField(
        *grid, 2,
        {"top_k", "Top k", "Draws from so many of the most probable tokens; 0 = all.", Kind::Integer, 0, 100'000}, 0);
    topP_ = samplingField(*grid, 3,
                          {"top_p", "Top p",
                           "Draws from the fewest tokens that hold this share of the probability; 1 = all.", Kind::Real,
                           0, 1},
                          1);
    stopAtEnd_ = new QCheckBox(tr("Stop at the story's end"));
    stopAtEnd_->setChecked(true);
    stopAtEnd_->setAccessibleName(stopAtEnd_->text());
    stopAtEnd_->setToolTip(tr("Ends where the model writes its end-of-text token"));
    setTextRole(stopAtEnd_, TextRole::Secondary);
    grid->addWidget(stopAtEnd_, 4, 0, 1, 2);
    sampling_->hide();
    connect(samplingToggle_, &QPushButton::clicked, this, [this] {
        sampling_->setVisible(!sampling_->isVisible());
        samplingToggle_->setText(sampling_->isVisible() ? tr("Hide sampling") : tr("Sampling"));
    });
    return sampling_;
}

QString StoryPane::prompt() const {
    return prompt_->text();
}

SamplingConfig StoryPane::sampling() const {
    return {.tokens = static_cast<int>(tokens_->value()),
            .temperature = temperature_->value(),
            .topK = static_cast<int>(topK_->value()),
            .topP = topP_->value(),
            .stopAtEndOfText = stopAtEnd_->isChecked()};
}

void StoryPane::setRun(const RunRow *run) {
    const int before = run_.id;
    run_ = run ? *run : RunRow{};
    if (run_.id != before || !run)
        showStory(stories().shown);
    updateControls();
}

void StoryPane::begin(int run, qint64 step, const QString &prompt) {
    Stories &of = stories_[run];
    if (of.all.size() >= keptStories)
        of.all.erase(of.all.begin());
    of.all.push_back({step, prompt, {}});
    of.writing = true;
    of.problem.clear();
    if (run == run_.id)
        showStory(of.all.size() - 1);
    updateControls();
}

void StoryPane::append(int run, const std::vector<StoryToken> &tokens) {
    Stories &of = stories_[run];
    if (of.all.empty())
        return;
    Story &story = of.all.back();
    story.tokens.insert(story.tokens.end(), tokens.begin(), tokens.end());
    if (run == run_.id && of.shown == of.all.size() - 1)
        view_->append(tokens);
}

void StoryPane::end(int run, const QString &problem) {
    stories_[run].writing = false;
    stories_[run].problem = problem;
    updateControls();
}

void StoryPane::showStory(size_t story) {
    Stories &of = stories();
    of.shown = story;
    if (story < of.all.size()) {
        view_->begin(of.all[story].prompt);
        view_->append(of.all[story].tokens);
    } else {
        view_->begin({});
    }
    updateControls();
}

void StoryPane::turn(int direction) {
    const Stories &of = stories();
    const auto to = static_cast<int64_t>(of.shown) + direction;
    if (to >= 0 && to < static_cast<int64_t>(of.all.size()))
        showStory(static_cast<size_t>(to));
}

void StoryPane::updateControls() {
    const Stories &of = stories();
    const bool some = of.shown < of.all.size();
    header_->setTitle(some ? tr("Story at step %1").arg(groupedText(of.all[of.shown].step)) : tr("Story"));
    earlier_->setEnabled(some && of.shown > 0);
    later_->setEnabled(of.shown + 1 < of.all.size());
    const QString why = run_.id == 0                   ? tr("There is no GPT to write yet. Train one first.")
                        : prompt().trimmed().isEmpty() ? tr("Type how the story begins.")
                        : run_.step == 0               ? tr("%1 has no checkpoint yet.").arg(run_.name)
                                                       : QString();
    generate_->setText(of.writing ? tr("Stop writing") : tr("Generate"));
    generate_->setEnabled(of.writing || why.isEmpty());
    generate_->setToolTip(!why.isEmpty() ? why
                                         : tr("Let %1 go on from the prompt\nReturn in the prompt").arg(run_.name));
    updateFoot();
}

void StoryPane::updateFoot() {
    const QString text = footText();
    if (text != foot_->text())
        foot_->setText(text);
}

QString StoryPane::footText() {
    if (!lit_.isEmpty())
        return lit_;
    if (const QString &problem = stories().problem; !problem.isEmpty())
        return problem;
    if (run_.id == 0)
        return tr("Appears once a GPT trains.");
    if (run_.state != RunRow::State::Running || run_.checkpointEvery <= 0)
        return stories().all.empty() ? tr("%1 writes when you press Generate.").arg(run_.name)
                                     : tr("Point at a word for its probability.");
    const int64_t left = std::min(run_.checkpointEvery - run_.step % run_.checkpointEvery, run_.steps - run_.step);
    const QString every = tr("Written anew every %1 steps").arg(groupedText(run_.checkpointEvery));
    if (run_.secondsLeft <= 0 || run_.step >= run_.steps)
        return every;
    const double aStep = run_.secondsLeft / static_cast<double>(run_.steps - run_.step);
    return tr("%1, next in %2").arg(every, durationText(aStep * static_cast<double>(left)).replace(u' ', QChar::Nbsp));
}

} // namespace tt
