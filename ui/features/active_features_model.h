#pragma once

#include "core/features/feature_labels.h"
#include "ui/features/prompt_index.h"

#include <QAbstractItemModel>

#include <vector>

namespace tt {

/// Active features at the selected tokens: one group per layer, strongest first; a group shows its 9 strongest and a
/// last row "Show 7 weaker" until that is pressed. The chosen feature is the view's selection, no data of the model.
class ActiveFeaturesModel : public QAbstractItemModel {
    Q_OBJECT
public:
    static constexpr int strongestShown = 9;
    enum Column { FeatureColumn, ActivationColumn, LabelColumn, PromotesColumn, DensityColumn, Columns };
    enum RowKind { GroupRow, FeatureRow, MoreRow };
    enum Role {
        KindRole = Qt::UserRole, ///< int of RowKind
        LayerRole,
        IdRole,         ///< feature index in its layer
        ActivationRole, ///< double
        ShareRole,      ///< double, of the strongest at these tokens
        NoteRole,       ///< of a group: "16 active"
        LabelledRole    ///< whether a feature has a label
    };
    using QAbstractItemModel::QAbstractItemModel;

    void setActive(const PromptIndex &index, const std::vector<int> &positions,
                   PromptIndex::Of of = PromptIndex::Of::Any);
    void setNotes(const FeatureNotes &notes); ///< must live until the next call
    void showWeaker(int layer);
    /// The row of a feature, column 0; opens "weaker" where it hides there. Not valid where it is not active.
    [[nodiscard]] QModelIndex indexOf(int layer, int feature);
    [[nodiscard]] bool isEmpty() const { return strongest_ <= 0; }

    [[nodiscard]] QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    [[nodiscard]] QModelIndex parent(const QModelIndex &index) const override;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Group {
        std::vector<ActiveFeature> features;
        bool showsAll = false, offersMore = true;
        [[nodiscard]] int shown() const;
        [[nodiscard]] bool hasMoreRow() const { return offersMore && shown() < static_cast<int>(features.size()); }
    };
    [[nodiscard]] QVariant groupData(const QModelIndex &index, int role) const;
    [[nodiscard]] QVariant moreData(const QModelIndex &index, int role) const;
    [[nodiscard]] QVariant featureData(const ActiveFeature &active, int column, int role) const;
    [[nodiscard]] QString labelOf(const ActiveFeature &active) const;
    [[nodiscard]] const Group &groupOf(const QModelIndex &index) const;
    std::vector<Group> groups_; ///< by layer
    const FeatureNotes *notes_ = nullptr;
    double strongest_ = 0;
};

} // namespace tt
