#pragma once

#include "core/circuits/intervention_effects.h"

#include <QWidget>

#include <memory>
#include <optional>
#include <vector>

class QCustomPlot; // qcustomplot.h stays in the source: it needs the bare word "signals"

namespace tt {

/// Predicted against measured changes of a logit, one mark a feature: equal axes, the diagonal dashed, layers by colour
/// and shape. A click chooses a feature.
class EffectsPlot : public QWidget {
    Q_OBJECT
public:
    enum class Foretold { Total, Direct };
    explicit EffectsPlot(QWidget *parent = nullptr);
    ~EffectsPlot() override;
    /// `names` by effect, for the marks that are labelled (the first few).
    void setEffects(const std::vector<FeatureEffect> &effects, const QStringList &names, int layers);
    void setForetold(Foretold foretold);
    void select(int effect); ///< −1: none
    [[nodiscard]] int selected() const { return selected_; }
    /// Where the mark of an effect is, in this widget.
    [[nodiscard]] QPointF positionOf(int effect) const;

Q_SIGNALS:
    void effectClicked(int effect);

protected:
    void changeEvent(QEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    [[nodiscard]] double foretold(const FeatureEffect &effect) const;
    [[nodiscard]] int effectAt(const QPointF &point) const;
    void applyTheme();
    void rebuild();
    void fitAxes();
    std::vector<FeatureEffect> effects_;
    QStringList names_;
    int layers_ = 0, selected_ = -1;
    Foretold foretold_ = Foretold::Total;
    QCustomPlot *plot_;
};

} // namespace tt
