#pragma once

#include "ui/window/main_window.h"

#include "core/random.h"

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include <functional>
#include <map>

class QAbstractButton;

/// Somebody who clicks through every place, some times a second, for as long as it takes: types prompts, chooses tokens
/// and features, reads cards, traces, moves thresholds, clicks nodes, zooms, changes features, writes labels, saves
/// graphs, watches curves, and presses whatever else there is to press that neither deletes nor leaves the window. What
/// opens (menus, dialogs) is closed again.
class ScriptedUser : public QObject {
public:
    ScriptedUser(tt::MainWindow &window, quint64 seed, QObject *parent = nullptr);

    /// Told before each action.
    void setListener(std::function<void(const QString &)> listener) { listener_ = std::move(listener); }
    void start();
    void stop();
    [[nodiscard]] qint64 actions() const { return actions_; }
    /// How often each place was visited, by its number.
    [[nodiscard]] const std::map<int, qint64> &visits() const { return visits_; }

private:
    void act();
    void closeWhatOpened();
    void actInPlace();
    void pressSomething();
    void moveSomething();
    void chooseInList();
    void clickInGraph();
    void typePrompt();
    void clickToken();
    void chooseFeature();
    void saveAndLabel();
    template <class Widget>
    Widget *any(const std::function<bool(const Widget &)> &suits);
    void say(const QString &what);

    tt::MainWindow &window_;
    tt::Random random_;
    QTimer timer_;
    std::function<void(const QString &)> listener_;
    qint64 actions_ = 0;
    std::map<int, qint64> visits_;
    int stay_ = 0; ///< actions left in this place
};
