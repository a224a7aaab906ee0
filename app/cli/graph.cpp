#include "app/cli/stages.h"
#include "core/circuits/compare_graphs.h"
#include "core/circuits/edge_split.h"
#include "core/circuits/graph_export.h"
#include "core/circuits/paths.h"
#include "core/circuits/prompt_trace.h"

#include <limits>

namespace tt::cli {

namespace {
int64_t mostBytes(const TraceRequest &request) {
    return request.large ? std::numeric_limits<int64_t>::max() : askAboveBytes;
}

void noteLeftOut(const Context &context, const ExplainedModel &model, const std::string &prompt) {
    const size_t tokens = model.tokenizer.encode(prompt).size(), read = static_cast<size_t>(model.gpt.config.context);
    if (tokens > read)
        context.output.note("The prompt is " + std::to_string(tokens) + " tokens, the model reads " +
                            std::to_string(read) + ": the first " + std::to_string(tokens - read) +
                            " were left out. Positions count from the first one read.");
}
} // namespace

std::pair<Json, std::string> traceStage(const Context &context, const Workspace &workspace,
                                        const TraceRequest &request) {
    for (const std::string &file : request.files)
        checkExportName(file);
    const auto model = loadExplainedModel(workspace, workspace.pickTranscoder(request.transcoder), context.stop);
    noteLeftOut(context, *model, request.prompt);
    const TraceSettings settings{.targets = parseTargets(request.target, model->tokenizer),
                                 .prune = {request.prune, request.nodeThreshold, request.edgeThreshold}};
    const FeatureNotes notes = readFeatureLabels(workspace.transcoder(model->transcoderName)).notes;
    const TracedGraph traced = tracePrompt(*model, request.prompt, settings, notes, context.stop, mostBytes(request));
    const AttributionGraph &graph = traced.graph;
    for (const std::string &file : request.files)
        exportGraph(traced, file, {.scale = request.scale});
    Json targets = Json::array();
    std::string names;
    for (const GraphNode &node : graph.nodes)
        if (node.node.kind == NodeKind::Logit) {
            targets.push_back({{"token", tokenJson(node.label, model->tokenizer.bytes(node.node.id))},
                               {"id", node.node.id},
                               {"p", node.node.activation}});
            names += "  \"" + node.label + "\" " + figures(node.node.activation);
        }
    const Json document{{"prompt", request.prompt},
                        {"transcoder", graph.transcoder},
                        {"nodes", graph.nodes.size()},
                        {"edges", graph.edges.size()},
                        {"all_nodes", graph.allNodes},
                        {"all_edges", graph.allEdges},
                        {"targets", targets},
                        {"replacement_score", graph.scores.replacement},
                        {"completeness_score", graph.scores.completeness},
                        {"max_residual", graph.maxResidual},
                        {"seconds",
                         {{"attribution", traced.seconds.attribution},
                          {"prune", traced.seconds.prune},
                          {"layout", traced.seconds.layout}}},
                        {"files", request.files}};
    std::string text =
        grouped(static_cast<double>(graph.nodes.size())) + " of " + grouped(static_cast<double>(graph.allNodes)) +
        " nodes, " + grouped(static_cast<double>(graph.edges.size())) + " of " +
        grouped(static_cast<double>(graph.allEdges)) + " edges; explains" + names + "\nreplacement score " +
        figures(graph.scores.replacement) + ", completeness " + figures(graph.scores.completeness) +
        ", largest residual " + figures(graph.maxResidual, 2) + "\n";
    for (const std::string &file : request.files)
        text += file + "\n";
    return {document, text};
}

namespace {
void trace(const Context &context, const TraceRequest &request) {
    const auto [document, text] = traceStage(context, context.open(), request);
    context.output.result(document, text);
}

/// What `graph edge` and `graph paths` start from.
struct Complete {
    std::shared_ptr<const ExplainedModel> model;
    std::shared_ptr<const PromptTrace> trace;
};

Complete completeGraph(const Context &context, const TraceRequest &request) {
    const Workspace workspace = context.open();
    Complete out{loadExplainedModel(workspace, workspace.pickTranscoder(request.transcoder), context.stop), {}};
    noteLeftOut(context, *out.model, request.prompt);
    out.trace = tracePrompt(*out.model, request.prompt, parseTargets(request.target, out.model->tokenizer),
                            context.stop, mostBytes(request));
    return out;
}

void check(const Context &context, const TraceRequest &request, int samples) {
    const Complete graph = completeGraph(context, request);
    const Verification v = verifyTrace(*graph.model, *graph.trace, samples, context.seed, context.stop);
    context.output.result(
        {{"checked", v.checked}, {"max_abs_error", v.maxAbsError}, {"max_residual", v.maxResidual}, {"pass", v.pass}},
        std::string(v.pass ? "Verified: " : "Not verified: ") + grouped(static_cast<double>(v.checked)) +
            " effects of frozen interventions against the edges, largest difference " + figures(v.maxAbsError, 2) +
            ", largest residual " + figures(v.maxResidual, 2));
}

void edge(const Context &context, const TraceRequest &request, const std::string &from, const std::string &to) {
    const Complete graph = completeGraph(context, request);
    const Attribution<float> &attribution = graph.trace->attribution;
    const Node &target = nodeById(attribution, to);
    const TracedPrompt<float> inputs = graph.trace->inputs(*graph.model);
    const EdgeSplit split =
        from.empty() ? splitInputs(inputs, target) : splitEdge(inputs, nodeById(attribution, from), target);
    Json shares = Json::array();
    std::string text = (from.empty() ? "All inputs" : from) + " → " + to + "  " + figures(split.sum(), 4) +
                       "\n  residual path  " + figures(split.residual, 4) + "\n";
    for (const HeadShare &share : split.heads) {
        shares.push_back(
            {{"layer", share.layer}, {"head", share.head}, {"position", share.position}, {"weight", share.weight}});
        text += "  layer " + std::to_string(share.layer) + " head " + std::to_string(share.head) + " from position " +
                std::to_string(share.position) + "  " + figures(share.weight, 4) + "\n";
    }
    context.output.result({{"source", from.empty() ? Json(nullptr) : Json(from)},
                           {"target", to},
                           {"weight", split.sum()},
                           {"residual", split.residual},
                           {"heads", shares}},
                          text);
}

Json stepJson(const ExplainedModel &model, const PathStep &step) {
    constexpr const char *kinds[] = {"feature", "logit", "head", "skip", "error", "token", "position"};
    Json json{{"id", stepId(step)}, {"kind", kinds[static_cast<size_t>(step.kind)]}, {"position", step.position}};
    if (step.layer >= 0)
        json["layer"] = step.layer;
    if (step.kind == PathStep::Kind::Head)
        json["head"] = step.id;
    if (step.kind == PathStep::Kind::Feature)
        json["feature"] = step.id;
    if (step.kind == PathStep::Kind::Token || step.kind == PathStep::Kind::Logit)
        json["token"] = model.tokenizer.text(step.id);
    json["contribution"] = step.contribution;
    return json;
}

void paths(const Context &context, const TraceRequest &request, const PathSettings &settings) {
    const Complete graph = completeGraph(context, request);
    const Attribution<float> &attribution = graph.trace->attribution;
    std::vector<GreedyPath> found;
    for (const int row : attribution.targetRows)
        for (GreedyPath &path :
             greedyPaths(graph.trace->inputs(*graph.model),
                         attribution.nodes[static_cast<size_t>(attribution.rowNode[static_cast<size_t>(row)])],
                         settings, context.stop))
            found.push_back(std::move(path));
    Json list = Json::array();
    std::string text;
    for (const GreedyPath &path : found) {
        Json nodes = Json::array();
        std::string line;
        for (const PathStep &step : path.steps) {
            nodes.push_back(stepJson(*graph.model, step));
            line += (line.empty() ? "" : " ← ") + stepId(step);
        }
        list.push_back({{"nodes", nodes}, {"contribution", path.contribution}});
        text += figures(path.contribution, 4) + "  " + line + "\n";
    }
    context.output.result({{"paths", list}}, text);
}

void compare(const Context &context, const TraceRequest &request, const TraceRequest &other) {
    const Complete first = completeGraph(context, request), second = completeGraph(context, other);
    const auto shown = [](const Complete &graph) {
        return buildGraph(graph.trace->attribution, graph.trace->basis, PruneSettings{}, {});
    };
    const GraphComparison found =
        compareGraphs(first.trace->attribution, shown(first), second.trace->attribution, shown(second),
                      first.model->transcoderSha256 == second.model->transcoderSha256);
    Json edges = Json::array();
    std::string text = std::to_string(found.shared) + " nodes in both, " + std::to_string(found.onlyFirst) +
                       " only in the first, " + std::to_string(found.onlySecond) + " only in the second\n";
    for (const AlignedEdge &edge : found.edges) {
        edges.push_back({{"source", nodeId(edge.source)},
                         {"target", nodeId(edge.target)},
                         {"other_source", nodeId(edge.otherSource)},
                         {"other_target", nodeId(edge.otherTarget)},
                         {"first", edge.first},
                         {"second", edge.second},
                         {"difference", edge.difference()}});
        text += figures(edge.difference(), 4) + "  " + nodeId(edge.source) + " → " + nodeId(edge.target) + "  (" +
                figures(edge.first, 4) + " before, " + figures(edge.second, 4) + " after)\n";
    }
    context.output.result({{"shared_nodes", found.shared},
                           {"only_first", found.onlyFirst},
                           {"only_second", found.onlySecond},
                           {"edges", edges}},
                          text);
}
} // namespace

void addGraph(CLI::App &app, Context &context) {
    CLI::App *group = app.add_subcommand("graph", "Trace which features cause the next token");
    group->require_subcommand(1);
    auto request = std::make_shared<TraceRequest>();
    auto samples = std::make_shared<int>(100);
    auto everything = std::make_shared<bool>(false);
    const auto common = [&](CLI::App *sub) {
        sub->add_option("--name", request->transcoder, "Transcoder; default the newest");
        sub->add_option("--prompt", request->prompt, "The text")->required();
        sub->add_option("--target", request->target, "auto, token:TEXT, id:N, diff:IDA,IDB or feature:L/P/F")
            ->capture_default_str();
        sub->add_flag("--large", request->large, "Also where the complete graph takes more than 1 GB of memory");
    };
    CLI::App *tracing = group->add_subcommand("trace", "The attribution graph of a prompt");
    common(tracing);
    tracing->add_option("--node-threshold", request->nodeThreshold, "Share of influence that the kept nodes carry")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    tracing->add_option("--edge-threshold", request->edgeThreshold, "The same for edges")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    tracing->add_flag("--no-prune", *everything, "Keep every node and edge");
    tracing->add_option("--out", request->files, "Files to write: .svg .pdf .png .dot .json .csv .ttgraph")->take_all();
    tracing->add_option("--scale", request->scale, "Of a .png: its pixels to one of the picture")
        ->check(CLI::Range(0.1, 8.0))
        ->capture_default_str();
    tracing->callback([&context, request, everything] {
        request->prune = !*everything;
        context.run = [&context, request] { trace(context, *request); };
    });
    CLI::App *verifying = group->add_subcommand("verify", "Re-run frozen interventions against the edges");
    common(verifying);
    verifying->add_option("--samples", *samples, "Active features to double")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    verifying->callback([&context, request, samples] {
        context.run = [&context, request, samples] { check(context, *request, *samples); };
    });
    CLI::App *splitting = group->add_subcommand("edge", "An edge by residual path and attention heads");
    auto from = std::make_shared<std::string>(), to = std::make_shared<std::string>();
    common(splitting);
    splitting->add_option("--from", *from, "Source, e.g. 0/312@1, error 0@1, token 2; none = all inputs together");
    splitting->add_option("--to", *to, "Target, e.g. 1/1184@2 or logit 640")->required();
    splitting->callback([&context, request, from, to] {
        context.run = [&context, request, from, to] { edge(context, *request, *from, *to); };
    });
    CLI::App *comparing = group->add_subcommand("compare", "Two graphs, edge by edge, by how much they differ");
    auto other = std::make_shared<TraceRequest>();
    common(comparing);
    comparing->add_option("--other-name", other->transcoder, "Second graph's transcoder; default the first's");
    comparing->add_option("--other-prompt", other->prompt, "Second graph's prompt; default the first's");
    comparing->callback([&context, request, other] {
        TraceRequest second = *request;
        if (!other->transcoder.empty())
            second.transcoder = other->transcoder;
        if (!other->prompt.empty())
            second.prompt = other->prompt;
        context.run = [&context, request, second] { compare(context, *request, second); };
    });
    CLI::App *walking = group->add_subcommand("paths", "Greedy paths from a feature or token back to what causes it");
    auto settings = std::make_shared<PathSettings>();
    auto raw = std::make_shared<bool>(false);
    walking->add_option("--name", request->transcoder, "Transcoder; default the newest");
    walking->add_option("--prompt", request->prompt, "The text")->required();
    walking->add_option("--from", request->target, "feature:L/P/F, auto, token:TEXT, id:N or diff:IDA,IDB")
        ->capture_default_str();
    walking->add_option("--depth", settings->depth, "Steps behind it")->capture_default_str();
    walking->add_option("--branches", settings->branches, "Paths kept after each step")->capture_default_str();
    walking->add_flag("--raw", *raw, "Let a path hand on more than its features' activations");
    walking->add_flag("--large", request->large, "Also where the complete graph takes more than 1 GB of memory");
    walking->callback([&context, request, settings, raw] {
        settings->capped = !*raw;
        context.run = [&context, request, settings] { paths(context, *request, *settings); };
    });
}

} // namespace tt::cli
