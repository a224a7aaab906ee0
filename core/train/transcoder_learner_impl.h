#pragma once

#include "core/nn/kernels.h"
#include "core/nn/transcoder.h"
#include "core/train/run_folder_impl.h"
#include "core/train/transcoder_training.h"

#include <array>

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

/// Inputs (LN2 output) and targets (MLP output) of a batch for one layer, in raw units: (N, d).
struct LayerBatch {
    std::span<const float> input, target;
};

/// One layer of a per-layer TopK transcoder in training units, with Adam's moments, and its hand-written step.
class TranscoderLayerLearner {
public:
    TranscoderLayerLearner(int features, int k, int64_t d);
    void initialise(Random &random);

    /// Forward, loss, gradient. Returns Σ‖y′ − ŷ′‖² / Σ‖y′‖² of the batch (its FVU, as y′ has mean 0). The loss whose
    /// gradient this is: Σ‖y′ − ŷ′‖² / (N·d). input, target: normalised (N, d).
    double gradient(std::span<const float> input, std::span<const float> target);
    [[nodiscard]] double gradientSquares() const;
    void update(const AdamStep &step);

    /// Names and arrays for a checkpoint: weights, first and second moments.
    struct Named {
        std::string name;
        std::vector<int64_t> shape;
        std::vector<float> *values;
    };
    std::vector<Named> state();
    /// In raw units (transcoders.md): the normalisations folded in.
    [[nodiscard]] TranscoderLayer<float> fold(const Normalisation &in, const Normalisation &out) const;
    /// Gradients of encoder (F, d), encoder bias (F), decoder (F, d), decoder bias (d) after gradient().
    [[nodiscard]] const std::vector<float> &gradientOf(int which) const {
        return gradients_[static_cast<size_t>(which)];
    }
    [[nodiscard]] const std::vector<float> &weightsOf(int which) const { return weights_[static_cast<size_t>(which)]; }

    enum Which { Encoder, EncoderBias, Decoder, DecoderBias, Count };

private:
    void encode(std::span<const float> input);
    double residual(std::span<const float> target);
    void groupByFeature();
    void featureGradients(std::span<const float> input);

    int64_t features_, k_, d_, rows_ = 0;
    std::array<std::vector<float>, Count> weights_, gradients_, first_, second_;
    std::vector<float> block_, values_, dPrediction_, dValues_;
    std::vector<int32_t> indices_, counts_;
    std::vector<int64_t> featureOffsets_; ///< CSC: entries of feature f are entryOf_[featureOffsets_[f] …)
    std::vector<int32_t> entryOf_;        ///< index into indices_/values_
};

} // namespace tt
