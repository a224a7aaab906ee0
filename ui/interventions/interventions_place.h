#pragma once

#include "core/circuits/intervention_list.h"
#include "core/features/demonstration.h"
#include "ui/interventions/interventions_model.h"
#include "ui/interventions/texts_pane.h"
#include "ui/values.h"

#include <QUndoStack>
#include <QWidget>

#include <optional>

class QPushButton;
class QStackedWidget;

namespace tt {

class EffectsPane;
class EmptyState;
class InterventionsBar;
class InterventionsTable;
class MessageBar;
class NextTokenPane;
class StaleVeil;

/// The place Interventions: a list of changed features, what they do to the next token while the slider moves, what the
/// graph says against what is measured, and the prompt continued without and with them.
class InterventionsPlace : public QWidget {
    Q_OBJECT
public:
    explicit InterventionsPlace(QWidget *parent = nullptr);

    void setHasTranscoder(bool has);
    void setPromptFeatures(const PromptFeatures &features);
    void setSelectedPositions(const std::vector<int> &positions); ///< of the chips: where a new row acts
    void setList(const InterventionList &list);                   ///< as it was saved; forgets the steps to undo
    void setOutcome(const QString &prompt, const InterventionRequest &request, const InterventionOutcome &outcome);
    void setEffects(const QString &prompt, const EffectReport &report);
    void showMessage(const Message &message);
    void setDemonstration(const DemonstrationResult &result); ///< found: its row replaces the list

    /// Brings features here, each as a row at its position; −1 for the last. They become one step to undo.
    void addFeatures(const std::vector<ActiveFeature> &features, InterventionAction action);
    [[nodiscard]] InterventionList list() const;
    [[nodiscard]] InterventionRequest request() const;
    [[nodiscard]] QString commandLine() const;
    [[nodiscard]] TextsPane &texts() const { return *texts_; }
    [[nodiscard]] EffectsPane &effects() const { return *effects_; }
    [[nodiscard]] NextTokenPane &nextToken() const { return *next_; }
    [[nodiscard]] InterventionsTable &table() const { return *table_; }
    [[nodiscard]] QUndoStack *undoStack() { return &undo_; }
    [[nodiscard]] bool isStale() const { return stale_; }

public Q_SLOTS:
    void run(); ///< the place's primary action
    void exportList();
    void addIntervention();

Q_SIGNALS:
    /// Of the prompt whose tokens are shown.
    void evaluateRequested(const QString &prompt, const tt::InterventionRequest &request);
    void effectsRequested(const QString &prompt, std::optional<int32_t> target);
    void generateRequested(const QString &prompt, const std::vector<tt::Intervention> &rows,
                           const tt::SamplingConfig &sampling, quint64 seed);
    void stopRequested();
    void listChanged(const tt::InterventionList &list); ///< to be saved
    void exportRequested(const tt::InterventionList &list, const QString &file);
    void demonstrationRequested(const tt::Demonstration &demonstration);
    void promptWanted(const QString &prompt);
    void featureChosen(int layer, int feature);
    void goToTrain();
    void messageAction(const QString &action);

protected:
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    static QString nameOf(const Demonstration &demonstration);
    QWidget *makeContent();
    QWidget *makeStaleNotice();
    QWidget *makeRows();
    void connectParts();
    void change(const QString &what, std::vector<Intervention> rows, int key = -1);
    void takeRows(const std::vector<Intervention> &rows);
    void removeRow(int row);
    void adapt();
    void updateStale();
    void fitRows();
    void evaluate();
    void measure();
    void showForetold();
    void updatePages();
    [[nodiscard]] QString prompt() const { return QString::fromStdString(prompt_.prompt); }
    [[nodiscard]] QStringList effectNames(const EffectReport &report) const;
    [[nodiscard]] Intervention rowFor(const ActiveFeature &feature, InterventionAction action) const;

    PromptFeatures prompt_;
    std::vector<Demonstration> demonstrations_ = originalDemonstrations();
    std::vector<int> positions_;
    QString demonstrated_;   ///< what the message bar tells of the rows, until they change
    std::string listPrompt_; ///< what the rows' positions count in
    bool hasTranscoder_ = false, stale_ = false;
    std::optional<int32_t> measuredTarget_;
    std::string measuredPrompt_; ///< asked for, or there
    QUndoStack undo_;
    InterventionsModel model_;
    QStackedWidget *pages_, *rows_;
    EmptyState *empty_;
    InterventionsBar *bar_;
    MessageBar *message_;
    QWidget *staleNotice_, *noRows_;
    InterventionsTable *table_;
    NextTokenPane *next_;
    EffectsPane *effects_;
    TextsPane *texts_;
    StaleVeil *veil_;
};

} // namespace tt
