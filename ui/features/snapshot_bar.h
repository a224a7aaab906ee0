#pragma once

#include <QWidget>

#include <cstdint>
#include <vector>

class QCheckBox;
class QLabel;
class QSlider;

namespace tt {

/// Goes back through the saved states of a transcoder's training, and follows it while it trains. Hidden where there is
/// neither.
class SnapshotBar : public QWidget {
    Q_OBJECT
public:
    explicit SnapshotBar(QWidget *parent = nullptr);
    /// Steps ascending; the slider's last place is the present state.
    void setSteps(const std::vector<int64_t> &steps);
    void setTraining(bool training);
    [[nodiscard]] bool follows() const;

Q_SIGNALS:
    void stepChosen(qint64 step); ///< −1: the present state
    void followChanged(bool follow);

private:
    void showStep();
    [[nodiscard]] qint64 step() const;
    std::vector<int64_t> steps_;
    bool training_ = false;
    QSlider *slider_;
    QLabel *text_;
    QCheckBox *follow_;
};

} // namespace tt
