#pragma once

#include "core/nn/gpt_forward.h"
#include "core/nn/transcoder.h"

#include <vector>

namespace tt {

/// What is added to a frozen pass, in which attention patterns, LN scales and MLP outputs are held (method.md §2).
template <class T>
struct FrozenInput {
    std::vector<T> embedding;        ///< (N, d) added to x⁰; empty = nothing
    std::vector<std::vector<T>> mlp; ///< per layer: (N, d) added to its MLP output; missing or empty = nothing
};

/// How a frozen pass answers. Independent of attribute(): it pushes values forward where attribute() pulls gradients
/// back.
template <class T>
struct FrozenChange {
    std::vector<std::vector<T>> residPre; ///< per layer: (N, d) change of the block's input
    std::vector<std::vector<T>> ln2;      ///< per layer: (N, d) change of the transcoder's input
    std::vector<T> finalNorm;             ///< (d) change of the last position's final norm
};

/// The change that `input` makes everywhere. Positions before `from` are known to be unchanged.
template <class T>
FrozenChange<T> pushFrozen(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder,
                           const GptActivations<T> &activations, const FrozenInput<T> &input, int from = 0);

/// The same for vectors (d) added to the MLP outputs of one position, one a layer; empty = nothing.
template <class T>
FrozenChange<T> propagateFrozen(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder,
                                const GptActivations<T> &activations, int position,
                                const std::vector<std::vector<T>> &mlpDelta);

/// out (d) = γ ⊙ (x − mean x) / σ: how LN with a held scale answers to a change x (d).
template <class T>
void pushNorm(const T *change, const LayerNormWeights<T> &norm, T sigma, int d, T *out);

} // namespace tt
