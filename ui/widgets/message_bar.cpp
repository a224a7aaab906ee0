#include "ui/widgets/message_bar.h"

#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QAccessible>
#include <QEvent>
#include <QGridLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>

namespace tt {
namespace {

struct Look {
    QColor ground, line;
    Ink ink;
};

Look lookOf(Message::Kind kind) {
    switch (kind) {
    case Message::Kind::Notice:
        return {theme().selected, theme().accent, Ink::Link};
    case Message::Kind::Warning:
        return {theme().warningGround, theme().warningLine, Ink::Warning};
    case Message::Kind::Error:
        return {theme().errorGround, theme().errorText, Ink::Error};
    }
    return {};
}

QLabel *wordLabel(QWidget *parent) {
    auto *label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setFocusPolicy(Qt::NoFocus);
    return label;
}

} // namespace

MessageBar::MessageBar(QWidget *parent)
    : QFrame(parent), icon_(new QLabel(this)), title_(wordLabel(this)), text_(wordLabel(this)),
      action_(new QPushButton(this)), close_(new QToolButton(this)) {
    setTextRole(title_, TextRole::SectionTitle);
    close_->setAutoRaise(true);
    close_->setAccessibleName(tr("Close message"));
    close_->setToolTip(tr("Close message\nEsc"));

    auto *layout = new QGridLayout(this);
    layout->setContentsMargins(scaled(12), scaled(8), scaled(8), scaled(8));
    layout->setHorizontalSpacing(scaled(8));
    layout->setVerticalSpacing(scaled(4));
    layout->addWidget(icon_, 0, 0, Qt::AlignTop);
    layout->addWidget(title_, 0, 1, Qt::AlignVCenter);
    layout->addWidget(close_, 0, 2, Qt::AlignTop);
    layout->addWidget(text_, 1, 1, 1, 2);
    layout->addWidget(action_, 2, 1, Qt::AlignLeft);
    layout->setColumnStretch(1, 1);

    connect(action_, &QPushButton::clicked, this, [this] { Q_EMIT actionRequested(message_.action); });
    connect(close_, &QToolButton::clicked, this, [this] {
        clear();
        Q_EMIT closed();
    });
    hide();
}

void MessageBar::setMessage(const Message &message) {
    message_ = message;
    title_->setText(message.title);
    title_->setVisible(!message.title.isEmpty());
    text_->setText(message.text);
    text_->setVisible(!message.text.isEmpty());
    action_->setText(message.actionText);
    action_->setAccessibleName(message.actionText);
    action_->setVisible(!message.actionText.isEmpty());
    setAccessibleName(message.title.isEmpty() ? message.text : message.title);
    setAccessibleDescription(message.text);
    updateLook();
    show();
    QAccessibleEvent event(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

void MessageBar::clear() {
    message_ = {};
    hide();
}

void MessageBar::updateLook() {
    const Look look = lookOf(message_.kind);
    const QString name = message_.kind == Message::Kind::Notice ? QStringLiteral("notice") : QStringLiteral("warning");
    icon_->setPixmap(iconPixmap(name, look.ink, scaled(16), devicePixelRatioF()));
    setInk(title_, message_.kind == Message::Kind::Error ? Ink::Error : Ink::Normal);
    setInk(text_, Ink::Secondary);
    close_->setIcon(icon(QStringLiteral("close")));
    update();
}

void MessageBar::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Look look = lookOf(message_.kind);
    painter.setPen(look.line);
    painter.setBrush(look.ground);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
}

void MessageBar::changeEvent(QEvent *event) {
    if (event->type() == QEvent::PaletteChange && isVisible())
        updateLook();
    QFrame::changeEvent(event);
}

void MessageBar::keyPressEvent(QKeyEvent *event) {
    if (event->key() == Qt::Key_Escape)
        close_->click();
    else
        QFrame::keyPressEvent(event);
}

} // namespace tt
