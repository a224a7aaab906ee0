#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tt {

/// Dataset-level normalisation of one layer: x′ = (x − mean) / scale, so that x′ has unit variance a dimension on
/// average.
struct Normalisation {
    std::vector<float> mean; ///< (d)
    float scale = 1;
};
/// From rows (N, d).
Normalisation measureNormalisation(std::span<const float> rows, int64_t d);
void normaliseRows(const Normalisation &normalisation, std::span<float> rows);

} // namespace tt
