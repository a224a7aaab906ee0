#pragma once

#include "core/features/prompt_features.h"

#include <QStringList>
#include <QWidget>

#include <optional>
#include <vector>

class QComboBox;
class QMenu;
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
    /// Adds a target of one's own to those of the prompt and chooses it; `word` as the command line writes it.
    void chooseTarget(const QString &text, const QString &word, const Targets &targets);
    /// The same for "feature 1/1184 at 2".
    void chooseFeature(int layer, int position, int feature);
    void setSavedGraphs(const QStringList &names);
    [[nodiscard]] const Targets &targets() const;
    /// As the command line writes it: "auto", "id:640", "feature:1/2/1184".
    [[nodiscard]] QString targetWord() const;

    void setScores(const std::optional<GraphScores> &scores);
    void setVerification(const std::optional<Verification> &verification);
    void setBusy(bool busy);
    void setReadOnly(bool readOnly); ///< the workspace is: no graph can be saved

Q_SIGNALS:
    void traceRequested();
    void verifyRequested();
    void exportRequested();
    void badgeClicked();
    void targetEntryRequested(); ///< a target that is in no list is to be asked for
    void saveRequested();
    void openRequested(const QString &name);

private:
    struct Target {
        QString text, word;
        Targets targets;
    };
    void setTargets(std::vector<Target> targets, const QString &chosenWord);
    void updateButtons();

    std::vector<Target> choices_;
    std::optional<Target> ownTarget_;
    int chosen_ = 0; ///< into choices_
    bool hasPrompt_ = false, hasGraph_ = false, busy_ = false, readOnly_ = false;
    QComboBox *target_;
    QPushButton *trace_, *verify_, *graphs_, *export_;
    QMenu *graphsMenu_;
    FactsRow *scores_;
    VerifiedBadge *badge_;
    ElidedText *sentence_;
};

} // namespace tt
