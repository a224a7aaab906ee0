#pragma once

#include "ui/features/prompt_index.h"

#include <QAbstractTableModel>

namespace tt {

/// The strongest features of a prompt × its tokens.
class OverviewModel : public QAbstractTableModel {
    Q_OBJECT
public:
    static constexpr int featuresShown = 15, fixedColumns = 2; ///< name, promotes; then the tokens
    enum Role {
        LayerRole = Qt::UserRole,
        IdRole,
        ShareRole ///< double: activation as a share of the feature's largest on the corpus; none where it is not active
    };
    using QAbstractTableModel::QAbstractTableModel;
    void setPrompt(const PromptIndex &index); ///< `index` must live until the next call
    [[nodiscard]] QModelIndex indexOf(int layer, int feature) const;

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    [[nodiscard]] const ActiveFeature *activeAt(const QModelIndex &index) const;
    const PromptIndex *index_ = nullptr;
    std::vector<PromptIndex::Key> features_;
};

} // namespace tt
