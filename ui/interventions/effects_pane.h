#pragma once

#include "core/features/steered_prompt.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QTableView;

namespace tt {

class EffectsModel;
class EffectsPlot;
class SectionHeader;
class StaleVeil;

/// Predicted against measured: every active feature of the prompt ablated, as a scatter and as a ranked list.
class EffectsPane : public QWidget {
    Q_OBJECT
public:
    explicit EffectsPane(QWidget *parent = nullptr);
    /// `names` says what to call each effect, in the report's order.
    void setReport(const EffectReport &report, const QStringList &names, int layers);
    void setBusy(const QString &what); ///< what was measured before stays, greyed
    void clear(const QString &why);
    [[nodiscard]] const EffectReport *report() const { return has_ ? &report_ : nullptr; }
    [[nodiscard]] bool showsDirect() const;
    void select(int layer, int position, int feature); ///< where it is listed

Q_SIGNALS:
    void effectChosen(const tt::FeatureEffect &effect);
    void interveneRequested(const tt::FeatureEffect &effect); ///< Return, double click, menu
    void foretoldChanged();

private:
    QWidget *makeTable();
    void choose(int row, bool fromPlot);
    void fitColumns();
    void updateFoot();

    EffectReport report_;
    bool has_ = false;
    SectionHeader *header_;
    QComboBox *foretold_;
    EffectsPlot *plot_;
    EffectsModel *model_;
    QTableView *table_;
    QLabel *foot_;
    StaleVeil *veil_;
};

} // namespace tt
