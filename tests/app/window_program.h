#pragma once

#include "app/session/session.h"
#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/theme.h"
#include "ui/widgets/message_bar.h"
#include "ui/window/main_window.h"

#include <QAbstractButton>
#include <QApplication>
#include <QTemporaryDir>
#include <QtTest>

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
    /// Whether there was a button to press, and it was enabled.
    bool press(const QString &name) {
        auto *button = seen<QAbstractButton>(name);
        if (!button || !button->isEnabled())
            return false;
        button->click();
        return true;
    }
    /// The bar that is seen with these words, or null.
    [[nodiscard]] tt::MessageBar *bar(const QString &words) {
        for (tt::MessageBar *bar : window.findChildren<tt::MessageBar *>())
            if (bar->isVisible() && (bar->message().title + bar->message().text).contains(words))
                return bar;
        return nullptr;
    }
    /// What is said of the whole workspace; without a title where that is nothing.
    [[nodiscard]] tt::Message notice() {
        for (const tt::MessageBar *bar : window.findChildren<tt::MessageBar *>())
            if (bar->isVisible() && bar->message().action.startsWith("open-"))
                return bar->message();
        return {};
    }
    [[nodiscard]] bool hasTraced() const { return !window.circuitsPlace().view()->graph().nodes.empty(); }
};

/// The same with a workspace open, until it goes.
struct WorkspaceProgram : WindowProgram {
    explicit WorkspaceProgram(const QString &folder) { session.open(folder); }
    ~WorkspaceProgram() { window.closeNow(); }
    /// Whether some place says this, seen or not.
    [[nodiscard]] bool says(const QString &words) {
        for (const tt::MessageBar *bar : window.findChildren<tt::MessageBar *>())
            if ((bar->message().title + bar->message().text).contains(words))
                return true;
        return false;
    }
};

/// main() of a test of the real window, themed, with settings that are not the user's own.
template <class Test>
int runWindowTest(int argc, char **argv) {
    const QTemporaryDir settings;
    qputenv("XDG_CONFIG_HOME", settings.path().toLocal8Bit());
    QApplication application(argc, argv);
    tt::applyTheme(application);
    Test test;
    return QTest::qExec(&test, argc, argv);
}
