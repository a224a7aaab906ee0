#pragma once

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

/// Pre-activations of the rows of `input` (N, d) that `selection` keeps. Never holds the (N, F) matrix: the product is
/// made in blocks of rows, and the memory beside the result does not grow with N. Above with bounds < 0 gives values
/// ≤ 0 too.
template <class T>
SparseActivations<T> encodeSparse(const EncoderView<T> &encoder, std::span<const T> input,
                                  const Selection<T> &selection);

} // namespace tt
