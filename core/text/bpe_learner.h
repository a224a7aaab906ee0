#pragma once

#include "core/text/bpe.h"

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace tt {

/// Learns merges from pieces and how often each occurs (Sennrich et al. 2016, on bytes). Pair counts are kept up to
/// date merge by merge, in a heap whose outdated entries are skipped; an index leads from a pair to the words that hold
/// it. A pair counts once for each place where its two ids stand side by side, so "aaa" holds (a, a) twice.
class BpeLearner {
public:
    explicit BpeLearner(const std::unordered_map<std::string, int64_t> &pieces);
    /// Adds the most frequent pair to the list (of equals, the smaller pair of ids). False where no pair is left.
    bool learnMerge();
    [[nodiscard]] const MergeList &merges() const { return merges_; }

private:
    struct Word {
        std::vector<int32_t> ids;
        int64_t count = 0;
    };
    struct Pair {
        int64_t count = 0;
        std::vector<uint32_t> words; ///< may name a word twice, or one that has lost the pair
        bool changed = false;
    };
    struct Candidate {
        int64_t count = 0;
        uint64_t key = 0;
        bool operator<(const Candidate &other) const {
            return count != other.count ? count < other.count : key > other.key;
        }
    };

    void addPairs(uint32_t word, int64_t sign);
    void change(uint64_t key, uint32_t word, int64_t difference);
    void offerChanged();
    void mergeInWord(uint32_t word, uint64_t key, int32_t token);

    std::vector<Word> words_;
    std::unordered_map<uint64_t, Pair> pairs_;
    std::vector<uint64_t> changed_;
    std::vector<Candidate> heap_;
    MergeList merges_;
};

} // namespace tt
