#include "core/train/normalisation_impl.h"

#include <cmath>

namespace tt {

Normalisation measureNormalisation(std::span<const float> rows, int64_t d) {
    const auto count = static_cast<int64_t>(rows.size()) / d;
    std::vector<double> mean(static_cast<size_t>(d));
    for (int64_t r = 0; r < count; ++r)
        for (int64_t i = 0; i < d; ++i)
            mean[static_cast<size_t>(i)] +=
                static_cast<double>(rows[static_cast<size_t>(r * d + i)]) / static_cast<double>(count);
    double squares = 0;
    for (int64_t r = 0; r < count; ++r)
        for (int64_t i = 0; i < d; ++i) {
            const double centred =
                static_cast<double>(rows[static_cast<size_t>(r * d + i)]) - mean[static_cast<size_t>(i)];
            squares += centred * centred;
        }
    const double scale = std::sqrt(squares / static_cast<double>(count * d));
    return {.mean = {mean.begin(), mean.end()}, .scale = scale > 0 ? static_cast<float>(scale) : 1.0f};
}

void normaliseRows(const Normalisation &normalisation, std::span<float> rows) {
    const auto d = static_cast<int64_t>(normalisation.mean.size());
    const auto count = static_cast<int64_t>(rows.size()) / d;
    const float inverse = 1 / normalisation.scale;
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < count; ++r)
        for (int64_t i = 0; i < d; ++i) {
            float &value = rows[static_cast<size_t>(r * d + i)];
            value = (value - normalisation.mean[static_cast<size_t>(i)]) * inverse;
        }
}

} // namespace tt
