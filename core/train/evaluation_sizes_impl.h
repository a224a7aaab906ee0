#pragma once

#include <cstdint>

namespace tt {

/// Held-out tokens that a measurement uses at most.
struct EvaluationSizes {
    int64_t live = 0;    ///< while training
    int64_t stopped = 0; ///< at a stop, which is answered soon
    int64_t final = 0;   ///< when the run is finished
};
inline constexpr EvaluationSizes gptEvaluation{16'384, 4'096, 131'072};
inline constexpr EvaluationSizes transcoderEvaluation{8'192, 2'048, 65'536};
/// Training tokens that feature statistics are taken from.
inline constexpr EvaluationSizes transcoderStatistics{8'192, 8'192, 262'144};

} // namespace tt
