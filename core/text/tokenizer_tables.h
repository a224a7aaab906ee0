#pragma once

#include "core/text/bpe.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tt {

/// Of the files that OpenAI publishes.
inline constexpr std::string_view gpt2VocabBpeSha256 =
    "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5";
inline constexpr std::string_view gpt2EncoderSha256 =
    "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783";

/// What a tokenizer is made of. Never changed once built, and not copied: `ids` views into `pool`.
struct TokenizerTables {
    /// `byteIds[b]` is the token of byte b; ids 0 … 255 are the bytes in some order. Throws Error where a merge names
    /// an id that does not exist yet, stands twice, or makes a token of more than 65,536 bytes.
    TokenizerTables(std::string tokenizerKind, const std::array<int32_t, 256> &idsOfBytes, MergeList mergeList);
    TokenizerTables(const TokenizerTables &) = delete;
    TokenizerTables &operator=(const TokenizerTables &) = delete;

    [[nodiscard]] int vocabSize() const { return byteTokens + static_cast<int>(merges.size()) + 1; }
    [[nodiscard]] int32_t endOfText() const { return vocabSize() - 1; }
    [[nodiscard]] std::string_view bytes(int32_t id) const;

    std::string kind;
    std::array<int32_t, 256> byteIds;
    MergeList merges;
    MergeTable ranks;
    std::string pool;            ///< the bytes of all tokens, one after another
    std::vector<size_t> offsets; ///< token id → begin in `pool`; one more than tokens
    std::unordered_map<std::string_view, int32_t> ids;
    std::string vocabBpe, encoderJson; ///< the two files as they were read, for GPT-2's
};

/// GPT-2's from its two files, whose sha256 is checked.
std::shared_ptr<const TokenizerTables> readGpt2Tables(const std::filesystem::path &folder);
/// From tokenizer.json: {"version": 1, "kind": "bpe", "merges": [[left id, right id], …]}.
std::shared_ptr<const TokenizerTables> readOwnTables(const std::filesystem::path &file);
/// Bytes 0 … 255 as ids 0 … 255, then the merges.
std::shared_ptr<const TokenizerTables> makeOwnTables(MergeList merges);
/// Writes the files that the readers read into a folder that must not exist; it appears whole or not at all.
void writeTables(const TokenizerTables &tables, const std::filesystem::path &folder);

} // namespace tt
