#pragma once

#include "ui/values.h"

#include <QAbstractTableModel>

namespace tt {

/// The corpora of the workspace: corpus, source, stories, size.
class CorporaModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Source, Stories, Size, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;
    void setCorpora(const std::vector<CorpusInfo> &corpora);
    [[nodiscard]] const CorpusInfo &corpus(int row) const { return corpora_.at(static_cast<size_t>(row)); }
    [[nodiscard]] int find(const QString &name) const; ///< row of a corpus, −1 where there is none

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<CorpusInfo> corpora_;
};

/// "86.4 MB", in powers of ten.
QString bytesText(int64_t bytes);

} // namespace tt
