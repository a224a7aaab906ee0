#pragma once

#include "core/circuits/graph.h"
#include "core/features/prompt_features.h"

#include <QObject>

#include <optional>
#include <vector>

class QShortcut;

namespace tt {

class MainWindow;
class TargetRing;
class TourBar;

/// The tour: five steps from a token over its features and what causes them to a change of the model and a picture to
/// keep. Each step asks for one action; whoever does it, or presses Next, is told what is to be seen now, and goes on.
/// It can be left at any moment and called again.
class Tour : public QObject {
    Q_OBJECT
public:
    static constexpr int steps = 5;
    /// `over`: the widget in which targets are ringed.
    Tour(MainWindow &window, TourBar &bar, QWidget *over);

    /// From the first step. Without a prompt that was read, one is asked for first.
    void start();
    void end();
    [[nodiscard]] bool isRunning() const { return running_; }
    [[nodiscard]] int step() const { return step_; }
    [[nodiscard]] bool isDone() const { return done_; } ///< what the step asks for was done
    /// Does the step; once done, goes to the next one.
    void next();
    void setPromptFeatures(const PromptFeatures &features);

Q_SIGNALS:
    void promptWanted(const QString &prompt);
    void trainWanted();
    void ended();

private:
    enum Step { Token, Feature, Causes, Change, Export };
    struct Words {
        QString heading, wanted, seen;
    };
    void begin(Step step);
    void perform();
    void finish(Step step);
    void show();
    void aim();
    void placeNotch();
    [[nodiscard]] Words words() const;
    void choosePosition();
    void chooseFeature();
    void followGraph();
    [[nodiscard]] std::vector<int> featureNodes() const;
    [[nodiscard]] std::optional<int> mostInfluential() const;
    [[nodiscard]] std::optional<int> node() const;
    [[nodiscard]] QString token() const;
    [[nodiscard]] QString featureText() const;

    MainWindow &window_;
    TourBar &bar_;
    TargetRing *ring_;
    QShortcut *escape_;
    QWidget *over_;
    PromptFeatures prompt_;
    int position_ = 0;      ///< of the token that is followed
    ActiveFeature feature_; ///< the one that is followed from the second step on
    bool running_ = false, done_ = false;
    bool exported_ = false; ///< the dialog was shown
    bool waiting_ = false;  ///< for a prompt
    Step step_ = Token;
};

} // namespace tt
