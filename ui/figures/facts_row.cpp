#include "ui/figures/facts_row.h"

#include "ui/theme.h"

#include <QEvent>
#include <QPainter>

#include <algorithm>

namespace tt {

namespace {

QFont figureFont() {
    QFont mono = tt::font(TextRole::Mono);
    mono.setBold(true);
    return mono;
}

int wordGap() {
    return scaled(4);
}
int factGap() {
    return scaled(20);
}

} // namespace

FactsRow::FactsRow(QWidget *parent) : QWidget(parent) {
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void FactsRow::setFacts(std::vector<Fact> facts) {
    if (facts == facts_)
        return;
    const std::pair room(minimumSizeHint().width(), heightForWidth(width()));
    facts_ = std::move(facts);
    QStringList texts;
    for (const Fact &fact : facts_)
        texts << QStringList{fact.word, fact.figure, fact.after}.join(u' ').simplified();
    setAccessibleName(texts.join(QStringLiteral(", ")));
    if (room != std::pair(minimumSizeHint().width(), heightForWidth(width())))
        updateGeometry(); // else all that is around it would be laid out anew at each click
    update();
}

int FactsRow::widthOf(const Fact &fact) const {
    const QFontMetrics words(tt::font(TextRole::Secondary)), figures(figureFont());
    int width = figures.horizontalAdvance(fact.figure);
    for (const QString &text : {fact.word, fact.after})
        width += text.isEmpty() ? 0 : words.horizontalAdvance(text) + wordGap();
    return width;
}

int FactsRow::lineHeight() const {
    return std::max(QFontMetrics(tt::font(TextRole::Secondary)).height(), QFontMetrics(figureFont()).height()) +
           scaled(4);
}

QSize FactsRow::sizeHint() const {
    int width = 0;
    for (const Fact &fact : facts_)
        width += widthOf(fact) + factGap();
    return {std::max(0, width - factGap()), lineHeight()};
}

QSize FactsRow::minimumSizeHint() const {
    int widest = 0;
    for (const Fact &fact : facts_)
        widest = std::max(widest, widthOf(fact));
    return {widest, lineHeight()};
}

int FactsRow::heightForWidth(int width) const {
    int lines = 1, x = 0;
    for (const Fact &fact : facts_) {
        if (x > 0 && x + widthOf(fact) > width) {
            ++lines;
            x = 0;
        }
        x += widthOf(fact) + factGap();
    }
    return lines * lineHeight();
}

void FactsRow::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    int x = 0, y = std::max(0, (height() - heightForWidth(width())) / 2);
    const auto write = [&](const QString &text, const QFont &face, const QColor &colour) {
        if (text.isEmpty())
            return;
        painter.setFont(face);
        painter.setPen(colour);
        const int width = painter.fontMetrics().horizontalAdvance(text);
        painter.drawText(QRect(x, y, width + 2, lineHeight()), Qt::AlignLeft | Qt::AlignVCenter, text);
        x += width + wordGap();
    };
    for (const Fact &fact : facts_) {
        if (x > 0 && x + widthOf(fact) > width()) {
            x = 0;
            y += lineHeight();
        }
        write(fact.word, tt::font(TextRole::Secondary), theme().secondaryInk);
        write(fact.figure, figureFont(), theme().ink);
        write(fact.after, tt::font(TextRole::Secondary), theme().secondaryInk);
        x += factGap() - wordGap();
    }
}

void FactsRow::changeEvent(QEvent *event) {
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange) {
        updateGeometry();
        update();
    }
    QWidget::changeEvent(event);
}

} // namespace tt
