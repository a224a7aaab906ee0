#pragma once

#include "core/features/feature_card.h"
#include "core/features/feature_search.h"
#include "ui/features/prompt_index.h"

#include <QString>
#include <QTimer>
#include <QUndoStack>
#include <QWidget>

#include <memory>

class QComboBox;
class QLineEdit;
class QSplitter;
class QStackedWidget;
class QTabWidget;

namespace tt {

class AcrossStories;
class ActiveFeaturesView;
class AllFeatures;
class EmptyState;
class FeatureCard;
class OverviewView;
class SectionHeader;
class SnapshotBar;
class StaleVeil;
class StartPane;

/// What a feature does in the prompt, for the colours of the token chips.
struct FeatureActivations {
    std::vector<float> perPosition; ///< 0 where it is silent
    float maximum = 0;              ///< largest on the corpus; 0 if it is silent in the whole prompt
};

/// The place Features: which features fire at which tokens, the card of one of them, all of them, one over many
/// stories.
class FeaturesPlace : public QWidget {
    Q_OBJECT
public:
    enum class Tab { Prompt, All, Stories };
    static constexpr int searchMilliseconds = 150; ///< after the last keystroke
    explicit FeaturesPlace(QWidget *parent = nullptr);
    ~FeaturesPlace() override;

    /// Keeps the chosen feature, and the selected positions that still exist. Ends stale.
    void setPromptFeatures(const PromptFeatures &features);
    void setSelectedPositions(std::vector<int> positions);
    void chooseFeature(int layer, int feature);
    [[nodiscard]] FeatureActivations activationsOf(int layer, int feature) const;
    void setHasTranscoder(bool has);
    void setReadOnly(bool readOnly); ///< the workspace is: what is noted can be read, nothing written
    void setStale(bool stale);       ///< what is shown belongs to another prompt or transcoder
    [[nodiscard]] QString commandLine() const;

    /// The transcoder's dictionary with what the index says; asks for the chosen feature's card again.
    void setDictionary(std::shared_ptr<const DictionarySummary> dictionary);
    void setNotes(FeatureNotes notes);
    void setFacts(const FeatureFacts &facts);
    void setExamples(const FeatureExamples &examples);
    void setMatches(const QString &query, const std::vector<SearchMatch> &matches);
    void setStories(int layer, int feature, std::vector<TokenStretch> stories, qint64 offset);
    void setIndexing(bool running, double share, const QString &text);
    void setWorking(bool running, double share, const QString &text); ///< measures CE effects or exports
    void showTab(Tab tab);
    void focusSearch();
    [[nodiscard]] QUndoStack *undoStack() { return &undo_; } ///< labels, notes, stars
    [[nodiscard]] SnapshotBar *snapshots() const { return snapshots_; }
    /// Of a demonstration: stands in the card's place until a feature is chosen.
    [[nodiscard]] StartPane *start() const { return start_; }
    void showStart(bool show);

public Q_SLOTS:
    void traceChosen(); ///< the place's primary action

Q_SIGNALS:
    void featureChosen(int layer, int feature);
    void traceFeatureRequested(int layer, int position, int feature);
    void interveneRequested(int layer, int position, int feature);
    void goToTrain();
    void cardRequested(int layer, int feature); ///< facts and examples, please follow with setFacts and setExamples
    void searchRequested(const QString &query);
    void storiesRequested(int layer, int feature, qint64 offset); ///< offset: a token whose story is wanted, or −1
    void noteEdited(int layer, int feature, const tt::FeatureNote &note);
    void indexRequested();
    void indexStopRequested();
    void measureRequested(); ///< CE effects
    void workStopRequested();
    void promptRequested(const QString &text);
    void copyTextRequested(int layer, int feature);
    void copyJsonRequested(int layer, int feature);
    void exportRequested(int layer, int feature, const QString &file);
    void exportAllRequested(const QString &folder, bool packed); ///< packed: a file a layer

private:
    QWidget *makeLeft();
    QWidget *makeSearch();
    void connectCard();
    void connectTabs();
    void addShortcuts();
    void offerMenus(); // features_menu.cpp, as showMenu; notes, exports and what the index says are files beside it
    void showMenu(int layer, int feature, const QPoint &at);
    void choose(int layer, int feature);
    void chooseStrongest();
    void showSelection();
    void updatePages();
    void editNote(int layer, int feature, const FeatureNote &note);
    void takeNote(int layer, int feature, const FeatureNote &note);
    void showNoStories(bool indexed);
    void copyImage();
    void exportCard();
    void exportAll(bool packed);
    void requestStories(qint64 offset);

    PromptIndex index_;
    std::shared_ptr<const DictionarySummary> dictionary_;
    FeatureNotes notes_;
    QUndoStack undo_;
    bool editing_ = false; ///< a step is being made, not undone or done again
    std::vector<int> positions_;
    std::optional<PromptIndex::Key> storiesOf_; ///< whose stories are shown or on their way
    bool hasTranscoder_ = false, readOnly_ = false;
    QStackedWidget *pages_, *lists_;
    QTabWidget *tabs_;
    QLineEdit *search_;
    QTimer searchTimer_;
    QComboBox *of_;
    EmptyState *empty_, *nothingActive_;
    SectionHeader *title_;
    QSplitter *splitter_;
    StaleVeil *stale_;
    OverviewView *overview_;
    ActiveFeaturesView *active_;
    QStackedWidget *right_; ///< start_ or card_
    StartPane *start_;
    FeatureCard *card_;
    AllFeatures *all_;
    AcrossStories *stories_;
    SnapshotBar *snapshots_;
};

} // namespace tt
