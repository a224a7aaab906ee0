#include "app/cli/context.h"
#include "app/cli/stages.h"
#include "core/text/tokenizer.h"

namespace tt::cli {

namespace {
Json layersJson(const TranscoderMetrics &metrics, bool cosine) {
    Json layers = Json::array();
    for (const auto &layer : metrics.layers) {
        layers.push_back({{"fvu", layer.fvu}, {"l0", layer.l0}, {"dead", layer.dead}});
        if (cosine)
            layers.back()["cosine"] = layer.cosine;
    }
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
            {"layers", layersJson(r.heldOut, false)},
            {"ce_recovered", r.heldOut.ceRecovered},
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
    std::string name, run, corpus, kind = "per-layer", activation = "topk", file;
    int features = 0, k = 16;
    std::vector<std::string> settings;
    bool resume = false, estimate = false;
};

void resume(const Context &context, Output &output, const Options &o) {
    const Workspace workspace = context.open();
    const std::string name = workspace.pickTranscoder(o.name);
    const TranscoderRunState state = readTranscoderRun(workspace, name);
    const GptConfig gpt = readGptRun(workspace, state.config.gptRun).config.model;
    const TokenCache tokens =
        TokenCache::openOrBuild(workspace, state.config.corpus, gpt.tokenizer, context.stop, output.progress());
    const auto result = resumeTranscoder(workspace, name, tokens, context.stop, output.training(name));
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
    config.features = o.features > 0 ? o.features : 16 * gpt.config.model.dModel;
    config.k = o.k;
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
    const std::string name =
        o.name.empty() ? freeName("plt-k" + std::to_string(config.k), workspace.transcoders()) : o.name;
    const auto result = trainTranscoder(workspace, name, config, tokens, context.stop, context.output.training(name));
    context.output.result(toJson(result), describe(result));
}

void evaluate(Context &context, const Options &o) {
    const Workspace workspace = context.open();
    const std::string name = workspace.pickTranscoder(o.name);
    const TranscoderWeights<float> transcoder = loadTranscoder(workspace.transcoder(name));
    const std::string run = transcoder.config.gptRun;
    checkBelongsTo(transcoder.config, name, workspace.gpt(workspace.pickGpt(run)));
    const GptWeights<float> gpt = loadGpt(workspace.gpt(run));
    const auto corpus = [&] {
        const std::string trainedOn = readTranscoderRun(workspace, name).config.corpus;
        return TokenCache::openOrBuild(workspace, trainedOn, gpt.config.tokenizer, context.stop,
                                       context.output.progress());
    };
    const TokenCache tokens =
        o.file.empty() ? corpus() : tokensOfFile(Tokenizer::load(workspace.tokenizer(gpt.config.tokenizer)), o.file);
    const TranscoderMetrics m = evaluateTranscoder(gpt, transcoder, tokens, tokens.trainTokens(), tokens.size(), 0,
                                                   context.stop, context.output.progress());
    context.output.result({{"name", name},
                           {"layers", layersJson(m, true)},
                           {"ce_clean", m.ceClean},
                           {"ce_replaced", m.ceReplaced},
                           {"ce_zero", m.ceZero},
                           {"ce_recovered", m.ceRecovered},
                           {"kl", m.kl},
                           {"tokens", m.tokens}},
                          describeMetrics(m));
}

void list(const Context &context) {
    const Workspace workspace = context.open();
    Json document = Json::array();
    std::string text;
    for (const std::string &name : workspace.transcoders()) {
        const TranscoderConfig c = transcoderConfigFromJson(readFile(workspace.transcoder(name) / "config.json"));
        document.push_back({{"name", name},
                            {"kind", toString(c.kind)},
                            {"activation", toString(c.activation)},
                            {"features", c.features},
                            {"k", c.k},
                            {"gpt_run", c.gptRun}});
        text += name + ": " + toString(c.kind) + " " + toString(c.activation) + ", " + grouped(c.features) +
                " features a layer, k = " + std::to_string(c.k) + ", for " + c.gptRun + "\n";
    }
    context.output.result(
        document, text.empty() ? "No transcoder yet. Train one with: tinytranscoder-cli transcoder train" : text);
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
    training->add_option("--kind", o->kind, "per-layer")->check(CLI::IsMember({"per-layer"}))->capture_default_str();
    training->add_option("--activation", o->activation, "topk")->check(CLI::IsMember({"topk"}))->capture_default_str();
    training->add_option("--features", o->features, "Of each layer; default 16 times the GPT's width")
        ->check(CLI::Range(1, 262144));
    training->add_option("--k", o->k, "Active features a token, in each layer")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    training->add_option("--set", o->settings, "key=value")->take_all();
    training->add_flag("--resume", o->resume, "Go on with a stopped run");
    training->add_flag("--estimate", o->estimate, "Only say what time, memory and disk it would take");

    CLI::App *evaluating = command("eval", "Metrics on held-out stories", evaluate);
    evaluating->add_option("--file", o->file, "Measure on this text instead");
    group->add_subcommand("list", "The workspace's transcoders")->callback([&context] {
        context.run = [&context] { list(context); };
    });
}

} // namespace tt::cli
