#include "core/io/file.h"
#include "core/io/json_impl.h"
#include "core/text/tokenizer_tables.h"

namespace tt {

namespace {

constexpr size_t gpt2Merges = 50000;
constexpr size_t largestFile = size_t{64} << 20U;

std::string readChecked(const std::filesystem::path &file, std::string_view sha) {
    if (sha256OfFile(file) != sha)
        throw Error(file.string() + " is not the file that OpenAI published for GPT-2: its sha256 differs. Fetch it "
                                    "again.");
    return readFile(file, largestFile);
}

/// GPT-2's files write a byte as a printable character: the byte itself where it is one, else U+0100 upwards.
struct PrintableBytes {
    std::array<int32_t, 256> order{};    ///< byte → its token id
    std::array<uint8_t, 0x200> byteOf{}; ///< code point → byte

    PrintableBytes() {
        int32_t next = 0;
        const auto assign = [&](unsigned byte, unsigned codePoint) {
            order[byte] = next++;
            byteOf[codePoint] = static_cast<uint8_t>(byte);
        };
        const auto printable = [](unsigned byte) {
            return (byte > 0x20 && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
        };
        for (unsigned byte = 0; byte < 256; ++byte) {
            if (printable(byte))
                assign(byte, byte);
        }
        unsigned other = 0x100;
        for (unsigned byte = 0; byte < 256; ++byte) {
            if (!printable(byte))
                assign(byte, other++);
        }
    }

    /// The bytes behind printable characters of one or two UTF-8 bytes each.
    [[nodiscard]] std::string decode(std::string_view text) const {
        std::string bytes;
        for (size_t at = 0; at < text.size();) {
            const auto lead = static_cast<unsigned char>(text[at++]);
            unsigned codePoint = lead;
            if (lead >= 0x80 && at < text.size())
                codePoint = ((lead & 0x1FU) << 6U) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
            bytes += static_cast<char>(byteOf[codePoint & 0x1FFU]);
        }
        return bytes;
    }
};

/// Bytes of a token → its id, from encoder.json.
std::unordered_map<std::string, int32_t> readEncoder(const std::string &text, const PrintableBytes &printable) {
    std::unordered_map<std::string, int32_t> ids;
    const Json encoder = Json::parse(text);
    for (const auto &[token, id] : encoder.items())
        ids.emplace(printable.decode(token), id.get<int32_t>());
    return ids;
}

/// The lines "left right" of vocab.bpe as pairs of ids.
MergeList readMergeLines(std::string_view text, const PrintableBytes &printable,
                         const std::unordered_map<std::string, int32_t> &ids) {
    MergeList merges;
    text.remove_prefix(text.find('\n') + 1); // "#version: 0.2"
    while (!text.empty() && merges.size() < gpt2Merges) {
        const std::string_view line = text.substr(0, text.find('\n'));
        const size_t gap = line.find(' ');
        merges.emplace_back(ids.at(printable.decode(line.substr(0, gap))),
                            ids.at(printable.decode(line.substr(gap + 1))));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return merges;
}

int32_t idIn(const std::filesystem::path &file, const Json &pair, size_t which) {
    if (!pair.is_array() || pair.size() != 2 || !pair[which].is_number_unsigned() ||
        pair[which].get<uint64_t>() > INT32_MAX)
        throw Error(file.string() +
                    R"( is damaged: "merges" must hold pairs of token ids. Train the tokenizer again.)");
    return pair[which].get<int32_t>();
}

MergeList mergesIn(const std::filesystem::path &file, const Json &document) {
    const auto merges = document.find("merges");
    if (merges == document.end() || !merges->is_array() || merges->size() > 65536)
        throw Error(file.string() + R"( is damaged: it has no list "merges". Train the tokenizer again.)");
    MergeList pairs;
    pairs.reserve(merges->size());
    for (const Json &pair : *merges)
        pairs.emplace_back(idIn(file, pair, 0), idIn(file, pair, 1));
    return pairs;
}

std::string ownText(const TokenizerTables &tables) {
    std::string text = "{\"version\":1,\"kind\":\"bpe\",\"merges\":[";
    for (size_t i = 0; i < tables.merges.size(); ++i) {
        text += i == 0 ? "\n" : ",\n";
        text += '[' + std::to_string(tables.merges[i].first) + ',' + std::to_string(tables.merges[i].second) + ']';
    }
    return text + "\n]}\n";
}

} // namespace

std::shared_ptr<const TokenizerTables> readGpt2Tables(const std::filesystem::path &folder) {
    std::string vocabBpe = readChecked(folder / "vocab.bpe", gpt2VocabBpeSha256);
    std::string encoderJson = readChecked(folder / "encoder.json", gpt2EncoderSha256);
    const PrintableBytes printable;
    const auto ids = readEncoder(encoderJson, printable);
    auto tables = std::make_shared<TokenizerTables>("gpt2", printable.order, readMergeLines(vocabBpe, printable, ids));
    tables->vocabBpe = std::move(vocabBpe);
    tables->encoderJson = std::move(encoderJson);
    return tables;
}

std::shared_ptr<const TokenizerTables> readOwnTables(const std::filesystem::path &file) {
    const std::string path = file.string();
    const Json document = parseJsonObject(readFile(file, largestFile), path);
    if (member<std::string>(document, "kind", path) != "bpe")
        throw Error(path + " holds another kind of tokenizer than this program knows (\"bpe\").");
    if (member<int>(document, "version", path) != 1)
        throw Error(path + " was written by a newer TinyTranscoder. Use that one, or train a tokenizer here.");
    try {
        return makeOwnTables(mergesIn(file, document));
    } catch (const Error &error) {
        throw Error(path + ": " + error.what());
    }
}

void writeTables(const TokenizerTables &tables, const std::filesystem::path &folder) {
    namespace fs = std::filesystem;
    if (fs::exists(folder))
        throw Error("There is a tokenizer in " + folder.string() + " already; tokenizers are never overwritten.");
    const fs::path partial = folder.parent_path() / ("." + folder.filename().string() + ".partial");
    try {
        fs::remove_all(partial);
        fs::create_directories(partial);
        if (tables.kind == "gpt2") {
            writeFileAtomically(partial / "vocab.bpe", tables.vocabBpe);
            writeFileAtomically(partial / "encoder.json", tables.encoderJson);
        } else {
            writeFileAtomically(partial / "tokenizer.json", ownText(tables));
        }
        fs::rename(partial, folder);
    } catch (const fs::filesystem_error &error) {
        throw Error("The tokenizer cannot be written to " + folder.string() + ": " + error.code().message() + ".");
    }
}

} // namespace tt
