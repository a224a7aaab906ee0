#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace tt {

using MergeList = std::vector<std::pair<int32_t, int32_t>>;

inline constexpr int32_t byteTokens = 256; ///< merge i makes token byteTokens + i

/// Finds the place of a pair of token ids in the merge list. Immutable after construction.
class MergeTable {
public:
    static constexpr uint32_t none = UINT32_MAX;

    MergeTable() = default;
    explicit MergeTable(const MergeList &merges);
    /// The pair's index in the list, or `none`.
    [[nodiscard]] uint32_t rank(int32_t left, int32_t right) const;

private:
    struct Slot {
        uint64_t key = 0;
        uint32_t rank = none;
    };
    [[nodiscard]] size_t slotOf(uint64_t key) const;
    std::vector<Slot> slots_; ///< open addressing, a power of two, at most half full
};

/// Merges adjacent ids in the order of the list until no pair of it is left: the lowest rank first, then the leftmost.
/// `ids` is changed in place. O(n log n), for n up to 2^31.
void mergeIds(const MergeTable &table, std::vector<int32_t> &ids);

} // namespace tt
