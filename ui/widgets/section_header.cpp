#include "ui/widgets/section_header.h"

#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QHBoxLayout>
#include <QLabel>

#include <algorithm>

namespace tt {

SectionHeader::SectionHeader(const QString &title, QWidget *parent, int designHeight)
    : QWidget(parent), layout_(new QHBoxLayout(this)), title_(new QLabel(title, this)), note_(new QLabel(this)) {
    setTextRole(title_, TextRole::SectionTitle);
    setInk(note_, Ink::Secondary);
    setTextRole(note_, TextRole::Secondary);
    title_->setTextFormat(Qt::PlainText);
    note_->setTextFormat(Qt::PlainText);
    layout_->setContentsMargins(scaled(16), 0, scaled(16), 0);
    layout_->setSpacing(scaled(8));
    layout_->addWidget(title_);
    layout_->addWidget(note_);
    layout_->addStretch(1);
    setMinimumHeight(std::max(scaled(designHeight), title_->fontMetrics().height() + 8));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void SectionHeader::setTitle(const QString &title) {
    title_->setText(title);
}
void SectionHeader::setNote(const QString &note) {
    note_->setText(note);
}
void SectionHeader::addControl(QWidget *control) {
    layout_->addWidget(control);
}

namespace {
QWidget *line(QWidget *parent) {
    auto *widget = new QWidget(parent);
    setGround(widget, &Theme::line);
    return widget;
}
} // namespace

QWidget *horizontalLine(QWidget *parent) {
    QWidget *widget = line(parent);
    widget->setFixedHeight(1);
    return widget;
}
QWidget *verticalLine(QWidget *parent) {
    QWidget *widget = line(parent);
    widget->setFixedWidth(1);
    return widget;
}

} // namespace tt
