#include "core/text/bpe.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <queue>

namespace tt {

namespace {

uint64_t keyOf(int32_t left, int32_t right) {
    return (static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32U) | static_cast<uint32_t>(right);
}

/// Below this many ids, searching all pairs for the lowest rank is faster than keeping a heap.
constexpr size_t shortPiece = 48;

void mergeShort(const MergeTable &table, std::vector<int32_t> &ids) {
    uint32_t ranks[shortPiece] = {};
    size_t count = ids.size();
    for (size_t i = 0; i + 1 < count; ++i)
        ranks[i] = table.rank(ids[i], ids[i + 1]);
    while (count > 1) {
        const size_t best = static_cast<size_t>(std::min_element(ranks, ranks + count - 1) - ranks);
        if (ranks[best] == MergeTable::none)
            break;
        ids[best] = byteTokens + static_cast<int32_t>(ranks[best]);
        --count;
        for (size_t i = best + 1; i < count; ++i) {
            ids[i] = ids[i + 1];
            ranks[i - 1] = ranks[i];
        }
        ranks[best] = best + 1 < count ? table.rank(ids[best], ids[best + 1]) : MergeTable::none;
        if (best > 0)
            ranks[best - 1] = table.rank(ids[best - 1], ids[best]);
    }
    ids.resize(count);
}

/// A doubly linked list over the ids and a heap of (rank, position); entries of pairs that have gone are skipped.
class LongMerge {
public:
    LongMerge(const MergeTable &table, std::vector<int32_t> &ids) : table_(table), ids_(ids) {
        const auto count = static_cast<uint32_t>(ids.size());
        previous_.resize(count);
        next_.resize(count);
        std::vector<uint64_t> entries;
        for (uint32_t i = 0; i < count; ++i) {
            previous_[i] = i == 0 ? end : i - 1;
            next_[i] = i + 1 == count ? end : i + 1;
            if (const uint32_t rank = rankAt(i); rank != MergeTable::none)
                entries.push_back(entry(rank, i));
        }
        heap_ = Heap(std::greater<>(), std::move(entries));
    }

    void run() {
        while (!heap_.empty()) {
            const uint64_t top = heap_.top();
            heap_.pop();
            const auto rank = static_cast<uint32_t>(top >> 32U);
            const auto position = static_cast<uint32_t>(top);
            if (rankAt(position) == rank)
                mergeAt(position, rank);
        }
        compact();
    }

private:
    static constexpr uint32_t end = UINT32_MAX;
    static constexpr int32_t gone = -1;
    using Heap = std::priority_queue<uint64_t, std::vector<uint64_t>, std::greater<>>;

    static uint64_t entry(uint32_t rank, uint32_t position) { return (static_cast<uint64_t>(rank) << 32U) | position; }

    [[nodiscard]] uint32_t rankAt(uint32_t position) const {
        if (ids_[position] == gone || next_[position] == end)
            return MergeTable::none;
        return table_.rank(ids_[position], ids_[next_[position]]);
    }

    void mergeAt(uint32_t position, uint32_t rank) {
        const uint32_t right = next_[position];
        ids_[position] = byteTokens + static_cast<int32_t>(rank);
        ids_[right] = gone;
        next_[position] = next_[right];
        if (next_[position] != end)
            previous_[next_[position]] = position;
        push(position);
        if (previous_[position] != end)
            push(previous_[position]);
    }

    void push(uint32_t position) {
        if (const uint32_t rank = rankAt(position); rank != MergeTable::none)
            heap_.push(entry(rank, position));
    }

    void compact() { std::erase(ids_, gone); }

    const MergeTable &table_;
    std::vector<int32_t> &ids_;
    std::vector<uint32_t> previous_, next_;
    Heap heap_;
};

} // namespace

MergeTable::MergeTable(const MergeList &merges) : slots_(std::bit_ceil(merges.size() * 2 + 1)) {
    for (size_t i = 0; i < merges.size(); ++i) {
        const uint64_t key = keyOf(merges[i].first, merges[i].second);
        Slot &slot = slots_[slotOf(key)];
        if (slot.rank == none)
            slot = {key, static_cast<uint32_t>(i)};
    }
}

/// Where the key is, or the free slot where it belongs.
size_t MergeTable::slotOf(uint64_t key) const {
    const size_t mask = slots_.size() - 1;
    size_t at = (key * 0x9E3779B97F4A7C15U >> 32U) & mask;
    while (slots_[at].rank != none && slots_[at].key != key)
        at = (at + 1) & mask;
    return at;
}

uint32_t MergeTable::rank(int32_t left, int32_t right) const {
    return slots_.empty() ? none : slots_[slotOf(keyOf(left, right))].rank;
}

void mergeIds(const MergeTable &table, std::vector<int32_t> &ids) {
    if (ids.size() <= shortPiece)
        mergeShort(table, ids);
    else
        LongMerge(table, ids).run();
}

} // namespace tt
