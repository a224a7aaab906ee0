#include "core/nn/gemm.h"
#include "core/train/transcoder_learner_impl.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tt {

namespace {
constexpr double tanhSlope = 4; // of the tanh penalty
constexpr double smallest = 1e-30;
} // namespace

/// rows (N, L, d) += Σ value · decoder row, which layer i writes from its own layer on.
void TranscoderLearner::decodeInto(Entries Layer::*entries, std::vector<float> &rows) const {
    const Kernels<float> &k = kernels<float>();
    for (size_t i = 0; i < layers_.size(); ++i) {
        const Layer &layer = layers_[i];
        const SparseActivations<float> &active = (layer.*entries).byToken;
        const int64_t w = width(i), from = static_cast<int64_t>(i) * d_;
        if ((layer.*entries).empty())
            continue;
        const bool gated = thresholded() && entries == &Layer::active;
#pragma omp parallel for schedule(static)
        for (int64_t r = 0; r < rows_; ++r)
            for (auto e = static_cast<size_t>(active.offsets[static_cast<size_t>(r)]);
                 e < static_cast<size_t>(active.offsets[static_cast<size_t>(r) + 1]); ++e) {
                const auto f = static_cast<size_t>(active.features[e]);
                if (gated && !(active.values[e] > layer.threshold[f]))
                    continue;
                k.axpy(active.values[e], layer.weights[Decoder].data() + static_cast<int64_t>(f) * w,
                       rows.data() + r * stride_ + from, w);
            }
    }
}

/// difference_ = ŷ
void TranscoderLearner::predict(const std::vector<LayerBatch> &batch) {
    difference_.resize(static_cast<size_t>(rows_ * stride_));
    for (size_t i = 0; i < layers_.size(); ++i) {
        const auto &weights = layers_[i].weights;
        float *first = difference_.data() + static_cast<int64_t>(i) * d_;
#pragma omp parallel for schedule(static)
        for (int64_t r = 0; r < rows_; ++r)
            std::copy(weights[DecoderBias].begin(), weights[DecoderBias].end(), first + r * stride_);
        if (config_.skip)
            gemm<float>(Transpose::No, Transpose::Yes, rows_, d_, d_, 1.0f, batch[i].input.data(), d_,
                        weights[Skip].data(), d_, 1.0f, first, stride_);
    }
    decodeInto(&Layer::active, difference_);
}

/// difference_ = ŷ − y, dPrediction_ = 2 (ŷ − y) / (N·d).
void TranscoderLearner::residuals(const std::vector<LayerBatch> &batch, Progress &progress) {
    const Kernels<float> &k = kernels<float>();
    dPrediction_.resize(difference_.size());
    const auto scale = static_cast<float>(2.0 / static_cast<double>(rows_ * d_));
    std::vector<double> squares(static_cast<size_t>(rows_));
    for (size_t i = 0; i < layers_.size(); ++i) {
#pragma omp parallel for schedule(static)
        for (int64_t r = 0; r < rows_; ++r) {
            float *row = difference_.data() + r * stride_ + static_cast<int64_t>(i) * d_;
            float *gradient = dPrediction_.data() + r * stride_ + static_cast<int64_t>(i) * d_;
            k.axpy(-1.0f, batch[i].target.data() + r * d_, row, d_);
            squares[static_cast<size_t>(r)] = static_cast<double>(k.dot(row, row, d_));
            for (int64_t at = 0; at < d_; ++at)
                gradient[at] = row[at] * scale;
        }
        double sum = 0;
        for (const double square : squares)
            sum += square;
        const auto target = batch[i].target;
        progress.layers[i].fvu =
            sum / std::max(k.sumOfSquares(target.data(), static_cast<int64_t>(target.size())), smallest);
    }
}

/// AuxK: dRevived_ = 2α (ê − e) / Σ‖e‖² for the layers that a dead feature writes to. e = −difference_.
void TranscoderLearner::revive(const std::vector<LayerBatch> &batch, Progress &progress) {
    bool any = false, reached = false;
    for (size_t i = 0; i < layers_.size(); ++i) {
        encodeDead(layers_[i], batch[i].input);
        any = any || !layers_[i].revived.empty();
    }
    dRevived_.clear();
    if (!any)
        return;
    dRevived_.assign(difference_.size(), 0.0f);
    decodeInto(&Layer::revived, dRevived_);
    const Kernels<float> &k = kernels<float>();
    for (size_t j = 0; j < layers_.size(); ++j) {
        reached = (reached && shape_.kind == TranscoderKind::CrossLayer) || !layers_[j].revived.empty();
        const int64_t from = static_cast<int64_t>(j) * d_;
        std::vector<double> residuals(static_cast<size_t>(rows_)), rest(static_cast<size_t>(rows_));
#pragma omp parallel for schedule(static)
        for (int64_t r = 0; r < rows_; ++r) {
            const float *difference = difference_.data() + r * stride_ + from;
            float *row = dRevived_.data() + r * stride_ + from;
            residuals[static_cast<size_t>(r)] = static_cast<double>(k.dot(difference, difference, d_));
            k.axpy(1.0f, difference, row, d_); // ê − e
            rest[static_cast<size_t>(r)] = static_cast<double>(k.dot(row, row, d_));
        }
        const double residual = std::max(std::reduce(residuals.begin(), residuals.end()), smallest);
        const auto scale = static_cast<float>(reached ? 2 * config_.auxkWeight / residual : 0);
#pragma omp parallel for schedule(static)
        for (int64_t r = 0; r < rows_; ++r)
            for (int64_t at = r * stride_ + from; at < r * stride_ + from + d_; ++at)
                dRevived_[static_cast<size_t>(at)] *= scale;
        progress.layers[j].auxk = reached ? std::reduce(rest.begin(), rest.end()) / residual : 1;
    }
}

/// The gradient of one feature's rows, its entries in token order.
struct TranscoderLearner::FeaturePass {
    const Kernels<float> &k;
    const TranscoderConfig &shape;
    bool tanhPenalty;
    float bandwidth, perToken; ///< perToken: λ/N
    int64_t d, width, stride;
    const float *decoder, *input;
    float *dEncoder, *dDecoder;
    float threshold = 0, norm = 0;
    float dBias = 0, dThreshold = 0, dNorm = 0;
    double penalty = 0;

    /// Slope of the penalty at the value a; adds its value and its slope along the decoder's norm.
    float penaltyAt(float a) {
        if (shape.activation == Activation::Relu) {
            penalty += static_cast<double>(perToken * a * norm);
            dNorm += perToken * a;
            return perToken * norm;
        }
        if (shape.activation != Activation::JumpRelu)
            return 0;
        if (!tanhPenalty) {
            penalty += a > 0 ? static_cast<double>(perToken) : 0;
            return 0;
        }
        const auto c = static_cast<float>(tanhSlope);
        const float t = std::tanh(c * norm * a), slope = perToken * c * (1 - t * t);
        penalty += static_cast<double>(perToken * t);
        dNorm += slope * a;
        return slope * norm;
    }

    void active(float u, int64_t token, const float *dPrediction) {
        const bool jump = shape.activation == Activation::JumpRelu, on = !jump || u > threshold;
        const float *upstream = dPrediction + token * stride;
        const float da = k.dot(decoder, upstream, width) + penaltyAt(on ? u : 0);
        if (jump && std::abs(u - threshold) < bandwidth / 2)
            dThreshold -= (threshold * da + (tanhPenalty ? 0 : perToken)) / bandwidth;
        if (on)
            add(u, da, token, upstream);
    }

    /// A dead feature learns as AuxK has it; `pull` lowers a threshold that it does not reach.
    void revived(float u, int64_t token, const float *dRevived, float pull) {
        const float *upstream = dRevived + token * stride;
        add(u, k.dot(decoder, upstream, width), token, upstream);
        if (u < threshold)
            dThreshold += pull;
    }

    void add(float a, float da, int64_t token, const float *upstream) {
        k.axpy(a, upstream, dDecoder, width);
        k.axpy(da, input + token * d, dEncoder, d);
        dBias += da;
    }

    void finish() {
        if (norm > 0 && dNorm != 0)
            k.axpy(dNorm / norm, decoder, dDecoder, width);
    }
};

/// A feature's rows are touched by one thread alone, entries in token order: no race, and the same sums every time.
/// Returns the penalty.
double TranscoderLearner::featureGradients(size_t index, std::span<const float> input, double penalty) {
    Layer &layer = layers_[index];
    const int64_t w = width(index), from = static_cast<int64_t>(index) * d_;
    const bool normed =
        shape_.activation == Activation::Relu || (thresholded() && config_.penaltyForm == PenaltyForm::Tanh);
    const auto pull = static_cast<float>(config_.auxkWeight / static_cast<double>(rows_));
    std::vector<double> penalties(static_cast<size_t>(features_));
#pragma omp parallel for schedule(dynamic, 64)
    for (int64_t f = 0; f < features_; ++f) {
        const auto at = static_cast<size_t>(f);
        const auto range = [at](const Entries &entries) {
            return entries.empty() ? std::pair{int64_t{0}, int64_t{0}}
                                   : std::pair{entries.offsets[at], entries.offsets[at + 1]};
        };
        const auto [begin, end] = range(layer.active);
        const auto [reviveBegin, reviveEnd] = range(layer.revived);
        layer.touched[at] = begin < end || reviveBegin < reviveEnd;
        layer.squares[at] = 0;
        layer.gradients[EncoderBias][at] = 0;
        if (thresholded())
            layer.gradients[LogThreshold][at] = 0;
        if (layer.touched[at] == 0)
            continue;
        FeaturePass pass{.k = kernels<float>(),
                         .shape = shape_,
                         .tanhPenalty = config_.penaltyForm == PenaltyForm::Tanh,
                         .bandwidth = static_cast<float>(config_.bandwidth),
                         .perToken = static_cast<float>(penalty / static_cast<double>(rows_)),
                         .d = d_,
                         .width = w,
                         .stride = stride_,
                         .decoder = layer.weights[Decoder].data() + f * w,
                         .input = input.data(),
                         .dEncoder = layer.gradients[Encoder].data() + f * d_,
                         .dDecoder = layer.gradients[Decoder].data() + f * w};
        std::fill_n(pass.dEncoder, d_, 0.0f);
        std::fill_n(pass.dDecoder, w, 0.0f);
        if (thresholded())
            pass.threshold = layer.threshold[at];
        if (normed)
            pass.norm = std::sqrt(pass.k.dot(pass.decoder, pass.decoder, w));
        for (int64_t e = begin; e < end; ++e)
            pass.active(layer.active.values[static_cast<size_t>(e)], layer.active.tokens[static_cast<size_t>(e)],
                        dPrediction_.data() + from);
        for (int64_t e = reviveBegin; e < reviveEnd; ++e)
            pass.revived(layer.revived.values[static_cast<size_t>(e)], layer.revived.tokens[static_cast<size_t>(e)],
                         dRevived_.data() + from, pull);
        pass.finish();
        const float dLog = pass.dThreshold * pass.threshold;
        layer.gradients[EncoderBias][at] = pass.dBias;
        if (thresholded())
            layer.gradients[LogThreshold][at] = dLog;
        layer.squares[at] = static_cast<double>(pass.k.dot(pass.dEncoder, pass.dEncoder, d_)) +
                            static_cast<double>(pass.k.dot(pass.dDecoder, pass.dDecoder, w)) +
                            static_cast<double>(pass.dBias * pass.dBias + dLog * dLog);
        penalties[at] = pass.penalty;
    }
    double sum = 0;
    for (const double each : penalties)
        sum += each;
    return sum;
}

void TranscoderLearner::denseGradients(size_t index, std::span<const float> input) {
    auto &gradients = layers_[index].gradients;
    const float *upstream = dPrediction_.data() + static_cast<int64_t>(index) * d_;
    std::fill(gradients[DecoderBias].begin(), gradients[DecoderBias].end(), 0.0f);
    for (int64_t r = 0; r < rows_; ++r)
        kernels<float>().axpy(1.0f, upstream + r * stride_, gradients[DecoderBias].data(), d_);
    if (config_.skip) // dW (out, in) = dŷᵀ·x
        gemm<float>(Transpose::Yes, Transpose::No, d_, d_, rows_, 1.0f, upstream, stride_, input.data(), d_, 0.0f,
                    gradients[Skip].data(), d_);
}

} // namespace tt
