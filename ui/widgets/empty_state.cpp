#include "ui/widgets/empty_state.h"

#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace tt {
namespace {

void setButton(QPushButton *button, const QString &text) {
    button->setText(text);
    button->setAccessibleName(text);
    button->setToolTip(text);
    button->setVisible(!text.isEmpty());
}

QLabel *centredLabel(QWidget *parent) {
    auto *label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    return label;
}

} // namespace

EmptyState::EmptyState(QWidget *parent)
    : QWidget(parent), icon_(new QLabel(this)), heading_(centredLabel(this)), sentence_(centredLabel(this)),
      primary_(new QPushButton(this)), other_(new QPushButton(this)) {
    icon_->setAlignment(Qt::AlignCenter);
    setTextRole(heading_, TextRole::Heading);
    setInk(sentence_, Ink::Secondary);
    makePrimary(primary_);

    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(scaled(8));
    buttons->addStretch();
    buttons->addWidget(primary_);
    buttons->addWidget(other_);
    buttons->addStretch();

    auto *column = new QVBoxLayout;
    column->setSpacing(scaled(8));
    column->addStretch();
    column->addWidget(icon_);
    column->addWidget(heading_);
    column->addWidget(sentence_);
    column->addSpacing(scaled(8));
    column->addLayout(buttons);
    column->addStretch();

    // The sentence stays readable on wide windows: about 45 characters a line.
    auto *layout = new QHBoxLayout(this);
    layout->addStretch(1);
    layout->addLayout(column, 0);
    layout->addStretch(1);
    heading_->setMinimumWidth(scaled(340));
    sentence_->setMinimumWidth(scaled(340));

    connect(primary_, &QPushButton::clicked, this, &EmptyState::primaryRequested);
    connect(other_, &QPushButton::clicked, this, &EmptyState::otherRequested);
}

void EmptyState::setContent(const QString &icon, const QString &heading, const QString &sentence,
                            const QString &primary, const QString &other) {
    iconName_ = icon;
    heading_->setText(heading);
    sentence_->setText(sentence);
    setButton(primary_, primary);
    setButton(other_, other);
    updateIcon();
}

void EmptyState::updateIcon() {
    if (!iconName_.isEmpty())
        icon_->setPixmap(iconPixmap(iconName_, Ink::Secondary, scaled(32), devicePixelRatioF()));
}

void EmptyState::changeEvent(QEvent *event) {
    if (event->type() == QEvent::PaletteChange)
        updateIcon();
    QWidget::changeEvent(event);
}

} // namespace tt
