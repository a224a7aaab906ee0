#include "ui/widgets/roles.h"

#include <QApplication>
#include <QPushButton>
#include <QVariant>
#include <QWidget>

#include <array>

namespace tt {
namespace {

constexpr auto textRoleProperty = "ttTextRole", inkProperty = "ttInk", groundProperty = "ttGround";
constexpr auto primaryProperty = "ttPrimary", linkProperty = "ttLink", errorProperty = "ttFieldError",
               cellEdgeProperty = "ttCellEdge", denseProperty = "ttDense";

/// Grounds by number, so that a property can hold them.
constexpr std::array grounds{&Theme::background, &Theme::panel,         &Theme::alternate,   &Theme::rail,
                             &Theme::selected,   &Theme::warningGround, &Theme::errorGround, &Theme::okGround,
                             &Theme::line,       &Theme::innerLine};

void applyColours(QWidget *widget) {
    QPalette palette;
    palette.setResolveMask(0);
    if (const QVariant ink = widget->property(inkProperty); ink.isValid()) {
        for (const auto group : {QPalette::Active, QPalette::Inactive}) {
            palette.setColor(group, QPalette::WindowText, inkColour(static_cast<Ink>(ink.toInt())));
            palette.setColor(group, QPalette::ButtonText, inkColour(static_cast<Ink>(ink.toInt())));
        }
    }
    if (const QVariant ground = widget->property(groundProperty); ground.isValid())
        palette.setColor(QPalette::Window, theme().*grounds.at(ground.toUInt()));
    widget->setPalette(palette);
}

} // namespace

QColor inkColour(Ink ink) {
    switch (ink) {
    case Ink::Normal:
        return theme().ink;
    case Ink::Secondary:
        return theme().secondaryInk;
    case Ink::Tertiary:
        return theme().tertiaryInk;
    case Ink::Link:
        return theme().link;
    case Ink::Ok:
        return theme().okText;
    case Ink::Warning:
        return theme().warningText;
    case Ink::Error:
        return theme().errorText;
    }
    return theme().ink;
}

void setTextRole(QWidget *widget, TextRole role) {
    widget->setProperty(textRoleProperty, static_cast<int>(role));
    widget->setFont(font(role));
}

void setInk(QWidget *widget, Ink ink) {
    widget->setProperty(inkProperty, static_cast<int>(ink));
    applyColours(widget);
}

void setGround(QWidget *widget, QColor Theme::*ground) {
    for (size_t i = 0; i < grounds.size(); ++i)
        if (grounds[i] == ground)
            widget->setProperty(groundProperty, static_cast<uint>(i));
    widget->setAutoFillBackground(true);
    applyColours(widget);
}

QPushButton *namedButton(const QString &text, const QString &toolTip, QWidget *parent) {
    auto *made = new QPushButton(text, parent);
    made->setAccessibleName(text);
    made->setToolTip(toolTip);
    return made;
}

void makePrimary(QPushButton *button) {
    button->setProperty(primaryProperty, true);
    button->update();
}
bool isPrimary(const QWidget *widget) {
    return widget && widget->property(primaryProperty).toBool();
}

void makeLink(QPushButton *button) {
    button->setProperty(linkProperty, true);
    button->setFlat(true);
    button->setCursor(Qt::PointingHandCursor);
    setInk(button, Ink::Link);
}
bool isLink(const QWidget *widget) {
    return widget && widget->property(linkProperty).toBool();
}

void setFieldError(QWidget *field, bool error) {
    field->setProperty(errorProperty, error);
    field->update();
}
bool hasFieldError(const QWidget *field) {
    return field && field->property(errorProperty).toBool();
}

void setCellEdge(QWidget *header, int pixels) {
    header->setProperty(cellEdgeProperty, pixels);
}
int cellEdge(const QWidget *header) {
    return header ? header->property(cellEdgeProperty).toInt() : 0;
}

void setDense(QWidget *tabBar) {
    tabBar->setProperty(denseProperty, true);
}

bool isDense(const QWidget *tabBar) {
    return tabBar && tabBar->property(denseProperty).toBool();
}

void refreshRoles() {
    const QWidgetList widgets = QApplication::allWidgets();
    for (QWidget *widget : widgets) {
        if (const QVariant role = widget->property(textRoleProperty); role.isValid())
            widget->setFont(font(static_cast<TextRole>(role.toInt())));
        if (widget->property(inkProperty).isValid() || widget->property(groundProperty).isValid())
            applyColours(widget);
    }
}

} // namespace tt
