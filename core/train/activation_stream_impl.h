#pragma once

#include "core/nn/gpt_forward.h"
#include "core/train/activation_rows_impl.h"
#include "core/train/row_shuffle_impl.h"
#include "core/train/transcoder_learner_impl.h"
#include "core/train/window_sampler_impl.h"

#include <optional>

namespace tt {

/// Feeds a transcoder's training with batches of (LN2 output, MLP output) rows, one for each layer. Batch i is a
/// function of the seed and i. Rows are recomputed by the GPT through a shuffled buffer of a few batches, until stored
/// ones are given: those are shuffled as a whole, every epoch anew. Both are of the whole packed corpus. With
/// `bfloat16` the GPT's products round when rows are recomputed, about as much as stored rows are rounded.
class ActivationStream {
public:
    ActivationStream(const GptWeights<float> &gpt, const TokenCache &tokens, int batch, uint64_t seed, bool bfloat16);
    /// Takes batches from stored rows from now on.
    void drawFrom(std::shared_ptr<const ActivationRows> rows);
    /// Normalises what batches hand out from now on; raw until then.
    void setNormalisations(std::vector<Normalisation> in, std::vector<Normalisation> out);
    /// Batch `index` of the run, for each layer (batch, d). Valid until the next call.
    const std::vector<LayerBatch> &batch(int64_t index);
    /// Recomputed ones in a buffer.
    [[nodiscard]] int64_t batchesPerBuffer() const { return batchesPerBuffer_; }
    /// The raw buffer of the first recomputed batches, for measuring normalisations: [layer] input, target.
    const std::vector<LayerBatch> &firstBuffer();

private:
    void makeRoom(int64_t rows);
    void fill(int64_t buffer);
    void normalise();
    void scatter(int64_t firstRow, const std::vector<int64_t> &places);
    void gather(int64_t index);
    void hand(int64_t firstRow, int64_t rows);

    const GptWeights<float> &gpt_;
    std::optional<RoundedProducts> rounded_; ///< with bfloat16
    WindowSampler sampler_;
    int64_t batch_, batchesPerBuffer_;
    uint64_t seed_;
    int64_t buffer_ = -1; ///< which one inputs_ and targets_ hold
    std::shared_ptr<const ActivationRows> stored_;
    std::optional<RowShuffle> shuffle_;
    std::vector<std::vector<float>> inputs_, targets_; ///< per layer (rows, d)
    std::vector<Normalisation> in_, out_;
    std::vector<LayerBatch> handed_;
    GptActivations<float> activations_;
};

} // namespace tt
