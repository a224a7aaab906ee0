#pragma once

#include "app/session/session.h"
#include "ui/window/main_window.h"

#include <QAbstractButton>

/// A window with its session, as main() makes them.
struct WindowProgram {
    tt::MainWindow window;
    tt::Session session{window};

    explicit WindowProgram(tt::MainWindow::Place place = tt::MainWindow::Place::Data) {
        window.resize(1280, 800);
        window.show();
        window.goTo(place);
    }
    /// The first one of this accessible name, or null.
    template <class Widget>
    Widget *named(const QString &name, QWidget *inside = nullptr) {
        for (Widget *widget : (inside ? inside : &window)->template findChildren<Widget *>())
            if (widget->accessibleName() == name)
                return widget;
        return nullptr;
    }
    /// The same among those that can be seen.
    template <class Widget>
    Widget *seen(const QString &name) {
        for (Widget *widget : window.findChildren<Widget *>())
            if (widget->accessibleName() == name && widget->isVisible())
                return widget;
        return nullptr;
    }
};
