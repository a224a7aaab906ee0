#pragma once

#include "app/cli/context.h"

namespace tt::cli {

/// Subcommands of `features`.
void addFeatureIndex(CLI::App &group, Context &context);

} // namespace tt::cli
