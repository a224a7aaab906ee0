#pragma once

#include "core/circuits/intervention_pass.h"
#include "core/progress.h"

#include <optional>

namespace tt {

/// What ablating one active feature does to a target logit, foretold by the graph and measured in the model. Logits are
/// taken relative to their mean (or to the other token of a difference), as the graph's edges are.
struct FeatureEffect {
    int layer = 0, position = 0, feature = 0;
    double activation = 0;
    double direct = 0;   ///< foretold by its edge to the target: −edge
    double total = 0;    ///< foretold by all its paths: −totalInfluence()
    double measured = 0; ///< change of the target when the feature is ablated
    bool operator==(const FeatureEffect &) const = default;
};

struct EffectScan {
    std::vector<FeatureEffect> effects; ///< of the features that can reach the target, largest |measured| first
    int lastLayer = 0, lastPosition = 0;
    int64_t unreachable = 0;      ///< active features that cannot: of the last layer, before the last position
    double directCorrelation = 0; ///< Pearson, of direct and measured; 0 where one of them does not vary
    double totalCorrelation = 0;
};

/// What the graph says of several changes at once: each feature's foretold effect (direct or total) in proportion to
/// the change of its activation, summed. None where a changed feature is not active in the prompt: the graph does not
/// know it.
std::optional<double> foretoldChange(const EffectScan &scan, std::span<const PlacedChange> changes,
                                     double FeatureEffect::*foretold);

/// Every source's effect on row `row` over all paths of the graph, linear as the graph is: an active feature answers a
/// change of its pre-activation one to one, an inactive one not at all. T_s = A_{row,s} + Σ_m T_m · A_{m,s} / a_m over
/// the features m, from the highest layer down. By column.
template <class T>
std::vector<double> totalInfluence(const Attribution<T> &attribution, int64_t row);

/// Ablates every active feature of the traced prompt on its own, side by side in a few passes, and compares. `targets`
/// names one token or a difference (Error(Usage) else); `attribution` is attribute() of it. Throws Error(Cancelled) on
/// stop.
template <class T>
EffectScan scanEffects(const TracedPrompt<T> &prompt, const Attribution<T> &attribution, const Targets &targets,
                       InterventionMode mode, const std::stop_token &stop, const ProgressSink &progress);

} // namespace tt
