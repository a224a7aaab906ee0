#pragma once

#include "core/features/steered_prompt.h"

#include <QWidget>

#include <optional>

class QComboBox;
class QPushButton;
class QStackedWidget;
class QTableView;

namespace tt {

class FactsRow;
class NextTokenChart;
class PositionChangesModel;

/// What the model predicts before and after: bars of the next token, KL and the followed token's logit, or on demand
/// what changes at every position.
class NextTokenPane : public QWidget {
    Q_OBJECT
public:
    explicit NextTokenPane(QWidget *parent = nullptr);
    void setOutcome(const InterventionOutcome &outcome, const std::vector<std::string> &tokens);
    /// What the graph says of the followed token's logit; none where it knows nothing.
    void setForetold(std::optional<double> change);
    /// The tokens one can follow; keeps the one chosen where it is among them.
    void setCandidates(const std::vector<TokenCandidate> &candidates);
    [[nodiscard]] std::optional<int32_t> followed() const; ///< none: the most probable
    void follow(int32_t token, const std::string &text);
    [[nodiscard]] bool showsPositions() const;
    [[nodiscard]] NextTokenChart *chart() const { return chart_; }

Q_SIGNALS:
    void followedChanged();
    void positionsToggled();

private:
    void showFacts();
    std::optional<InterventionOutcome> outcome_;
    std::optional<double> foretold_;
    FactsRow *facts_;
    QComboBox *followed_;
    QPushButton *each_;
    QStackedWidget *pages_;
    NextTokenChart *chart_;
    PositionChangesModel *positions_;
    QTableView *table_;
};

} // namespace tt
