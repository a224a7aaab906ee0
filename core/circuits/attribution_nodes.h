#pragma once

#include "core/circuits/attribution.h"

#include <string>
#include <vector>

namespace tt {

/// A feature's write into mlp_out of one layer at one place.
template <class T>
struct Writer {
    int64_t column = 0; ///< of the feature's node
    T activation = 0;
    const T *row = nullptr; ///< (d) its decoder vector for that layer
};

/// Sources of a graph: those that can reach layer `layers` (not included) at positions 0 … positions − 1.
template <class T>
struct SourceNodes {
    int layers = 0, positions = 0;
    std::vector<Node> nodes;                                  ///< features, errors, tokens, positions
    int64_t features = 0;                                     ///< how many of them are features
    std::vector<std::vector<std::vector<Writer<T>>>> writers; ///< [layer][position]
    std::vector<std::vector<T>> errors;                       ///< [layer] (N, d) y − ŷ
    [[nodiscard]] int64_t errorColumn(int layer, int position) const {
        return features + int64_t{layer} * positions + position;
    }
    [[nodiscard]] int64_t tokenColumn(int position) const { return errorColumn(layers, position); }
    [[nodiscard]] int64_t positionColumn(int position) const { return tokenColumn(position) + positions; }
};

/// What one run of attribute() is given, together.
template <class T>
struct TracedPrompt {
    const GptWeights<T> &gpt;
    const TranscoderWeights<T> &transcoder;
    const std::vector<int32_t> &ids;
    const GptActivations<T> &activations;
    const std::vector<SparseActivations<T>> &active;
};

/// Throws Error(Usage) where shapes do not belong together, Error naming the layer where a number is not finite.
template <class T>
void checkTrace(const TracedPrompt<T> &trace);

/// The sources of a target, and a feature target itself as the last of the features.
template <class T>
SourceNodes<T> collectSources(const TracedPrompt<T> &trace, const Targets &targets);

/// Logit targets: what they read from the final norm of the last position.
template <class T>
struct LogitTargets {
    std::vector<Node> nodes;
    std::vector<double> weights;
    std::vector<T> directions;     ///< (targets, d) U_k − mean U, or U_a − U_b
    std::vector<double> constants; ///< (targets) b_U likewise
};

/// The direction (d) that a logit node reads from the final norm: U_k − mean U, or U_a − U_b.
template <class T>
std::vector<T> logitDirection(const GptWeights<T> &gpt, const Node &node);

/// Empty for a feature target. Throws Error(Usage) for a token that is not in the vocabulary.
template <class T>
LogitTargets<T> collectLogits(const TracedPrompt<T> &trace, const Targets &targets);

} // namespace tt
