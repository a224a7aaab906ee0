#include "ui/interventions/next_token_chart.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

#include <QBarCategoryAxis>
#include <QBarSet>
#include <QChart>
#include <QEvent>
#include <QGraphicsLayout>
#include <QHorizontalBarSeries>
#include <QLegend>
#include <QPainter>
#include <QValueAxis>

#include <algorithm>
#include <array>

namespace tt {
namespace {

constexpr int places = 10;
constexpr std::array scales{0.1, 0.25, 0.5, 1.0};

int nameWidth() {
    return QFontMetrics(tt::font(TextRole::Mono)).horizontalAdvance(QStringLiteral("␣beautifuls"));
}
int figureWidth() {
    return QFontMetrics(tt::font(TextRole::MonoSmall)).horizontalAdvance(QStringLiteral("0.000"));
}

} // namespace

NextTokenChart::NextTokenChart(QWidget *parent)
    : QChartView(parent), bars_(new QHorizontalBarSeries), before_(new QBarSet(tr("before"))),
      after_(new QBarSet(tr("after"))), categories_(new QBarCategoryAxis), scale_(new QValueAxis) {
    setFrameShape(QFrame::NoFrame);
    setMinimumSize(scaled(280), scaled(150));
    setAccessibleName(tr("Next token"));
    setToolTip(tr("The most probable next tokens before and after the interventions"));
    bars_->append(after_); // the first stands below
    bars_->append(before_);
    bars_->setBarWidth(0.76);
    QStringList names;
    for (int place = 0; place < places; ++place) {
        names << QString::number(place); // tokens are painted by drawForeground(): axes take texts for HTML
        before_->append(0);
        after_->append(0);
    }
    categories_->append(names);
    categories_->setLabelsVisible(false);
    categories_->setGridLineVisible(false);
    scale_->setRange(0, 1);
    scale_->setTickCount(5);
    scale_->setLabelFormat(QStringLiteral("%g"));
    chart()->addSeries(bars_);
    chart()->addAxis(categories_, Qt::AlignLeft);
    chart()->addAxis(scale_, Qt::AlignBottom);
    bars_->attachAxis(categories_);
    bars_->attachAxis(scale_);
    chart()->setAnimationOptions(QChart::NoAnimation);
    chart()->legend()->hide();
    chart()->layout()->setContentsMargins(0, 0, 0, 0);
    applyTheme();
    describe();
}

/// Categories count from below.
int NextTokenChart::barOf(int token) const {
    return places - 1 - token;
}

double NextTokenChart::shownBefore(int token) const {
    return before_->at(barOf(token));
}
double NextTokenChart::shownAfter(int token) const {
    return after_->at(barOf(token));
}

void NextTokenChart::setTokens(const std::vector<TokenShift> &tokens) {
    tokens_ = tokens;
    tokens_.resize(std::min<size_t>(tokens_.size(), places));
    fitScale();
    for (int token = 0; token < places; ++token) {
        const bool there = token < static_cast<int>(tokens_.size());
        const TokenShift shift = there ? tokens_[static_cast<size_t>(token)] : TokenShift();
        const int bar = barOf(token);
        if (before_->at(bar) != shift.before)
            before_->replace(bar, shift.before);
        if (after_->at(bar) != shift.after)
            after_->replace(bar, shift.after);
    }
    describe();
    viewport()->update();
}

/// The smallest round scale that holds all; it shrinks only when half of it is not used.
void NextTokenChart::fitScale() {
    double largest = 0;
    for (const TokenShift &token : tokens_)
        largest = std::max({largest, token.before, token.after});
    const double wanted =
        *std::find_if(scales.begin(), scales.end() - 1, [&](double scale) { return largest <= scale; });
    if (wanted > scale_->max() || largest < scale_->max() / 4)
        scale_->setRange(0, wanted);
}

void NextTokenChart::drawForeground(QPainter *painter, const QRectF &) {
    const QRectF plot = chart()->plotArea();
    const double row = plot.height() / places;
    const int gap = scaled(8), figures = figureWidth();
    for (size_t token = 0; token < tokens_.size(); ++token) {
        const TokenShift &shift = tokens_[token];
        const QRectF line(0, plot.top() + row * static_cast<double>(token), viewport()->width(), row);
        painter->setFont(tt::font(TextRole::Mono));
        painter->setPen(theme().ink);
        const QRectF name(gap, line.top(), plot.left() - 2 * gap, row);
        painter->drawText(
            name, static_cast<int>(Qt::AlignRight | Qt::AlignVCenter),
            painter->fontMetrics().elidedText(shownToken(shift.text), Qt::ElideRight, static_cast<int>(name.width())));
        painter->setFont(tt::font(TextRole::MonoSmall));
        painter->setPen(theme().secondaryInk);
        const QRectF before(plot.right() + gap, line.top(), figures, row);
        painter->drawText(before, static_cast<int>(Qt::AlignRight | Qt::AlignVCenter), figure(shift.before, 3));
        painter->setPen(theme().ink);
        painter->drawText(before.translated(figures + gap, 0), static_cast<int>(Qt::AlignRight | Qt::AlignVCenter),
                          figure(shift.after, 3));
    }
}

void NextTokenChart::applyTheme() {
    const Theme &colours = theme();
    setBackgroundBrush(colours.panel);
    chart()->setBackgroundBrush(colours.panel);
    chart()->setBackgroundRoundness(0);
    const int gap = scaled(8);
    chart()->setMargins(QMargins(nameWidth() + gap, scaled(4), 2 * figureWidth() + 3 * gap, scaled(4)));
    for (QAbstractAxis *axis : std::initializer_list<QAbstractAxis *>{categories_, scale_}) {
        axis->setLabelsFont(tt::font(TextRole::MonoSmall));
        axis->setLabelsColor(colours.secondaryInk);
        axis->setLinePen(QPen(colours.fieldBorder, 1));
        axis->setGridLinePen(QPen(colours.chartGrid, 1));
    }
    before_->setBrush(QBrush(colours.secondaryInk, Qt::BDiagPattern));
    before_->setPen(QPen(colours.fieldBorder, 1));
    after_->setBrush(colours.accent);
    after_->setPen(Qt::NoPen);
}

void NextTokenChart::describe() {
    QStringList sentences;
    for (const TokenShift &token : tokens_)
        sentences << tr("%1 from %2 to %3")
                         .arg(QString::fromStdString(token.text), figure(token.before, 3), figure(token.after, 3));
    const QString text = sentences.isEmpty() ? tr("Nothing predicted yet.") : sentences.join(QStringLiteral("; "));
    if (text != accessibleDescription())
        setAccessibleDescription(text);
}

void NextTokenChart::changeEvent(QEvent *event) {
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        applyTheme();
    QChartView::changeEvent(event);
}

} // namespace tt
