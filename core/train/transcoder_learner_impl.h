#pragma once

#include "core/nn/kernels.h"
#include "core/nn/sparse_encoding.h"
#include "core/nn/transcoder.h"
#include "core/train/normalisation_impl.h"
#include "core/train/transcoder_training.h"

#include <array>

namespace tt {

/// Inputs (LN2 output) and targets (MLP output) of a batch for one layer: (N, d).
struct LayerBatch {
    std::span<const float> input, target;
};

/// A transcoder of any kind in training units, with Adam's moments and its hand-written step. The loss, for N tokens,
/// inputs x_j, targets y_j (both normalised) and predictions ŷ_j = Σ_i Σ_f a^i_f d^{i→j}_f + b_j (+ W_skip x_j):
///   Σ_j Σ‖y_j − ŷ_j‖² / (N·d) + Σ_i λ_i/N · penalty_i + α Σ_j Σ‖e_j − ê_j‖² / Σ‖e_j‖².
/// penalty: ReLU Σ a·‖d_f‖; JumpReLU the number of active features, or Σ tanh(4·a·‖d_f‖), ‖d_f‖ over all layers written
/// to. JumpReLU's threshold learns through the rectangle estimator of Rajamanoharan et al. (2407.14435, eq. 11–12).
/// AuxK (Gao et al., 2406.04093, A.2): ê_j is what the auxk largest positive pre-activations of dead features decode to
/// without bias, e_j = y_j − ŷ_j a constant. Where one of them stays below its JumpReLU threshold, α/N · (θ − u) with u
/// a constant is added: else it would learn and never fire. (As the pre-activation loss of Anthropic's circuits updates
/// of January 2025 does for every dead feature.)
class TranscoderLearner {
public:
    TranscoderLearner(const TranscoderConfig &shape, const TranscoderTrainingConfig &config);
    /// Random weights. JumpReLU's thresholds and ReLU's biases are set so that a few times k features are active on
    /// `batch` (normalised).
    void initialise(Random &random, const std::vector<LayerBatch> &batch);

    struct LayerProgress {
        double fvu = 0;  ///< Σ‖y − ŷ‖² / Σ‖y‖² of the batch (y has mean 0 over the data set)
        double l0 = 0;   ///< active features a token
        double dead = 0; ///< share of features whose density is below the bound
        double auxk = 1; ///< Σ‖e − ê‖² / Σ‖e‖²
    };
    struct Progress {
        std::vector<LayerProgress> layers;
        double penalty = 0; ///< its part of the loss
    };
    /// Forward, loss, gradient. `batch` holds normalised rows, `penalties` λ of each layer.
    Progress gradient(const std::vector<LayerBatch> &batch, std::span<const double> penalties);
    [[nodiscard]] double gradientSquares() const;
    void update(const AdamStep &step);

    /// Multiplies JumpReLU's thresholds of a layer; nothing to do for the others.
    void scaleThresholds(size_t layer, double factor);
    /// Names and arrays for a checkpoint: weights, moments, densities, thresholds.
    struct Named {
        std::string name;
        std::vector<int64_t> shape;
        std::vector<float> *values;
    };
    std::vector<Named> state();
    /// After the arrays of state() were filled.
    void restored();
    /// In raw units: the normalisations of each layer's input and output folded in.
    [[nodiscard]] TranscoderWeights<float> fold(const std::vector<Normalisation> &in,
                                                const std::vector<Normalisation> &out) const;

    enum Which { Encoder, EncoderBias, Decoder, DecoderBias, LogThreshold, Skip, Count };
    /// Encoder (F, d), encoder bias (F), decoder (F, layers written to, d), decoder bias (d), log of the threshold (F)
    /// or empty, skip (d, d) or empty.
    [[nodiscard]] const std::vector<float> &gradientOf(int layer, Which which) const;
    [[nodiscard]] const std::vector<float> &weightsOf(int layer, Which which) const;

private:
    /// The entries of a batch, by token (CSR) and by feature (CSC, tokens ascending).
    struct Entries {
        SparseActivations<float> byToken; ///< values are pre-activations
        std::vector<int64_t> offsets;     ///< (F + 1) into tokens, entries
        std::vector<int32_t> tokens;
        std::vector<float> values;
        void group(int64_t features);
        [[nodiscard]] bool empty() const { return byToken.values.empty(); }
    };
    struct Layer {
        std::array<std::vector<float>, Count> weights, gradients, first, second;
        std::vector<float> threshold; ///< (F) JumpReLU: of this step
        std::vector<float> density;   ///< (F) moving average of the share of tokens a feature fires on
        std::vector<float>
            batchThreshold;           ///< (1) BatchTopK: moving average of the smallest active value; < 0 = none yet
        std::vector<uint8_t> touched; ///< (F) has a gradient this step
        std::vector<uint8_t> moving;  ///< (F) has had one: its moments are not 0
        std::vector<double> squares;  ///< (F) of the gradient
        Entries active, revived;      ///< revived: AuxK's
        int64_t firings = 0;
    };
    struct FeaturePass;

    [[nodiscard]] int64_t width(size_t layer) const; ///< of a decoder row
    [[nodiscard]] bool thresholded() const { return shape_.activation == Activation::JumpRelu; }
    [[nodiscard]] EncoderView<float> encoder(const Layer &layer) const;
    void encode(Layer &layer, std::span<const float> input);
    void encodeDead(Layer &layer, std::span<const float> input);
    void decodeInto(Entries Layer::*entries, std::vector<float> &rows) const;
    void predict(const std::vector<LayerBatch> &batch);
    void residuals(const std::vector<LayerBatch> &batch, Progress &progress);
    void revive(const std::vector<LayerBatch> &batch, Progress &progress);
    double featureGradients(size_t layer, std::span<const float> input, double penalty);
    void denseGradients(size_t layer, std::span<const float> input);
    void followDensities(Layer &layer) const;
    void setStartingSparsity(Layer &layer, std::span<const float> input);

    TranscoderConfig shape_;
    TranscoderTrainingConfig config_;
    int64_t features_, d_, stride_, rows_ = 0; ///< stride_ = L·d: a token's predictions of all layers
    std::vector<Layer> layers_;
    RoundedFactors rounded_;
    std::vector<float> difference_;  ///< (N, L, d) ŷ − y
    std::vector<float> dPrediction_; ///< (N, L, d)
    std::vector<float> dRevived_;    ///< (N, L, d) or empty: gradient at ê
};

} // namespace tt
