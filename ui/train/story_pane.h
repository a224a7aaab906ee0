#pragma once

#include "core/train/story.h"
#include "ui/values.h"

#include <QWidget>

#include <map>
#include <vector>

class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QToolButton;

namespace tt {

class NumberField;
class SectionHeader;
class StoryView;

/// A story that a GPT wrote: the newest one of the run shown, and those before. While a run trains it is written anew
/// at every checkpoint; of any GPT with a checkpoint one can ask for one.
class StoryPane : public QWidget {
    Q_OBJECT
public:
    explicit StoryPane(QWidget *parent = nullptr);

    void setRun(const RunRow *run); ///< null: there is no GPT
    [[nodiscard]] QString prompt() const;
    [[nodiscard]] SamplingConfig sampling() const;
    void begin(int run, qint64 step, const QString &prompt);
    void append(int run, const std::vector<StoryToken> &tokens);
    void end(int run, const QString &problem);

Q_SIGNALS:
    void generateRequested(int run, const QString &prompt, const tt::SamplingConfig &sampling);
    void stopRequested();

private:
    struct Story {
        qint64 step = 0;
        QString prompt;
        std::vector<StoryToken> tokens;
    };
    struct Stories {
        std::vector<Story> all;
        size_t shown = 0;
        bool writing = false;
        QString problem;
    };
    QWidget *makeControls();
    QWidget *makeSampling();
    [[nodiscard]] Stories &stories() { return stories_[run_.id]; }
    void showStory(size_t story);
    void turn(int direction);
    void updateControls();
    void updateFoot();
    [[nodiscard]] QString footText();

    RunRow run_; ///< id 0: none
    std::map<int, Stories> stories_;
    SectionHeader *header_;
    QToolButton *earlier_, *later_;
    QLineEdit *prompt_;
    QPushButton *generate_, *samplingToggle_;
    QWidget *sampling_;
    NumberField *tokens_, *temperature_, *topK_, *topP_;
    QCheckBox *stopAtEnd_;
    StoryView *view_;
    QLabel *foot_;
    QString lit_;
};

} // namespace tt
