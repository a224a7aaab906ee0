#pragma once

#include "core/nn/bfloat16.h"
#include "core/nn/transcoder.h"

namespace tt {

/// An encoder: pre-activations u = x·weightsᵀ + bias.
template <class T>
struct EncoderView {
    const T *weights = nullptr; ///< (F, d)
    const T *bias = nullptr;    ///< (F)
    int64_t features = 0, d = 0;
};

/// Which pre-activations stay.
template <class T>
struct Selection {
    enum class Rule {
        TopK,      ///< the at most k largest > 0 of each row, ties to the smaller feature
        BatchTopK, ///< the at most k · rows largest > 0 of all, ties to the smaller row and feature
        Above      ///< those > bounds[f]
    };
    Rule rule = Rule::TopK;
    int64_t k = 0;
    const T *bounds = nullptr; ///< (F); null: 0
};

/// Pre-activations of the rows of `input` (N, d) that `selection` keeps. Never holds the (N, F) matrix: tiles of it are
/// compared while they are in registers and the nearest cache, and the memory beside the result does not grow with N.
/// Above with bounds < 0 gives values ≤ 0 too.
template <class T>
SparseActivations<T> encodeSparse(const EncoderView<T> &encoder, std::span<const T> input,
                                  const Selection<T> &selection);

/// Memory for the factors rounded to bfloat16, worth keeping from call to call.
struct RoundedFactors {
    std::vector<BFloat16> weights, input;
};

/// The same with the choice made from products of bfloat16 factors; what is chosen is computed again in float32. At a
/// near tie another feature may win. Where the processor has no bfloat16 instructions, or d is odd, as encodeSparse.
SparseActivations<float> encodeSparseBFloat16(const EncoderView<float> &encoder, std::span<const float> input,
                                              const Selection<float> &selection, RoundedFactors &kept);

} // namespace tt
