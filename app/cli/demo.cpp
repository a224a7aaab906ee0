#include "app/cli/features.h"
#include "app/cli/stages.h"
#include "core/models/shipped_model.h"
#include "core/text/corpus.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace tt::cli {

namespace fs = std::filesystem;

namespace {
constexpr const char *corpusName = "demo-stories";
constexpr const char *tokenizerName = "demo-bpe";
constexpr const char *gptName = "demo-gpt";
constexpr const char *transcoderName = "demo-plt";
constexpr const char *prompt = "Once upon a";
constexpr int64_t stories = 20'000;
constexpr int vocabulary = 2'048;

bool contains(const std::vector<std::string> &names, const std::string &name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Small enough for a minute or two, large enough to know how stories begin.
GptTrainingConfig gptConfig(const Context &context) {
    GptTrainingConfig config = GptTrainingConfig::fromPreset("tiny");
    config.model = {.vocabSize = vocabulary,
                    .dModel = 128,
                    .heads = 4,
                    .headSize = 32,
                    .layers = 2,
                    .context = 64,
                    .tokenizer = tokenizerName};
    config.corpus = corpusName;
    config.steps = 400;
    config.batch = 64;
    config.warmup = 50;
    config.learningRate = 3e-3;
    config.seed = context.seed;
    config.threads = context.threads;
    return config;
}

TranscoderTrainingConfig transcoderConfig(const Context &context) {
    return {.gptRun = gptName,
            .corpus = corpusName,
            .features = 2'048,
            .k = 16,
            .steps = 450,
            .learningRate = 2e-3,
            .seed = context.seed,
            .threads = context.threads};
}

/// Trains unless the run is finished; goes on with one that was interrupted.
Json trainGpt(Context &context, const Workspace &workspace, const TokenCache &tokens) {
    const TrainingSink sink = context.output.training("Training the GPT");
    const bool there = contains(workspace.gpts(), gptName);
    const auto result = there ? resumeGpt(workspace, gptName, tokens, context.stop, sink)
                              : tt::trainGpt(workspace, gptName, gptConfig(context), tokens, context.stop, sink);
    throwIfStopped(context.stop);
    context.output.note(describe(result));
    return toJson(result);
}

Json trainTranscoder(Context &context, const Workspace &workspace, const TokenCache &tokens) {
    const TrainingSink sink = context.output.training("Training the transcoder");
    const bool there = contains(workspace.transcoders(), transcoderName);
    const ProgressSink progress = context.output.progress();
    const auto result = there ? resumeTranscoder(workspace, transcoderName, tokens, context.stop, sink, progress)
                              : tt::trainTranscoder(workspace, transcoderName, transcoderConfig(context), tokens,
                                                    context.stop, sink, progress);
    throwIfStopped(context.stop);
    context.output.note(describe(result));
    return toJson(result);
}

/// What to type for the window's program, which stands beside this one: its name where the shell finds it by that, else
/// its path; empty where it was not built.
std::string windowProgram() {
    const std::string name = "tinytranscoder";
    std::error_code failed;
    const fs::path folder = fs::read_symlink("/proc/self/exe", failed).parent_path();
    if (failed || !fs::exists(folder / name, failed))
        return {};
    const char *path = std::getenv("PATH");
    std::istringstream searched(path ? path : "");
    for (std::string place; std::getline(searched, place, ':');)
        if (fs::equivalent(place, folder, failed))
            return name;
    return (folder / name).string();
}

/// Traces and ends what either demonstration did.
void finish(const Context &context, const Workspace &workspace, const std::string &transcoder, Json document) {
    const std::string out = fs::absolute(workspace.folder()).string(),
                      svg = (fs::path(out) / "once-upon-a.svg").string();
    const auto [graph, text] =
        traceStage(context, workspace, {.transcoder = transcoder, .prompt = prompt, .files = {svg}});
    document["graph"] = graph;
    document["svg"] = svg;
    const std::string window = windowProgram();
    context.output.result(
        document, std::string("\"") + prompt + "\": " + text + "Workspace: " + out + "\nOpen the SVG in a browser" +
                      (window.empty() ? "." : ", or the workspace in the window: " + window + " --workspace " + out));
}

/// With the model that ships instead of one that is trained here.
void shippedDemo(Context &context, const std::string &out) {
    const auto folder = shippedModelFolder();
    if (!folder)
        throw Error("No model lies beside this program. Without --shipped, demo trains one.");
    const ShippedModel model = readShippedModel(*folder);
    const int64_t written = installShippedModel(model, out, context.stop, context.output.progress());
    const Workspace workspace = Workspace::open(out);
    finish(context, workspace, workspace.transcoders().front(),
           {{"workspace", fs::absolute(out).string()}, {"model", model.name}, {"written", written}});
}

void demo(Context &context, const std::string &out) {
    const Workspace workspace = Workspace::openOrCreate(out);
    if (!contains(workspace.corpora(), corpusName))
        generateCorpus(workspace, corpusName, stories, context.seed, context.stop, context.output.progress());
    if (!contains(workspace.tokenizers(), tokenizerName))
        trainTokenizer(workspace.corpusText(corpusName), vocabulary, context.stop, context.output.progress())
            .save(workspace.tokenizer(tokenizerName));
    const TokenCache tokens =
        TokenCache::openOrBuild(workspace, corpusName, tokenizerName, context.stop, context.output.progress());
    Json document{{"workspace", fs::absolute(out).string()}};
    document["gpt"] = trainGpt(context, workspace, tokens);
    document["transcoder"] = trainTranscoder(context, workspace, tokens);
    const auto model = loadExplainedModel(workspace, transcoderName, context.stop);
    const IndexedCorpus indexed = indexedCorpus(workspace, *model, corpusName, context.stop, context.output.progress());
    indexStage(context, *model, indexed, false);
    document["index"] = toJson(indexed.open(), *model, indexed);
    finish(context, workspace, transcoderName, document);
}
} // namespace

void addDemo(CLI::App &app, Context &context) {
    auto out = std::make_shared<std::string>("demo-workspace");
    CLI::App *sub = app.add_subcommand(
        "demo", "The whole main job on generated stories, in under 5 minutes: GPT, transcoder, graph as SVG");
    sub->add_option("--out", *out, "Folder for the workspace and the SVG")->capture_default_str();
    auto shipped = std::make_shared<bool>(false);
    sub->add_flag("--shipped", *shipped, "Copy the model that ships with the program instead of training one");
    sub->callback([&context, out, shipped] {
        context.run = [&context, out, shipped] { *shipped ? shippedDemo(context, *out) : demo(context, *out); };
    });
}

} // namespace tt::cli
