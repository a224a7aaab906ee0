#include "ui/tour/tour_bar.h"

#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QAccessible>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>
#include <QVBoxLayout>

namespace tt {

namespace {

constexpr int notchHeight = 9, dot = 9, dotStep = 14; // design pixels

/// Where one is among the steps.
class Dots : public QWidget {
public:
    explicit Dots(QWidget *parent) : QWidget(parent) {}
    void setStep(int step, int steps) {
        step_ = step;
        setFixedSize(scaled(dotStep) * steps, scaled(dot) + 2);
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(theme().accent);
        for (int i = 0; i * scaled(dotStep) < width(); ++i) {
            painter.setBrush(i == step_ ? theme().accent : theme().selected);
            painter.drawEllipse(QRectF(i * scaled(dotStep) + 1, 1, scaled(dot) - 1, scaled(dot) - 1));
        }
    }

private:
    int step_ = 0;
};

} // namespace

TourBar::TourBar(QWidget *parent)
    : QFrame(parent), heading_(new QLabel(this)), count_(new QLabel(this)), text_(new QLabel(this)),
      dots_(new Dots(this)) {
    setAccessibleName(tr("Tour"));
    setTextRole(heading_, TextRole::Heading);
    setTextRole(count_, TextRole::Secondary);
    setInk(count_, Ink::Secondary);
    text_->setWordWrap(true);
    text_->setTextFormat(Qt::PlainText);
    skip_ = namedButton(tr("Skip tour"), tr("Ends the tour; Help ▸ Tour begins it again\nEsc"), this);
    makeLink(skip_);
    next_ = namedButton(tr("Next"), tr("Does this step, or goes on to the next one"), this);
    makePrimary(next_);

    auto *title = new QHBoxLayout;
    title->setSpacing(scaled(8));
    title->addWidget(heading_);
    title->addWidget(count_);
    title->addStretch(1);
    auto *words = new QVBoxLayout;
    words->setSpacing(scaled(2));
    words->addLayout(title);
    words->addWidget(text_);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(scaled(16), scaled(8), scaled(16), scaled(8));
    layout->setSpacing(scaled(16));
    layout->addLayout(words, 1);
    layout->addWidget(dots_);
    layout->addWidget(skip_);
    layout->addWidget(next_);
    setMinimumHeight(scaled(64));
    connect(skip_, &QPushButton::clicked, this, &TourBar::skipRequested);
    connect(next_, &QPushButton::clicked, this, &TourBar::nextRequested);
    hide();
}

void TourBar::showStep(int step, int steps, const QString &heading, const QString &text, const QString &next) {
    step_ = step;
    steps_ = steps;
    heading_->setText(heading);
    count_->setText(tr("step %1 of %2").arg(step + 1).arg(steps));
    text_->setText(text);
    next_->setText(next);
    next_->setAccessibleName(next);
    static_cast<Dots *>(dots_)->setStep(step, steps);
    setAccessibleDescription(tr("%1, %2. %3").arg(heading, count_->text(), text));
    show();
    QAccessibleEvent event(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

void TourBar::setNotch(int x) {
    notch_ = x;
    update();
}

void TourBar::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().selected);
    painter.setPen(theme().accent);
    painter.drawLine(0, height() - 1, width(), height() - 1);
    painter.drawLine(0, 0, width(), 0);
    if (notch_ < 0)
        return;
    const int size = scaled(notchHeight);
    QPainterPath notch(QPointF(notch_ - size, 0));
    notch.lineTo(notch_, size);
    notch.lineTo(notch_ + size, 0);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(theme().panel);
    painter.drawPath(notch);
    painter.setPen(theme().panel);
    painter.drawLine(notch_ - size + 1, 0, notch_ + size - 1, 0);
}

void TourBar::changeEvent(QEvent *event) {
    if (event->type() == QEvent::PaletteChange)
        update();
    QFrame::changeEvent(event);
}

} // namespace tt
