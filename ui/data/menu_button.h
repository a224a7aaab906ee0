#pragma once

class QMenu;
class QPushButton;

namespace tt {

/// Gives a button a menu that opens below it when it is pressed; without QPushButton's event loop of its own.
QMenu *menuOf(QPushButton *button);

} // namespace tt
