#pragma once

#include "core/circuits/attribution.h"
#include "core/random.h"

namespace tt {

/// An edge as the graph predicts it and as the frozen intervention measured it.
struct VerifiedEdge {
    Node source, target;
    double predicted = 0, measured = 0;
};

/// Frozen interventions against the edges: `samples` active features, chosen by `random`, are each doubled with
/// everything else frozen; the change of every pre-activation and target must be its edge.
struct Verification {
    int64_t checked = 0; ///< (source, target) pairs
    double maxAbsError = 0;
    double maxResidual = 0; ///< of the attribution, relative
    bool pass = false;      ///< maxAbsError ≤ 5e-4 and maxResidual ≤ 1e-4
    Node worstSource, worstTarget;
    /// Of all pairs with an edge, the strongest and the worst: at most 2,000, strongest first.
    std::vector<VerifiedEdge> edges;
};

template <class T>
Verification verify(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder,
                    const GptActivations<T> &activations, const Attribution<T> &attribution, int samples,
                    Random &random, std::stop_token stop);

} // namespace tt
