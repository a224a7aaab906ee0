#pragma once

#include <QWidget>

#include <cstdint>
#include <optional>
#include <vector>

class QCheckBox;
class QComboBox;
class QLabel;
class QSlider;

namespace tt {

/// Goes back through the saved states of a transcoder's training, and follows it while it trains. Hidden where there is
/// neither.
class SnapshotBar : public QWidget {
    Q_OBJECT
public:
    explicit SnapshotBar(QWidget *parent = nullptr);
    /// Steps ascending; behind them on the slider stands what was saved last.
    void setSteps(const std::vector<int64_t> &steps);
    void setTraining(bool training);
    /// What is shown is in no file: the weights after `step`. They stand at the slider's end until one goes elsewhere.
    void setLive(qint64 step);
    /// What is shown was saved.
    void forgetLive();
    [[nodiscard]] bool follows() const;
    [[nodiscard]] int followSeconds() const; ///< between two looks

Q_SIGNALS:
    void stepChosen(qint64 step); ///< −1: what was saved last
    void followChanged();

private:
    void moved();
    void arrange(int place);
    void showStep();
    [[nodiscard]] qint64 step() const;
    std::vector<int64_t> steps_;
    std::optional<qint64> live_;
    bool training_ = false;
    QSlider *slider_;
    QLabel *text_;
    QCheckBox *follow_;
    QComboBox *every_;
};

} // namespace tt
