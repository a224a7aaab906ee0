#include "core/circuits/prompt_trace.h"

#include "core/circuits/graph_export.h"
#include "core/circuits/layout_plan.h"
#include "core/features/read_prompt.h"
#include "core/progress.h"

#include <chrono>

namespace tt {
namespace {

std::string nodeLabel(const ExplainedModel &model, const FeatureNotes &notes, const Node &node) {
    switch (node.kind) {
    case NodeKind::Feature:
        if (const auto note = notes.find({node.layer, node.id}); note != notes.end() && !note->second.label.empty())
            return note->second.label;
        return model.tokenizer.text(model.promoted[static_cast<size_t>(node.layer)][static_cast<size_t>(node.id)]);
    case NodeKind::Token:
    case NodeKind::Logit:
        return model.tokenizer.text(node.id);
    case NodeKind::Error:
        return "error";
    case NodeKind::Position:
        return std::to_string(node.position);
    case NodeKind::Bias:
        return "bias";
    }
    return {};
}

void describe(const ExplainedModel &model, const FeatureNotes &notes, const PromptTrace &trace,
              AttributionGraph &graph) {
    graph.prompt = trace.read.prompt;
    graph.ids = trace.read.ids;
    graph.tokens = tokenTexts(model.tokenizer, trace.read.ids);
    graph.gpt = model.gptName;
    graph.transcoder = model.transcoderName;
    graph.gptSha256 = model.transcoder.config.gptSha256;
    graph.transcoderSha256 = model.transcoderSha256;
    graph.crossLayer = model.transcoder.config.kind == TranscoderKind::CrossLayer;
    for (GraphNode &node : graph.nodes) {
        node.label = nodeLabel(model, notes, node.node);
        if (node.node.minus >= 0)
            node.label += " − " + model.tokenizer.text(node.node.minus);
    }
}

/// Seconds since the last call, or since it was made.
class Laps {
public:
    double lap() {
        const auto now = std::chrono::steady_clock::now();
        return std::chrono::duration<double>(now - std::exchange(start_, now)).count();
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::string gigabytes(int64_t bytes) {
    const int64_t tenths = (bytes * 10 + (int64_t{1} << 29)) >> 30;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GB";
}

} // namespace

PreparedPrompt preparePrompt(const ExplainedModel &model, const std::string &prompt, const Targets &targets) {
    requireMlpOutput(model.transcoder.config, model.transcoderName);
    Laps laps;
    PreparedPrompt out{.prompt = prompt, .targets = targets, .ids = readPrompt(model, prompt).ids};
    if (out.ids.empty())
        throw Error("The prompt is empty. A graph needs at least one token.", Error::Kind::Usage);
    forward<float>(model.gpt, out.ids, 1, out.activations);
    out.active = encodeLayers(model, out.activations);
    int64_t features = 0;
    for (const SparseActivations<float> &layer : out.active)
        features += std::ssize(layer.features);
    out.bytes = attributionBytes(features, std::ssize(out.ids), model.gpt.config.layers, targets.maximum);
    out.seconds = laps.lap();
    return out;
}

std::shared_ptr<const PromptTrace> tracePrepared(const ExplainedModel &model, PreparedPrompt prompt,
                                                 std::stop_token stop) {
    Laps laps;
    auto trace = std::make_shared<PromptTrace>();
    trace->read = std::move(prompt);
    trace->attribution = attribute<float>(model.gpt, model.transcoder, trace->read.ids, trace->read.activations,
                                          trace->read.active, trace->read.targets, stop);
    trace->basis = pruneBasis(trace->attribution);
    trace->seconds = trace->read.seconds + laps.lap();
    return trace;
}

TracedGraph arrange(const ExplainedModel &model, const PromptTrace &trace, const PruneSettings &prune,
                    const GraphAnnotations &annotations, const FeatureNotes &notes, const TracedGraph *laidOut,
                    std::stop_token stop) {
    if (const auto problems = annotations.validate(); !problems.empty())
        throw Error(problems.front().text, Error::Kind::Usage);
    Laps laps;
    const std::vector<int> held = heldNodes(trace.attribution.nodes, annotations);
    TracedGraph out{.graph = buildGraph(trace.attribution, trace.basis, prune, held)};
    out.target = targetWord(trace.read.targets);
    out.annotations = annotations;
    describe(model, notes, trace, out.graph);
    if (!held.empty())
        out.graph.pinnedScores = pinnedScores(trace.attribution, held);
    out.graph = withoutHidden(out.graph, annotations);
    if (!annotations.supernodes.empty())
        out.ungrouped = annotated(
            out.graph, {.pinned = annotations.pinned, .hidden = {}, .supernodes = {}, .names = annotations.names});
    out.graph = annotated(out.graph, annotations);
    out.seconds = {.attribution = trace.seconds, .prune = laps.lap()};
    const std::vector<Size> sizes = nodeSizes(out.graph);
    auto kept = laidOut == nullptr ? std::nullopt : keptLayout(out.graph, sizes, laidOut->graph, laidOut->layout);
    out.newLayout = !kept.has_value();
    out.layout = kept ? std::move(*kept) : layoutGraph(out.graph, sizes, stop);
    out.seconds.layout = laps.lap();
    return out;
}

std::shared_ptr<const PromptTrace> tracePrompt(const ExplainedModel &model, const std::string &prompt,
                                               const Targets &targets, std::stop_token stop, int64_t mostBytes) {
    PreparedPrompt prepared = preparePrompt(model, prompt, targets);
    if (prepared.bytes > mostBytes)
        throw Error("The complete graph of this prompt takes " + gigabytes(prepared.bytes) +
                        " of memory. Trace a shorter prompt, or allow it with --large.",
                    Error::Kind::Usage);
    return tracePrepared(model, std::move(prepared), std::move(stop));
}

TracedGraph tracePrompt(const ExplainedModel &model, const std::string &prompt, const TraceSettings &settings,
                        const FeatureNotes &notes, std::stop_token stop, int64_t mostBytes) {
    return arrange(model, *tracePrompt(model, prompt, settings.targets, stop, mostBytes), settings.prune, {}, notes,
                   nullptr, stop);
}

Verification verifyTrace(const ExplainedModel &model, const PromptTrace &trace, int samples, uint64_t seed,
                         std::stop_token stop) {
    Random random(seed);
    return verify<float>(model.gpt, model.transcoder, trace.read.activations, trace.attribution, samples, random,
                         std::move(stop));
}

const Node &nodeById(const Attribution<float> &attribution, const std::string &id) {
    for (const Node &node : attribution.nodes)
        if (nodeId(node) == id)
            return node;
    throw Error("The graph of this prompt has no node \"" + id +
                    "\". Nodes are written 1/1184@2 (layer/feature@position), error 0@1, token 2, position 2 or logit "
                    "640 (a token's id).",
                Error::Kind::Usage);
}

} // namespace tt
