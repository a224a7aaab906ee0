#pragma once

#include "ui/features/active_features_model.h"

#include <QTreeView>

namespace tt {

/// The tree `Active features`.
class ActiveFeaturesView : public QTreeView {
    Q_OBJECT
public:
    explicit ActiveFeaturesView(QWidget *parent = nullptr);
    void setActive(const PromptIndex &index, const std::vector<int> &positions, PromptIndex::Of of);
    /// Highlights a feature where it is active here; repaints two rows, nothing else.
    void highlight(int layer, int feature);
    [[nodiscard]] ActiveFeaturesModel *features() const { return model_; }
    /// The row of a feature in the viewport, brought out from the weaker ones; empty where it is not to be seen.
    [[nodiscard]] QRect rectOf(int layer, int feature);

Q_SIGNALS:
    void featureChosen(int layer, int feature);

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void currentChanged(const QModelIndex &current, const QModelIndex &previous) override;
    void drawBranches(QPainter *painter, const QRect &rect, const QModelIndex &index) const override;

private:
    void updateSizes();
    void spanRows();
    bool showWeakerAt(const QModelIndex &index);
    ActiveFeaturesModel *model_;
    bool quiet_ = false; ///< the highlight follows, nobody chose
};

} // namespace tt
