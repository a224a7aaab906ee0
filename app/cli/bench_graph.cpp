#include "app/cli/bench.h"
#include "core/circuits/graph_export.h"
#include "core/circuits/layout_plan.h"
#include "core/circuits/prune.h"
#include "core/nn/gpt_forward.h"
#include "core/train/gpt_training.h"

#include <cmath>

namespace tt::cli {

namespace {
struct Options {
    std::string preset = "tiny", kind = "per-layer";
    int features = 8192, k = 16, repeats = 5;
    std::vector<int> tokens{8, 16, 32, 64, 128};
};

/// Random dictionaries of unit encoders: k of F features are active everywhere, as in training.
TranscoderWeights<float> randomTranscoder(const GptConfig &gpt, const Options &o, Random &random) {
    TranscoderWeights<float> out;
    out.config = {.kind = o.kind == "cross-layer" ? TranscoderKind::CrossLayer : TranscoderKind::PerLayer,
                  .k = o.k,
                  .features = o.features,
                  .layers = gpt.layers,
                  .dModel = gpt.dModel};
    const auto f = static_cast<size_t>(o.features), d = static_cast<size_t>(gpt.dModel);
    const auto fill = [&](std::vector<float> &values, size_t size) {
        values.resize(size);
        for (float &value : values)
            value = static_cast<float>(random.normal() / std::sqrt(static_cast<double>(d)));
    };
    for (int l = 0; l < gpt.layers; ++l) {
        TranscoderLayer<float> &layer = out.layers.emplace_back();
        fill(layer.encoder, f * d);
        fill(layer.decoder, f * d * static_cast<size_t>(out.config.decodersOf(l)));
        layer.encoderBias.resize(f);
        layer.decoderBias.resize(d);
    }
    return out;
}

/// One prompt, timed part by part.
struct Times {
    double forward = 0, attribution = 0, prune = 0, reprune = 0, layout = 0, relayout = 0, drawing = 0;
};

struct Prompt {
    std::vector<int32_t> ids;
    Attribution<float> attribution;
    AttributionGraph graph;
    Times times;
};

void traceOnce(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder, Prompt &p,
               const Context &context) {
    GptActivations<float> activations;
    std::vector<SparseActivations<float>> active;
    p.times.forward = secondsOf([&] {
        forward<float>(gpt, p.ids, 1, activations);
        for (int l = 0; l < gpt.config.layers; ++l)
            active.push_back(encode<float>(transcoder, l, activations.blocks[static_cast<size_t>(l)].ln2));
    });
    p.times.attribution = secondsOf(
        [&] { p.attribution = attribute<float>(gpt, transcoder, p.ids, activations, active, {}, context.stop); });
    PruneBasis<float> basis;
    p.times.prune = secondsOf([&] {
        basis = pruneBasis(p.attribution);
        p.graph = buildGraph(p.attribution, basis, PruneSettings{}, {});
    });
    TracedGraph traced{.graph = p.graph, .layout = {}, .annotations = {}, .ungrouped = {}};
    p.times.layout = secondsOf([&] { traced.layout = layoutGraph(p.graph, nodeSizes(p.graph), context.stop); });
    p.times.drawing = secondsOf([&] { (void)graphSvg(traced); });
    // What one step of a threshold slider costs where nodes only leave.
    AttributionGraph fewer;
    p.times.reprune =
        secondsOf([&] { fewer = buildGraph(p.attribution, basis, {.nodeThreshold = 0.7, .edgeThreshold = 0.95}, {}); });
    p.times.relayout = secondsOf([&] { (void)keptLayout(fewer, nodeSizes(fewer), p.graph, traced.layout); });
}

void bench(Context &context, const Options &o) {
    GptTrainingConfig config = GptTrainingConfig::fromPreset(o.preset);
    for (const int tokens : o.tokens)
        config.model.context = std::max(config.model.context, tokens);
    Random random(context.seed);
    const GptWeights<float> gpt = initialWeights(config.model, random, config.scaleResidualInit);
    const TranscoderWeights<float> transcoder = randomTranscoder(config.model, o, random);
    Json rows = Json::array();
    std::string text = o.preset + ", " + o.kind + ", " + std::to_string(config.model.layers) + " × " +
                       std::to_string(o.features) + " features; milliseconds, median of " + std::to_string(o.repeats) +
                       "\ntokens  features  edges        forward  attribution  prune  layout  draw  slider  shown\n";
    for (const int tokens : o.tokens) {
        Prompt p;
        for (int i = 0; i < tokens; ++i)
            p.ids.push_back(static_cast<int32_t>(random.below(static_cast<uint64_t>(config.model.vocabSize))));
        std::vector<std::vector<double>> times(6);
        for (int i = 0; i <= o.repeats; ++i) {
            throwIfStopped(context.stop);
            traceOnce(gpt, transcoder, p, context);
            const Times &t = p.times;
            const double all[] = {t.forward, t.attribution, t.prune, t.layout, t.drawing, t.reprune + t.relayout};
            for (size_t part = 0; part < 6 && i > 0; ++part) // the first warms up
                times[part].push_back(1000 * all[part]);
        }
        const auto features = std::count_if(p.attribution.nodes.begin(), p.attribution.nodes.end(),
                                            [](const Node &n) { return n.kind == NodeKind::Feature; });
        const auto ms = [&](size_t part) { return median(times[part]); };
        rows.push_back({{"tokens", tokens},
                        {"features", features},
                        {"all_edges", p.graph.allEdges},
                        {"nodes", p.graph.nodes.size()},
                        {"edges", p.graph.edges.size()},
                        {"max_residual", p.graph.maxResidual},
                        {"milliseconds",
                         {{"forward", ms(0)},
                          {"attribution", ms(1)},
                          {"prune", ms(2)},
                          {"layout", ms(3)},
                          {"draw", ms(4)},
                          {"slider", ms(5)}}}});
        text += std::to_string(tokens) + "  " + std::to_string(features) + "  " +
                grouped(static_cast<double>(p.graph.allEdges)) + "  ";
        for (size_t part = 0; part < 6; ++part)
            text += figures(ms(part)) + "  ";
        text += std::to_string(p.graph.nodes.size()) + " nodes, " + std::to_string(p.graph.edges.size()) + " edges\n";
    }
    context.output.result({{"preset", o.preset},
                           {"kind", o.kind},
                           {"features", o.features},
                           {"threads", context.threads},
                           {"graphs", rows}},
                          text);
}
} // namespace

void addBenchGraph(CLI::App &group, Context &context) {
    auto o = std::make_shared<Options>();
    CLI::App *sub = group.add_subcommand("graph", "Complete graphs of random prompts: attribution, pruning, layout");
    sub->add_option("--preset", o->preset, "tiny, original or small")->capture_default_str();
    sub->add_option("--kind", o->kind, "per-layer or cross-layer")
        ->check(CLI::IsMember({"per-layer", "cross-layer"}))
        ->capture_default_str();
    sub->add_option("--features", o->features, "Of each layer")->check(CLI::Range(1, 1'000'000))->capture_default_str();
    sub->add_option("--k", o->k, "Active at a token")->check(CLI::Range(1, 1'000))->capture_default_str();
    sub->add_option("--tokens", o->tokens, "Lengths of the prompts")->check(CLI::Range(1, 4096))->capture_default_str();
    sub->add_option("--steps", o->repeats, "Graphs of each length that are timed")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    sub->callback([&context, o] { context.run = [&context, o] { bench(context, *o); }; });
}

} // namespace tt::cli
