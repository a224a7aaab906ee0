#pragma once

#include "core/features/feature_index.h"
#include "core/io/safetensors.h"
#include "core/nn/transcoder.h"

#include <string>
#include <vector>

namespace tt {

/// What the pass adds up, all features of all layers side by side (n = L · F): feature_index_build.h.
class FeatureTallies {
public:
    static constexpr int fineBins = 1024, sampled = 128;

    FeatureTallies(int layers, int features);
    /// Adds the activations of consecutive tokens from offset `first` on. Each feature sees them in order, whatever the
    /// number of threads.
    void add(int layer, const SparseActivations<float> &active, int64_t first);
    [[nodiscard]] int64_t alive() const;

    /// Everything, to go on from later.
    [[nodiscard]] std::vector<TensorToWrite> state() const;
    void load(const SafetensorsFile &file);

    /// The arrays of the index; the histogram and the tenths are computed by finish().
    void finish();
    [[nodiscard]] std::vector<TensorToWrite> results() const;

private:
    void addOne(size_t feature, float activation, int64_t offset);
    void addToTop(size_t feature, float activation, int64_t offset);
    void addToHistogram(size_t feature, float activation);
    void addToSample(size_t feature, float activation, int64_t offset);
    void finishHistogram(size_t feature);
    void finishQuantiles(size_t feature);

    int64_t layers_, features_;
    std::vector<int64_t> count_, topOffset_, sampleOffset_; ///< (n), (n, 20), (n, sampled)
    std::vector<uint64_t> sampleHash_, sampleBound_;        ///< (n, sampled); (n) what a hash must be below to enter
    std::vector<double> sum_, fineScale_; ///< (n); bins a unit of activation, a power of two, 0 at first
    std::vector<float> maximum_, topActivation_, sampleActivation_;
    std::vector<uint32_t> fine_; ///< (n, fineBins)

    std::vector<uint32_t> histogram_;
    std::vector<int64_t> quantileOffset_;
    std::vector<float> quantileActivation_, quantileValues_;
};

} // namespace tt
