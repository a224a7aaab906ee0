#include "app/cli/context.h"
#include "app/cli/stages.h"
#include "core/features/prompt_features.h"
#include "core/nn/generate.h"
#include "core/nn/gpt_forward.h"
#include "core/train/run_files.h"

#include <algorithm>
#include <cmath>
#include <iostream>

namespace tt::cli {

Json toJson(const GptTrainingResult &r) {
    return {{"run", r.run},
            {"steps", r.steps},
            {"tokens", r.tokens},
            {"train_loss", r.trainLoss},
            {"val_loss", r.validationLoss},
            {"val_bits_per_byte", r.validationBitsPerByte},
            {"tokens_per_second", r.tokensPerSecond},
            {"seconds", r.seconds}};
}

std::string describe(const GptTrainingResult &r) {
    return r.run + (r.stopped ? " stopped and saved at step " : ": ") + grouped(static_cast<double>(r.steps)) +
           (r.stopped ? "" : " steps") + ", held-out loss " + figures(r.validationLoss, 4) + " nats/token, " +
           figures(r.validationBitsPerByte) + " bits/byte, " + grouped(r.tokensPerSecond) + " tokens/s, " +
           duration(r.seconds) +
           (r.stopped ? ". Go on with: tinytranscoder-cli gpt train --run " + r.run + " --resume" : "");
}

namespace {
struct Options {
    std::string corpus, preset = "tiny", run, tokenizer, file, prompt;
    std::vector<std::string> settings;
    bool resume = false, estimate = false;
    int tokens = 100, topK = 0, top = 10;
    double temperature = 1, topP = 1;
};

void train(Context &context, const Options &o) {
    if (o.resume) {
        const Workspace workspace = context.open();
        const std::string run = workspace.pickGpt(o.run);
        const GptRunState state = readGptRun(workspace, run);
        refuseImported(run, state.importedFrom); // it names no corpus
        const TokenCache tokens = TokenCache::openOrBuild(workspace, state.config.corpus, state.config.model.tokenizer,
                                                          context.stop, context.output.progress());
        const auto result = resumeGpt(workspace, run, tokens, context.stop, context.output.training(run));
        context.output.result(toJson(result), describe(result));
        return;
    }
    GptTrainingConfig config = GptTrainingConfig::fromPreset(o.preset);
    config.seed = context.seed;
    config.threads = context.threads;
    config.precision = context.precision;
    config.device = context.device;
    applySettings(config, o.settings);
    const Workspace workspace = context.open();
    config.corpus = workspace.pickCorpus(o.corpus);
    if (o.estimate) {
        const TrainingEstimate estimate = estimateGptStage(context, workspace, config, o.tokenizer);
        context.output.result(toJson(estimate), describe(estimate));
        return;
    }
    const auto result = trainGptStage(context, workspace, config, o.tokenizer, o.run);
    context.output.result(toJson(result), describe(result));
}

struct Model {
    std::string run;
    GptWeights<float> gpt;
    Tokenizer tokenizer;
};

Model load(const Context &context, const std::string &name) {
    const Workspace workspace = context.open();
    const std::string run = workspace.pickGpt(name);
    GptWeights<float> gpt = loadGpt(workspace.gpt(run));
    Tokenizer tokenizer = Tokenizer::load(workspace.tokenizer(workspace.pickTokenizer(gpt.config.tokenizer)));
    if (tokenizer.vocabSize() != gpt.config.vocabSize)
        throw Error("The tokenizer " + gpt.config.tokenizer + " does not fit the GPT " + run + ".");
    return {run, std::move(gpt), std::move(tokenizer)};
}

void evaluate(const Context &context, const Options &o) {
    const Model model = load(context, o.run);
    const Workspace workspace = context.open();
    HeldOutLoss loss;
    if (o.file.empty()) {
        const GptRunState state = readGptRun(workspace, model.run);
        const TokenCache tokens = TokenCache::openOrBuild(workspace, workspace.pickCorpus(state.config.corpus),
                                                          state.config.model.tokenizer, context.stop, {});
        loss =
            heldOutLoss(model.gpt, tokens, tokens.trainTokens(), tokens.size(), tokens.heldOutBytes(), 0, context.stop);
    } else {
        const TokenCache tokens = tokensOfFile(model.tokenizer, o.file);
        loss = heldOutLoss(model.gpt, tokens, 0, tokens.size(), tokens.heldOutBytes(), 0, context.stop);
    }
    context.output.result({{"run", model.run},
                           {"loss", loss.loss},
                           {"bits_per_byte", loss.bitsPerByte},
                           {"perplexity", std::exp(loss.loss)},
                           {"tokens", loss.tokens}},
                          model.run + ": " + figures(loss.loss, 4) + " nats/token, " + figures(loss.bitsPerByte) +
                              " bits/byte, perplexity " + figures(std::exp(loss.loss)) + " on " +
                              grouped(static_cast<double>(loss.tokens)) + " tokens");
}

std::vector<int32_t> promptIds(const Model &model, const std::string &prompt) {
    std::vector<int32_t> ids = model.tokenizer.encode(prompt);
    if (ids.empty())
        throw Error("The prompt is empty. Give it with --prompt TEXT.", Error::Kind::Usage);
    return ids;
}

/// Says how many of the prompt's first tokens the model cannot see; true if there are any.
bool noteLeftOut(const Context &context, const Model &model, size_t tokens) {
    const auto length = static_cast<size_t>(model.gpt.config.context);
    if (tokens <= length)
        return false;
    context.output.note("The prompt is " + std::to_string(tokens) + " tokens, the model reads " +
                        std::to_string(length) + ": the first " + std::to_string(tokens - length) + " were left out.");
    return true;
}

void generateText(const Context &context, const Options &o) {
    const Model model = load(context, o.run);
    const std::vector<int32_t> prompt = promptIds(model, o.prompt);
    noteLeftOut(context, model, prompt.size());
    Random random(context.seed);
    const auto start = std::chrono::steady_clock::now();
    const bool live = !context.output.json;
    if (live)
        std::cout << o.prompt << std::flush;
    const auto show = [&](const GeneratedToken &token) {
        if (live)
            std::cout << model.tokenizer.bytes(token.id) << std::flush;
        return true;
    };
    const std::vector<int32_t> ids = generate(
        model.gpt, prompt, model.tokenizer.endOfText(),
        {.tokens = o.tokens, .temperature = o.temperature, .topK = o.topK, .topP = o.topP}, random, show, context.stop);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    context.output.result({{"text", o.prompt + model.tokenizer.decode(ids)},
                           {"ids", ids},
                           {"tokens_per_second", static_cast<double>(ids.size()) / std::max(seconds, 1e-9)}},
                          "\n");
}

Json candidateJson(const Tokenizer &tokenizer, int32_t id, double logit, double p) {
    return {{"token", tokenJson(tokenizer.text(id), tokenizer.bytes(id))}, {"id", id}, {"logit", logit}, {"p", p}};
}

void showLogits(const Context &context, const Options &o) {
    const Model model = load(context, o.run);
    std::vector<int32_t> ids = promptIds(model, o.prompt);
    if (noteLeftOut(context, model, ids.size()))
        ids.erase(ids.begin(), ids.end() - model.gpt.config.context);
    GptActivations<float> activations;
    forward<float>(model.gpt, ids, 1, activations);
    const auto vocab = static_cast<size_t>(model.gpt.config.vocabSize);
    std::vector<float> rows(ids.size() * vocab);
    logits<float>(model.gpt, activations.finalNorm, rows);
    Json document{{"tokens", Json::array()}, {"positions", Json::array()}};
    std::string text;
    for (size_t i = 0; i < ids.size(); ++i) {
        const std::string token = model.tokenizer.text(ids[i]);
        document["tokens"].push_back(tokenJson(token, model.tokenizer.bytes(ids[i])));
        text += std::to_string(i) + "  \"" + token + "\" →";
        Json top = Json::array();
        for (const TokenCandidate &c :
             bestTokens(model.tokenizer, std::span(rows).subspan(i * vocab, vocab), static_cast<size_t>(o.top))) {
            top.push_back(candidateJson(model.tokenizer, c.id, c.logit, c.probability));
            text += "  \"" + c.text + "\" " + figures(c.probability);
        }
        document["positions"].push_back({{"top", top}});
        text += "\n";
    }
    context.output.result(document, text);
}
} // namespace

void addGpt(CLI::App &app, Context &context) {
    CLI::App *group = app.add_subcommand("gpt", "Train and use GPTs");
    group->require_subcommand(1);
    auto o = std::make_shared<Options>();
    const auto command = [&](const char *name, const char *help, void (*run)(Context &, const Options &)) {
        CLI::App *sub = group->add_subcommand(name, help);
        sub->add_option("--run", o->run, "Name of the GPT; default the newest");
        sub->callback([&context, o, run] { context.run = [&context, o, run] { run(context, *o); }; });
        return sub;
    };
    CLI::App *training = command("train", "Train a GPT on a corpus; SIGINT and SIGTERM save and stop", train);
    training->add_option("--corpus", o->corpus, "Corpus; default the newest");
    training->add_option("--tokenizer", o->tokenizer, "Tokenizer; default the newest, or a new one for the preset");
    training->add_option("--preset", o->preset, "tiny, original or small")->capture_default_str();
    training->add_option("--set", o->settings, "key=value")->take_all();
    training->add_flag("--resume", o->resume, "Go on with a stopped run");
    training->add_flag("--estimate", o->estimate, "Only say what time, memory and disk it would take");

    CLI::App *evaluating =
        command("eval", "Loss on held-out stories", [](Context &c, const Options &options) { evaluate(c, options); });
    evaluating->add_option("--file", o->file, "Measure on this text instead");

    CLI::App *generating =
        command("generate", "Continue a prompt", [](Context &c, const Options &options) { generateText(c, options); });
    generating->add_option("--prompt", o->prompt, "The text to continue")->required();
    generating->add_option("--tokens", o->tokens, "At most this many")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    generating->add_option("--temperature", o->temperature, "0 = always the most probable")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    generating->add_option("--top-k", o->topK, "Draw from the most probable ones only; 0 = all")
        ->check(CLI::Range(0, 1'000'000));
    generating->add_option("--top-p", o->topP, "Of these, draw from the fewest that hold this share; 1 = all")
        ->check(CLI::Range(0.0, 1.0));

    CLI::App *distribution = command("logits", "Next-token distribution at every position",
                                     [](Context &c, const Options &options) { showLogits(c, options); });
    distribution->add_option("--prompt", o->prompt, "The text")->required();
    distribution->add_option("--top", o->top, "How many tokens a position")
        ->check(CLI::Range(1, 100'000))
        ->capture_default_str();
}

} // namespace tt::cli
