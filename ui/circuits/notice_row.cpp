#include "ui/circuits/notice_row.h"

#include "ui/figures/elided_text.h"
#include "ui/icons/icons.h"
#include "ui/widgets/roles.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace tt {

NoticeRow::NoticeRow(const QString &text, const QString &action, QWidget *parent) : QWidget(parent) {
    setGround(this, &Theme::warningGround);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(scaled(16), scaled(2), scaled(16), scaled(2));
    layout->setSpacing(scaled(8));
    auto *sign = new QLabel(this);
    sign->setPixmap(iconPixmap(QStringLiteral("warning"), Ink::Warning, scaled(16), devicePixelRatioF()));
    layout->addWidget(sign);
    auto *sentence = new ElidedText(this);
    sentence->setText(text);
    setInk(sentence, Ink::Warning);
    layout->addWidget(sentence, 1);
    action_ = new QPushButton(action, this);
    action_->setAccessibleName(action);
    layout->addWidget(action_);
    connect(action_, &QPushButton::clicked, this, &NoticeRow::actionRequested);
    hide();
}

} // namespace tt
