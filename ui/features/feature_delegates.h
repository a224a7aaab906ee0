#pragma once

#include <QStyledItemDelegate>

namespace tt {

/// Rows of `Active features`: group heads, features with their bar, and "Show 7 weaker" as a link.
class ActiveFeatureDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

/// Cells of the overview: filled by the share of the feature's largest value, nothing where it is not active.
class OverviewDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

/// A token in mono with its spaces in the third ink; elided at the right.
void paintToken(QPainter &painter, const QRect &room, const QString &shownToken, const QColor &ink);
/// An activation bar from the left, at least 3 pixels long.
void paintActivationBar(QPainter &painter, const QRect &room, double share);

} // namespace tt
