#pragma once

#include "core/circuits/intervention.h"

#include <QWidget>

#include <array>

class QLabel;
class QMenu;
class QPushButton;

namespace tt {

/// Title, Add intervention, Clear, Export…, the demonstrations, and the mode with a sentence that explains it.
class InterventionsBar : public QWidget {
    Q_OBJECT
public:
    explicit InterventionsBar(QWidget *parent = nullptr);
    void setMode(InterventionMode mode); ///< does not announce it
    [[nodiscard]] InterventionMode mode() const { return mode_; }
    void setHasRows(bool has);
    void setDemonstrations(const QStringList &names);

Q_SIGNALS:
    void addRequested();
    void clearRequested();
    void exportRequested();
    void demonstrationRequested(int index);
    void modeChosen(tt::InterventionMode mode);

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void showMode();
    InterventionMode mode_ = InterventionMode::Free;
    QPushButton *clear_, *export_;
    QMenu *demonstrations_;
    std::array<QPushButton *, 3> modes_{};
    QLabel *sentence_;
};

} // namespace tt
