#pragma once

#include <QStyleOption>

class QPainter;
class QWidget;

/// How the controls of design.md §1 and §2 are painted, in the colours of theme(). Used by Style only.
namespace tt::painting {

void pushButton(QPainter &painter, const QStyleOption &option, const QWidget *widget);
void toolButtonPanel(QPainter &painter, const QStyleOption &option);
/// Ground and border of a line edit, spin box or combo box.
void field(QPainter &painter, const QStyleOption &option, const QWidget *widget);
void checkBox(QPainter &painter, const QStyleOption &option);
void focusRing(QPainter &painter, const QRect &rect);
void spinArrow(QPainter &painter, const QRect &rect, bool up, bool enabled);
void chevron(QPainter &painter, const QRect &rect, bool enabled);
void progressGroove(QPainter &painter, const QRect &rect);
void progressContents(QPainter &painter, const QStyleOptionProgressBar &option);
void slider(QPainter &painter, const QStyleOptionSlider &option, const QRect &handle);
void scrollBar(QPainter &painter, const QStyleOptionSlider &option, const QRect &handle);
void headerSection(QPainter &painter, const QStyleOption &option);
void tab(QPainter &painter, const QStyleOption &option);

} // namespace tt::painting
