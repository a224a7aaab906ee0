#include "app/cli/context.h"
#include "app/cli/stages.h"
#include "core/text/tokenizer.h"
#include "core/train/activation_cache.h"
#include "core/train/run_files.h"

#include <algorithm>

namespace tt::cli {

namespace fs = std::filesystem;

namespace {
Json layersJson(const TranscoderMetrics &metrics) {
    Json layers = Json::array();
    for (const auto &layer : metrics.layers)
        layers.push_back({{"fvu", layer.fvu}, {"l0", layer.l0}, {"dead", layer.dead}});
    return layers;
}

std::string describeMetrics(const TranscoderMetrics &metrics) {
    std::string text;
    for (size_t i = 0; i < metrics.layers.size(); ++i) {
        const auto &layer = metrics.layers[i];
        text += "layer " + std::to_string(i) + ": FVU " + figures(layer.fvu) + ", L0 " + figures(layer.l0) + ", dead " +
                figures(layer.dead * 100, 2) + " %\n";
    }
    return text + "CE recovered " + figures(metrics.ceRecovered, 4) + " (clean " + figures(metrics.ceClean, 4) +
           ", replaced " + figures(metrics.ceReplaced, 4) + ", zero " + figures(metrics.ceZero, 4) + ")";
}
} // namespace

Json toJson(const TranscoderTrainingResult &r) {
    return {{"name", r.name},
            {"steps", r.steps},
            {"tokens", r.tokens},
            {"layers", layersJson(r.heldOut)},
            {"ce_recovered", r.heldOut.ceRecovered},
            {"activations", {{"source", toString(r.activations.source)}, {"bytes", r.activations.bytes}}},
            {"tokens_per_second", r.tokensPerSecond},
            {"seconds", r.seconds}};
}

std::string describe(const TranscoderTrainingResult &r) {
    return r.name + (r.stopped ? " stopped and saved at step " : ": ") + grouped(static_cast<double>(r.steps)) +
           (r.stopped ? "" : " steps") + ", " + grouped(r.tokensPerSecond) + " tokens/s, " + duration(r.seconds) +
           "\n" + describeMetrics(r.heldOut) +
           (r.stopped ? "\nGo on with: tinytranscoder-cli transcoder train --name " + r.name + " --resume" : "");
}

namespace {
struct Options {
    std::string name, run, corpus, kind, activation, features, k, file;
    std::vector<std::string> settings;
    bool resume = false, estimate = false;
};

void tellNotice(const Output &output, const TranscoderTrainingResult &result) {
    if (!result.notice.empty())
        output.note(result.notice);
}

/// "plt-k16", "clt-jumprelu-k16"
std::string usualName(const TranscoderTrainingConfig &config) {
    return std::string(config.kind == TranscoderKind::CrossLayer ? "clt-" : "plt-") +
           (config.activation == Activation::TopK ? "" : toString(config.activation) + "-") + "k" +
           std::to_string(config.k);
}

void resume(const Context &context, Output &output, const Options &o) {
    const Workspace workspace = context.open();
    const std::string name = workspace.pickTranscoder(o.name);
    const TranscoderRunState state = readTranscoderRun(workspace, name);
    refuseImported(name, state.importedFrom); // it names no corpus
    const GptConfig gpt = readGptRun(workspace, state.config.gptRun).config.model;
    const TokenCache tokens =
        TokenCache::openOrBuild(workspace, state.config.corpus, gpt.tokenizer, context.stop, output.progress());
    const auto result =
        resumeTranscoder(workspace, name, tokens, context.stop, output.training(name), output.progress());
    tellNotice(output, result);
    output.result(toJson(result), describe(result));
}

void train(Context &context, const Options &o) {
    if (o.resume) {
        resume(context, context.output, o);
        return;
    }
    const Workspace workspace = context.open();
    TranscoderTrainingConfig config{.gptRun = workspace.pickGpt(o.run)};
    const GptRunState gpt = readGptRun(workspace, config.gptRun);
    config.corpus = workspace.pickCorpus(o.corpus.empty() ? gpt.config.corpus : o.corpus);
    config.seed = context.seed;
    config.threads = context.threads;
    config.features = 16 * gpt.config.model.dModel;
    config.set("precision", context.precision);
    for (const auto &[key, value] : {std::pair{"kind", &o.kind}, std::pair{"activation", &o.activation},
                                     std::pair{"features", &o.features}, std::pair{"k", &o.k}})
        if (!value->empty())
            config.set(key, *value);
    applySettings(config, o.settings);
    if (o.estimate) {
        TrainingCalibrations none;
        const auto estimate =
            estimateTranscoderTraining(workspace, config, none, context.stop, context.output.progress());
        context.output.result(toJson(estimate), describe(estimate));
        return;
    }
    const TokenCache tokens = TokenCache::openOrBuild(workspace, config.corpus, gpt.config.model.tokenizer,
                                                      context.stop, context.output.progress());
    const std::string name = o.name.empty() ? freeName(usualName(config), workspace.transcoders()) : o.name;
    const ActivationPlan plan = planActivations(config, gpt.config.model, activationRoom(workspace, config, tokens));
    if (plan.possible && config.validate().empty()) // else it is the error below
        context.output.note(plan.why);
    const auto result = trainTranscoder(workspace, name, config, tokens, context.stop, context.output.training(name),
                                        context.output.progress());
    tellNotice(context.output, result);
    context.output.result(toJson(result), describe(result));
}

void evaluate(Context &context, const Options &o) {
    const Workspace workspace = context.open();
    const std::string name = workspace.pickTranscoder(o.name);
    const TranscoderWeights<float> transcoder = loadTranscoder(workspace.transcoder(name));
    const fs::path gptFolder = workspace.gpt(workspace.pickGpt(transcoder.config.gptRun));
    checkBelongsTo(transcoder.config, name, gptFolder);
    const GptWeights<float> gpt = loadGpt(gptFolder);
    const auto measure = [&](const TokenCache &tokens) {
        return evaluateTranscoder(gpt, transcoder, tokens, tokens.trainTokens(), tokens.size(), 0, context.stop,
                                  context.output.progress());
    };
    TranscoderMetrics m;
    if (o.file.empty()) {
        const TranscoderRunState run = readTranscoderRun(workspace, name);
        const auto there = workspace.corpora();
        if (const std::string &own = run.config.corpus;
            !own.empty() && std::find(there.begin(), there.end(), own) == there.end())
            throw Error("The corpus " + own + ", on which " + name +
                            " was trained, is not in this workspace. Import it under this name, or measure on a text "
                            "of your own: --file FILE.",
                        Error::Kind::Usage);
        const std::string corpus = workspace.pickCorpus(run.config.corpus); // an imported one has none of its own
        m = measure(
            TokenCache::openOrBuild(workspace, corpus, gpt.config.tokenizer, context.stop, context.output.progress()));
        writeEvaluation(workspace.transcoder(name), {.metrics = m, .step = run.step, .corpus = corpus});
    } else
        m = measure(tokensOfFile(Tokenizer::load(workspace.tokenizer(gpt.config.tokenizer)), o.file));
    Json document{{"name", name}};
    document.update(Json::parse(toJson(m)));
    context.output.result(document, describeMetrics(m));
}

Json summaryJson(const TranscoderSummary &summary) {
    Json json{{"name", summary.name},
              {"kind", toString(summary.config.kind)},
              {"activation", toString(summary.config.activation)},
              {"features", summary.config.features},
              {"k", summary.config.k},
              {"gpt_run", summary.config.gptRun},
              {"step", summary.step},
              {"steps", summary.steps},
              {"parameters", summary.parameters},
              {"bytes", summary.bytes}};
    if (summary.heldOut) { // absent until something was measured
        using Layer = TranscoderMetrics::Layer;
        const TranscoderMetrics &metrics = summary.heldOut->metrics;
        json.update({{"fvu", metrics.mean(&Layer::fvu)},
                     {"ce_recovered", metrics.ceRecovered},
                     {"dead", metrics.mean(&Layer::dead)},
                     {"l0", metrics.mean(&Layer::l0)},
                     {"corpus", summary.heldOut->corpus},
                     {"held_out", Json::parse(toJson(metrics))}});
    }
    return json;
}

std::string describeSummary(const TranscoderSummary &summary) {
    const TranscoderConfig &c = summary.config;
    std::string text = summary.name + ": " + toString(c.kind) + " " + toString(c.activation) + ", " +
                       grouped(c.features) + " features a layer, k = " + std::to_string(c.k) + ", for " + c.gptRun +
                       ", " + figures(static_cast<double>(summary.bytes) / 1e6) + " MB";
    if (summary.step < summary.steps)
        text += ", step " + grouped(static_cast<double>(summary.step)) + " of " +
                grouped(static_cast<double>(summary.steps));
    if (!summary.heldOut)
        return text + ", not measured yet\n";
    using Layer = TranscoderMetrics::Layer;
    const TranscoderMetrics &metrics = summary.heldOut->metrics;
    return text + "\n    FVU " + figures(metrics.mean(&Layer::fvu)) + ", CE recovered " +
           figures(metrics.ceRecovered, 4) + ", dead " + figures(metrics.mean(&Layer::dead) * 100, 2) + " %, L0 " +
           figures(metrics.mean(&Layer::l0)) + ", on " + grouped(static_cast<double>(metrics.tokens)) +
           " held-out tokens of " + summary.heldOut->corpus + "\n";
}

void list(const Context &context) {
    Json document = Json::array();
    std::string text;
    for (const TranscoderSummary &summary : summariseTranscoders(context.open())) {
        document.push_back(summaryJson(summary));
        text += describeSummary(summary);
    }
    context.output.result(
        document, text.empty() ? "No transcoder yet. Train one with: tinytranscoder-cli transcoder train" : text);
}
} // namespace

namespace {
void caches(const Context &context, bool remove) {
    const Workspace workspace = context.open();
    if (remove)
        workspace.requireWritable();
    Json document = Json::array();
    std::string text;
    for (const ActivationCacheInfo &cache : activationCaches(workspace)) {
        document.push_back({{"path", cache.folder.string()},
                            {"gpt_run", cache.gptRun},
                            {"corpus", cache.corpus},
                            {"tokens", cache.rows},
                            {"bytes", cache.bytes},
                            {"current", cache.current},
                            {"removed", remove}});
        text += (remove ? "Removed " : "") + cache.folder.string() + ": " +
                figures(static_cast<double>(cache.bytes) / 1e9) + " GB, " + cache.gptRun + " on " + cache.corpus +
                ", " + grouped(static_cast<double>(cache.rows)) + " tokens" +
                (cache.current ? "\n" : ", of weights that are no longer there\n");
        if (remove)
            removeActivationCache(cache);
    }
    context.output.result(document, text.empty() ? "No activations are cached on disk." : text);
}
} // namespace

void addTranscoder(CLI::App &app, Context &context) {
    CLI::App *group = app.add_subcommand("transcoder", "Train and measure transcoders");
    group->require_subcommand(1);
    auto o = std::make_shared<Options>();
    const auto command = [&](const char *name, const char *help, void (*run)(Context &, const Options &)) {
        CLI::App *sub = group->add_subcommand(name, help);
        sub->add_option("--name", o->name, "Name of the transcoder");
        sub->callback([&context, o, run] { context.run = [&context, o, run] { run(context, *o); }; });
        return sub;
    };
    CLI::App *training =
        command("train", "Train a transcoder on a GPT's MLPs; SIGINT and SIGTERM save and stop", train);
    training->add_option("--run", o->run, "The GPT; default the newest");
    training->add_option("--corpus", o->corpus, "Corpus; default the GPT's");
    training->add_option("--kind", o->kind, "per-layer or cross-layer; default per-layer");
    training->add_option("--activation", o->activation, "topk, batchtopk, jumprelu or relu; default topk");
    training->add_option("--features", o->features, "Of each layer; default 16 times the GPT's width");
    training->add_option("--k", o->k, "Active features a token, in each layer; default 16");
    training->add_option("--set", o->settings, "key=value")->take_all();
    training->add_flag("--resume", o->resume, "Go on with a stopped run");
    training->add_flag("--estimate", o->estimate, "Only say what time, memory and disk it would take");

    CLI::App *evaluating = command("eval", "Metrics on held-out stories", evaluate);
    evaluating->add_option("--file", o->file, "Measure on this text instead");
    group->add_subcommand("list", "The workspace's transcoders")->callback([&context] {
        context.run = [&context] { list(context); };
    });
    CLI::App *cache = group->add_subcommand("cache", "Activations kept on disk for later runs");
    auto remove = std::make_shared<bool>(false);
    cache->add_flag("--remove", *remove, "Remove them all");
    cache->callback([&context, remove] { context.run = [&context, remove] { caches(context, *remove); }; });
}

} // namespace tt::cli
