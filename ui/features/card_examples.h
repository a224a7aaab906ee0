#pragma once

#include "core/features/feature_card.h"

#include <QWidget>

class QButtonGroup;
class QStackedWidget;

namespace tt {

class EmptyState;
class ExamplesView;
class SectionHeader;

/// Where a feature fires in the corpus: the strongest, samples of each tenth, or both. Without examples, why there are
/// none and what to do about it.
class CardExamples : public QWidget {
    Q_OBJECT
public:
    explicit CardExamples(QWidget *parent = nullptr);
    /// Whether the corpus is indexed, else why not; what was shown belongs to another index.
    void setIndex(bool indexed, const QString &whyNot);
    void setReadOnly(bool readOnly); ///< no index can be written
    /// An index is being made: `share` done, `text` says how far; a button that stops it is shown.
    void setIndexing(bool running, double share, const QString &text);
    /// `maximum` is the feature's largest activation in the corpus.
    void setExamples(const FeatureExamples &examples, float maximum);

Q_SIGNALS:
    void indexRequested();
    void indexStopRequested();
    void promptRequested(const QString &text);
    void storyRequested(qint64 offset);

private:
    void showPage();

    bool indexed_ = false, indexing_ = false, has_ = false, readOnly_ = false;
    QString whyNot_;
    SectionHeader *title_;
    QButtonGroup *parts_;
    QStackedWidget *pages_;
    EmptyState *none_;
    ExamplesView *view_;
};

} // namespace tt
