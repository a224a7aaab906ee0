#include "app/cli/context.h"
#include "core/train/import_original.h"
#include "core/train/transcoder_exchange.h"

namespace tt::cli {

namespace fs = std::filesystem;

namespace {
Json figuresJson(const Conversion::Figures &figures) {
    return {{"fvu", figures.fvu}, {"l0", figures.l0}};
}

Json conversionJson(const Conversion &conversion) {
    Json json{{"what", conversion.what}};
    if (conversion.before)
        json["before"] = figuresJson(*conversion.before);
    if (conversion.after)
        json["after"] = figuresJson(*conversion.after);
    return json;
}

Json filesJson(const std::vector<fs::path> &files) {
    Json json = Json::array();
    for (const fs::path &file : files)
        json.push_back(file.string());
    return json;
}

/// What was made in a folder of the workspace, by name.
std::vector<fs::path> filesIn(const fs::path &folder) {
    std::vector<fs::path> files;
    for (const auto &entry : fs::directory_iterator(folder))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

void runImportOriginal(Context &context, const OriginalImport &request) {
    const Workspace workspace = context.create();
    const ImportedOriginal imported = importOriginal(workspace, request, context.stop, context.output.progress());
    for (const std::string &warning : imported.warnings)
        context.output.note(warning);
    Json document{{"gpt", imported.gpt}, {"transcoder", nullptr}, {"warnings", imported.warnings}};
    if (!imported.transcoder.empty())
        document["transcoder"] = imported.transcoder;
    context.output.result(document, (request.gpt.empty() ? "" : imported.gpt + " is here") +
                                        (imported.transcoder.empty() ? std::string()
                                                                     : (request.gpt.empty() ? "" : ", and ") +
                                                                           imported.transcoder + " for it is here") +
                                        ".");
}

void runImportTranscoder(Context &context, const TranscoderImport &request) {
    const Workspace workspace = context.create();
    const ImportedTranscoder imported = importTranscoder(workspace, request, context.stop, context.output.progress());
    for (const std::string &warning : imported.warnings)
        context.output.note(warning);
    if (imported.conversion)
        context.output.note(describe(*imported.conversion));
    Json document{{"name", imported.name},
                  {"gpt_run", imported.gptRun},
                  {"format", toString(imported.format)},
                  {"files", filesJson(filesIn(workspace.transcoder(imported.name)))},
                  {"warnings", imported.warnings}};
    std::string text = imported.name + " is here, for the GPT " + imported.gptRun;
    if (imported.conversion)
        document["conversion"] = conversionJson(*imported.conversion);
    if (imported.figures) {
        document.update(figuresJson(*imported.figures));
        text += ": FVU " + figures(imported.figures->fvu) + ", L0 " + figures(imported.figures->l0);
    }
    context.output.result(document, text + ".");
}

struct ExportRequest {
    std::string name, out;
};

void runExport(Context &context, const ExportRequest &request, TranscoderFormat format) {
    const ExportedTranscoder exported =
        exportTranscoder(context.open(), request.name, format, request.out, context.stop, context.output.progress());
    Json document{{"files", filesJson(exported.files)}, {"format", toString(format)}};
    if (exported.conversion) {
        document["conversion"] = conversionJson(*exported.conversion);
        context.output.note(describe(*exported.conversion));
    }
    context.output.result(document, grouped(static_cast<double>(exported.files.size())) + " files in " + request.out);
}

void addImportOriginal(CLI::App &group, Context &context) {
    auto request = std::make_shared<OriginalImport>();
    CLI::App *sub = group.add_subcommand("original", "Weights of the Python TinyTranscoder; nothing in them is run");
    sub->add_option("--gpt", request->gpt, "Its GPT, gpt_….pth");
    sub->add_option("--transcoder", request->transcoder, "Its transcoder, transcoder.pth");
    sub->add_option("--run", request->gptRun,
                    "Name of the GPT here; default the file's. Without --gpt, the GPT that the transcoder is for");
    sub->add_option("--name", request->transcoderName, "Name of the transcoder here; default the file's");
    sub->add_option("--k", request->k, "Active features a token, which the file does not say")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    sub->callback([&context, request] { context.run = [&context, request] { runImportOriginal(context, *request); }; });
}

void addImportTranscoder(CLI::App &group, Context &context) {
    auto request = std::make_shared<TranscoderImport>();
    CLI::App *sub = group.add_subcommand(
        "transcoder", "A folder of circuit-tracer (config.yaml), SAELens (cfg.json) or of this program (config.json)");
    sub->add_option("DIR", request->folder, "The folder")->required();
    sub->add_option("--name", request->name, "Name here; default the folder's");
    sub->add_option("--run", request->gptRun,
                    "The GPT it explains; default the one it was made for, else the newest that fits");
    sub->callback(
        [&context, request] { context.run = [&context, request] { runImportTranscoder(context, *request); }; });
}
} // namespace

void addImport(CLI::App &app, Context &context) {
    CLI::App *group = app.add_subcommand("import", "Weights of other programs");
    group->require_subcommand(1);
    addImportOriginal(*group, context);
    addImportTranscoder(*group, context);
}

void addExport(CLI::App &app, Context &context) {
    CLI::App *group = app.add_subcommand("export", "A transcoder for another program");
    group->require_subcommand(1);
    for (const auto &[format, help] :
         {std::pair{TranscoderFormat::CircuitTracer, "config.yaml and safetensors, as circuit-tracer loads them"},
          std::pair{TranscoderFormat::SaeLens, "cfg.json and sae_weights.safetensors, a folder for each layer"},
          std::pair{TranscoderFormat::Own, "config.json and safetensors, as this program keeps them"}}) {
        auto request = std::make_shared<ExportRequest>();
        CLI::App *sub = group->add_subcommand(toString(format), help);
        sub->add_option("--name", request->name, "Transcoder; default the newest");
        sub->add_option("--out", request->out, "A new or empty folder")->required();
        sub->callback([&context, request, format = format] {
            context.run = [&context, request, format] { runExport(context, *request, format); };
        });
    }
}

} // namespace tt::cli
