#pragma once

#include "ui/features/feature_table.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QTableView;

namespace tt {

/// The tab All features: the table with its filter, and what a search found.
class AllFeatures : public QWidget {
    Q_OBJECT
public:
    explicit AllFeatures(QWidget *parent = nullptr);
    [[nodiscard]] FeatureTableModel *table() const { return model_; }
    /// Shows what `query` found, the best first; an empty query shows all again.
    void setMatches(const QString &query, const std::vector<SearchMatch> &matches);
    void setReadOnly(bool readOnly); ///< the workspace is: nothing can be measured
    void noteChanged(int layer, int feature);
    void highlight(int layer, int feature);
    /// Counts and the sort order follow; which of their CE effects were measured.
    void dictionaryChanged(const DictionarySummary *dictionary);
    void setWorking(bool running, double share, const QString &text);

Q_SIGNALS:
    void featureChosen(int layer, int feature);
    void menuRequested(int layer, int feature, const QPoint &at);
    void featureActivated(int layer, int feature); ///< Return or a double click: open its card
    void measureRequested();                       ///< of CE effects
    void workStopRequested();

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void updateSizes();
    void showCount();
    void showMeasure();
    void choose(const QModelIndex &index, bool activate);
    FeatureTableModel *model_;
    FeatureTableProxy *proxy_;
    QTableView *view_;
    QComboBox *filter_;
    QLabel *count_;
    QProgressBar *progress_;
    QPushButton *measure_;
    bool working_ = false, indexed_ = false, exact_ = false, readOnly_ = false;
    int windows_ = 0; ///< of each feature that CE effects were measured on
    QString query_, workText_;
    std::pair<int, int> highlighted_{-1, -1};
    bool quiet_ = false;
};

} // namespace tt
