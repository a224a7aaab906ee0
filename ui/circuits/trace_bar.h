#pragma once

#include "core/features/prompt_features.h"

#include <QWidget>

#include <optional>
#include <vector>

class QComboBox;
class QPushButton;

namespace tt {

class ElidedText;
class FactsRow;
class VerifiedBadge;

/// The tool bar of Circuits: what is explained, Trace, the graph's scores, whether it was verified, Export.
class TraceBar : public QWidget {
    Q_OBJECT
public:
    explicit TraceBar(QWidget *parent = nullptr);

    /// Fills the targets with the prompt's predicted tokens; the chosen target stays if it still exists.
    void setPromptFeatures(const PromptFeatures &features);
    /// Adds "feature 1/1184 at 2" to the targets and chooses it.
    void chooseFeature(int layer, int position, int feature);
    [[nodiscard]] const Targets &targets() const;
    /// As the command line writes it: "auto", "id:640", "feature:1/2/1184".
    [[nodiscard]] QString targetWord() const;

    void setScores(const std::optional<GraphScores> &scores);
    void setVerification(const std::optional<Verification> &verification);
    void setBusy(bool busy);

Q_SIGNALS:
    void traceRequested();
    void verifyRequested();
    void exportRequested();
    void badgeClicked();

private:
    struct Target {
        QString text, word;
        Targets targets;
    };
    void setTargets(std::vector<Target> targets, const QString &chosenWord);
    void updateButtons();

    std::vector<Target> choices_;
    std::optional<Target> featureTarget_;
    bool hasPrompt_ = false, hasGraph_ = false, busy_ = false;
    QComboBox *target_;
    QPushButton *trace_, *verify_, *export_;
    FactsRow *scores_;
    VerifiedBadge *badge_;
    ElidedText *sentence_;
};

} // namespace tt
