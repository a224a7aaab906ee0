#pragma once

#include "app/cli/context.h"

namespace tt::cli {

/// Subcommands of `features`.
void addFeatureIndex(CLI::App &group, Context &context);
void addFeatureCards(CLI::App &group, Context &context); // show, search, label, export

} // namespace tt::cli
