#include "ui/interventions/texts_pane.h"

#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QDoubleSpinBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>

namespace tt {

TextsPane::TextsPane(QWidget *parent) : QWidget(parent) {
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(horizontalLine(this));
    layout->addWidget(makeBar());
    layout->addWidget(horizontalLine(this));
    auto *sides = new QHBoxLayout;
    sides->setSpacing(0);
    sides->addWidget(makeSide(BeforeSide, tr("Before"), tr("Run continues the prompt without the interventions.")), 1);
    sides->addWidget(verticalLine(this));
    sides->addWidget(makeSide(AfterSide, tr("After"),
                              tr("Run continues the prompt with the interventions in force at every token.")),
                     1);
    layout->addLayout(sides, 1);
    setCanRun(false);
}

QWidget *TextsPane::makeBar() {
    auto *bar = new QWidget(this);
    setGround(bar, &Theme::alternate);
    auto *layout = new QHBoxLayout(bar);
    layout->setContentsMargins(scaled(16), scaled(8), scaled(16), scaled(8));
    layout->setSpacing(scaled(8));
    auto *title = new QLabel(tr("Generation"), bar);
    setTextRole(title, TextRole::SectionTitle);
    layout->addWidget(title);
    layout->addSpacing(scaled(8));
    const auto field = [&](const QString &name, auto *box, const QString &tip) {
        auto *label = new QLabel(name, bar);
        setInk(label, Ink::Secondary);
        label->setBuddy(box);
        box->setAccessibleName(QString(name).remove(u'&'));
        box->setToolTip(tip);
        setTextRole(box, TextRole::Mono);
        layout->addWidget(label);
        layout->addWidget(box);
        layout->addSpacing(scaled(8));
    };
    tokens_ = new QSpinBox(bar);
    tokens_->setRange(1, 2000);
    tokens_->setValue(60);
    field(tr("Tokens"), tokens_, tr("How many tokens to generate at most; an end of text stops earlier"));
    temperature_ = new QDoubleSpinBox(bar);
    temperature_->setRange(0, 10);
    temperature_->setDecimals(2);
    temperature_->setSingleStep(0.1);
    temperature_->setValue(0.7);
    field(tr("Temperature"), temperature_, tr("0 always takes the most probable token"));
    seed_ = new QSpinBox(bar);
    seed_->setRange(0, std::numeric_limits<int>::max());
    field(tr("Seed"), seed_, tr("The same seed gives the same text again"));
    seed_->setAccessibleName(tr("Generation seed"));
    seed_->setMaximumWidth(scaled(92));
    layout->addStretch(1);
    note_ = new QLabel(tr("both sides share the seed"), bar);
    setInk(note_, Ink::Secondary);
    layout->addWidget(note_);
    layout->addSpacing(scaled(8));
    run_ = new QPushButton(bar);
    makePrimary(run_);
    layout->addWidget(run_);
    connect(run_, &QPushButton::clicked, this, [this] {
        if (running_)
            Q_EMIT stopRequested();
        else
            Q_EMIT runRequested();
    });
    return bar;
}

QWidget *TextsPane::makeSide(Side side, const QString &name, const QString &placeholder) {
    auto *pane = new QWidget(this);
    setGround(pane, &Theme::panel);
    auto *layout = new QVBoxLayout(pane);
    layout->setContentsMargins(scaled(16), scaled(8), scaled(8), scaled(4));
    layout->setSpacing(scaled(4));
    auto *title = new QLabel(name, pane);
    setTextRole(title, TextRole::SectionTitle);
    layout->addWidget(title);
    auto *edit = new QPlainTextEdit(pane);
    edit->setReadOnly(true);
    edit->setFrameShape(QFrame::NoFrame);
    edit->setAccessibleName(name);
    edit->setPlaceholderText(placeholder);
    edit->document()->setDocumentMargin(0);
    edit->setMinimumHeight(edit->fontMetrics().lineSpacing() * 2);
    edit->setTabChangesFocus(true);
    layout->addWidget(edit, 1);
    texts_[side].edit = edit;
    return pane;
}

void TextsPane::changeEvent(QEvent *event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        updateButton();
}

SamplingConfig TextsPane::sampling() const {
    return {.tokens = tokens_->value(), .temperature = temperature_->value()};
}

quint64 TextsPane::seed() const {
    return static_cast<quint64>(seed_->value());
}

void TextsPane::setCanRun(bool can, const QString &why) {
    can_ = can;
    why_ = why;
    updateButton();
}

void TextsPane::updateButton() {
    run_->setText(running_ ? tr("Stop") : tr("Run"));
    const QColor colour = running_ || can_ ? theme().accentText : theme().disabledInk;
    run_->setIcon(iconPixmap(running_ ? QStringLiteral("stop") : QStringLiteral("play"), colour, scaled(14),
                             devicePixelRatioF()));
    run_->setAccessibleName(run_->text());
    run_->setEnabled(running_ || can_);
    run_->setToolTip(running_ ? tr("Stops generating; what is written stays")
                     : can_   ? tr("Continues the prompt without and with the interventions\nCtrl+Return")
                              : why_);
}

void TextsPane::start(const QString &prompt) {
    prompt_ = prompt;
    running_ = true;
    for (Text &text : texts_) {
        text.bytes.clear();
        text.ids.clear();
        text.ends.clear();
        show(text);
    }
    setStale(false);
    updateButton();
}

void TextsPane::append(Side side, const std::vector<GeneratedPiece> &pieces) {
    Text &text = texts_[side];
    for (const GeneratedPiece &piece : pieces) {
        text.bytes += piece.bytes;
        text.ids.push_back(piece.id);
        text.ends.push_back(text.bytes.size());
    }
    show(text);
    for (Text &each : texts_)
        mark(each);
}

void TextsPane::finish() {
    running_ = false;
    updateButton();
    const bool same = texts_[BeforeSide].ids == texts_[AfterSide].ids && !texts_[BeforeSide].ids.empty();
    note_->setText(same ? tr("both sides are the same text") : tr("both sides share the seed"));
}

void TextsPane::setStale(bool stale) {
    if (stale && !texts_[BeforeSide].ids.empty() && !running_)
        note_->setText(tr("written before the last change"));
    else if (!stale)
        note_->setText(tr("both sides share the seed"));
}

size_t TextsPane::shared() const {
    const auto &before = texts_[BeforeSide].ids, &after = texts_[AfterSide].ids;
    return static_cast<size_t>(std::mismatch(before.begin(), before.end(), after.begin(), after.end()).first -
                               before.begin());
}

/// Follows the end as it is written, unless the reader scrolled back.
void TextsPane::show(Text &text) {
    QScrollBar &bar = *text.edit->verticalScrollBar();
    const bool atEnd = bar.value() == bar.maximum();
    const int place = bar.value();
    text.edit->setPlainText(prompt_ + QString::fromStdString(text.bytes));
    bar.setValue(atEnd ? bar.maximum() : place);
    mark(text);
}

void TextsPane::mark(Text &text) {
    const auto part = [&](qsizetype from, qsizetype to, const QTextCharFormat &format) {
        QTextEdit::ExtraSelection selection;
        selection.cursor = QTextCursor(text.edit->document());
        selection.cursor.setPosition(static_cast<int>(from));
        selection.cursor.setPosition(static_cast<int>(to), QTextCursor::KeepAnchor);
        selection.format = format;
        return selection;
    };
    const auto characters = [&](size_t token) {
        return prompt_.size() +
               QString::fromStdString(text.bytes.substr(0, token == 0 ? 0 : text.ends[token - 1])).size();
    };
    QTextCharFormat grey, underlined;
    grey.setForeground(theme().secondaryInk);
    underlined.setFontUnderline(true);
    underlined.setUnderlineStyle(QTextCharFormat::SingleUnderline);
    underlined.setUnderlineColor(theme().accent);
    underlined.setFontWeight(QFont::DemiBold);
    QList<QTextEdit::ExtraSelection> marks{part(0, prompt_.size(), grey)};
    const size_t first = shared();
    const bool bothReached = texts_[BeforeSide].ids.size() > first && texts_[AfterSide].ids.size() > first;
    if (bothReached) // a leading space is not underlined
        marks << part(characters(first) + (text.bytes[first == 0 ? 0 : text.ends[first - 1]] == ' ' ? 1 : 0),
                      characters(first + 1), underlined);
    text.edit->setExtraSelections(marks);
}

} // namespace tt
