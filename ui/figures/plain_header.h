#pragma once

#include <QHeaderView>

namespace tt {

/// A table header that is only words on the alternate ground with a line below, each in the font, colour and alignment
/// that the model gives, with the padding of the cells.
class PlainHeader : public QHeaderView {
    Q_OBJECT
public:
    explicit PlainHeader(QWidget *parent = nullptr);
    /// Padding left of the first section and right of the last, in design pixels.
    static constexpr int sidePadding = 12;

protected:
    void paintSection(QPainter *painter, const QRect &rect, int logicalIndex) const override;
    void paintEvent(QPaintEvent *event) override;
};

} // namespace tt
