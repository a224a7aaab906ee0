#include "app/cli/stages.h"
#include "core/circuits/graph_export.h"
#include "core/features/prompt_features.h"

namespace tt::cli {

namespace {
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
    const TracedGraph traced = tracePrompt(*model, request.prompt, settings, context.stop);
    const AttributionGraph &graph = traced.graph;
    for (const std::string &file : request.files)
        exportGraph(graph, traced.layout, file);
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

void check(const Context &context, const TraceRequest &request, int samples) {
    const Workspace workspace = context.open();
    const auto model = loadExplainedModel(workspace, workspace.pickTranscoder(request.transcoder), context.stop);
    noteLeftOut(context, *model, request.prompt);
    const Verification v = verifyPrompt(*model, request.prompt, parseTargets(request.target, model->tokenizer), samples,
                                        context.seed, context.stop);
    context.output.result(
        {{"checked", v.checked}, {"max_abs_error", v.maxAbsError}, {"max_residual", v.maxResidual}, {"pass", v.pass}},
        std::string(v.pass ? "Verified: " : "Not verified: ") + grouped(static_cast<double>(v.checked)) +
            " edges against frozen interventions, largest difference " + figures(v.maxAbsError, 2) +
            ", largest residual " + figures(v.maxResidual, 2));
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
    tracing->add_option("--out", request->files, "Files to write: .svg .dot .json .csv")->take_all();
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
}

} // namespace tt::cli
