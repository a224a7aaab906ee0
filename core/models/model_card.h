#pragma once

#include "core/models/pack_model.h"

#include <string>

namespace tt {

/// card.md of a packed model: what it is, the commands and seeds that made it, figures, hashes, the data's licence.
std::string modelCard(const Workspace &source, const Workspace &packed, const PackConfig &config,
                      const PackedModel &model);

} // namespace tt
