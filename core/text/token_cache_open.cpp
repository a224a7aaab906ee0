#include "core/io/safetensors.h"
#include "core/text/corpus.h"
#include "core/text/token_cache_impl.h"

#include <charconv>

namespace tt {

namespace fs = std::filesystem;

namespace {

constexpr const char *formatVersion = "1";

std::string modificationTime(const fs::path &file) {
    return std::to_string(fs::last_write_time(file).time_since_epoch().count());
}

std::string tokenizerHash(const fs::path &folder) {
    const fs::path own = folder / "tokenizer.json";
    return sha256OfFile(fs::exists(own) ? own : folder / "vocab.bpe");
}

/// The number under `key`, or −1.
int64_t numberAt(const std::map<std::string, std::string> &metadata, const std::string &key) {
    const auto found = metadata.find(key);
    if (found == metadata.end())
        return -1;
    int64_t number = -1;
    const char *end = found->second.data() + found->second.size();
    const auto [at, error] = std::from_chars(found->second.data(), end, number);
    return error == std::errc() && at == end ? number : -1;
}

bool holdsAll(const std::map<std::string, std::string> &metadata, const std::map<std::string, std::string> &wanted) {
    for (const auto &[key, value] : wanted) {
        const auto found = metadata.find(key);
        if (found == metadata.end() || found->second != value)
            return false;
    }
    return true;
}

std::shared_ptr<const OpenTokens> viewOf(const std::shared_ptr<const SafetensorsFile> &file) {
    const TensorView *tokens = file->find("tokens");
    if (tokens == nullptr || tokens->shape.size() != 1 || (tokens->dtype != DType::U16 && tokens->dtype != DType::U32))
        return nullptr;
    auto open = std::make_shared<OpenTokens>();
    open->size = tokens->shape[0];
    open->trainTokens = numberAt(file->metadata(), "train_tokens");
    open->heldOutBytes = numberAt(file->metadata(), "held_out_bytes");
    open->vocabSize = static_cast<int>(numberAt(file->metadata(), "vocab_size"));
    const void *data = tokens->data.data();
    if (tokens->dtype == DType::U16)
        open->narrow = static_cast<const uint16_t *>(data);
    else
        open->wide = static_cast<const uint32_t *>(data);
    open->file = file;
    const bool makesSense = open->size > 0 && open->trainTokens >= 0 && open->trainTokens <= open->size &&
                            open->heldOutBytes >= 0 && open->vocabSize > 0;
    return makesSense ? open : nullptr;
}

} // namespace

TokenCacheSource describeTokenCache(const Workspace &workspace, const std::string &corpus,
                                    const std::string &tokenizer) {
    const CorpusInfo info = readCorpusInfo(workspace, corpus);
    TokenCacheSource source{corpus,
                            tokenizer,
                            workspace.corpusText(corpus),
                            workspace.tokenizer(tokenizer),
                            workspace.tokens(corpus, tokenizer),
                            {}};
    if (!fs::is_directory(source.tokenizerFolder))
        throw Error("There is no tokenizer named " + tokenizer + " in " + workspace.folder().string() +
                    ". Train one, or take GPT-2's, first.");
    if (!fs::is_regular_file(source.text))
        throw Error("The text of the corpus " + info.name + " is missing: " + source.text.string() +
                    ". Import or generate it again.");
    source.identity = {{"version", formatVersion},
                       {"corpus", corpus},
                       {"corpus_bytes", std::to_string(fs::file_size(source.text))},
                       {"corpus_time", modificationTime(source.text)},
                       {"tokenizer", tokenizer},
                       {"tokenizer_sha256", tokenizerHash(source.tokenizerFolder)}};
    return source;
}

std::shared_ptr<const OpenTokens> openTokens(const TokenCacheSource &source) {
    if (!fs::exists(source.cache))
        return nullptr;
    try {
        const auto file = std::make_shared<const SafetensorsFile>(source.cache);
        return holdsAll(file->metadata(), source.identity) ? viewOf(file) : nullptr;
    } catch (const Error &) {
        return nullptr; // a cache that cannot be read is made anew
    }
}

} // namespace tt
