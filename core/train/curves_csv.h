#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tt {

/// A curve for export: its values over the steps (or what else it is drawn over), ascending.
struct CurveColumn {
    std::string name;
    std::vector<double> steps, values;
};

/// What a chart shows, for export.
struct CurveTable {
    std::string over = "step"; ///< what the curves are drawn over
    std::vector<CurveColumn> columns;
};

/// One row a step that any of the curves has, one column a curve, empty where it has no value there; the first row
/// names them ("step,train,validation"). Numbers read back exactly.
void writeCurvesCsv(const std::filesystem::path &file, const CurveTable &table);

} // namespace tt
