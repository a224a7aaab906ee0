#pragma once

#include "ui/features/prompt_index.h"

#include <QWidget>

class QPushButton;
class QSpinBox;
class QStackedWidget;
class QToolButton;

namespace tt {

class EmptyState;
class FactsRow;
class PositionsList;

/// One feature: which it is, what is known of it, where in this prompt it fires; Trace this feature.
class FeatureCard : public QWidget {
    Q_OBJECT
public:
    explicit FeatureCard(QWidget *parent = nullptr);
    /// `index` must live until the next call. Keeps the feature and the history.
    void setPrompt(const PromptIndex &index);
    void setSelectedPositions(std::vector<int> positions);
    /// Shows a feature and remembers it in the history.
    void choose(int layer, int feature);
    [[nodiscard]] std::optional<PromptIndex::Key> feature() const;
    void goBack();
    void goForward();

public Q_SLOTS:
    void trace();

Q_SIGNALS:
    void featureChosen(int layer, int feature); ///< by the spin boxes or the history
    void traceFeatureRequested(int layer, int position, int feature);

private:
    QWidget *makeHead();
    QWidget *makeBody();
    void showFeature();
    void showFacts(std::span<const ActiveFeature> places);
    void move(int step);
    [[nodiscard]] int preferredPosition(std::span<const ActiveFeature> places) const;

    const PromptIndex *index_ = nullptr;
    std::vector<int> selected_;
    std::vector<PromptIndex::Key> history_;
    int at_ = -1; ///< into history_
    QToolButton *back_, *forward_;
    QSpinBox *layer_, *feature_;
    QPushButton *trace_;
    QStackedWidget *body_;
    EmptyState *empty_;
    FactsRow *facts_;
    PositionsList *positions_;
};

} // namespace tt
