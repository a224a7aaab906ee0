#pragma once

#include "core/features/feature_examples.h"

#include <QAbstractListModel>
#include <QWidget>

#include <vector>

class QHBoxLayout;
class QLabel;
class QListView;
class QSpinBox;
class QStackedWidget;
class QToolButton;

namespace tt {

class EmptyState;
class ScaleLegend;

/// Stories with one feature's activation at each token; a story a row.
class StoriesModel : public QAbstractListModel {
    Q_OBJECT
public:
    using QAbstractListModel::QAbstractListModel;
    void setStories(std::vector<TokenStretch> stories, float maximum);
    [[nodiscard]] const TokenStretch &story(int row) const { return stories_[static_cast<size_t>(row)]; }
    [[nodiscard]] float maximum() const { return maximum_; }
    /// The token that is marked as present peak: row and index in the story; −1 for none.
    [[nodiscard]] std::pair<int, int> marked() const { return marked_; }
    void mark(int row, int token);

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;

private:
    std::vector<TokenStretch> stories_;
    float maximum_ = 0;
    std::pair<int, int> marked_{-1, -1};
};

/// The tab Across stories: one feature over many stories in one colour scale, from peak to peak.
class AcrossStories : public QWidget {
    Q_OBJECT
public:
    explicit AcrossStories(QWidget *parent = nullptr);
    /// `offset` ≥ 0 is the token to jump to; else the first peak.
    void setStories(int layer, int feature, const QString &label, std::vector<TokenStretch> stories, float maximum,
                    qint64 offset);
    void setRange(int layers, int features);
    void setFeature(int layer, int feature); ///< that was chosen; its stories are on their way
    /// Says why there is nothing to show, and offers to index the corpus where that would help.
    void setNothing(const QString &heading, const QString &sentence, bool offerIndex = false);
    [[nodiscard]] StoriesModel *stories() const { return model_; }
    void jump(int step); ///< to the next (1) or the previous (−1) peak

Q_SIGNALS:
    void featureChosen(int layer, int feature);
    void indexRequested();

private:
    struct Peak {
        int row = 0, token = 0;
        float activation = 0;
    };
    void fillBar(QHBoxLayout *bar);
    void show(int peak);
    StoriesModel *model_;
    QListView *view_;
    QStackedWidget *pages_; ///< nothing, stories
    EmptyState *nothing_;
    QSpinBox *layerBox_, *featureBox_;
    QLabel *title_, *place_;
    ScaleLegend *legend_;
    QToolButton *previous_, *next_;
    std::vector<Peak> peaks_;
    int peak_ = -1;
};

} // namespace tt
