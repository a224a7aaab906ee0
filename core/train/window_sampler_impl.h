#pragma once

#include "core/text/token_cache.h"

#include <cstdint>
#include <vector>

namespace tt {

/// Which windows of the training tokens belong to which place of the run. Every epoch cuts the tokens into windows of
/// `length` at an offset of its own and shuffles them, so that each token is seen once an epoch; window i is a function
/// of the seed and i alone, which is what lets a resumed run go on exactly.
class WindowSampler {
public:
    /// Throws Error where the training tokens are fewer than one window.
    WindowSampler(const TokenCache &tokens, int64_t length, uint64_t seed);
    /// Copies window `index` (0 …) of the run to `out` (length).
    void read(int64_t index, std::span<int32_t> out);

private:
    void startEpoch(int64_t epoch);
    TokenCache tokens_;
    int64_t length_;
    uint64_t seed_;
    int64_t windows_; ///< an epoch
    int64_t epoch_ = -1, offset_ = 0;
    std::vector<int64_t> order_;
};

} // namespace tt
