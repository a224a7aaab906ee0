#pragma once

#include "core/io/safetensors.h"
#include "core/nn/gpt_forward.h"
#include "core/nn/transcoder.h"

#include <vector>

namespace tt {

/// Collects the index's sample of tokens for co-activation (FeatureIndex::Sample).
class TokenSample {
public:
    static constexpr int64_t mostBytes = int64_t{64} << 20;
    static constexpr int64_t strongestKept = 32; ///< active features of a token and layer

    /// Of `windows` full windows, those that are sampled are spread evenly; all where they have at most `mostTokens`.
    TokenSample(const GptConfig &gpt, int layers, int64_t windows, int64_t mostTokens);
    /// Adds the sampled ones among windows first, first + 1, … of a batch. Windows come in order.
    void add(int64_t first, const GptActivations<float> &activations,
             const std::vector<SparseActivations<float>> &active);

    [[nodiscard]] std::vector<TensorToWrite> tensors() const;
    void load(const SafetensorsFile &file);

private:
    void addRow(const GptActivations<float> &activations, const std::vector<SparseActivations<float>> &active,
                int64_t window, int64_t position);
    [[nodiscard]] bool isSampled(int64_t window) const;

    int64_t length_, heads_, windows_, wanted_;
    std::vector<int64_t> starts_; ///< offsets of the sampled windows
    std::vector<SparseActivations<float>> layers_;
    std::vector<std::vector<uint16_t>> attended_; ///< by layer − 1, (tokens, H)
    std::vector<std::vector<float>> attention_;
};

} // namespace tt
