#include "core/train/transcoder_evaluation.h"

#include "core/nn/gpt_forward.h"
#include "core/nn/kernels.h"

#include <algorithm>
#include <cmath>

namespace tt {

namespace {
constexpr int64_t evaluationBatch = 16; // sequences at a time
constexpr int64_t logitBlockRows = 512;

/// Sums over tokens for one layer's metrics.
struct LayerSums {
    double error = 0, squares = 0, cosine = 0;
    int64_t active = 0;
    std::vector<double> mean;   ///< Σ y (d)
    std::vector<int64_t> fired; ///< (F) on how many tokens

    void add(const SparseActivations<float> &features, std::span<const float> target,
             std::span<const float> prediction);
    [[nodiscard]] TranscoderMetrics::Layer result(int64_t tokens) const;

private:
    [[nodiscard]] DensityHistogram histogram(double tokens) const;
};

void LayerSums::add(const SparseActivations<float> &features, std::span<const float> target,
                    std::span<const float> prediction) {
    const size_t d = mean.size();
    for (size_t row = 0; row < target.size(); row += d) {
        double yy = 0, pp = 0, yp = 0;
        for (size_t i = 0; i < d; ++i) {
            const double y = static_cast<double>(target[row + i]), p = static_cast<double>(prediction[row + i]);
            yy += y * y;
            pp += p * p;
            yp += y * p;
            error += (y - p) * (y - p);
            mean[i] += y;
        }
        squares += yy;
        cosine += yp / std::max(std::sqrt(yy * pp), 1e-30);
    }
    active += static_cast<int64_t>(features.values.size());
    for (const int32_t feature : features.features)
        ++fired[static_cast<size_t>(feature)];
}

DensityHistogram LayerSums::histogram(double tokens) const {
    DensityHistogram histogram;
    for (const int64_t count : fired)
        if (count > 0)
            histogram.share[static_cast<size_t>(DensityHistogram::binOf(static_cast<double>(count) / tokens))] +=
                1 / static_cast<double>(fired.size());
    return histogram;
}

TranscoderMetrics::Layer LayerSums::result(int64_t tokens) const {
    const auto n = static_cast<double>(tokens);
    double variance = squares;
    for (const double sum : mean)
        variance -= sum * sum / n;
    const auto dead = std::count(fired.begin(), fired.end(), 0);
    return {.fvu = error / std::max(variance, 1e-30),
            .l0 = static_cast<double>(active) / n,
            .dead = static_cast<double>(dead) / static_cast<double>(fired.size()),
            .cosine = cosine / n,
            .density = histogram(n)};
}

/// The MLPs' outputs replaced by the transcoder's predictions, features computed from the replaced stream.
MlpHook<float> replaceMlps(const TranscoderWeights<float> &transcoder, std::vector<SparseActivations<float>> &active) {
    active.assign(static_cast<size_t>(transcoder.config.layers), {});
    return [&](int layer, std::span<const float> ln2, std::span<float> mlpOutput) {
        active[static_cast<size_t>(layer)] = encode<float>(transcoder, layer, ln2);
        decode<float>(transcoder, layer, active, ln2, mlpOutput);
    };
}

class Evaluation {
public:
    Evaluation(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder);
    void add(const std::vector<int32_t> &inputs, const std::vector<int32_t> &targets, int batch);
    [[nodiscard]] TranscoderMetrics result() const;

private:
    void addLayers();
    void addDivergence();

    const GptWeights<float> &gpt_;
    const TranscoderWeights<float> &transcoder_;
    std::vector<LayerSums> layers_;
    GptActivations<float> clean_, changed_;
    std::vector<SparseActivations<float>> active_;
    double ceClean_ = 0, ceReplaced_ = 0, ceZero_ = 0, divergence_ = 0;
    int64_t tokens_ = 0;
};

Evaluation::Evaluation(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder)
    : gpt_(gpt), transcoder_(transcoder), layers_(transcoder.layers.size()) {
    for (LayerSums &layer : layers_) {
        layer.mean.assign(static_cast<size_t>(gpt.config.dModel), 0.0);
        layer.fired.assign(static_cast<size_t>(transcoder.config.features), 0);
    }
}

void Evaluation::addLayers() {
    std::vector<SparseActivations<float>> active;
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
        const BlockActivations<float> &block = clean_.blocks[layer];
        active.push_back(encode<float>(transcoder_, static_cast<int>(layer), block.ln2));
        std::vector<float> prediction(block.mlpOutput.size());
        decode<float>(transcoder_, static_cast<int>(layer), active, block.ln2, prediction);
        layers_[layer].add(active.back(), block.mlpOutput, prediction);
    }
}

void Evaluation::addDivergence() {
    const int64_t rows = clean_.rows(), d = gpt_.config.dModel, vocab = gpt_.config.vocabSize;
    std::vector<float> p(static_cast<size_t>(std::min(rows, logitBlockRows) * vocab)), q(p.size());
    std::vector<double> divergence(static_cast<size_t>(logitBlockRows));
    for (int64_t first = 0; first < rows; first += logitBlockRows) {
        const int64_t count = std::min(logitBlockRows, rows - first);
        const auto at = [&](const GptActivations<float> &a) {
            return std::span(a.finalNorm).subspan(static_cast<size_t>(first * d), static_cast<size_t>(count * d));
        };
        logits<float>(gpt_, at(clean_), std::span(p).first(static_cast<size_t>(count * vocab)));
        logits<float>(gpt_, at(changed_), std::span(q).first(static_cast<size_t>(count * vocab)));
        kernels<float>().klDivergence(p.data(), q.data(), count, vocab, divergence.data());
        for (int64_t i = 0; i < count; ++i)
            divergence_ += divergence[static_cast<size_t>(i)];
    }
}

void Evaluation::add(const std::vector<int32_t> &inputs, const std::vector<int32_t> &targets, int batch) {
    const auto rows = static_cast<double>(inputs.size());
    forward<float>(gpt_, inputs, batch, clean_);
    ceClean_ += crossEntropy<float>(gpt_, clean_, targets) * rows;
    addLayers();
    forward<float>(gpt_, inputs, batch, changed_, -1, replaceMlps(transcoder_, active_));
    ceReplaced_ += crossEntropy<float>(gpt_, changed_, targets) * rows;
    addDivergence();
    forward<float>(gpt_, inputs, batch, changed_, -1,
                   [](int, std::span<const float>, std::span<float> out) { std::fill(out.begin(), out.end(), 0.0f); });
    ceZero_ += crossEntropy<float>(gpt_, changed_, targets) * rows;
    tokens_ += static_cast<int64_t>(inputs.size());
}

TranscoderMetrics Evaluation::result() const {
    const auto n = static_cast<double>(tokens_);
    TranscoderMetrics metrics{.ceClean = ceClean_ / n,
                              .ceReplaced = ceReplaced_ / n,
                              .ceZero = ceZero_ / n,
                              .kl = divergence_ / n,
                              .tokens = tokens_};
    const double span = metrics.ceZero - metrics.ceClean;
    metrics.ceRecovered = std::abs(span) > 1e-12 ? (metrics.ceZero - metrics.ceReplaced) / span : 0;
    for (const LayerSums &layer : layers_)
        metrics.layers.push_back(layer.result(tokens_));
    return metrics;
}
} // namespace

int DensityHistogram::binOf(double density) {
    return std::clamp(static_cast<int>(std::floor((std::log10(density) - lowest) / width)), 0, bins - 1);
}

double TranscoderMetrics::mean(double Layer::*value) const {
    double sum = 0;
    for (const Layer &layer : layers)
        sum += layer.*value;
    return sum / static_cast<double>(std::max<size_t>(layers.size(), 1));
}

TranscoderMetrics evaluateTranscoder(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                     const TokenCache &tokens, int64_t begin, int64_t end, int64_t maximumTokens,
                                     std::stop_token stop, const ProgressSink &progress) {
    if (!transcoder.config.writesMlpOutput())
        throw Error("A transcoder that predicts layer-normed MLP outputs has no figures to compare: their size is not "
                    "in what it predicts.",
                    Error::Kind::Usage);
    const int64_t length = std::min<int64_t>(gpt.config.context, end - begin - 1);
    if (length < 1)
        throw Error("There are too few tokens to measure on: " + std::to_string(end - begin) + ".");
    const int64_t windows = (end - begin - 1) / length;
    const int64_t used = maximumTokens > 0 ? std::clamp<int64_t>(maximumTokens / length, 1, windows) : windows;
    ProgressThrottle throttle(progress);
    Evaluation evaluation(gpt, transcoder);
    for (int64_t first = 0; first < used; first += evaluationBatch) {
        throwIfStopped(stop);
        const int64_t batch = std::min(evaluationBatch, used - first);
        std::vector<int32_t> inputs(static_cast<size_t>(batch * length)), targets(inputs.size());
        for (int64_t b = 0; b < batch; ++b) {
            const int64_t at = begin + (first + b) * windows / used * length;
            tokens.read(at, std::span(inputs).subspan(static_cast<size_t>(b * length), static_cast<size_t>(length)));
            tokens.read(at + 1,
                        std::span(targets).subspan(static_cast<size_t>(b * length), static_cast<size_t>(length)));
        }
        evaluation.add(inputs, targets, static_cast<int>(batch));
        throttle.report({"Evaluating", static_cast<double>((first + batch) * length),
                         static_cast<double>(used * length), "tokens"});
    }
    throttle.finish({"Evaluating", static_cast<double>(used * length), static_cast<double>(used * length), "tokens"});
    return evaluation.result();
}

} // namespace tt
