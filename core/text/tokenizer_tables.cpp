#include "core/text/tokenizer_tables.h"

#include "core/error.h"
#include "core/text/corpus.h"

#include <numeric>

namespace tt {

namespace {

constexpr size_t longestToken = 65536;
constexpr size_t largestPool = size_t{256} << 20U; ///< all tokens together: a short file can name endless ones

void checkMerge(size_t index, const std::pair<int32_t, int32_t> &merge) {
    const auto known = byteTokens + static_cast<int32_t>(index);
    if (merge.first >= 0 && merge.first < known && merge.second >= 0 && merge.second < known)
        return;
    throw Error("Merge " + std::to_string(index) + " of the tokenizer joins tokens " + std::to_string(merge.first) +
                " and " + std::to_string(merge.second) + ", but only ids 0 to " + std::to_string(known - 1) +
                " exist at that point.");
}

} // namespace

TokenizerTables::TokenizerTables(std::string tokenizerKind, const std::array<int32_t, 256> &idsOfBytes,
                                 MergeList mergeList)
    : kind(std::move(tokenizerKind)), byteIds(idsOfBytes), merges(std::move(mergeList)), ranks(merges) {
    pool.resize(byteIds.size());
    for (size_t byte = 0; byte < byteIds.size(); ++byte)
        pool[static_cast<size_t>(byteIds[byte])] = static_cast<char>(byte);
    offsets.resize(byteIds.size() + 1);
    std::iota(offsets.begin(), offsets.end(), size_t{0});
    for (size_t i = 0; i < merges.size(); ++i) {
        checkMerge(i, merges[i]);
        if (ranks.rank(merges[i].first, merges[i].second) != i)
            throw Error("Merge " + std::to_string(i) + " of the tokenizer repeats an earlier one.");
        const std::string token = std::string(bytes(merges[i].first)).append(bytes(merges[i].second));
        if (token.size() > longestToken)
            throw Error("Merge " + std::to_string(i) + " of the tokenizer makes a token of " +
                        std::to_string(token.size()) + " bytes; at most 65,536 are allowed.");
        pool += token;
        offsets.push_back(pool.size());
        if (pool.size() > largestPool)
            throw Error("The tokens of the tokenizer have more than 256 MB together.");
    }
    pool += endOfTextMark;
    offsets.push_back(pool.size());
    ids.reserve(offsets.size());
    for (int32_t id = 0; id < vocabSize(); ++id)
        ids.emplace(bytes(id), id);
}

std::string_view TokenizerTables::bytes(int32_t id) const {
    const auto at = static_cast<size_t>(id);
    return std::string_view(pool).substr(offsets[at], offsets[at + 1] - offsets[at]);
}

std::shared_ptr<const TokenizerTables> makeOwnTables(MergeList merges) {
    std::array<int32_t, 256> identity{};
    std::iota(identity.begin(), identity.end(), 0);
    return std::make_shared<const TokenizerTables>("bpe", identity, std::move(merges));
}

} // namespace tt
