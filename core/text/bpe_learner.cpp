#include "core/text/bpe_learner.h"

#include <algorithm>

namespace tt {

namespace {

uint64_t keyOf(int32_t left, int32_t right) {
    return (static_cast<uint64_t>(left) << 32U) | static_cast<uint64_t>(right);
}

} // namespace

BpeLearner::BpeLearner(const std::unordered_map<std::string, int64_t> &pieces) {
    words_.reserve(pieces.size());
    for (const auto &[piece, count] : pieces) {
        Word word{{}, count};
        for (const char byte : piece)
            word.ids.push_back(static_cast<unsigned char>(byte));
        words_.push_back(std::move(word));
        addPairs(static_cast<uint32_t>(words_.size() - 1), 1);
    }
    offerChanged();
}

void BpeLearner::addPairs(uint32_t word, int64_t sign) {
    const auto &[ids, count] = words_[word];
    for (size_t i = 0; i + 1 < ids.size(); ++i)
        change(keyOf(ids[i], ids[i + 1]), word, sign * count);
}

void BpeLearner::change(uint64_t key, uint32_t word, int64_t difference) {
    Pair &pair = pairs_[key];
    pair.count += difference;
    if (difference > 0 && (pair.words.empty() || pair.words.back() != word))
        pair.words.push_back(word);
    if (!pair.changed)
        changed_.push_back(key);
    pair.changed = true;
}

void BpeLearner::offerChanged() {
    for (const uint64_t key : changed_) {
        Pair &pair = pairs_.at(key);
        pair.changed = false;
        if (pair.count == 0) {
            pairs_.erase(key);
            continue;
        }
        heap_.push_back({pair.count, key});
        std::push_heap(heap_.begin(), heap_.end());
    }
    changed_.clear();
}

void BpeLearner::mergeInWord(uint32_t word, uint64_t key, int32_t token) {
    std::vector<int32_t> &ids = words_[word].ids;
    const auto holds = [&](size_t i) { return i + 1 < ids.size() && keyOf(ids[i], ids[i + 1]) == key; };
    size_t first = 0;
    while (first + 1 < ids.size() && !holds(first))
        ++first;
    if (!holds(first))
        return;
    addPairs(word, -1);
    size_t written = first;
    for (size_t read = first; read < ids.size(); ++written) {
        const bool merge = holds(read);
        ids[written] = merge ? token : ids[read];
        read += merge ? 2 : 1;
    }
    ids.resize(written);
    addPairs(word, 1);
}

bool BpeLearner::learnMerge() {
    while (!heap_.empty()) {
        std::pop_heap(heap_.begin(), heap_.end());
        const Candidate best = heap_.back();
        heap_.pop_back();
        const auto pair = pairs_.find(best.key);
        if (pair == pairs_.end() || pair->second.count != best.count)
            continue;
        merges_.emplace_back(static_cast<int32_t>(best.key >> 32U), static_cast<int32_t>(best.key & 0xFFFFFFFFU));
        const int32_t token = byteTokens + static_cast<int32_t>(merges_.size()) - 1;
        std::vector<uint32_t> affected = std::move(pair->second.words);
        std::sort(affected.begin(), affected.end());
        affected.erase(std::unique(affected.begin(), affected.end()), affected.end());
        for (const uint32_t word : affected)
            mergeInWord(word, best.key, token);
        offerChanged();
        return true;
    }
    return false;
}

} // namespace tt
