#include "ui/prompt/token_chip.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

#include <QAccessibleWidget>
#include <QPainter>

#include <algorithm>

namespace tt {
namespace {

/// A chip is a button that can be checked, not a check box, which Qt would make of it.
class ChipAccessible : public QAccessibleWidget {
public:
    explicit ChipAccessible(TokenChip *chip) : QAccessibleWidget(chip, QAccessible::Button) {}

    [[nodiscard]] QString text(QAccessible::Text kind) const override {
        return kind == QAccessible::Name ? chip()->token() : QAccessibleWidget::text(kind);
    }
    [[nodiscard]] QAccessible::State state() const override {
        QAccessible::State state = QAccessibleWidget::state();
        state.checkable = true;
        state.checked = chip()->isChecked();
        return state;
    }
    [[nodiscard]] QStringList actionNames() const override {
        return QStringList{pressAction()} + QAccessibleWidget::actionNames();
    }
    void doAction(const QString &name) override {
        if (name == pressAction())
            chip()->click();
        else
            QAccessibleWidget::doAction(name);
    }

private:
    [[nodiscard]] TokenChip *chip() const { return static_cast<TokenChip *>(widget()); }
};

QAccessibleInterface *chipAccessible(const QString &className, QObject *object) {
    auto *chip = className == QLatin1String("tt::TokenChip") ? qobject_cast<TokenChip *>(object) : nullptr;
    return chip ? new ChipAccessible(chip) : nullptr;
}

bool isMark(QChar character) {
    return QStringView(u"\u2423\u23ce\u21e5\u240d").contains(character);
}

} // namespace

void drawToken(QPainter &painter, const QRectF &box, const QString &token, const QColor &ink, const QColor &markInk) {
    const QString text = shownToken(token.toStdString());
    const QFontMetricsF metrics(painter.font());
    QRectF rest = box;
    qsizetype start = 0;
    while (start < text.size()) {
        qsizetype end = start + 1;
        while (end < text.size() && isMark(text[end]) == isMark(text[start]))
            ++end;
        const QString run = text.mid(start, end - start);
        painter.setPen(isMark(text[start]) ? markInk : ink);
        painter.drawText(rest, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, run);
        rest.setLeft(rest.left() + metrics.horizontalAdvance(run));
        start = end;
    }
}

int tokenWidth(const QString &token) {
    return QFontMetrics(tt::font(TextRole::Mono)).horizontalAdvance(shownToken(token.toStdString()));
}

ChipMetrics ChipMetrics::current() {
    return {.boxHeight = std::max(scaled(28), QFontMetrics(tt::font(TextRole::Mono)).height() + 8),
            .valueHeight = QFontMetrics(tt::font(TextRole::MonoSmall)).height() + 1,
            .margin = 3,
            .padding = scaled(8)};
}

TokenChip::TokenChip(QWidget *parent) : QAbstractButton(parent) {
    [[maybe_unused]] static const bool installed = (QAccessible::installFactory(chipAccessible), true);
    setCheckable(true);
    setFocusPolicy(Qt::ClickFocus); // Tab reaches one chip of the strip, arrows the others
    setAttribute(Qt::WA_Hover);
}

void TokenChip::setToken(int position, const QString &token, int id, double given) {
    if (position == position_ && token == token_ && id == id_ && given == given_)
        return;
    id_ = id;
    given_ = given;
    position_ = position;
    token_ = token;
    setAccessibleName(token);
    updateToolTip();
    update();
}

void TokenChip::setActivation(double share, const QString &value) {
    if (share == share_ && value == value_)
        return;
    share_ = share;
    value_ = value;
    updateToolTip();
    update();
}

void TokenChip::setFaded(bool faded) {
    if (faded != faded_) {
        faded_ = faded;
        update();
    }
}

void TokenChip::updateToolTip() {
    const QString place = tr("position %1").arg(position_);
    setAccessibleDescription(value_.isEmpty() ? place : tr("%1, activation %2").arg(place, value_));
    QString text = tr("%1, %2").arg(shownToken(token_.toStdString()), place);
    if (id_ >= 0)
        text += tr("\ntoken id %1").arg(id_);
    if (given_ >= 0)
        text += tr("\nthe model gave it probability %1").arg(figure(given_, given_ < 0.001 ? 6 : 3));
    if (!value_.isEmpty())
        text += tr("\nactivation %1").arg(value_);
    setToolTip(plainToolTip(text + tr("\nSpace selects, ←/→ next token, Shift+←/→ several")));
}

QSize TokenChip::sizeHint() const {
    const ChipMetrics metrics = ChipMetrics::current();
    const int value = QFontMetrics(tt::font(TextRole::MonoSmall)).horizontalAdvance(value_);
    const int box = std::max(tokenWidth(token_) + 2 * metrics.padding, metrics.boxHeight);
    return {std::max(box, value) + 2 * metrics.margin, metrics.height()};
}

void TokenChip::paintEvent(QPaintEvent *) {
    const Theme &t = theme();
    const ChipMetrics metrics = ChipMetrics::current();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (faded_)
        painter.setOpacity(0.55);
    const QRectF outer(0, 0, width(), metrics.boxHeight + 2 * metrics.margin);
    const QRectF box = outer.adjusted(metrics.margin, metrics.margin, -metrics.margin, -metrics.margin);
    const QColor fill = activationColour(share_);
    const bool filled = fill.alpha() > 0;
    painter.setPen(filled && !isChecked() ? QPen(fill.darker(t.dark ? 80 : 120)) : QPen(t.fieldBorder));
    painter.setBrush(filled ? fill : underMouse() ? t.hover : t.panel);
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    if (isChecked() || hasFocus()) {
        painter.setPen(QPen(isChecked() ? t.ink : t.focus, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(outer.adjusted(1, 1, -1, -1), 6, 6);
    }
    if (isChecked() && hasFocus()) {
        painter.setPen(QPen(t.focus, 2));
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4);
    }
    const QColor ink = filled ? textOn(fill) : t.ink;
    painter.setFont(tt::font(TextRole::Mono));
    const double text = tokenWidth(token_);
    drawToken(painter, QRectF(box.center().x() - text / 2, box.top(), text + 1, box.height()), token_, ink,
              filled ? ink : t.tertiaryInk);
    painter.setFont(tt::font(TextRole::MonoSmall));
    painter.setPen(t.secondaryInk);
    painter.drawText(QRectF(0, outer.bottom(), width(), metrics.valueHeight), Qt::AlignCenter, value_);
}

} // namespace tt
