#pragma once

#include "core/circuits/frozen.h"
#include "core/nn/gpt_forward.h"
#include "core/nn/transcoder.h"

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace tt {

enum class NodeKind { Feature, Error, Token, Position, Bias, Logit };

/// A node of a graph. Order in every graph: features (layer, position, feature ascending), errors (layer, position),
/// tokens, positions, then the bias node, then targets that are no source (logits).
struct Node {
    NodeKind kind = NodeKind::Feature;
    int layer = -1;        ///< features and errors
    int position = -1;     ///< every kind but Bias
    int id = -1;           ///< feature: index in its layer; token: token id; logit: token id
    int minus = -1;        ///< logit difference: the token id that is subtracted, else −1
    double activation = 0; ///< feature: a; logit: probability; error: share ‖e‖²/‖y‖² of that place
    /// What incoming edges and bias sum to. Feature: u; logit: logit − mean logit; difference: first − second logit.
    double preactivation = 0;
    bool operator==(const Node &) const = default;
};

/// What is explained. Logits: the fewest of the last position's most probable tokens whose probabilities reach
/// `cumulative`, at most `maximum`, each weighted by its probability (method.md §5).
struct Targets {
    enum class Kind { TopLogits, Tokens, Difference, Feature } kind = Kind::TopLogits;
    double cumulative = 0.95;
    int maximum = 10;
    std::vector<int32_t> tokens; ///< Tokens: each weighted by its probability; Difference: two ids, first − second
    int layer = 0, position = 0, feature = 0; ///< Feature
    bool operator==(const Targets &) const = default;
};

/// Direct effects of every source on every target of one prompt, exact: method.md §2-4. matrix row r belongs to node
/// rowNode[r]; column c is node c (features, errors, tokens, positions; the bias is kept apart in `bias`).
template <class T>
struct Attribution {
    std::vector<int32_t> ids;      ///< the prompt
    int layers = 0, vocabSize = 0; ///< of the GPT
    std::vector<Node> nodes;
    int64_t sources = 0;         ///< columns: nodes 0 … sources − 1
    std::vector<int> rowNode;    ///< (R) node of each row: every feature node in order, then the logits
    std::vector<T> matrix;       ///< (R, sources), edge = source's activation · direct weight
    std::vector<T> bias;         ///< (R) b_enc + Σ b_dec·G + β and b_O terms (logits: + de-meaned b_U)
    std::vector<int> targetRows; ///< rows that are explained
    std::vector<double> targetWeights;
    /// Largest |Σ edges + bias − pre-activation| / (Σ|edges| + |bias|) over the rows.
    double maxResidual = 0;
};

/// Memory that a complete graph takes at its largest, in bytes: the matrix of attribute(), its merged copy and the
/// marks of pruning.
int64_t attributionBytes(int64_t features, int64_t length, int layers, int64_t targets);

/// The complete graph of a prompt (1 … context tokens). `activations` is forward() of these tokens with batch 1,
/// `active` the features of each layer for it. Per-layer and cross-layer, any activation kind, skip included, any
/// number of layers. Throws Error(Cancelled) on stop, Error(Usage) for a target that does not exist.
template <class T>
Attribution<T> attribute(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder,
                         const std::vector<int32_t> &ids, const GptActivations<T> &activations,
                         const std::vector<SparseActivations<T>> &active, const Targets &targets, std::stop_token stop);

} // namespace tt
