#include "core/random.h"
#include "core/train/row_shuffle_impl.h"

#include <utility>

namespace tt {

namespace {
constexpr uint64_t rounds = 6;
}

RowShuffle::RowShuffle(int64_t rows, uint64_t seed) : rows_(rows), seed_(seed) {
    while (int64_t{1} << (2 * halfBits_) < rows)
        ++halfBits_;
}

uint64_t RowShuffle::permute(uint64_t value, uint64_t key) const {
    const uint64_t mask = (uint64_t{1} << halfBits_) - 1;
    uint64_t left = value >> halfBits_, right = value & mask;
    for (uint64_t round = 0; round < rounds; ++round)
        left = std::exchange(right, left ^ (mixSeed(key + round, right) & mask));
    return left << halfBits_ | right;
}

int64_t RowShuffle::operator()(int64_t index) const {
    const uint64_t key = mixSeed(seed_, static_cast<uint64_t>(index / rows_));
    auto value = static_cast<uint64_t>(index % rows_);
    do
        value = permute(value, key);
    while (value >= static_cast<uint64_t>(rows_));
    return static_cast<int64_t>(value);
}

} // namespace tt
