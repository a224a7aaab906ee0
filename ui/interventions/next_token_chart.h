#pragma once

#include "core/features/steered_prompt.h"

#include <QChartView>

#include <vector>

class QBarCategoryAxis;
class QBarSet;
class QHorizontalBarSeries;
class QValueAxis;

namespace tt {

/// The next tokens' probabilities before (hatched) and after (filled), as paired bars with both figures at the right.
class NextTokenChart : public QChartView {
    Q_OBJECT
public:
    explicit NextTokenChart(QWidget *parent = nullptr);
    void setTokens(const std::vector<TokenShift> &tokens);
    [[nodiscard]] const std::vector<TokenShift> &tokens() const { return tokens_; }
    /// What the bars show, 0 … 1, by token.
    [[nodiscard]] double shownBefore(int token) const;
    [[nodiscard]] double shownAfter(int token) const;

protected:
    void drawForeground(QPainter *painter, const QRectF &rect) override;
    void changeEvent(QEvent *event) override;

private:
    [[nodiscard]] int barOf(int token) const;
    void applyTheme();
    void fitScale();
    void describe();
    std::vector<TokenShift> tokens_;
    QHorizontalBarSeries *bars_;
    QBarSet *before_, *after_;
    QBarCategoryAxis *categories_;
    QValueAxis *scale_;
};

} // namespace tt
