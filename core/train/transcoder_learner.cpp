#include "core/train/transcoder_learner_impl.h"

#include "core/nn/gemm.h"

#include <algorithm>
#include <cmath>

namespace tt {

namespace {
constexpr int64_t encodeBlockValues = int64_t{1} << 20; // pre-activations at a time: 4 MB, near the cache
constexpr double decoderDeviation = 0.02;               // of the decoder's first values, times 1/√d
} // namespace

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

TranscoderLayerLearner::TranscoderLayerLearner(int features, int k, int64_t d) : features_(features), k_(k), d_(d) {
    const auto matrix = static_cast<size_t>(features_ * d_);
    for (auto *group : {&weights_, &gradients_, &first_, &second_}) {
        (*group)[Encoder].assign(matrix, 0);
        (*group)[EncoderBias].assign(static_cast<size_t>(features_), 0);
        (*group)[Decoder].assign(matrix, 0);
        (*group)[DecoderBias].assign(static_cast<size_t>(d_), 0);
    }
}

void TranscoderLayerLearner::initialise(Random &random) {
    const double deviation = 1 / std::sqrt(static_cast<double>(d_)); // pre-activations of unit variance
    for (float &value : weights_[Encoder])
        value = static_cast<float>(random.normal() * deviation);
    for (float &value : weights_[Decoder])
        value = static_cast<float>(random.normal() * deviation * decoderDeviation);
}

void TranscoderLayerLearner::encode(std::span<const float> input) {
    const int64_t blockRows = std::clamp<int64_t>(encodeBlockValues / features_, 1, rows_);
    block_.resize(static_cast<size_t>(blockRows * features_));
    indices_.resize(static_cast<size_t>(rows_ * k_));
    values_.resize(static_cast<size_t>(rows_ * k_));
    counts_.resize(static_cast<size_t>(rows_));
    for (int64_t first = 0; first < rows_; first += blockRows) {
        const int64_t count = std::min(blockRows, rows_ - first);
        linear<float>(input.data() + first * d_, weights_[Encoder].data(), block_.data(), count, d_, features_);
        kernels<float>().topK(block_.data(), weights_[EncoderBias].data(), count, features_, k_,
                              indices_.data() + first * k_, values_.data() + first * k_, counts_.data() + first);
    }
}

/// dPrediction = 2 (ŷ′ − y′) / (N·d); returns Σ‖y′ − ŷ′‖².
double TranscoderLayerLearner::residual(std::span<const float> target) {
    dPrediction_.resize(target.size());
    const Kernels<float> &k = kernels<float>();
    std::vector<double> squares(static_cast<size_t>(rows_));
    const auto scale = static_cast<float>(2.0 / static_cast<double>(rows_ * d_));
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < rows_; ++r) {
        float *row = dPrediction_.data() + r * d_;
        std::copy(weights_[DecoderBias].begin(), weights_[DecoderBias].end(), row);
        for (int64_t j = r * k_; j < r * k_ + counts_[static_cast<size_t>(r)]; ++j)
            k.axpy(values_[static_cast<size_t>(j)], weights_[Decoder].data() + indices_[static_cast<size_t>(j)] * d_,
                   row, d_);
        k.axpy(-1.0f, target.data() + r * d_, row, d_);
        squares[static_cast<size_t>(r)] = static_cast<double>(k.dot(row, row, d_));
        for (int64_t i = 0; i < d_; ++i)
            row[i] *= scale;
    }
    double sum = 0;
    for (const double square : squares)
        sum += square;
    return sum;
}

/// Lists the entries (token, slot) of each feature by a counting sort, tokens ascending.
void TranscoderLayerLearner::groupByFeature() {
    featureOffsets_.assign(static_cast<size_t>(features_) + 1, 0);
    const auto eachEntry = [&](auto &&visit) {
        for (int64_t r = 0; r < rows_; ++r)
            for (int64_t j = r * k_; j < r * k_ + counts_[static_cast<size_t>(r)]; ++j)
                visit(j, static_cast<size_t>(indices_[static_cast<size_t>(j)]));
    };
    eachEntry([&](int64_t, size_t feature) { ++featureOffsets_[feature + 1]; });
    for (size_t f = 0; f < static_cast<size_t>(features_); ++f)
        featureOffsets_[f + 1] += featureOffsets_[f];
    entryOf_.resize(static_cast<size_t>(featureOffsets_.back()));
    std::vector<int64_t> next(featureOffsets_.begin(), featureOffsets_.end() - 1);
    eachEntry([&](int64_t entry, size_t feature) {
        entryOf_[static_cast<size_t>(next[feature]++)] = static_cast<int32_t>(entry);
    });
}

/// Rows of a feature are touched by one thread alone, entries in token order: no race, and the same sums every time.
void TranscoderLayerLearner::featureGradients(std::span<const float> input) {
    const Kernels<float> &k = kernels<float>();
#pragma omp parallel for schedule(dynamic, 64)
    for (int64_t f = 0; f < features_; ++f) {
        float *dEncoder = gradients_[Encoder].data() + f * d_, *dDecoder = gradients_[Decoder].data() + f * d_;
        const float *decoder = weights_[Decoder].data() + f * d_;
        std::fill_n(dEncoder, d_, 0.0f);
        std::fill_n(dDecoder, d_, 0.0f);
        float dBias = 0;
        for (int64_t at = featureOffsets_[static_cast<size_t>(f)]; at < featureOffsets_[static_cast<size_t>(f) + 1];
             ++at) {
            const int64_t entry = entryOf_[static_cast<size_t>(at)], row = entry / k_;
            const float *dPrediction = dPrediction_.data() + row * d_;
            const float dValue = k.dot(decoder, dPrediction, d_);
            k.axpy(values_[static_cast<size_t>(entry)], dPrediction, dDecoder, d_);
            k.axpy(dValue, input.data() + row * d_, dEncoder, d_);
            dBias += dValue;
        }
        gradients_[EncoderBias][static_cast<size_t>(f)] = dBias;
    }
}

double TranscoderLayerLearner::gradient(std::span<const float> input, std::span<const float> target) {
    rows_ = static_cast<int64_t>(input.size()) / d_;
    encode(input);
    const double squares = residual(target);
    groupByFeature();
    featureGradients(input);
    std::fill(gradients_[DecoderBias].begin(), gradients_[DecoderBias].end(), 0.0f);
    kernels<float>().columnSums(dPrediction_.data(), gradients_[DecoderBias].data(), rows_, d_);
    return squares / std::max(kernels<float>().sumOfSquares(target.data(), static_cast<int64_t>(target.size())), 1e-30);
}

double TranscoderLayerLearner::gradientSquares() const {
    double sum = 0;
    for (const auto &gradient : gradients_)
        sum += kernels<float>().sumOfSquares(gradient.data(), static_cast<int64_t>(gradient.size()));
    return sum;
}

void TranscoderLayerLearner::update(const AdamStep &step) {
    for (size_t i = 0; i < Count; ++i)
        kernels<float>().adam(weights_[i].data(), gradients_[i].data(), first_[i].data(), second_[i].data(),
                              static_cast<int64_t>(weights_[i].size()), step);
}

std::vector<TranscoderLayerLearner::Named> TranscoderLayerLearner::state() {
    static constexpr std::array<const char *, Count> names{"encoder", "encoder_bias", "decoder", "decoder_bias"};
    std::vector<Named> named;
    for (auto [prefix, group] :
         {std::pair{"weights.", &weights_}, std::pair{"first.", &first_}, std::pair{"second.", &second_}})
        for (size_t i = 0; i < Count; ++i) {
            const auto size = static_cast<int64_t>((*group)[i].size());
            const std::vector<int64_t> shape =
                size == features_ * d_ && i % 2 == 0 ? std::vector{features_, d_} : std::vector{size};
            named.push_back({std::string(prefix) + names[i], shape, &(*group)[i]});
        }
    return named;
}

TranscoderLayer<float> TranscoderLayerLearner::fold(const Normalisation &in, const Normalisation &out) const {
    TranscoderLayer<float> layer{.encoder = weights_[Encoder],
                                 .encoderBias = weights_[EncoderBias],
                                 .decoder = weights_[Decoder],
                                 .decoderBias = weights_[DecoderBias],
                                 .threshold = {},
                                 .skip = {}};
    for (int64_t f = 0; f < features_; ++f)
        layer.encoderBias[static_cast<size_t>(f)] -=
            kernels<float>().dot(weights_[Encoder].data() + f * d_, in.mean.data(), d_) / in.scale;
    for (float &value : layer.encoder)
        value /= in.scale;
    for (float &value : layer.decoder)
        value *= out.scale;
    for (size_t i = 0; i < layer.decoderBias.size(); ++i)
        layer.decoderBias[i] = out.scale * layer.decoderBias[i] + out.mean[i];
    return layer;
}

} // namespace tt
