#pragma once

#include "ui/values.h"

#include <QString>

namespace tt {

/// The configuration of a run in words, a few settings a line: "Steps 1,000 · Batch 64 · …"; empty where it is not
/// known.
QString settingsText(const RunRow &run);

} // namespace tt
