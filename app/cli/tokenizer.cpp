#include "app/cli/context.h"
#include "core/io/file.h"
#include "core/text/tokenizer.h"

namespace tt::cli {

namespace {
void finish(const Context &context, const Tokenizer &tokenizer, const std::string &id) {
    context.output.result({{"kind", tokenizer.kind()}, {"vocab_size", tokenizer.vocabSize()}, {"id", id}},
                          id + ": " + tokenizer.kind() + ", " + grouped(tokenizer.vocabSize()) + " tokens");
}

void train(Context &context, int vocab, const std::string &corpus, std::string id) {
    const Workspace workspace = context.open();
    const std::string source = workspace.pickCorpus(corpus);
    const Tokenizer tokenizer = trainTokenizer(workspace.corpusText(source), vocab, context.stop, context.output.progress());
    if (id.empty())
        id = freeName("own-" + std::to_string(tokenizer.vocabSize()), workspace.tokenizers());
    checkName(id, "tokenizer");
    tokenizer.save(workspace.tokenizer(id));
    finish(context, tokenizer, id);
}

void takeGpt2(const Context &context, const std::string &files) {
    if (files.empty())
        throw Error("GPT-2's tokenizer is read from its files: --files FOLDER, with vocab.bpe and encoder.json in it.", Error::Kind::Usage);
    const Workspace workspace = context.create();
    const Tokenizer tokenizer = Tokenizer::gpt2(files);
    const std::string id = freeName("gpt2", workspace.tokenizers());
    tokenizer.save(workspace.tokenizer(id));
    finish(context, tokenizer, id);
}

Tokenizer load(const Context &context, const std::string &id) {
    const Workspace workspace = context.open();
    return Tokenizer::load(workspace.tokenizer(workspace.pickTokenizer(id)));
}

void encode(const Context &context, const std::string &text, const std::string &file, bool special, const std::string &id) {
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
    training->add_option("--vocab", o->vocab, "Tokens, end-of-text included")->check(CLI::Range(257, 65536))->capture_default_str();
    training->add_option("--corpus", o->corpus, "Corpus; default the newest");
    training->add_option("--id", o->id, "Name of the tokenizer");
    training->callback([&context, o] { context.run = [&context, o] { train(context, o->vocab, o->corpus, o->id); }; });

    CLI::App *gpt2 = group->add_subcommand("gpt2", "Take GPT-2's tokenizer");
    gpt2->add_option("--files", o->files, "Folder with vocab.bpe and encoder.json");
    gpt2->callback([&context, o] { context.run = [&context, o] { takeGpt2(context, o->files); }; });

    CLI::App *encoding = group->add_subcommand("encode", "Text to token ids");
    encoding->add_option("text", o->text, "The text");
    encoding->add_option("--file", o->file, "Encode a file, every byte of it as ordinary text");
    encoding->add_flag("--special", o->special, "With --file: read <|endoftext|> as the end-of-text token, as in TEXT");
    encoding->add_option("--id", o->id, "Tokenizer; default the newest");
    encoding->callback([&context, o] { context.run = [&context, o] { encode(context, o->text, o->file, o->special, o->id); }; });

    CLI::App *decoding = group->add_subcommand("decode", "Token ids to text");
    decoding->add_option("ids", o->ids, "Token ids")->required()->delimiter(',');
    decoding->add_option("--id", o->id, "Tokenizer; default the newest");
    decoding->callback([&context, o] { context.run = [&context, o] { decode(context, o->ids, o->id); }; });
}

} // namespace tt::cli
