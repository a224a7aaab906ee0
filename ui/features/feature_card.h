#pragma once

#include "core/features/dictionary.h"
#include "core/features/feature_card.h"
#include "ui/features/prompt_index.h"

#include <QWidget>

#include <array>

class QStackedWidget;

namespace tt {

class CardExamples;
class CardHead;
class EmptyState;
class FactsRow;
class HistogramView;
class SectionHeader;
class WeightsList;

/// One feature: what it is called, where it fires in the corpus and in this prompt, what it writes and reads, which
/// features are near it. Facts and examples come later than the choice; until then the present ones stay, greyed.
class FeatureCard : public QWidget {
    Q_OBJECT
public:
    explicit FeatureCard(QWidget *parent = nullptr);
    /// `index` must live until the next call. Keeps the feature and the history.
    void setPrompt(const PromptIndex &index);
    void setSelectedPositions(std::vector<int> positions);
    /// `notes` must live until the next call.
    void setNotes(const FeatureNotes &notes);
    /// Whether there is an index of examples, else why not; what the features of its lists promote. Null: nothing.
    void setDictionary(std::shared_ptr<const DictionarySummary> dictionary);
    void setReadOnly(bool readOnly); ///< the workspace is: no label, no index can be written
    /// An index is being made: `share` done, `text` says how far; the stop button is shown.
    void setIndexing(bool running, double share, const QString &text);
    /// Dropped where another feature has been chosen meanwhile.
    void setFacts(const FeatureFacts &facts);
    void setExamples(const FeatureExamples &examples);

    /// Shows a feature and remembers it in the history.
    void choose(int layer, int feature);
    [[nodiscard]] std::optional<PromptIndex::Key> feature() const;
    void goBack();
    void goForward();
    [[nodiscard]] CardHead *head() const { return head_; }

public Q_SLOTS:
    void trace();
    void intervene();

Q_SIGNALS:
    void featureChosen(int layer, int feature); ///< by the spin boxes, the history or one of the lists
    void traceFeatureRequested(int layer, int position, int feature);
    void interveneRequested(int layer, int position, int feature);
    void indexRequested();
    void indexStopRequested();
    void menuRequested(int layer, int feature, const QPoint &at); ///< of a feature in one of the lists
    void storyRequested(int layer, int feature, qint64 offset);
    void promptRequested(const QString &text);

private:
    QWidget *makeBody();
    QWidget *makeExamples();
    QWidget *makeRight();
    QWidget *makeBelow();
    void showFeature();
    void showFacts();
    void showLists();
    void move(int step);
    void follow(int layer, int feature);
    [[nodiscard]] std::span<const ActiveFeature> places() const;
    [[nodiscard]] int preferredPosition(std::span<const ActiveFeature> places) const;
    /// Of a feature in one of the lists; without a label what it promotes.
    [[nodiscard]] QString wordsOf(int layer, int feature) const;

    const PromptIndex *index_ = nullptr;
    const FeatureNotes *notes_ = nullptr;
    std::vector<int> selected_;
    std::vector<PromptIndex::Key> history_;
    int at_ = -1; ///< into history_
    FeatureFacts facts_;
    std::shared_ptr<const DictionarySummary> dictionary_;
    CardHead *head_;
    QStackedWidget *body_;
    EmptyState *empty_;
    FactsRow *factsRow_;
    CardExamples *examples_;
    SectionHeader *histogramTitle_;
    HistogramView *histogram_;
    WeightsList *raised_, *lowered_, *reads_, *upstream_, *downstream_, *nearest_, *coactive_;
    QWidget *upstreamPane_, *downstreamPane_, *coactivePane_;
    SectionHeader *downstreamTitle_;
};

} // namespace tt
