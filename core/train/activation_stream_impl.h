#pragma once

#include "core/nn/gpt_forward.h"
#include "core/train/transcoder_learner_impl.h"
#include "core/train/window_sampler_impl.h"

namespace tt {

/// Feeds a transcoder's training: runs the GPT in evaluation mode over windows of the packed corpus, as far as its last
/// MLP, and hands out batches of (LN2 output, MLP output) rows from a shuffled buffer. Batch i is a function of the
/// seed and i.
class ActivationStream {
public:
    ActivationStream(const GptWeights<float> &gpt, const TokenCache &tokens, int batch, uint64_t seed);
    /// Normalises what batches hand out from now on; raw until then.
    void setNormalisations(std::vector<Normalisation> in, std::vector<Normalisation> out);
    /// Batch `index` of the run, for each layer (batch, d). Valid until the next call.
    const std::vector<LayerBatch> &batch(int64_t index);
    [[nodiscard]] int64_t batchesPerBuffer() const { return batchesPerBuffer_; }
    /// The raw buffer of the first batches, for measuring normalisations: [layer] input, target.
    const std::vector<LayerBatch> &firstBuffer();

private:
    void fill(int64_t buffer);
    void normalise();
    void scatter(int64_t firstRow, const std::vector<int64_t> &places);

    const GptWeights<float> &gpt_;
    WindowSampler sampler_;
    int64_t batch_, batchesPerBuffer_, rows_;
    uint64_t seed_;
    int64_t buffer_ = -1;
    std::vector<std::vector<float>> inputs_, targets_; ///< per layer (rows_, d)
    std::vector<Normalisation> in_, out_;
    std::vector<LayerBatch> handed_;
    GptActivations<float> activations_;
};

} // namespace tt
