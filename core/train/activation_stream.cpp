#include "core/train/activation_stream_impl.h"

#include <algorithm>
#include <numeric>

namespace tt {

namespace {
constexpr int64_t bufferBytes = int64_t{256} << 20; // of activations in memory
constexpr int64_t largestBuffer = 16;               // batches
constexpr int64_t windowsAtOnce = 16;               // sequences a forward pass
} // namespace

ActivationStream::ActivationStream(const GptWeights<float> &gpt, const TokenCache &tokens, int batch, uint64_t seed)
    : gpt_(gpt), sampler_(tokens, gpt.config.context, seed), batch_(batch), seed_(seed) {
    const int64_t bytesPerBatch =
        batch_ * gpt.config.dModel * gpt.config.layers * 2 * static_cast<int64_t>(sizeof(float));
    batchesPerBuffer_ = std::clamp<int64_t>(bufferBytes / bytesPerBatch, 1, largestBuffer);
    rows_ = batchesPerBuffer_ * batch_;
    const auto size = static_cast<size_t>(rows_ * gpt.config.dModel);
    inputs_.assign(static_cast<size_t>(gpt.config.layers), std::vector<float>(size));
    targets_ = inputs_;
    handed_.resize(inputs_.size());
}

/// Row r of the buffer's windows goes to places[r]: the shuffle.
void ActivationStream::scatter(int64_t firstRow, const std::vector<int64_t> &places) {
    const int64_t d = gpt_.config.dModel, count = std::min(activations_.rows(), rows_ - firstRow);
    for (size_t layer = 0; layer < inputs_.size(); ++layer) {
        const BlockActivations<float> &block = activations_.blocks[layer];
#pragma omp parallel for schedule(static)
        for (int64_t r = 0; r < count; ++r) {
            const int64_t to = places[static_cast<size_t>(firstRow + r)] * d;
            std::copy_n(block.ln2.data() + r * d, d, inputs_[layer].data() + to);
            std::copy_n(block.mlpOutput.data() + r * d, d, targets_[layer].data() + to);
        }
    }
}

void ActivationStream::fill(int64_t buffer) {
    buffer_ = buffer;
    Random random(mixSeed(seed_, static_cast<uint64_t>(buffer)));
    std::vector<int64_t> places(static_cast<size_t>(rows_));
    std::iota(places.begin(), places.end(), 0);
    for (size_t i = places.size(); i > 1; --i)
        std::swap(places[i - 1], places[random.below(i)]);
    const int64_t length = gpt_.config.context, windows = (rows_ + length - 1) / length;
    std::vector<int32_t> tokens;
    for (int64_t first = 0; first < windows; first += windowsAtOnce) {
        const int64_t count = std::min(windowsAtOnce, windows - first);
        tokens.resize(static_cast<size_t>(count * length));
        for (int64_t w = 0; w < count; ++w)
            sampler_.read(buffer * windows + first + w,
                          std::span(tokens).subspan(static_cast<size_t>(w * length), static_cast<size_t>(length)));
        forward<float>(gpt_, tokens, static_cast<int>(count), activations_, gpt_.config.layers);
        scatter(first * length, places);
    }
    normalise();
}

void ActivationStream::normalise() {
    for (size_t layer = 0; layer < in_.size(); ++layer) {
        normaliseRows(in_[layer], inputs_[layer]);
        normaliseRows(out_[layer], targets_[layer]);
    }
}

void ActivationStream::setNormalisations(std::vector<Normalisation> in, std::vector<Normalisation> out) {
    in_ = std::move(in);
    out_ = std::move(out);
    if (buffer_ >= 0)
        normalise();
}

const std::vector<LayerBatch> &ActivationStream::firstBuffer() {
    fill(0);
    for (size_t layer = 0; layer < handed_.size(); ++layer)
        handed_[layer] = {inputs_[layer], targets_[layer]};
    return handed_;
}

const std::vector<LayerBatch> &ActivationStream::batch(int64_t index) {
    if (index / batchesPerBuffer_ != buffer_)
        fill(index / batchesPerBuffer_);
    const auto size = static_cast<size_t>(batch_ * gpt_.config.dModel),
               first = static_cast<size_t>(index % batchesPerBuffer_) * size;
    for (size_t layer = 0; layer < handed_.size(); ++layer)
        handed_[layer] = {std::span(inputs_[layer]).subspan(first, size),
                          std::span(targets_[layer]).subspan(first, size)};
    return handed_;
}

} // namespace tt
