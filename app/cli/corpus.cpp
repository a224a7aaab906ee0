#include "core/text/corpus.h"
#include "app/cli/context.h"
#include "core/text/corpus_preview.h"
#include "core/text/published.h"

namespace tt::cli {

namespace fs = std::filesystem;

namespace {
Json toJson(const CorpusInfo &info) {
    return {{"name", info.name}, {"stories", info.stories}, {"bytes", info.bytes}};
}

std::string line(const CorpusInfo &info) {
    return info.name + ": " + grouped(static_cast<double>(info.stories)) + " stories, " +
           figures(static_cast<double>(info.bytes) / 1e6) + " MB";
}

struct GenerateOptions {
    int64_t stories = 20'000;
    std::string out, name;
};

void generate(Context &context, const GenerateOptions &options) {
    if (!options.out.empty()) {
        const CorpusInfo info =
            generateStories(options.out, options.stories, context.seed, context.stop, context.output.progress());
        context.output.result({{"stories", info.stories}, {"bytes", info.bytes}, {"file", options.out}}, line(info));
        return;
    }
    const Workspace workspace = context.create();
    const std::string name = options.name.empty()
                                 ? freeName("generated-" + std::to_string(options.stories), workspace.corpora())
                                 : options.name;
    const CorpusInfo info =
        generateCorpus(workspace, name, options.stories, context.seed, context.stop, context.output.progress());
    context.output.result(toJson(info), line(info));
}

/// What was read of others: with all that was counted, and a remark on each that is not 0.
void showImported(const Context &context, const CorpusInfo &info) {
    for (const std::string &remark : remarks(info))
        context.output.note(remark);
    Json document = toJson(info);
    document.update({{"empty", info.empty},
                     {"invalid_utf8", info.invalidUtf8},
                     {"mojibake", info.mojibake},
                     {"left_out_lines", info.leftOutLines}});
    context.output.result(document, line(info));
}

void import(Context &context, const std::vector<std::string> &files, std::string name) {
    const Workspace workspace = context.create();
    if (name.empty())
        name = freeName(asName(fs::path(files.front()).stem().string(), "imported"), workspace.corpora());
    showImported(context,
                 importCorpus(workspace, name, {files.begin(), files.end()}, context.stop, context.output.progress()));
}

void download(Context &context, const std::string &name) {
    const DownloadSource &source = publishedCorpus(name);
    const Workspace workspace = context.create();
    try {
        showImported(context, downloadCorpus(workspace, source, context.stop, context.output.progress()));
    } catch (const Error &error) {
        if (error.kind() == Error::Kind::Cancelled && downloadedBytes(source, workspace.downloads()) > 0)
            context.output.note("What arrived was kept; the same command goes on from there.");
        throw;
    }
}

void remove(const Context &context, const std::string &name) {
    const Workspace workspace = context.open();
    deleteCorpus(workspace, name);
    emptyCorpusTrash(workspace);
    context.output.result({{"deleted", name}}, name + " was deleted.");
}

struct PreviewOptions {
    std::string corpus, tokenizer;
    int64_t story = 0;
    size_t tokens = 1;
};

void preview(const Context &context, const PreviewOptions &options) {
    const Workspace workspace = context.open();
    CorpusPreview reader(workspace, workspace.pickCorpus(options.corpus), workspace.pickTokenizer(options.tokenizer));
    const StoryPreview shown = reader.stories(options.story, options.tokens, context.stop);
    Json tokens = Json::array();
    std::string text;
    for (const int32_t id : shown.ids) {
        const std::string &bytes = shown.token(id).bytes;
        tokens.push_back(tokenJson(reader.text(id), bytes));
        text += id == shown.endOfText ? "\n" : "|" + bytes;
    }
    context.output.result({{"corpus", shown.corpus},
                           {"tokenizer", shown.tokenizer},
                           {"story", shown.first},
                           {"stories", shown.stories},
                           {"cut", shown.cut},
                           {"ids", shown.ids},
                           {"tokens", tokens}},
                          text);
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
    context.output.result(
        document,
        text.empty() ? "No corpus yet. Make one with: tinytranscoder-cli corpus generate --stories 20000" : text);
}
} // namespace

void addCorpus(CLI::App &app, Context &context) {
    CLI::App *corpus = app.add_subcommand("corpus", "Stories to train on");
    corpus->require_subcommand(1);

    auto options = std::make_shared<GenerateOptions>();
    CLI::App *make =
        corpus->add_subcommand("generate", "Write stories with the embedded generator, deterministic by --seed");
    make->add_option("--stories", options->stories, "How many")->capture_default_str();
    make->add_option("--out", options->out, "Into this file instead of the workspace");
    make->add_option("--name", options->name, "Name of the corpus in the workspace");
    make->callback([&context, options] { context.run = [&context, options] { generate(context, *options); }; });

    auto files = std::make_shared<std::vector<std::string>>();
    auto name = std::make_shared<std::string>();
    CLI::App *read = corpus->add_subcommand("import", "Import .txt and .jsonl files into one corpus");
    read->add_option(
            "files", *files,
            "Texts, whose stories end at <|endoftext|>, or at blank lines where a file has none; or JSON lines "
            "with the story under \"text\" or \"story\"")
        ->required();
    read->add_option("--name", *name, "Name of the corpus; default the file's");
    read->callback(
        [&context, files, name] { context.run = [&context, files, name] { import(context, *files, *name); }; });

    auto published = std::make_shared<std::string>();
    CLI::App *fetch = corpus->add_subcommand("download", "Fetch a published corpus; goes on where it was stopped");
    fetch->add_option("name", *published, "tinystories or tinystories-valid; 2.23 GB, or 22.5 MB to measure with")
        ->required();
    fetch->callback([&context, published] { context.run = [&context, published] { download(context, *published); }; });

    auto shown = std::make_shared<PreviewOptions>();
    CLI::App *look = corpus->add_subcommand("preview", "Stories of a corpus, cut into tokens");
    look->add_option("name", shown->corpus, "Corpus; default the newest");
    look->add_option("--tokenizer", shown->tokenizer, "Tokenizer; default the newest");
    look->add_option("--story", shown->story, "The first story, counted from 0")->capture_default_str();
    look->add_option("--tokens", shown->tokens, "Further stories until there are so many tokens")
        ->check(CLI::Range(1, 100'000))
        ->capture_default_str();
    look->callback([&context, shown] { context.run = [&context, shown] { preview(context, *shown); }; });

    auto gone = std::make_shared<std::string>();
    CLI::App *removal = corpus->add_subcommand("delete", "Delete a corpus for good");
    removal->add_option("name", *gone, "Corpus")->required();
    removal->callback([&context, gone] { context.run = [&context, gone] { remove(context, *gone); }; });

    corpus->add_subcommand("list", "The workspace's corpora")->callback([&context] {
        context.run = [&context] { list(context); };
    });
}

} // namespace tt::cli
