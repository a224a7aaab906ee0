#pragma once

#include "core/circuits/attribution_nodes.h"
#include "core/circuits/intervention.h"

#include <span>
#include <stop_token>
#include <vector>

namespace tt {

/// Which positions' final norm a changed pass returns.
enum class PassOutput { LastPosition, EveryPosition };

/// The final norm when activations of a traced prompt are changed (method.md §8): Δ = V − a is written through the
/// feature's decoders into every MLP output it decodes to, so the transcoder's error stays. Free and FrozenAttention
/// read a from the changed stream, encoded anew as the transcoder does; features that were not asked for are not
/// selected again. Direct reads the prompt's own a.
///
/// Each of `variants` is one set of changes, as placeInterventions() gives them; all are computed side by side. Layers
/// and positions below the first change are not computed again. A change that changes nothing gives the prompt's own
/// rows, bit for bit. Returns (variants, 1 or N, d). Throws Error(Cancelled) on stop.
template <class T>
std::vector<T> changedFinalNorm(const TracedPrompt<T> &prompt, std::span<const std::vector<PlacedChange>> variants,
                                InterventionMode mode, PassOutput output, const std::stop_token &stop);

} // namespace tt
