#pragma once

#include "core/circuits/attribution_nodes.h"
#include "core/circuits/prune.h"
#include "core/circuits/traced_graph.h"
#include "core/circuits/verify.h"
#include "core/features/explained_model.h"
#include "core/features/feature_labels.h"

#include <cstdint>
#include <memory>
#include <string>

namespace tt {

struct TraceSettings {
    Targets targets;
    PruneSettings prune;
};

/// A prompt that was read and run, before its graph is computed.
struct PreparedPrompt {
    std::string prompt;
    Targets targets;
    std::vector<int32_t> ids; ///< the tokens read, at most the context
    GptActivations<float> activations;
    std::vector<SparseActivations<float>> active;
    int64_t bytes = 0;  ///< memory that the complete graph will take (attributionBytes)
    double seconds = 0; ///< what this took
};
/// A graph that takes more is computed only when that was asked for.
constexpr int64_t askAboveBytes = int64_t{1} << 30;
/// Throws Error(Usage) for an empty prompt.
PreparedPrompt preparePrompt(const ExplainedModel &model, const std::string &prompt, const Targets &targets);

/// The complete graph of a prompt and all it was computed from: what pruning, splitting, paths and verification start
/// from. Handed over whole, never changed.
struct PromptTrace {
    PreparedPrompt read;
    Attribution<float> attribution;
    PruneBasis<float> basis;
    double seconds = 0; ///< reading to pruning's basis
    [[nodiscard]] TracedPrompt<float> inputs(const ExplainedModel &model) const {
        return {model.gpt, model.transcoder, read.ids, read.activations, read.active};
    }
};
std::shared_ptr<const PromptTrace> tracePrepared(const ExplainedModel &model, PreparedPrompt prompt,
                                                 std::stop_token stop);

/// Prunes, labels, hides, groups and lays out. A feature is called by its label in `notes`, else by the token it
/// promotes most. Where every node stands in `laidOut` (an earlier graph of the same trace, or null) in its size, that
/// layout is kept.
TracedGraph arrange(const ExplainedModel &model, const PromptTrace &trace, const PruneSettings &prune,
                    const GraphAnnotations &annotations, const FeatureNotes &notes, const TracedGraph *laidOut,
                    std::stop_token stop);

/// preparePrompt() and tracePrepared() in one call. Throws Error(Usage) for a graph above `mostBytes`.
std::shared_ptr<const PromptTrace> tracePrompt(const ExplainedModel &model, const std::string &prompt,
                                               const Targets &targets, std::stop_token stop,
                                               int64_t mostBytes = askAboveBytes);
/// The same, arranged.
TracedGraph tracePrompt(const ExplainedModel &model, const std::string &prompt, const TraceSettings &settings,
                        const FeatureNotes &notes, std::stop_token stop, int64_t mostBytes = askAboveBytes);
/// Re-runs `samples` frozen interventions of a complete graph.
Verification verifyTrace(const ExplainedModel &model, const PromptTrace &trace, int samples, uint64_t seed,
                         std::stop_token stop);

/// The node of the attribution with this id (graph_export.h). Throws Error(Usage) where there is none.
const Node &nodeById(const Attribution<float> &attribution, const std::string &id);

/// "auto", "token:TEXT", "id:N", "diff:IDA,IDB", "feature:L/P/F" as of the command line. Throws Error(Usage).
Targets parseTargets(const std::string &text, const Tokenizer &tokenizer);
/// The same as a person types it: also a token's own text (" time"), and two texts with " | " between for their
/// difference. Throws Error(Usage) for what is no token.
Targets parseTypedTarget(const std::string &text, const Tokenizer &tokenizer);
/// The other way, with token ids for tokens: "auto", "id:N", "diff:IDA,IDB", "feature:L/P/F".
std::string targetWord(const Targets &targets);

} // namespace tt
