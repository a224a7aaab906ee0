#include "core/text/tokenizer.h"

#include "core/text/corpus.h"
#include "core/text/pieces.h"
#include "core/text/tokenizer_tables.h"
#include "core/text/utf8.h"

#include <cstdio>

namespace tt {

struct Tokenizer::Data {
    std::shared_ptr<const TokenizerTables> tables;
};

namespace {

/// Encodes the pieces of one text and remembers the short ones, since a text has few different words.
class Encoder {
public:
    Encoder(const TokenizerTables &tables, std::vector<int32_t> &out) : tables_(tables), out_(out) {}

    /// `text` must outlive the encoder: the cache's keys are views into it.
    void append(std::string_view text) {
        cursor_.restart(text);
        std::string_view piece;
        while (cursor_.next(piece))
            appendPiece(piece);
    }

private:
    static constexpr size_t longestRemembered = 64;
    static constexpr size_t mostRemembered = size_t{1} << 17U;
    struct Range {
        uint32_t begin = 0, count = 0;
    };

    void appendPiece(std::string_view piece) {
        if (piece.size() > longestRemembered) {
            const std::vector<int32_t> &ids = merged(piece);
            out_.insert(out_.end(), ids.begin(), ids.end());
            return;
        }
        if (const auto known = words_.find(piece); known != words_.end()) {
            const auto begin = wordIds_.begin() + known->second.begin;
            out_.insert(out_.end(), begin, begin + known->second.count);
            return;
        }
        const std::vector<int32_t> &ids = merged(piece);
        out_.insert(out_.end(), ids.begin(), ids.end());
        if (words_.size() < mostRemembered) {
            words_.emplace(piece, Range{static_cast<uint32_t>(wordIds_.size()), static_cast<uint32_t>(ids.size())});
            wordIds_.insert(wordIds_.end(), ids.begin(), ids.end());
        }
    }

    const std::vector<int32_t> &merged(std::string_view piece) {
        scratch_.clear();
        for (const char byte : piece)
            scratch_.push_back(tables_.byteIds[static_cast<unsigned char>(byte)]);
        mergeIds(tables_.ranks, scratch_);
        return scratch_;
    }

    const TokenizerTables &tables_;
    std::vector<int32_t> &out_;
    PieceCursor cursor_{{}};
    std::unordered_map<std::string_view, Range> words_;
    std::vector<int32_t> wordIds_, scratch_;
};

std::string hexOf(std::string_view bytes) {
    std::string text = "⟨";
    for (size_t i = 0; i < bytes.size(); ++i) {
        char hex[4] = {};
        std::snprintf(hex, sizeof hex, "%02X", static_cast<unsigned>(static_cast<unsigned char>(bytes[i])));
        text += (i == 0 ? "" : " ");
        text += hex;
    }
    return text + "⟩";
}

} // namespace

Tokenizer Tokenizer::load(const std::filesystem::path &folder) {
    if (std::filesystem::exists(folder / "tokenizer.json"))
        return Tokenizer(std::make_shared<const Data>(Data{readOwnTables(folder / "tokenizer.json")}));
    if (std::filesystem::exists(folder / "vocab.bpe"))
        return gpt2(folder);
    throw Error("There is no tokenizer in " + folder.string() +
                ": neither tokenizer.json nor vocab.bpe with encoder.json. Train a tokenizer, or take GPT-2's.");
}

Tokenizer Tokenizer::gpt2(const std::filesystem::path &folder) {
    return Tokenizer(std::make_shared<const Data>(Data{readGpt2Tables(folder)}));
}

Tokenizer Tokenizer::fromMerges(std::vector<std::pair<int32_t, int32_t>> merges) {
    return Tokenizer(std::make_shared<const Data>(Data{makeOwnTables(std::move(merges))}));
}

void Tokenizer::save(const std::filesystem::path &folder) const {
    writeTables(*data_->tables, folder);
}

std::string Tokenizer::kind() const {
    return data_->tables->kind;
}

int Tokenizer::vocabSize() const {
    return data_->tables->vocabSize();
}

int32_t Tokenizer::endOfText() const {
    return data_->tables->endOfText();
}

std::string_view Tokenizer::bytes(int32_t id) const {
    if (id < 0 || id >= vocabSize())
        throw Error("There is no token " + std::to_string(id) + ": this tokenizer has ids 0 to " +
                        std::to_string(vocabSize() - 1) + ".",
                    Error::Kind::Usage);
    return data_->tables->bytes(id);
}

std::optional<std::pair<int32_t, int32_t>> Tokenizer::parts(int32_t id) const {
    if (bytes(id).size() < 2 || id == endOfText())
        return std::nullopt;
    return data_->tables->merges[static_cast<size_t>(id - byteTokens)];
}

std::string Tokenizer::text(int32_t id) const {
    const std::string_view token = bytes(id);
    return isUtf8(token) ? std::string(token) : hexOf(token);
}

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
    std::vector<int32_t> ids;
    ids.reserve(text.size() / 4 + 8);
    Encoder encoder(*data_->tables, ids);
    while (true) {
        const size_t mark = text.find(endOfTextMark);
        encoder.append(text.substr(0, mark));
        if (mark == std::string_view::npos)
            return ids;
        ids.push_back(endOfText());
        text.remove_prefix(mark + endOfTextMark.size());
    }
}

std::vector<int32_t> Tokenizer::encodeOrdinary(std::string_view text) const {
    std::vector<int32_t> ids;
    ids.reserve(text.size() / 4 + 8);
    Encoder(*data_->tables, ids).append(text);
    return ids;
}

std::string Tokenizer::decode(std::span<const int32_t> ids) const {
    std::string text;
    for (const int32_t id : ids)
        text += bytes(id);
    return text;
}

int32_t Tokenizer::find(std::string_view bytes) const {
    const auto found = data_->tables->ids.find(bytes);
    return found == data_->tables->ids.end() ? -1 : found->second;
}

} // namespace tt
