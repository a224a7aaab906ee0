#pragma once

#include "ui/features/prompt_index.h"

#include <QString>
#include <QWidget>

class QSplitter;
class QStackedWidget;

namespace tt {

class ActiveFeaturesView;
class EmptyState;
class FeatureCard;
class OverviewView;
class SectionHeader;
class StaleVeil;

/// What a feature does in the prompt, for the colours of the token chips.
struct FeatureActivations {
    std::vector<float> perPosition; ///< 0 where it is silent
    float maximum = 0;              ///< largest on the corpus; 0 if it is silent in the whole prompt
};

/// The place Features: which features fire at which tokens, and the card of one of them.
class FeaturesPlace : public QWidget {
    Q_OBJECT
public:
    explicit FeaturesPlace(QWidget *parent = nullptr);

    /// Keeps the chosen feature, and the selected positions that still exist. Ends stale.
    void setPromptFeatures(const PromptFeatures &features);
    void setSelectedPositions(std::vector<int> positions);
    void chooseFeature(int layer, int feature);
    [[nodiscard]] FeatureActivations activationsOf(int layer, int feature) const;
    void setHasTranscoder(bool has);
    void setStale(bool stale); ///< what is shown belongs to another prompt or transcoder
    [[nodiscard]] QString commandLine() const;

public Q_SLOTS:
    void traceChosen(); ///< the place's primary action

Q_SIGNALS:
    void featureChosen(int layer, int feature);
    void traceFeatureRequested(int layer, int position, int feature);
    void goToTrain();

private:
    QWidget *makeLeft();
    void choose(int layer, int feature);
    void showSelection();
    void updatePages();

    PromptIndex index_;
    std::vector<int> positions_;
    bool hasTranscoder_ = false;
    QStackedWidget *pages_, *lists_;
    EmptyState *empty_, *nothingActive_;
    SectionHeader *title_;
    QSplitter *splitter_;
    StaleVeil *stale_;
    OverviewView *overview_;
    ActiveFeaturesView *active_;
    FeatureCard *card_;
};

} // namespace tt
