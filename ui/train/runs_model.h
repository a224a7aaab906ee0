#pragma once

#include "ui/values.h"

#include <QAbstractTableModel>

#include <array>
#include <map>
#include <vector>

namespace tt {

/// The training runs of the workspace, one a row, and which of them the charts show. Updates touch only the rows that
/// changed, so that a view keeps its selection and its place.
class RunsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { State, Name, What, Step, Validation, Speed, Left, Plot, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;

    void setRuns(const std::vector<RunRow> &runs);
    /// Replaces the row with that id, or adds it at the top.
    void updateRun(const RunRow &run);
    [[nodiscard]] const RunRow &run(int row) const { return runs_.at(static_cast<size_t>(row)); }
    [[nodiscard]] const RunRow *find(int id) const;
    [[nodiscard]] int rowOf(int id) const; ///< −1 if there is none

    /// The run whose curves stand in full colour in the chart of its kind; the others shown are references to it.
    void setMain(int id);
    [[nodiscard]] int main(RunRow::Kind kind) const { return main_[static_cast<size_t>(kind)]; }
    /// A run in a chart. `reference` counts the references of a chart, −1 for the main run.
    struct PlottedRow {
        int id = 0;
        int reference = -1;
    };
    /// What the chart of `kind` shows, the main run first.
    [[nodiscard]] std::vector<PlottedRow> plotted(RunRow::Kind kind) const;
    [[nodiscard]] bool isPlotted(int row) const;
    void togglePlotted(int row);

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex &index) const override;
    bool setData(const QModelIndex &index, const QVariant &value, int role) override;

Q_SIGNALS:
    void plottedChanged();
    void renameAsked(int id, const QString &name); ///< the name stays until updateRun() brings the new one

private:
    void removeMissing(const std::vector<RunRow> &runs);
    void place(const RunRow &run, int row);
    void assign(int row, const RunRow &run);
    void plottingChanged();
    [[nodiscard]] QString text(const RunRow &run, int column) const;

    std::vector<RunRow> runs_;
    std::map<int, bool> wished_; ///< by id: what the user ticked or unticked
    std::array<int, 2> main_{};  ///< by kind; 0 = none yet
};

[[nodiscard]] bool isActive(RunRow::State state); ///< holds a worker thread or waits for one
QString stateText(RunRow::State state);

} // namespace tt
