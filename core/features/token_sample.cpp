#include "core/features/token_sample_impl.h"

#include "core/features/index_tensors_impl.h"

#include <algorithm>
#include <numeric>

namespace tt {

namespace {
/// Entries of a row, the strongest `strongestKept` of them, in their order.
std::vector<size_t> strongest(const SparseActivations<float> &active, size_t row) {
    const auto from = static_cast<size_t>(active.offsets[row]), to = static_cast<size_t>(active.offsets[row + 1]);
    std::vector<size_t> entries(to - from);
    std::iota(entries.begin(), entries.end(), from);
    const auto kept = static_cast<std::ptrdiff_t>(TokenSample::strongestKept);
    if (std::ssize(entries) <= kept)
        return entries;
    std::nth_element(entries.begin(), entries.begin() + kept, entries.end(), [&](size_t a, size_t b) {
        return active.values[a] != active.values[b] ? active.values[a] > active.values[b] : a < b;
    });
    entries.resize(static_cast<size_t>(kept));
    std::sort(entries.begin(), entries.end());
    return entries;
}
} // namespace

TokenSample::TokenSample(const GptConfig &gpt, int layers, int64_t windows, int64_t mostTokens)
    : length_(gpt.context), heads_(gpt.heads), windows_(windows), layers_(static_cast<size_t>(layers)),
      attended_(static_cast<size_t>(layers - 1)), attention_(static_cast<size_t>(layers - 1)) {
    const int64_t bytesPerToken = layers * strongestKept * 8 + (layers - 1) * heads_ * 6;
    const int64_t tokens = std::min(mostTokens, mostBytes / bytesPerToken);
    wanted_ = std::min(windows_, std::max<int64_t>(1, tokens / length_));
}

/// Window i is in where ⌊i · wanted / windows⌋ is not what it was for i − 1.
bool TokenSample::isSampled(int64_t window) const {
    if (window >= windows_)
        return false;
    return window == 0 || window * wanted_ / windows_ != (window - 1) * wanted_ / windows_;
}

void TokenSample::add(int64_t first, const GptActivations<float> &activations,
                      const std::vector<SparseActivations<float>> &active) {
    for (int64_t window = 0; window < activations.batch; ++window) {
        if (!isSampled(first + window))
            continue;
        starts_.push_back((first + window) * length_);
        for (int64_t position = 0; position < length_; ++position)
            addRow(activations, active, window, position);
    }
}

void TokenSample::addRow(const GptActivations<float> &activations, const std::vector<SparseActivations<float>> &active,
                         int64_t window, int64_t position) {
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
        SparseActivations<float> &kept = layers_[layer];
        for (const size_t entry : strongest(active[layer], static_cast<size_t>(window * length_ + position))) {
            kept.features.push_back(active[layer].features[entry]);
            kept.values.push_back(active[layer].values[entry]);
        }
        kept.offsets.push_back(static_cast<int64_t>(kept.values.size()));
        if (layer == 0)
            continue;
        for (int64_t head = 0; head < heads_; ++head) {
            const float *row =
                activations.blocks[layer].attention.data() + ((window * heads_ + head) * length_ + position) * length_;
            const float *most = std::max_element(row, row + position + 1);
            attended_[layer - 1].push_back(static_cast<uint16_t>(most - row));
            attention_[layer - 1].push_back(*most);
        }
    }
}

std::vector<TensorToWrite> TokenSample::tensors() const {
    std::vector<TensorToWrite> tensors{tensorOf("sample_windows", DType::I64, {std::ssize(starts_)}, starts_)};
    const auto name = [](const char *what, size_t layer) { return what + std::to_string(layer); };
    for (size_t layer = 0; layer < layers_.size(); ++layer) // widest types first: every tensor stays aligned
        tensors.push_back(tensorOf(name("sample_rows_", layer), DType::I64, {std::ssize(layers_[layer].offsets)},
                                   layers_[layer].offsets));
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
        tensors.push_back(tensorOf(name("sample_features_", layer), DType::I32, {std::ssize(layers_[layer].features)},
                                   layers_[layer].features));
        tensors.push_back(tensorOf(name("sample_activations_", layer), DType::F32, {std::ssize(layers_[layer].values)},
                                   layers_[layer].values));
    }
    for (size_t layer = 1; layer < layers_.size(); ++layer)
        tensors.push_back(tensorOf(name("attention_", layer), DType::F32,
                                   {std::ssize(attention_[layer - 1]) / heads_, heads_}, attention_[layer - 1]));
    for (size_t layer = 1; layer < layers_.size(); ++layer)
        tensors.push_back(tensorOf(name("attended_", layer), DType::U16,
                                   {std::ssize(attended_[layer - 1]) / heads_, heads_}, attended_[layer - 1]));
    return tensors;
}

void TokenSample::load(const SafetensorsFile &file) {
    readTensor(file, "sample_windows", starts_);
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
        const std::string number = std::to_string(layer);
        readTensor(file, "sample_rows_" + number, layers_[layer].offsets);
        readTensor(file, "sample_features_" + number, layers_[layer].features);
        readTensor(file, "sample_activations_" + number, layers_[layer].values);
        if (layer == 0)
            continue;
        readTensor(file, "attention_" + number, attention_[layer - 1]);
        readTensor(file, "attended_" + number, attended_[layer - 1]);
    }
}

} // namespace tt
