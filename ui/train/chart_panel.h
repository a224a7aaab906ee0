#pragma once

#include "ui/train/chart_lines.h"

#include <QTimer>
#include <QWidget>

#include <vector>

class QCheckBox;
class QStackedWidget;
class QTabBar;
class QToolButton;

namespace tt {

class ChartLegend;
class DensityChart;
class PlotMenu;

/// The charts of one kind of run: tabs, legend, "log" and "smooth", and the plot of the chosen tab.
class ChartPanel : public QWidget {
    Q_OBJECT
public:
    explicit ChartPanel(RunRow::Kind kind, QWidget *parent = nullptr);

    void setRuns(const std::vector<PlottedRun> &runs);
    /// The histories gained points.
    void refresh();
    [[nodiscard]] TrainingPlot &plot() const { return *plot_; }
    [[nodiscard]] QTabBar &tabs() const { return *tabs_; }
    /// The menus of the charts: of the curves, and of the histogram where there is one.
    [[nodiscard]] std::vector<PlotMenu *> menus() const;

protected:
    void changeEvent(QEvent *event) override;

private:
    void addShortcuts();
    void addMenus();
    [[nodiscard]] Chart chosen() const;
    void chooseTab(int tab);
    void updateLines();
    void describe();

    RunRow::Kind kind_;
    std::vector<PlottedRun> runs_;
    std::vector<bool> logarithmic_; ///< by tab
    QTabBar *tabs_;
    ChartLegend *legend_;
    QCheckBox *log_, *smooth_;
    TrainingPlot *plot_;
    DensityChart *density_ = nullptr; ///< transcoders only
    PlotMenu *menu_, *densityMenu_ = nullptr;
    QToolButton *export_;
    QStackedWidget *stack_;
    QTimer describing_; ///< the words follow the curves twice a second
};

} // namespace tt
