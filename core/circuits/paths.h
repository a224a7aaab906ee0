#pragma once

#include "core/circuits/attribution_nodes.h"

#include <stop_token>
#include <string>
#include <vector>

namespace tt {

/// One stop of a path through the residual stream. Unlike an edge of the graph, which sums all ways between two nodes,
/// a path names each head and each skip that it passes.
struct PathStep {
    enum class Kind { Feature, Logit, Head, Skip, Error, Token, Position } kind = Kind::Feature;
    int layer = -1, position = -1; ///< Head: the place it reads
    int id = -1;                   ///< feature, head, token id; logit: token id
    int minus = -1;                ///< logit difference
    double contribution = 0; ///< what of the target's value passes through this stop and all that follow it, signed
    bool operator==(const PathStep &) const = default;
    /// Features, errors, tokens, positions and logits are nodes of the graph too.
    [[nodiscard]] bool isNode() const { return kind != Kind::Head && kind != Kind::Skip; }
    [[nodiscard]] Node node() const;
};
/// "1/1184@2", "head 1.3@0", "skip 0@2", "error 0@1", "token 2", "position 2", "logit 640".
std::string stepId(const PathStep &step);

/// From the target (first step) to what causes it (last step).
struct GreedyPath {
    std::vector<PathStep> steps;
    double contribution = 0; ///< of its last step
    bool operator==(const GreedyPath &) const = default;
};

struct PathSettings {
    int depth = 4;     ///< steps behind the target, 1 … 64
    int branches = 10; ///< paths kept after every step, 1 … 10,000
    /// What raises a feature can cause no more than the feature's activation, which is all that its ablation takes
    /// away. Without the cap the bias' share may be passed on too.
    bool capped = true;
    [[nodiscard]] std::vector<Problem> validate() const;
};

/// Greedy search for the strongest paths into one target (the search of Dunefsky et al., arXiv 2406.11944, §4, with its
/// first implementation's faults mended). A vector is pulled back along each path and expanded from the path's own end:
/// every feature of a lower layer at that place, every head of the layers it reads from (its own layer's attention
/// included) with W_OVᵀ and the frozen LN, the skip, the error, the token, the position. Strength is ranked by |·| and
/// keeps its sign. After each step the `branches` strongest stay; a path that has reached a token, a position or an
/// error is complete and competes on. Strongest first.
template <class T>
std::vector<GreedyPath> greedyPaths(const TracedPrompt<T> &trace, const Node &target, const PathSettings &settings,
                                    std::stop_token stop);

/// One expansion: everything that contributes to the target's value directly (no cap), and what constants add. The
/// contributions and the constants sum to it.
struct Contributors {
    std::vector<PathStep> steps;
    double constants = 0;
};
template <class T>
Contributors directContributors(const TracedPrompt<T> &trace, const Node &target);

} // namespace tt
