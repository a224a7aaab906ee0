#pragma once

#include "core/progress.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tt {

/// Byte-level BPE (Radford et al. 2019): text is cut by GPT-2's pattern, each piece becomes bytes, bytes are merged in
/// the order of the merge list. Every byte is a token, so any bytes can be encoded and decode(encode(x)) == x.
/// A handle to immutable data: copies share it, every function may be called from any thread.
class Tokenizer {
public:
    /// From a folder of a workspace: tokenizer.json, or vocab.bpe + encoder.json. Throws Error where it is damaged.
    static Tokenizer load(const std::filesystem::path &folder);
    /// GPT-2's own (50,257 tokens) from a folder with vocab.bpe and encoder.json, whose sha256 must be OpenAI's.
    static Tokenizer gpt2(const std::filesystem::path &folder);
    /// From merges: pairs of token ids, merge i makes token 256 + i; the last id, 256 + merges, is end-of-text.
    /// Ids 0 … 255 are the bytes. Throws Error where a pair names an id that does not exist yet.
    static Tokenizer fromMerges(std::vector<std::pair<int32_t, int32_t>> merges);

    /// Writes tokenizer.json (own) or the two files (GPT-2's) into a folder that must not exist yet.
    void save(const std::filesystem::path &folder) const;

    [[nodiscard]] std::string kind() const; ///< "bpe" or "gpt2"
    [[nodiscard]] int vocabSize() const;
    [[nodiscard]] int32_t endOfText() const;
    /// The bytes of a token ("<|endoftext|>" for the special one).
    [[nodiscard]] std::string_view bytes(int32_t id) const;
    /// The two tokens that were merged into this one; nothing for a byte and for end-of-text.
    [[nodiscard]] std::optional<std::pair<int32_t, int32_t>> parts(int32_t id) const;
    /// The token as text: its bytes if they are UTF-8, else their hex as ⟨E2 80⟩.
    [[nodiscard]] std::string text(int32_t id) const;

    /// <|endoftext|> in the text becomes the one special token.
    [[nodiscard]] std::vector<int32_t> encode(std::string_view text) const;
    /// <|endoftext|> in the text is text like any other (GPT-2's seven tokens, as tiktoken's encode_ordinary).
    [[nodiscard]] std::vector<int32_t> encodeOrdinary(std::string_view text) const;
    /// Throws Error(Usage) for an id outside 0 … vocabSize() − 1.
    [[nodiscard]] std::string decode(std::span<const int32_t> ids) const;
    /// The single token that is exactly these bytes, or −1.
    [[nodiscard]] int32_t find(std::string_view bytes) const;

private:
    struct Data;
    explicit Tokenizer(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
    std::shared_ptr<const Data> data_;
};

/// Learns a byte-level BPE of `vocabSize` tokens (257 … 65,536, end-of-text included) from a text of stories: the most
/// frequent pair is merged first, ties go to the smaller pair of ids, so the result is deterministic. A text with too
/// few different pairs gives a smaller vocabulary. Throws Error where the text is empty.
Tokenizer trainTokenizer(const std::filesystem::path &corpusText, int vocabSize, std::stop_token stop,
                         const ProgressSink &progress);

} // namespace tt
