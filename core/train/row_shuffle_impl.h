#pragma once

#include <cstdint>

namespace tt {

/// The order in which a run goes through stored rows: every epoch visits each row once, in an order of its own. Place i
/// of the run is a function of the seed and i alone and costs no memory: a Feistel network over the numbers below the
/// next power of four, walked until it lands below `rows` (Black & Rogaway, Ciphers with arbitrary finite domains,
/// 2002).
class RowShuffle {
public:
    RowShuffle(int64_t rows, uint64_t seed);
    /// The row at place `index` (0 …) of the run.
    [[nodiscard]] int64_t operator()(int64_t index) const;

private:
    [[nodiscard]] uint64_t permute(uint64_t value, uint64_t key) const;
    int64_t rows_;
    uint64_t seed_;
    int halfBits_ = 1;
};

} // namespace tt
