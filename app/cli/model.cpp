#include "app/cli/context.h"
#include "core/models/pack_model.h"
#include "core/models/shipped_model.h"

namespace tt::cli {

namespace {

struct Request {
    PackConfig config;
    std::string out;
    std::string folder; ///< of a model that ships; default that of this program
};

Json metricsJson(const TranscoderMetrics &metrics) {
    return Json::parse(toJson(metrics));
}

Json lossJson(const HeldOutLoss &loss) {
    return {{"loss", loss.loss}, {"bits_per_byte", loss.bitsPerByte}, {"tokens", loss.tokens}};
}

void make(Context &context, Request &request) {
    PackConfig &config = request.config;
    config.seed = context.seed;
    if (config.prompts.empty())
        config.prompts = shippedPrompts();
    const PackedModel model = packModel(context.open(), request.out, config, context.stop, context.output.progress());
    Json transcoders = Json::array();
    std::string text = config.name + ": " + figures(static_cast<double>(model.bytes) / 1e6) + " MB in " + request.out +
                       "\nloss " + figures(model.trained.loss, 4) + " nats/token as trained, " +
                       figures(model.shipped.loss, 4) + " as shipped\n";
    for (const PackedTranscoder &each : model.transcoders) {
        transcoders.push_back({{"name", each.name},
                               {"trained", metricsJson(each.trained)},
                               {"shipped", metricsJson(each.shipped)},
                               {"features", each.features},
                               {"alive", each.alive},
                               {"labels", each.labels},
                               {"least_label_share", each.leastLabelShare}});
        text += each.name + ": CE recovered " + figures(each.trained.ceRecovered, 4) + " as trained, " +
                figures(each.shipped.ceRecovered, 4) + " as shipped; " + std::to_string(each.labels) + " labels\n";
    }
    context.output.result({{"name", config.name},
                           {"folder", request.out},
                           {"bytes", model.bytes},
                           {"gpt", {{"trained", lossJson(model.trained)}, {"shipped", lossJson(model.shipped)}}},
                           {"transcoders", transcoders},
                           {"stories",
                            {{"generated", model.generatedStories},
                             {"written", model.writtenStories},
                             {"left_out", model.leftOutStories}}},
                           {"tokens", model.corpusTokens},
                           {"graphs", model.graphs}},
                          text);
}

ShippedModel shipped(const Request &request) {
    if (!request.folder.empty())
        return readShippedModel(request.folder);
    const auto folder = shippedModelFolder();
    if (!folder)
        throw Error("No model lies beside this program. Name its folder with --model DIR.");
    return readShippedModel(*folder);
}

void check(Context &context, const Request &request) {
    const ShippedModel model = shipped(request);
    checkShippedModel(model, context.stop);
    int64_t bytes = 0;
    for (const ShippedFile &file : model.files)
        bytes += file.bytes;
    context.output.result({{"name", model.name}, {"files", model.files.size()}, {"bytes", bytes}},
                          model.name + ": " + std::to_string(model.files.size()) + " files, " +
                              figures(static_cast<double>(bytes) / 1e6) + " MB, all as they were shipped");
}

void install(Context &context, const Request &request) {
    const ShippedModel model = shipped(request);
    const int64_t written =
        installShippedModel(model, context.workspaceFolder, context.stop, context.output.progress());
    context.output.result({{"name", model.name}, {"workspace", context.workspaceFolder}, {"written", written}},
                          written == 0 ? model.name + " is whole in " + context.workspaceFolder
                                       : "Copied " + model.name + " to " + context.workspaceFolder);
}

} // namespace

void addModel(CLI::App &app, Context &context) {
    CLI::App *group = app.add_subcommand("model", "The trained model that ships with the program");
    group->require_subcommand(1);
    auto request = std::make_shared<Request>();
    request->config.dataLicence = "It was trained on TinyStories (Eldan and Li, arXiv 2305.07759), which is under "
                                  "CDLA-Sharing-1.0; that licence puts no terms on what is computed from the data.";
    const auto command = [&](const char *name, const char *help, void (*run)(Context &, Request &)) {
        CLI::App *sub = group->add_subcommand(name, help);
        sub->callback([&context, request, run] { context.run = [&context, request, run] { run(context, *request); }; });
        return sub;
    };
    PackConfig &config = request->config;
    CLI::App *making = command("make", "Make such a model from a workspace with a trained GPT and transcoders", make);
    making->add_option("--out", request->out, "Folder to write; replaced when all is done")->required();
    making->add_option("--transcoder", config.transcoders, "Name; the first is the one it opens with")
        ->required()
        ->take_all();
    making->add_option("--name", config.name, "Name of the model")->capture_default_str();
    making->add_option("--generated", config.generatedStories, "Generated stories among the examples")
        ->capture_default_str();
    making->add_option("--written", config.writtenStories, "Stories that the GPT writes")->capture_default_str();
    making->add_option("--temperature", config.temperature, "Of the GPT's stories")->capture_default_str();
    making->add_option("--longest-copy", config.longestCopy, "Words in a row that a story may share with the corpus")
        ->capture_default_str();
    making->add_option("--sampled", config.sampledTokens, "Tokens sampled for co-activation")->capture_default_str();
    making->add_option("--labels", config.labels, "Labels of each transcoder, at most")->capture_default_str();
    making->add_option("--prompt", config.prompts, "Prompts to trace and save; default five")->take_all();
    CLI::App *checking =
        command("check", "Compare every file with what was shipped", [](Context &c, Request &r) { check(c, r); });
    CLI::App *installing = command("install", "Copy it to the workspace, or repair the copy there",
                                   [](Context &c, Request &r) { install(c, r); });
    for (CLI::App *sub : {checking, installing})
        sub->add_option("--model", request->folder, "Folder of the model; default the one beside this program");
}

} // namespace tt::cli
