#include "core/features/feature_tallies_impl.h"

#include "core/features/index_tensors_impl.h"
#include "core/random.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace tt {

namespace {
constexpr auto top = static_cast<size_t>(FeatureIndex::topExamples);
constexpr auto tenths = static_cast<size_t>(FeatureIndex::quantiles);
constexpr auto each = static_cast<size_t>(FeatureIndex::examplesPerQuantile);
constexpr auto bins = static_cast<size_t>(FeatureIndex::histogramBins);
constexpr auto fineCount = static_cast<size_t>(FeatureTallies::fineBins);
constexpr auto kept = static_cast<size_t>(FeatureTallies::sampled);
constexpr uint64_t sampleSeed = 0x7175616e74696c65; // any fixed number: the sample is the same in every pass

} // namespace

FeatureTallies::FeatureTallies(int layers, int features) : layers_(layers), features_(features) {
    const auto n = static_cast<size_t>(layers_ * features_);
    count_.resize(n);
    topOffset_.assign(n * top, -1);
    topActivation_.resize(n * top);
    sampleOffset_.assign(n * kept, -1);
    sampleActivation_.resize(n * kept);
    sampleHash_.resize(n * kept);
    sampleBound_.assign(n, std::numeric_limits<uint64_t>::max());
    sum_.resize(n);
    fineScale_.resize(n);
    maximum_.resize(n);
    fine_.resize(n * fineCount);
}

void FeatureTallies::add(int layer, const SparseActivations<float> &active, int64_t first) {
    const auto base = static_cast<size_t>(layer * features_);
#pragma omp parallel
    {
        // Each thread has features of its own and walks all rows: no two touch the same feature, and each stays in
        // order.
        const int threads = omp_get_num_threads(), own = omp_get_thread_num();
        for (int64_t row = 0; row < active.rows(); ++row)
            for (auto i = static_cast<size_t>(active.offsets[static_cast<size_t>(row)]);
                 i < static_cast<size_t>(active.offsets[static_cast<size_t>(row) + 1]); ++i)
                if (active.features[i] % threads == own && active.values[i] > 0)
                    addOne(base + static_cast<size_t>(active.features[i]), active.values[i], first + row);
    }
}

void FeatureTallies::addOne(size_t feature, float activation, int64_t offset) {
    ++count_[feature];
    sum_[feature] += static_cast<double>(activation);
    maximum_[feature] = std::max(maximum_[feature], activation);
    addToTop(feature, activation, offset);
    addToHistogram(feature, activation);
    addToSample(feature, activation, offset);
}

/// Offsets come in ascending order, so that of equals the earlier is already there.
void FeatureTallies::addToTop(size_t feature, float activation, int64_t offset) {
    float *values = topActivation_.data() + feature * top;
    if (!(activation > values[top - 1]))
        return;
    int64_t *offsets = topOffset_.data() + feature * top;
    size_t place = top - 1;
    for (; place > 0 && values[place - 1] < activation; --place) {
        values[place] = values[place - 1];
        offsets[place] = offsets[place - 1];
    }
    values[place] = activation;
    offsets[place] = offset;
}

/// The range doubles where it is too small, and pairs of bins become one: scaling by a power of two is exact, so the
/// bins are those that the last range would have given from the start.
void FeatureTallies::addToHistogram(size_t feature, float activation) {
    uint32_t *fine = fine_.data() + feature * fineCount;
    double &scale = fineScale_[feature];
    const auto value = static_cast<double>(activation);
    if (scale == 0)
        scale = std::ldexp(static_cast<double>(fineCount), -(std::ilogb(value) + 1));
    while (value * scale >= static_cast<double>(fineCount)) {
        for (size_t i = 0; i < fineCount / 2; ++i)
            fine[i] = fine[2 * i] + fine[2 * i + 1];
        std::fill(fine + fineCount / 2, fine + fineCount, 0U);
        scale /= 2;
    }
    ++fine[static_cast<size_t>(value * scale)];
}

void FeatureTallies::addToSample(size_t feature, float activation, int64_t offset) {
    const uint64_t hash = mixSeed(sampleSeed + feature, static_cast<uint64_t>(offset));
    if (hash >= sampleBound_[feature])
        return;
    uint64_t *hashes = sampleHash_.data() + feature * kept;
    const auto seen = static_cast<size_t>(count_[feature]); // this one included
    const size_t place =
        seen <= kept ? seen - 1 : static_cast<size_t>(std::max_element(hashes, hashes + kept) - hashes);
    hashes[place] = hash;
    sampleActivation_[feature * kept + place] = activation;
    sampleOffset_[feature * kept + place] = offset;
    if (seen >= kept)
        sampleBound_[feature] = *std::max_element(hashes, hashes + kept);
}

int64_t FeatureTallies::alive() const {
    return std::count_if(count_.begin(), count_.end(), [](int64_t count) { return count > 0; });
}

void FeatureTallies::finish() {
    const size_t n = count_.size();
    histogram_.assign(n * bins, 0);
    quantileOffset_.assign(n * tenths * each, -1);
    quantileActivation_.assign(n * tenths * each, 0);
    quantileValues_.assign(n * (tenths + 1), 0);
#pragma omp parallel for schedule(static)
    for (size_t feature = 0; feature < n; ++feature)
        if (count_[feature] > 0) {
            finishHistogram(feature);
            finishQuantiles(feature);
        }
}

void FeatureTallies::finishHistogram(size_t feature) {
    const double binsPerUnit = static_cast<double>(bins) / static_cast<double>(maximum_[feature]);
    for (size_t i = 0; i < fineCount; ++i) {
        const double middle = (static_cast<double>(i) + 0.5) / fineScale_[feature];
        const auto bin = std::min(bins - 1, static_cast<size_t>(middle * binsPerUnit));
        histogram_[feature * bins + bin] += fine_[feature * fineCount + i];
    }
}

void FeatureTallies::finishQuantiles(size_t feature) {
    struct Sampled {
        float activation;
        int64_t offset;
        uint64_t hash;
    };
    std::vector<Sampled> sample;
    const size_t size = std::min(kept, static_cast<size_t>(count_[feature]));
    for (size_t i = feature * kept; i < feature * kept + size; ++i)
        sample.push_back({sampleActivation_[i], sampleOffset_[i], sampleHash_[i]});
    std::sort(sample.begin(), sample.end(), [](const Sampled &a, const Sampled &b) {
        return a.activation != b.activation ? a.activation < b.activation : a.offset < b.offset;
    });
    float *values = quantileValues_.data() + feature * (tenths + 1);
    for (size_t q = 0; q <= tenths; ++q)
        values[q] = sample[std::min(size - 1, q * size / tenths)].activation;
    for (size_t q = 0; q < tenths; ++q) {
        // Ranks r with r · 10 / size == q.
        const size_t from = (q * size + tenths - 1) / tenths, to = ((q + 1) * size + tenths - 1) / tenths;
        std::vector<Sampled> group(sample.begin() + static_cast<std::ptrdiff_t>(from),
                                   sample.begin() + static_cast<std::ptrdiff_t>(to));
        std::sort(group.begin(), group.end(), [](const auto &a, const auto &b) { return a.hash < b.hash; });
        group.resize(std::min(group.size(), each));
        std::sort(group.begin(), group.end(), [](const Sampled &a, const Sampled &b) {
            return a.activation != b.activation ? a.activation > b.activation : a.offset < b.offset;
        });
        for (size_t i = 0; i < group.size(); ++i) {
            quantileOffset_[(feature * tenths + q) * each + i] = group[i].offset;
            quantileActivation_[(feature * tenths + q) * each + i] = group[i].activation;
        }
    }
}

std::vector<TensorToWrite> FeatureTallies::state() const {
    const int64_t n = layers_ * features_, m = static_cast<int64_t>(kept);
    return {tensorOf("count", DType::I64, {n}, count_),
            tensorOf("top_offset", DType::I64, {n, FeatureIndex::topExamples}, topOffset_),
            tensorOf("sample_offset", DType::I64, {n, m}, sampleOffset_),
            tensorOf("sample_hash", DType::U64, {n, m}, sampleHash_),
            tensorOf("sample_bound", DType::U64, {n}, sampleBound_),
            tensorOf("sum", DType::F64, {n}, sum_),
            tensorOf("fine_scale", DType::F64, {n}, fineScale_),
            tensorOf("maximum", DType::F32, {n}, maximum_),
            tensorOf("top_activation", DType::F32, {n, FeatureIndex::topExamples}, topActivation_),
            tensorOf("sample_activation", DType::F32, {n, m}, sampleActivation_),
            tensorOf("fine", DType::U32, {n, fineBins}, fine_)};
}

void FeatureTallies::load(const SafetensorsFile &file) {
    readTensor(file, "count", count_, std::ssize(count_));
    readTensor(file, "top_offset", topOffset_, std::ssize(topOffset_));
    readTensor(file, "sample_offset", sampleOffset_, std::ssize(sampleOffset_));
    readTensor(file, "sample_hash", sampleHash_, std::ssize(sampleHash_));
    readTensor(file, "sample_bound", sampleBound_, std::ssize(sampleBound_));
    readTensor(file, "sum", sum_, std::ssize(sum_));
    readTensor(file, "fine_scale", fineScale_, std::ssize(fineScale_));
    readTensor(file, "maximum", maximum_, std::ssize(maximum_));
    readTensor(file, "top_activation", topActivation_, std::ssize(topActivation_));
    readTensor(file, "sample_activation", sampleActivation_, std::ssize(sampleActivation_));
    readTensor(file, "fine", fine_, std::ssize(fine_));
}

std::vector<TensorToWrite> FeatureTallies::results() const {
    const int64_t l = layers_, f = features_;
    return {tensorOf("count", DType::I64, {l, f}, count_),
            tensorOf("top_offset", DType::I64, {l, f, FeatureIndex::topExamples}, topOffset_),
            tensorOf("quantile_offset", DType::I64, {l, f, FeatureIndex::quantiles, FeatureIndex::examplesPerQuantile},
                     quantileOffset_),
            tensorOf("sum", DType::F64, {l, f}, sum_),
            tensorOf("maximum", DType::F32, {l, f}, maximum_),
            tensorOf("top_activation", DType::F32, {l, f, FeatureIndex::topExamples}, topActivation_),
            tensorOf("quantile_activation", DType::F32,
                     {l, f, FeatureIndex::quantiles, FeatureIndex::examplesPerQuantile}, quantileActivation_),
            tensorOf("quantile_values", DType::F32, {l, f, FeatureIndex::quantiles + 1}, quantileValues_),
            tensorOf("histogram", DType::U32, {l, f, FeatureIndex::histogramBins}, histogram_)};
}

} // namespace tt
