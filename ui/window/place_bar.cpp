#include "ui/window/place_bar.h"

#include "ui/prompt/prompt_bar.h"
#include "ui/theme.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/roles.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>

#include <algorithm>

namespace tt {

PlaceBar::PlaceBar(QWidget *parent) : QWidget(parent), title_(new QLabel(this)), subtitle_(new ElidedLabel(this)) {
    setGround(this, &Theme::panel);
    setTextRole(title_, TextRole::Heading);
    setInk(subtitle_, Ink::Secondary);
    QToolButton *command = copyCommandButton(this);
    connect(command, &QToolButton::clicked, this, &PlaceBar::copyCommandRequested);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(scaled(16), 0, scaled(16), 0);
    layout->setSpacing(scaled(12));
    layout->addWidget(title_);
    layout->addWidget(subtitle_, 1);
    layout->addWidget(command);
    setMinimumHeight(std::max(scaled(48), title_->fontMetrics().height() + 8));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void PlaceBar::setPlace(const QString &title, const QString &subtitle) {
    title_->setText(title);
    subtitle_->setFullText(subtitle);
}

} // namespace tt
