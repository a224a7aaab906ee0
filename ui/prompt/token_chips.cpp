#include "ui/prompt/token_chips.h"

#include "ui/figures/words.h"
#include "ui/prompt/token_chip.h"
#include "ui/theme.h"

#include <QAccessibleWidget>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QToolTip>

#include <algorithm>

namespace tt {
namespace {

constexpr size_t mostLeftOutShown = 256;

/// Its children are the tokens that are read, nothing of the pool.
class ChipsAccessible : public QAccessibleWidget {
public:
    explicit ChipsAccessible(TokenChips *chips) : QAccessibleWidget(chips, QAccessible::List) {}
    [[nodiscard]] int childCount() const override { return chips()->count(); }
    [[nodiscard]] QAccessibleInterface *child(int index) const override {
        return index < 0 || index >= chips()->count() ? nullptr
                                                      : QAccessible::queryAccessibleInterface(chips()->chip(index));
    }
    [[nodiscard]] int indexOfChild(const QAccessibleInterface *child) const override {
        auto *chip = child ? qobject_cast<TokenChip *>(child->object()) : nullptr;
        return chip ? chip->position() : -1;
    }

private:
    [[nodiscard]] TokenChips *chips() const { return static_cast<TokenChips *>(widget()); }
};

QAccessibleInterface *chipsAccessible(const QString &className, QObject *object) {
    auto *chips = className == QLatin1String("tt::TokenChips") ? qobject_cast<TokenChips *>(object) : nullptr;
    return chips ? new ChipsAccessible(chips) : nullptr;
}

std::vector<QString> strings(const std::vector<std::string> &texts) {
    std::vector<QString> result;
    for (const std::string &text : texts)
        result.push_back(QString::fromStdString(text));
    return result;
}

} // namespace

TokenChips::TokenChips(QWidget *parent) : QWidget(parent) {
    [[maybe_unused]] static const bool installed = (QAccessible::installFactory(chipsAccessible), true);
    setAccessibleName(tr("Prompt tokens"));
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void TokenChips::setPromptFeatures(const PromptFeatures &features) {
    prompt_ = QString::fromStdString(features.prompt);
    tokens_ = strings(features.tokens);
    ids_ = features.ids;
    given_ = features.given;
    leftOut_ = strings(features.leftOut);
    if (leftOut_.size() > mostLeftOutShown)
        leftOut_.erase(leftOut_.begin(), leftOut_.end() - mostLeftOutShown);
    prediction_.reset();
    if (!features.next.empty() && !features.next.back().empty())
        prediction_ = features.next.back().front();
    activations_.clear();
    QString description = count() == 1 ? tr("1 token") : tr("%1 tokens").arg(count());
    if (prediction_)
        description += tr("; predicted next: %1, probability %2")
                           .arg(QString::fromStdString(prediction_->text), figure(prediction_->probability, 3));
    setAccessibleDescription(description);
    fillPool();
    select(selection_);
    place();
}

void TokenChips::fillPool() {
    for (size_t i = pool_.size(); i < tokens_.size(); ++i) {
        auto *chip = new TokenChip(this);
        chip->installEventFilter(this);
        connect(chip, &TokenChip::clicked, this,
                [this, chip] { clicked(chip->position(), QGuiApplication::keyboardModifiers()); });
        pool_.push_back(chip);
    }
    for (size_t i = 0; i < tokens_.size(); ++i) {
        pool_[i]->setToken(static_cast<int>(i), tokens_[i], i < ids_.size() ? ids_[i] : -1,
                           i < given_.size() ? given_[i] : -1);
        pool_[i]->setActivation(0, QString());
        pool_[i]->setFaded(faded_);
    }
}

void TokenChips::setActivations(const std::vector<float> &activations, float maximum) {
    activations_ = activations;
    maximum_ = maximum;
    for (size_t i = 0; i < tokens_.size(); ++i) {
        const float value = i < activations_.size() ? activations_[i] : 0;
        const bool active = value > 0 && maximum_ > 0;
        pool_[i]->setActivation(active ? static_cast<double>(value / maximum_) : 0,
                                active ? figure(static_cast<double>(value)) : QString());
    }
    place();
}

void TokenChips::setFaded(bool faded) {
    faded_ = faded;
    for (TokenChip *chip : pool_)
        chip->setFaded(faded);
    update();
}

void TokenChips::select(std::vector<int> positions) {
    std::erase_if(positions, [this](int position) { return position < 0 || position >= count(); });
    std::sort(positions.begin(), positions.end());
    positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
    const bool changed = positions != selection_;
    selection_ = std::move(positions);
    showSelection();
    if (changed)
        Q_EMIT selectionChanged(selection_);
}

void TokenChips::showSelection() {
    const int reached = selection_.empty() ? 0 : selection_.front(); // the chip that Tab reaches
    for (int i = 0; i < static_cast<int>(pool_.size()); ++i) {
        chip(i)->setChecked(std::binary_search(selection_.begin(), selection_.end(), i));
        chip(i)->setFocusPolicy(i == reached ? Qt::StrongFocus : Qt::ClickFocus);
    }
}

void TokenChips::clicked(int position, Qt::KeyboardModifiers modifiers) {
    if (modifiers.testFlag(Qt::ShiftModifier))
        return moveTo(position, true);
    std::vector<int> wanted{position};
    if (modifiers.testFlag(Qt::ControlModifier)) {
        wanted = selection_;
        if (std::erase(wanted, position) == 0)
            wanted.push_back(position);
    } else if (selection_ == wanted) { // a second click takes it back
        wanted.clear();
    }
    anchor_ = position;
    select(std::move(wanted));
}

void TokenChips::moveTo(int position, bool extend) {
    position = std::clamp(position, 0, count() - 1);
    chip(position)->setFocus(Qt::OtherFocusReason);
    if (!extend) {
        anchor_ = position;
        return;
    }
    std::vector<int> range;
    for (int i = std::min(anchor_, position); i <= std::max(anchor_, position); ++i)
        range.push_back(i);
    select(std::move(range));
}

bool TokenChips::keyPressed(int position, const QKeyEvent &event) {
    const bool extend = event.modifiers().testFlag(Qt::ShiftModifier);
    switch (event.key()) {
    case Qt::Key_Left:
        moveTo(position - 1, extend);
        return true;
    case Qt::Key_Right:
        moveTo(position + 1, extend);
        return true;
    case Qt::Key_Home:
        moveTo(0, extend);
        return true;
    case Qt::Key_End:
        moveTo(count() - 1, extend);
        return true;
    case Qt::Key_Escape:
        if (selection_.empty())
            return false;
        select({});
        return true;
    default:
        if (!event.matches(QKeySequence::Copy))
            return false;
        QGuiApplication::clipboard()->setText(tokens_[static_cast<size_t>(position)]);
        return true;
    }
}

bool TokenChips::eventFilter(QObject *watched, QEvent *event) {
    auto *chip = qobject_cast<TokenChip *>(watched);
    if (chip && event->type() == QEvent::KeyPress && keyPressed(chip->position(), *static_cast<QKeyEvent *>(event)))
        return true;
    if (chip && event->type() == QEvent::FocusIn)
        Q_EMIT chipFocused(chip);
    return QWidget::eventFilter(watched, event);
}

/// The prompt up to a token; empty for the first and where the token begins inside a character. Tokens that are parts
/// of one show their bytes instead of text: what stands before them is told by its beginning, what stands behind by its
/// end.
QString TokenChips::textBefore(int position) const {
    QString before, rest;
    for (const QString &token : leftOut_)
        before += token;
    for (int i = 0; i < count(); ++i)
        (i < position ? before : rest) += tokens_[static_cast<size_t>(i)];
    if (prompt_.startsWith(before))
        return before;
    return prompt_.endsWith(rest) ? prompt_.chopped(rest.size()) : QString();
}

void TokenChips::contextMenuEvent(QContextMenuEvent *event) {
    const std::optional<int> position = positionAt(event->pos());
    if (!position)
        return;
    const auto index = static_cast<size_t>(*position);
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const auto copy = [](const QString &text) { return [text] { QGuiApplication::clipboard()->setText(text); }; };
    menu->addAction(tr("Features here"), this, [this, position] { select({*position}); });
    const QString before = textBefore(*position);
    QAction *trace = menu->addAction(tr("Trace to this token"), this, [this, before, index] {
        Q_EMIT traceToRequested(before, ids_[index], tokens_[index]);
    });
    trace->setEnabled(!before.isEmpty() && index < ids_.size());
    menu->setToolTipsVisible(true);
    trace->setToolTip(trace->isEnabled() ? tr("Shows in Circuits why the model says this token after those before it")
                                         : tr("There is no text before it that the model could go on from"));
    if (!selection_.empty() && selection_ != std::vector<int>{*position})
        menu->addAction(tr("Compare with selected"), this, [this, position] {
            std::vector<int> both = selection_;
            both.push_back(*position);
            select(std::move(both));
        });
    menu->addAction(tr("Copy token"), this, copy(tokens_[index]));
    if (index < ids_.size())
        menu->addAction(tr("Copy token id %1").arg(ids_[index]), this, copy(QString::number(ids_[index])));
    menu->popup(event->globalPos());
}

} // namespace tt
