#pragma once

#include "ui/theme.h"

class QPushButton;
class QString;
class QWidget;

namespace tt {

enum class Ink { Normal, Secondary, Tertiary, Link, Ok, Warning, Error };

/// Gives `widget` the font or text colour of a role. Both follow later changes of the theme and of the application's
/// font.
void setTextRole(QWidget *widget, TextRole role);
/// The theme's colour of a role.
QColor inkColour(Ink ink);
void setInk(QWidget *widget, Ink ink);
/// Paints a pane or bar in a colour of the theme (a member of Theme, e.g. &Theme::alternate).
void setGround(QWidget *widget, QColor Theme::*ground);

/// A button whose accessible name is its text.
QPushButton *namedButton(const QString &text, const QString &toolTip, QWidget *parent);
/// The one filled button of a form.
void makePrimary(QPushButton *button);
bool isPrimary(const QWidget *widget);
/// A button that looks like a link: no frame, the link colour.
void makeLink(QPushButton *button);
bool isLink(const QWidget *widget);

/// A field whose value cannot be used gets a red border.
void setFieldError(QWidget *field, bool error);
bool hasFieldError(const QWidget *field);

/// How far the text of the first and last column of a table stands from its edge, for header and DataTable.
void setCellEdge(QWidget *header, int pixels);
int cellEdge(const QWidget *header);

/// Tabs of a narrow panel stand closer, so that none has to be scrolled to.
void setDense(QWidget *tabBar);
bool isDense(const QWidget *tabBar);

/// Sets the fonts and colours of every widget with a role again; the theme calls it.
void refreshRoles();

} // namespace tt
