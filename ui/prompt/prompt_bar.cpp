#include "ui/prompt/prompt_bar.h"

#include "ui/icons/icons.h"
#include "ui/prompt/scale_legend.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/theme.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/roles.h"

#include <QComboBox>
#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalBlocker>
#include <QTimer>
#include <QToolButton>

#include <algorithm>
#include <utility>

namespace tt {

QToolButton *copyCommandButton(QWidget *parent) {
    auto *button = new QToolButton(parent);
    button->setText(PromptBar::tr("Copy as command"));
    button->setAccessibleName(button->text());
    button->setToolTip(PromptBar::tr("Copies the tinytranscoder-cli line that does the same\nCtrl+Shift+C"));
    button->setIcon(icon(QStringLiteral("command")));
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::TabFocus);
    button->setMinimumHeight(scaled(28));
    return button;
}

PromptBar::PromptBar(QWidget *parent)
    : QWidget(parent), label_(new QLabel(tr("Prompt"), this)), prompt_(new QLineEdit(this)),
      transcoder_(new QComboBox(this)), command_(copyCommandButton(this)), chips_(new TokenChips),
      strip_(new QScrollArea(this)), legend_(new ScaleLegend(this)), notice_(new MessageBar(this)) {
    build();
    debounce_.setSingleShot(true);
    debounce_.setInterval(debounceMilliseconds);
    connect(&debounce_, &QTimer::timeout, this, &PromptBar::emitPrompt);
    connect(prompt_, &QLineEdit::textChanged, &debounce_, qOverload<>(&QTimer::start));
    connect(prompt_, &QLineEdit::returnPressed, this, &PromptBar::emitPrompt);
    connect(transcoder_, &QComboBox::activated, this, [this] { Q_EMIT transcoderChosen(transcoder()); });
    connect(command_, &QToolButton::clicked, this, &PromptBar::copyCommandRequested);
    connect(chips_, &TokenChips::selectionChanged, this, &PromptBar::tokensSelected);
    connect(chips_, &TokenChips::chipFocused, this,
            [this](TokenChip *chip) { strip_->ensureWidgetVisible(chip, 0, 0); });
}

void PromptBar::build() {
    setGround(this, &Theme::panel);
    setInk(label_, Ink::Secondary);
    label_->setBuddy(prompt_);
    prompt_->setAccessibleName(tr("Prompt"));
    prompt_->setToolTip(tr("What the model reads. Every view follows as one types.\nCtrl+L"));
    prompt_->setPlaceholderText(tr("Type the beginning of a story"));
    prompt_->setMinimumHeight(scaled(32));
    transcoder_->setAccessibleName(tr("Transcoder"));
    transcoder_->setToolTip(tr("Whose features are shown"));
    transcoder_->setMinimumWidth(scaled(176));
    transcoder_->setMinimumHeight(scaled(32));
    transcoder_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);

    strip_->setFrameShape(QFrame::NoFrame);
    strip_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    strip_->setWidgetResizable(true);
    strip_->setFocusPolicy(Qt::NoFocus);
    strip_->setWidget(chips_);
    setGround(strip_->viewport(), &Theme::panel);
    strip_->viewport()->installEventFilter(this);
    QSizePolicy kept = legend_->sizePolicy(); // its coming and going moves no chip
    kept.setRetainSizeWhenHidden(true);
    legend_->setSizePolicy(kept);
    legend_->hide();

    auto *tokens = new QHBoxLayout;
    tokens->setSpacing(scaled(16));
    tokens->addWidget(strip_, 1);
    tokens->addWidget(legend_, 0, Qt::AlignTop);
    auto *layout = new QGridLayout(this);
    layout->setContentsMargins(scaled(16), scaled(8), scaled(16), scaled(4));
    layout->setHorizontalSpacing(scaled(12));
    layout->setVerticalSpacing(scaled(6));
    layout->addWidget(label_, 0, 0);
    layout->addWidget(prompt_, 0, 1);
    layout->addWidget(transcoder_, 0, 2);
    layout->addWidget(command_, 0, 3);
    layout->addLayout(tokens, 1, 1, 1, 3); // the chips begin under the field
    layout->addWidget(notice_, 2, 0, 1, 4);
    layout->setColumnStretch(1, 1);
    fitChips();
}

void PromptBar::setPrompt(const QString &prompt) {
    const QSignalBlocker blocker(prompt_);
    if (prompt != prompt_->text())
        prompt_->setText(prompt);
    debounce_.stop();
}
QString PromptBar::prompt() const {
    return prompt_->text();
}

void PromptBar::emitPrompt() {
    debounce_.stop();
    Q_EMIT promptEdited(prompt_->text());
}

void PromptBar::setTranscoders(const QStringList &names, const QString &current) {
    const QSignalBlocker blocker(transcoder_);
    transcoder_->clear();
    for (const QString &name : names)
        transcoder_->addItem(tr("Transcoder: %1").arg(name), name);
    transcoder_->setCurrentIndex(std::max(transcoder_->findData(current), names.isEmpty() ? -1 : 0));
    transcoder_->setEnabled(!names.isEmpty());
    transcoder_->setToolTip(names.isEmpty() ? tr("No transcoder yet: one is trained in Train")
                                            : tr("Whose features are shown"));
}
QString PromptBar::transcoder() const {
    return transcoder_->currentData().toString();
}

void PromptBar::setPromptFeatures(const PromptFeatures &features) {
    setUpdatesEnabled(false);
    chips_->setPromptFeatures(features);
    legend_->hide();
    showLeftOut(features);
    fitChips();
    setUpdatesEnabled(true);
    if (std::exchange(ids_, features.ids) != features.ids) // once the chips have their places
        QTimer::singleShot(0, this, &PromptBar::showEnd);
}

/// Where one types, and what comes next.
void PromptBar::showEnd() {
    strip_->verticalScrollBar()->setValue(strip_->verticalScrollBar()->maximum());
}

void PromptBar::showLeftOut(const PromptFeatures &features) {
    const auto leftOut = static_cast<int>(features.leftOut.size());
    if (leftOut == 0) {
        notice_->clear();
        return;
    }
    const auto read = static_cast<int>(features.tokens.size());
    const Message notice{.kind = Message::Kind::Warning,
                         .title = tr("%1 tokens, the model reads %2.").arg(leftOut + read).arg(read),
                         .text = (leftOut == 1 ? tr("The first is left out and greyed.")
                                               : tr("The first %1 are left out and greyed.").arg(leftOut)) +
                                 tr(" Positions count from the first one read."),
                         .actionText = {},
                         .action = {}};
    if (notice_->message().title != notice.title)
        notice_->setMessage(notice);
}

void PromptBar::setActivations(const std::vector<float> &perPosition, float maximum, const QString &featureName) {
    chips_->setActivations(perPosition, maximum);
    legend_->setScale(maximum, featureName);
    legend_->setVisible(maximum > 0);
    fitChips();
}

void PromptBar::clearActivations() {
    chips_->setActivations({}, 0);
    legend_->hide();
}

void PromptBar::selectPosition(int position) {
    chips_->select(position < 0 ? std::vector<int>{} : std::vector<int>{position});
    if (position >= 0 && position < chips_->count())
        strip_->ensureWidgetVisible(chips_->chip(position), 0, 0);
}

void PromptBar::setStale(bool stale) {
    chips_->setFaded(stale);
}

void PromptBar::focusPrompt() {
    prompt_->setFocus(Qt::ShortcutFocusReason);
    prompt_->selectAll();
}

/// As high as the rows need, three at most, then it scrolls.
void PromptBar::fitChips() {
    const int row = chips_->rowHeight();
    const int wanted = chips_->heightForWidth(strip_->viewport()->width());
    strip_->setFixedHeight(std::clamp(wanted, row, 3 * row));
}

bool PromptBar::eventFilter(QObject *watched, QEvent *event) {
    if (event->type() == QEvent::Resize && watched == strip_->viewport())
        fitChips();
    return QWidget::eventFilter(watched, event);
}

void PromptBar::changeEvent(QEvent *event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange && strip_)
        fitChips();
}

} // namespace tt
