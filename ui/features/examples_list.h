#pragma once

#include "core/features/feature_card.h"

#include <QAbstractListModel>
#include <QListView>

#include <vector>

namespace tt {

/// Examples of a feature in context: the strongest, then samples of each tenth of its activations, with headings.
class ExamplesModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum class Part { Top, Quantiles, Both };
    enum Role {
        IsHeadingRole = Qt::UserRole,
        OffsetRole, ///< qint64 of the peak in the corpus
        TextRole    ///< QString of the whole context
    };
    using QAbstractListModel::QAbstractListModel;
    /// `maximum` is the feature's largest activation on the corpus: the colours' scale.
    void setExamples(const FeatureExamples &examples, float maximum);
    void setPart(Part part);
    [[nodiscard]] Part part() const { return part_; }
    /// The example of a row, or null for a heading.
    [[nodiscard]] const ShownExample *example(int row) const;
    [[nodiscard]] float maximum() const { return maximum_; }
    [[nodiscard]] bool isEmpty() const { return examples_.top.empty(); }

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex &index) const override;

private:
    struct Row {
        QString heading;
        const ShownExample *example = nullptr;
    };
    void fill();
    FeatureExamples examples_;
    std::vector<Row> rows_;
    float maximum_ = 0;
    Part part_ = Part::Both;
};

/// The list `Examples`: one line each, tokens coloured, the peak marked and kept in view where the line is cut.
class ExamplesView : public QListView {
    Q_OBJECT
public:
    explicit ExamplesView(QWidget *parent = nullptr);
    [[nodiscard]] ExamplesModel *examples() const { return model_; }

Q_SIGNALS:
    void storyRequested(qint64 offset);
    void promptRequested(const QString &text);

protected:
    void contextMenuEvent(QContextMenuEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    ExamplesModel *model_;
};

/// Paints tokens side by side from `left` on, each on its activation's colour, `marked` with a line below; returns
/// where the next would stand.
int paintTokens(QPainter &painter, QRect room, const TokenStretch &stretch, size_t from, float maximum, int marked);

} // namespace tt
