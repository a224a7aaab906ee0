#pragma once

#include "core/circuits/verify.h"

#include <QWidget>

#include <optional>
#include <vector>

class QLabel;

namespace tt {

/// Measured against predicted effects, equal axes, the diagonal dashed; layers by colour and shape. A click chooses a
/// point, arrow keys walk from the strongest to the weakest.
class EffectScatter : public QWidget {
    Q_OBJECT
public:
    explicit EffectScatter(QWidget *parent = nullptr);
    void setEdges(std::vector<VerifiedEdge> edges);
    [[nodiscard]] const std::vector<VerifiedEdge> &edges() const { return edges_; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QPointF placeOf(const VerifiedEdge &edge) const;

Q_SIGNALS:
    void edgeChosen(int edge);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    [[nodiscard]] QRectF plot() const;
    void choose(int edge);
    std::vector<VerifiedEdge> edges_;
    double reach_ = 1; ///< of both axes, either way
    std::optional<int> chosen_;
};

/// The tab Check of Circuits: what Verify found, with its scatter.
class VerifyPanel : public QWidget {
    Q_OBJECT
public:
    explicit VerifyPanel(QWidget *parent = nullptr);
    void setResidual(double maxResidual); ///< of the graph shown, known without asking
    void setVerification(const std::optional<Verification> &verification);

Q_SIGNALS:
    void verifyRequested();
    void edgeChosen(const tt::Node &source, const tt::Node &target);

private:
    QLabel *residual_, *effects_, *chosen_;
    EffectScatter *scatter_;
};

} // namespace tt
