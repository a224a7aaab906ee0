#include "ui/data/menu_button.h"

#include <QMenu>
#include <QPushButton>

namespace tt {

QMenu *menuOf(QPushButton *button) {
    auto *menu = new QMenu(button);
    menu->setAccessibleName(button->text());
    button->setAccessibleName(button->text());
    QObject::connect(button, &QPushButton::clicked, menu,
                     [menu, button] { menu->popup(button->mapToGlobal(button->rect().bottomLeft())); });
    return menu;
}

} // namespace tt
