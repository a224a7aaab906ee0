#include "core/train/activation_stream_impl.h"

#include <algorithm>
#include <numeric>

namespace tt {

namespace {
constexpr int64_t windowsAtOnce = 16; // sequences a forward pass

/// out (d) = (row − mean) / scale, or the row where nothing is to be normalised.
void widen(const uint16_t *row, const Normalisation *normalisation, int64_t d, float *out) {
    for (int64_t i = 0; i < d; ++i)
        out[i] = fromBfloat16(row[i]);
    if (normalisation == nullptr)
        return;
    const float inverse = 1 / normalisation->scale;
    const float *mean = normalisation->mean.data();
    for (int64_t i = 0; i < d; ++i)
        out[i] = (out[i] - mean[i]) * inverse;
}
} // namespace

ActivationStream::ActivationStream(const GptWeights<float> &gpt, const TokenCache &tokens, int batch, uint64_t seed,
                                   bool bfloat16)
    : gpt_(gpt), sampler_(tokens, gpt.config.context, seed), batch_(batch),
      batchesPerBuffer_(recomputeBufferBatches(batch, gpt.config)), seed_(seed),
      inputs_(static_cast<size_t>(gpt.config.layers)), targets_(inputs_.size()), handed_(inputs_.size()) {
    if (bfloat16)
        rounded_.emplace(gpt);
}

void ActivationStream::drawFrom(std::shared_ptr<const ActivationRows> rows) {
    stored_ = std::move(rows);
    shuffle_.emplace(stored_->rows(), seed_);
    buffer_ = -1;
    for (auto *values : {&inputs_, &targets_})
        for (auto &layer : *values) // the recomputing buffer is larger than what is needed from here on
            layer = {};
}

void ActivationStream::makeRoom(int64_t rows) {
    for (auto *values : {&inputs_, &targets_})
        for (auto &layer : *values)
            layer.resize(static_cast<size_t>(rows * gpt_.config.dModel));
}

/// Row r of the buffer's windows goes to places[r]: the shuffle.
void ActivationStream::scatter(int64_t firstRow, const std::vector<int64_t> &places) {
    const auto rows = static_cast<int64_t>(places.size());
    const int64_t d = gpt_.config.dModel, count = std::min(activations_.rows(), rows - firstRow);
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
    const int64_t rows = batchesPerBuffer_ * batch_;
    makeRoom(rows);
    std::vector<int64_t> places(static_cast<size_t>(rows));
    std::iota(places.begin(), places.end(), 0);
    for (size_t i = places.size(); i > 1; --i)
        std::swap(places[i - 1], places[random.below(i)]);
    const int64_t length = gpt_.config.context, windows = (rows + length - 1) / length;
    std::vector<int32_t> tokens;
    for (int64_t first = 0; first < windows; first += windowsAtOnce) {
        const int64_t count = std::min(windowsAtOnce, windows - first);
        tokens.resize(static_cast<size_t>(count * length));
        for (int64_t w = 0; w < count; ++w)
            sampler_.read(buffer * windows + first + w,
                          std::span(tokens).subspan(static_cast<size_t>(w * length), static_cast<size_t>(length)));
        if (rounded_)
            forward(gpt_, *rounded_, tokens, static_cast<int>(count), activations_, gpt_.config.layers);
        else
            forward<float>(gpt_, tokens, static_cast<int>(count), activations_, gpt_.config.layers);
        scatter(first * length, places);
    }
    normalise();
}

/// Batch `index` of the stored rows, normalised on the way.
void ActivationStream::gather(int64_t index) {
    makeRoom(batch_);
    const int64_t d = gpt_.config.dModel;
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < batch_; ++r) {
        const uint16_t *row = stored_->row((*shuffle_)(index * batch_ + r));
        for (size_t layer = 0; layer < inputs_.size(); ++layer, row += 2 * d) {
            widen(row, in_.empty() ? nullptr : &in_[layer], d, inputs_[layer].data() + r * d);
            widen(row + d, out_.empty() ? nullptr : &out_[layer], d, targets_[layer].data() + r * d);
        }
    }
    if (stored_->readAhead)
        for (int64_t r = 0; r < batch_; ++r)
            stored_->prefetch((*shuffle_)((index + 1) * batch_ + r));
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

void ActivationStream::hand(int64_t firstRow, int64_t rows) {
    const int64_t d = gpt_.config.dModel;
    const auto first = static_cast<size_t>(firstRow * d), size = static_cast<size_t>(rows * d);
    for (size_t layer = 0; layer < handed_.size(); ++layer)
        handed_[layer] = {std::span(inputs_[layer]).subspan(first, size),
                          std::span(targets_[layer]).subspan(first, size)};
}

const std::vector<LayerBatch> &ActivationStream::firstBuffer() {
    fill(0);
    hand(0, batchesPerBuffer_ * batch_);
    return handed_;
}

const std::vector<LayerBatch> &ActivationStream::batch(int64_t index) {
    if (stored_) {
        gather(index);
        hand(0, batch_);
        return handed_;
    }
    if (index / batchesPerBuffer_ != buffer_)
        fill(index / batchesPerBuffer_);
    hand(index % batchesPerBuffer_ * batch_, batch_);
    return handed_;
}

} // namespace tt
