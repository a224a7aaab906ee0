#include "app/cli/context.h"
#include "core/text/corpus.h"

namespace tt::cli {

namespace fs = std::filesystem;

namespace {
Json toJson(const CorpusInfo &info) {
    return {{"name", info.name}, {"stories", info.stories}, {"bytes", info.bytes}};
}

std::string line(const CorpusInfo &info) {
    return info.name + ": " + grouped(static_cast<double>(info.stories)) + " stories, " + figures(static_cast<double>(info.bytes) / 1e6) + " MB";
}

struct GenerateOptions {
    int64_t stories = 20'000;
    std::string out, name;
};

void generate(Context &context, const GenerateOptions &options) {
    if (!options.out.empty()) {
        const CorpusInfo info = generateStories(options.out, options.stories, context.seed, context.stop, context.output.progress());
        context.output.result({{"stories", info.stories}, {"bytes", info.bytes}, {"file", options.out}}, line(info));
        return;
    }
    const Workspace workspace = context.create();
    const std::string name = options.name.empty() ? freeName("generated-" + std::to_string(options.stories), workspace.corpora()) : options.name;
    const CorpusInfo info = generateCorpus(workspace, name, options.stories, context.seed, context.stop, context.output.progress());
    context.output.result(toJson(info), line(info));
}

void import(Context &context, const std::vector<std::string> &files, std::string name) {
    const Workspace workspace = context.create();
    if (name.empty())
        name = freeName(fs::path(files.front()).stem().string(), workspace.corpora());
    const CorpusInfo info = importCorpus(workspace, name, {files.begin(), files.end()}, context.stop, context.output.progress());
    if (info.empty > 0)
        context.output.note(grouped(static_cast<double>(info.empty)) + " empty stories were left out.");
    if (info.invalidUtf8 > 0)
        context.output.note(grouped(static_cast<double>(info.invalidUtf8)) + " stories hold bytes that are not UTF-8; they were kept as they are.");
    context.output.result(toJson(info), line(info));
}

void list(const Context &context) {
    const Workspace workspace = context.open();
    Json document = Json::array();
    std::string text;
    for (const std::string &name : workspace.corpora()) {
        const CorpusInfo info = readCorpusInfo(workspace, name);
        document.push_back(toJson(info));
        text += line(info) + "\n";
    }
    context.output.result(document, text.empty() ? "No corpus yet. Make one with: tinytranscoder-cli corpus generate --stories 20000" : text);
}
} // namespace

void addCorpus(CLI::App &app, Context &context) {
    CLI::App *corpus = app.add_subcommand("corpus", "Stories to train on");
    corpus->require_subcommand(1);

    auto options = std::make_shared<GenerateOptions>();
    CLI::App *make = corpus->add_subcommand("generate", "Write stories with the embedded generator, deterministic by --seed");
    make->add_option("--stories", options->stories, "How many")->capture_default_str();
    make->add_option("--out", options->out, "Into this file instead of the workspace");
    make->add_option("--name", options->name, "Name of the corpus in the workspace");
    make->callback([&context, options] { context.run = [&context, options] { generate(context, *options); }; });

    auto files = std::make_shared<std::vector<std::string>>();
    auto name = std::make_shared<std::string>();
    CLI::App *read = corpus->add_subcommand("import", "Import .txt files into one corpus");
    read->add_option("files", *files, "Text files; stories end at <|endoftext|>, or at blank lines where a file has none")->required();
    read->add_option("--name", *name, "Name of the corpus; default the file's");
    read->callback([&context, files, name] { context.run = [&context, files, name] { import(context, *files, *name); }; });

    corpus->add_subcommand("list", "The workspace's corpora")->callback([&context] { context.run = [&context] { list(context); }; });
}

} // namespace tt::cli
