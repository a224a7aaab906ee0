#pragma once

#include "core/circuits/intervention.h"
#include "ui/widgets/state_command.h"

#include <string>
#include <vector>

namespace tt {

/// The list of interventions as a step of its editing leaves it.
struct RowsState {
    std::vector<Intervention> rows;
    std::string prompt; ///< that the rows' positions count in
};
using RowsCommand = StateCommand<RowsState>;

} // namespace tt
