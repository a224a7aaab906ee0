#include "core/text/tokenizer.h"
#include "app/cli/context.h"
#include "core/circuits/graph_text.h"
#include "core/io/file.h"
#include "core/text/published.h"
#include "core/text/token_statistics.h"

namespace tt::cli {

namespace {
void finish(const Context &context, const Tokenizer &tokenizer, const std::string &id) {
    context.output.result({{"kind", tokenizer.kind()}, {"vocab_size", tokenizer.vocabSize()}, {"id", id}},
                          id + ": " + tokenizer.kind() + ", " + grouped(tokenizer.vocabSize()) + " tokens");
}

void train(Context &context, int vocab, const std::string &corpus, std::string id) {
    const Workspace workspace = context.open();
    workspace.requireWritable();
    const std::string source = workspace.pickCorpus(corpus);
    const Tokenizer tokenizer =
        trainTokenizer(workspace.corpusText(source), vocab, context.stop, context.output.progress());
    if (id.empty())
        id = freeName("own-" + std::to_string(tokenizer.vocabSize()), workspace.tokenizers());
    checkName(id, "tokenizer");
    tokenizer.save(workspace.tokenizer(id));
    finish(context, tokenizer, id);
}

void takeGpt2(Context &context, const std::string &files) {
    const Workspace workspace = context.create();
    if (files.empty()) {
        const std::string id =
            downloadGpt2Tokenizer(workspace, publishedGpt2Files(), context.stop, context.output.progress());
        finish(context, Tokenizer::load(workspace.tokenizer(id)), id);
        return;
    }
    workspace.requireWritable();
    const Tokenizer tokenizer = Tokenizer::gpt2(files);
    const std::string id = freeName("gpt2", workspace.tokenizers());
    tokenizer.save(workspace.tokenizer(id));
    finish(context, tokenizer, id);
}

Tokenizer load(const Context &context, const std::string &id) {
    const Workspace workspace = context.open();
    return Tokenizer::load(workspace.tokenizer(workspace.pickTokenizer(id)));
}

void encode(const Context &context, const std::string &text, const std::string &file, bool special,
            const std::string &id) {
    const Tokenizer tokenizer = load(context, id);
    const std::vector<int32_t> ids = file.empty() ? tokenizer.encode(text)
                                     : special    ? tokenizer.encode(readFile(file))
                                                  : tokenizer.encodeOrdinary(readFile(file));
    Json tokens = Json::array();
    std::string shown;
    for (const int32_t each : ids) {
        tokens.push_back(tokenJson(tokenizer.text(each), tokenizer.bytes(each)));
        shown += (shown.empty() ? "" : " ") + std::to_string(each);
    }
    context.output.result({{"ids", ids}, {"tokens", tokens}}, shown);
}

void decode(const Context &context, const std::vector<int32_t> &ids, const std::string &id) {
    const std::string text = load(context, id).decode(ids);
    context.output.result({{"text", text}}, text);
}

struct StatisticsOptions {
    std::string id, corpus;
    bool all = false;
    size_t most = 20;
};

std::string sentence(const TokenStatistics &s, int vocabulary) {
    std::string text = s.tokenizer + " on " + s.corpus + ": " + (s.complete ? "" : "about ") +
                       grouped(static_cast<double>(s.corpusTokens())) + " tokens, " + figures(s.bytesPerToken()) +
                       " bytes a token, " + figures(s.tokensPerStory()) + " tokens a story, " + grouped(s.used()) +
                       " of " + grouped(vocabulary) + " tokens used";
    if (!s.complete)
        text += " in a sample of " + grouped(static_cast<double>(s.stories)) + " of " +
                grouped(static_cast<double>(s.corpusStories)) + " stories (--all counts every story)";
    return text + ".\n";
}

void statistics(Context &context, const StatisticsOptions &options) {
    const Workspace workspace = context.open();
    const std::string id = workspace.pickTokenizer(options.id);
    const Tokenizer tokenizer = Tokenizer::load(workspace.tokenizer(id));
    const TokenStatistics s =
        tokenStatistics(workspace, workspace.pickCorpus(options.corpus), id, options.all ? 0 : statisticsSample,
                        context.stop, context.output.progress());
    Json frequent = Json::array();
    std::string text = sentence(s, tokenizer.vocabSize());
    for (const int32_t each : s.mostFrequent(options.most)) {
        const int64_t count = s.counts[static_cast<size_t>(each)];
        const double share = static_cast<double>(count) / static_cast<double>(s.tokens);
        frequent.push_back({{"id", each},
                            {"token", tokenJson(tokenizer.text(each), tokenizer.bytes(each))},
                            {"count", count},
                            {"share", share}});
        text += "  " + figures(100 * share) + " %  " + visibleText(tokenizer.bytes(each), Spaces::Show) + "\n";
    }
    context.output.result({{"tokenizer", s.tokenizer},
                           {"corpus", s.corpus},
                           {"complete", s.complete},
                           {"tokens", s.corpusTokens()},
                           {"stories", s.corpusStories},
                           {"counted_stories", s.stories},
                           {"counted_tokens", s.tokens},
                           {"counted_bytes", s.bytes},
                           {"bytes_per_token", s.bytesPerToken()},
                           {"tokens_per_story", s.tokensPerStory()},
                           {"vocab_size", tokenizer.vocabSize()},
                           {"used", s.used()},
                           {"most_frequent", frequent}},
                          text);
}
} // namespace

void addTokenizer(CLI::App &app, Context &context) {
    CLI::App *group = app.add_subcommand("tokenizer", "How text is cut into tokens");
    group->require_subcommand(1);
    struct Options {
        int vocab = 4096;
        std::string corpus, id, files, text, file;
        std::vector<int32_t> ids;
        bool special = false;
    };
    auto o = std::make_shared<Options>();

    CLI::App *training = group->add_subcommand("train", "Learn a byte-level BPE from a corpus");
    training->add_option("--vocab", o->vocab, "Tokens, end-of-text included")
        ->check(CLI::Range(257, 65536))
        ->capture_default_str();
    training->add_option("--corpus", o->corpus, "Corpus; default the newest");
    training->add_option("--id", o->id, "Name of the tokenizer");
    training->callback([&context, o] { context.run = [&context, o] { train(context, o->vocab, o->corpus, o->id); }; });

    CLI::App *gpt2 = group->add_subcommand("gpt2", "Take GPT-2's tokenizer");
    gpt2->add_option("--files", o->files, "Folder with vocab.bpe and encoder.json; without, they are downloaded");
    gpt2->callback([&context, o] { context.run = [&context, o] { takeGpt2(context, o->files); }; });

    auto counted = std::make_shared<StatisticsOptions>();
    CLI::App *counting = group->add_subcommand("stats", "How a tokenizer cuts a corpus: counts, bytes a token");
    counting->add_option("--id", counted->id, "Tokenizer; default the newest");
    counting->add_option("--corpus", counted->corpus, "Corpus; default the newest");
    counting->add_option("--top", counted->most, "How many of the most frequent tokens")->capture_default_str();
    counting->add_flag("--all", counted->all, "Count every story of a large corpus, not a sample of 16 MB");
    counting->callback([&context, counted] { context.run = [&context, counted] { statistics(context, *counted); }; });

    CLI::App *encoding = group->add_subcommand("encode", "Text to token ids");
    encoding->add_option("text", o->text, "The text");
    encoding->add_option("--file", o->file, "Encode a file, every byte of it as ordinary text");
    encoding->add_flag("--special", o->special, "With --file: read <|endoftext|> as the end-of-text token, as in TEXT");
    encoding->add_option("--id", o->id, "Tokenizer; default the newest");
    encoding->callback(
        [&context, o] { context.run = [&context, o] { encode(context, o->text, o->file, o->special, o->id); }; });

    CLI::App *decoding = group->add_subcommand("decode", "Token ids to text");
    decoding->add_option("ids", o->ids, "Token ids")->required()->delimiter(',');
    decoding->add_option("--id", o->id, "Tokenizer; default the newest");
    decoding->callback([&context, o] { context.run = [&context, o] { decode(context, o->ids, o->id); }; });
}

} // namespace tt::cli
