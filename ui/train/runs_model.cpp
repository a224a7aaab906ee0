#include "ui/train/runs_model.h"

#include "ui/theme.h"
#include "ui/train/number_text.h"
#include "ui/train/run_settings.h"

#include <algorithm>

namespace tt {

bool isActive(RunRow::State state) {
    using enum RunRow::State;
    return state == Waiting || state == Running || state == Paused || state == Stopping;
}

QString stateText(RunRow::State state) {
    switch (state) {
    case RunRow::State::Waiting:
        return RunsModel::tr("waiting");
    case RunRow::State::Running:
        return RunsModel::tr("running");
    case RunRow::State::Paused:
        return RunsModel::tr("paused");
    case RunRow::State::Stopping:
        return RunsModel::tr("stopping");
    case RunRow::State::Stopped:
        return RunsModel::tr("stopped");
    case RunRow::State::Finished:
        return RunsModel::tr("finished");
    case RunRow::State::Failed:
        return RunsModel::tr("failed");
    }
    return {};
}

namespace {

QString leftText(const RunRow &run) {
    if (run.state == RunRow::State::Finished)
        return run.steps == 0    ? RunsModel::tr("imported")
               : run.seconds > 0 ? RunsModel::tr("done in %1").arg(roundedDurationText(run.seconds))
                                 : RunsModel::tr("done");
    if (run.state == RunRow::State::Running)
        return run.secondsLeft > 0       ? durationText(run.secondsLeft)
               : run.preparing.isEmpty() ? QString()
                                         : RunsModel::tr("preparing");
    return stateText(run.state);
}

QString toolTip(const RunRow &run) {
    QString tip = RunsModel::tr("%1, %2\n%3").arg(run.name, stateText(run.state), run.what);
    if (!run.preparing.isEmpty())
        tip += QLatin1Char('\n') + run.preparing;
    if (!run.problem.isEmpty())
        tip += QLatin1Char('\n') + run.problem;
    if (const QString settings = settingsText(run); !settings.isEmpty())
        tip += QLatin1Char('\n') + settings;
    return tip + QLatin1Char('\n') + RunsModel::tr("Space pauses or resumes, F2 renames, P shows it in the charts");
}

} // namespace

void RunsModel::setRuns(const std::vector<RunRow> &runs) {
    removeMissing(runs);
    for (size_t i = 0; i < runs.size(); ++i)
        place(runs[i], static_cast<int>(i));
    plottingChanged();
}

void RunsModel::updateRun(const RunRow &run) {
    const int row = rowOf(run.id);
    if (row < 0) {
        place(run, 0);
        return plottingChanged();
    }
    const bool activity = isActive(runs_[static_cast<size_t>(row)].state) != isActive(run.state);
    assign(row, run);
    if (activity)
        plottingChanged();
}

void RunsModel::removeMissing(const std::vector<RunRow> &runs) {
    for (int row = static_cast<int>(runs_.size()) - 1; row >= 0; --row) {
        const int id = run(row).id;
        if (std::any_of(runs.begin(), runs.end(), [id](const RunRow &other) { return other.id == id; }))
            continue;
        beginRemoveRows({}, row, row);
        runs_.erase(runs_.begin() + row);
        endRemoveRows();
        std::replace(main_.begin(), main_.end(), id, 0);
        wished_.erase(id);
    }
}

/// Brings `run` to `row` (rows before it are in place): updated, moved or inserted.
void RunsModel::place(const RunRow &run, int row) {
    const int from = rowOf(run.id);
    if (from < 0) {
        beginInsertRows({}, row, row);
        runs_.insert(runs_.begin() + row, run);
        endInsertRows();
    } else {
        if (from != row) {
            beginMoveRows({}, from, from, {}, row);
            std::rotate(runs_.begin() + row, runs_.begin() + from, runs_.begin() + from + 1);
            endMoveRows();
        }
        assign(row, run);
    }
    int &main = main_[static_cast<size_t>(run.kind)];
    if (main == 0)
        main = run.id;
}

void RunsModel::assign(int row, const RunRow &run) {
    runs_[static_cast<size_t>(row)] = run;
    Q_EMIT dataChanged(index(row, 0), index(row, ColumnCount - 1));
}

void RunsModel::plottingChanged() {
    if (!runs_.empty())
        Q_EMIT dataChanged(index(0, Plot), index(static_cast<int>(runs_.size()) - 1, Plot));
    Q_EMIT plottedChanged();
}

int RunsModel::rowOf(int id) const {
    const auto found = std::find_if(runs_.begin(), runs_.end(), [id](const RunRow &run) { return run.id == id; });
    return found == runs_.end() ? -1 : static_cast<int>(found - runs_.begin());
}

const RunRow *RunsModel::find(int id) const {
    const int row = rowOf(id);
    return row < 0 ? nullptr : &run(row);
}

void RunsModel::setMain(int id) {
    const RunRow *found = find(id);
    if (!found || main(found->kind) == id)
        return;
    main_[static_cast<size_t>(found->kind)] = id;
    if (const auto wish = wished_.find(id); wish != wished_.end() && !wish->second)
        wished_.erase(wish); // selecting a run shows it
    plottingChanged();
}

bool RunsModel::isPlotted(int row) const {
    const RunRow &shown = run(row);
    const auto wish = wished_.find(shown.id);
    return wish != wished_.end() ? wish->second : isActive(shown.state) || main(shown.kind) == shown.id;
}

void RunsModel::togglePlotted(int row) {
    wished_[run(row).id] = !isPlotted(row);
    plottingChanged();
}

std::vector<RunsModel::PlottedRow> RunsModel::plotted(RunRow::Kind kind) const {
    std::vector<PlottedRow> shown;
    if (const int row = rowOf(main(kind)); row >= 0 && isPlotted(row))
        shown.push_back({main(kind), -1});
    int references = 0;
    for (int row = 0; row < rowCount(); ++row)
        if (run(row).kind == kind && run(row).id != main(kind) && isPlotted(row))
            shown.push_back({run(row).id, references++});
    return shown;
}

int RunsModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(runs_.size());
}
int RunsModel::columnCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QString RunsModel::text(const RunRow &run, int column) const {
    switch (column) {
    case Name:
        return run.name;
    case What:
        return run.what;
    case Step:
        if (run.state == RunRow::State::Finished) // without steps it was imported
            return run.steps == 0 ? QString() : groupedText(run.step);
        return tr("%1 / %2").arg(groupedText(run.step), groupedText(run.steps));
    case Validation:
        return run.validation;
    case Speed:
        return run.tokensPerSecond > 0 ? figureText(run.tokensPerSecond) : QString();
    case Left:
        return leftText(run);
    default:
        return {};
    }
}

QVariant RunsModel::data(const QModelIndex &index, int role) const {
    if (!index.isValid())
        return {};
    const RunRow &shown = run(index.row());
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
        return text(shown, column);
    case Qt::ToolTipRole:
        return toolTip(shown);
    case Qt::AccessibleTextRole:
        if (column == State)
            return stateText(shown.state);
        return column == Plot ? tr("plot") : text(shown, column);
    case Qt::CheckStateRole:
        return column == Plot ? QVariant(isPlotted(index.row()) ? Qt::Checked : Qt::Unchecked) : QVariant();
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::AlignVCenter | (column >= Step ? Qt::AlignRight : Qt::AlignLeft));
    case Qt::FontRole:
        if (column == Step || column == Speed || (column == Left && shown.state == RunRow::State::Running))
            return font(TextRole::Mono);
        return {};
    default:
        return {};
    }
}

QVariant RunsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::AlignVCenter | (section >= Step ? Qt::AlignRight : Qt::AlignLeft));
    if (role == Qt::AccessibleTextRole && section == State)
        return tr("state");
    if (role != Qt::DisplayRole)
        return {};
    const std::array<QString, ColumnCount> titles{QString(),        tr("name"),     tr("what"), tr("step"),
                                                  tr("validation"), tr("tokens/s"), tr("left"), tr("plot")};
    return titles.at(static_cast<size_t>(section));
}

Qt::ItemFlags RunsModel::flags(const QModelIndex &index) const {
    if (!index.isValid())
        return Qt::NoItemFlags;
    const Qt::ItemFlags plain = Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
    return index.column() == Plot   ? plain | Qt::ItemIsUserCheckable
           : index.column() == Name ? plain | Qt::ItemIsEditable
                                    : plain;
}

bool RunsModel::setData(const QModelIndex &index, const QVariant &value, int role) {
    if (!index.isValid())
        return false;
    if (index.column() == Name && role == Qt::EditRole) {
        const QString name = value.toString().trimmed();
        if (name != run(index.row()).name)
            Q_EMIT renameAsked(run(index.row()).id, name);
        return true;
    }
    if (index.column() != Plot || role != Qt::CheckStateRole)
        return false;
    if ((value.toInt() == Qt::Checked) != isPlotted(index.row()))
        togglePlotted(index.row());
    return true;
}

} // namespace tt
