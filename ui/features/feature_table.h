#pragma once

#include "core/features/dictionary.h"
#include "core/features/feature_labels.h"
#include "core/features/feature_search.h"

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>

#include <memory>
#include <vector>

namespace tt {

/// Every feature of a transcoder, one a row: layer after layer, by index.
class FeatureTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        StarColumn,
        LayerColumn,
        IndexColumn,
        LabelColumn,
        DensityColumn,
        MaximumColumn,
        CeColumn,
        PromotesColumn,
        FoundColumn,
        Columns
    };
    enum Role {
        SortRole = Qt::UserRole ///< double or QString
    };
    using QAbstractTableModel::QAbstractTableModel;
    void setDictionary(std::shared_ptr<const DictionarySummary> dictionary);
    void setNotes(const FeatureNotes &notes); ///< must live until the next call
    void setNote(int layer, int feature);     ///< one of the notes has changed
    /// What a search found; none shows no reason.
    void setMatches(const std::vector<SearchMatch> &matches);

    [[nodiscard]] int rowOf(int layer, int feature) const;
    [[nodiscard]] std::pair<int, int> featureAt(int row) const;
    [[nodiscard]] const FeatureNote *note(int row) const; ///< null without
    [[nodiscard]] bool hasCeEffects() const { return dictionary_ && !dictionary_->ceEffect.empty(); }
    [[nodiscard]] float density(int row) const { return dictionary_->density[static_cast<size_t>(row)]; }
    [[nodiscard]] bool isFound(int row) const { return found_[static_cast<size_t>(row)] >= 0; }

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    [[nodiscard]] QString text(int row, int column) const;
    [[nodiscard]] QVariant sortKey(int row, int column) const;
    [[nodiscard]] QString foundText(int row) const;
    [[nodiscard]] QString ceText(int row) const;
    std::shared_ptr<const DictionarySummary> dictionary_;
    const FeatureNotes *notes_ = nullptr;
    std::vector<SearchMatch> matches_;
    std::vector<int> found_; ///< by row: index into matches_ of the first that found it, or −1
};

/// Sorted and filtered: all, or those that are dead, dense, starred, labelled; only what a search found while there is
/// one.
class FeatureTableProxy : public QSortFilterProxyModel {
    Q_OBJECT
public:
    enum class Filter { All, Alive, Dead, Dense, Starred, Labelled };
    static constexpr float dense = 0.1F; ///< share of tokens above which a feature counts as dense
    explicit FeatureTableProxy(FeatureTableModel *model, QObject *parent = nullptr);
    void setFilter(Filter filter);
    void setSearching(bool searching);
    /// Without rows while nobody sees the table: a screen reader that walks the window would walk all of them.
    void setShown(bool shown);
    void refilter() { invalidateFilter(); }

protected:
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex &parent) const override;

private:
    FeatureTableModel *model_;
    Filter filter_ = Filter::All;
    bool searching_ = false, shown_ = false;
};

} // namespace tt
