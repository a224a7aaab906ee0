#include "core/train/jump_thresholds_impl.h"

#include "core/nn/gemm.h"
#include "core/nn/gpt_forward.h"

#include <algorithm>

namespace tt {

namespace {
constexpr int64_t sequencesAtOnce = 16, rowsAtOnce = 256;

/// LN2's outputs of every layer on the tokens: [layer] (N, d).
std::vector<std::vector<float>> layerInputs(const GptWeights<float> &gpt, const TokenCache &tokens,
                                            int64_t maximumTokens, const std::stop_token &stop,
                                            const ProgressSink &progress) {
    const int64_t length = std::min<int64_t>(gpt.config.context, tokens.trainTokens());
    const int64_t windows = std::clamp<int64_t>(maximumTokens / length, 1, tokens.trainTokens() / length);
    std::vector<std::vector<float>> inputs(static_cast<size_t>(gpt.config.layers));
    GptActivations<float> activations;
    for (int64_t first = 0; first < windows; first += sequencesAtOnce) {
        throwIfStopped(stop);
        const int64_t batch = std::min(sequencesAtOnce, windows - first);
        std::vector<int32_t> ids(static_cast<size_t>(batch * length));
        tokens.read(first * length, ids);
        forward<float>(gpt, ids, static_cast<int>(batch), activations, gpt.config.layers);
        for (size_t layer = 0; layer < inputs.size(); ++layer)
            inputs[layer].insert(inputs[layer].end(), activations.blocks[layer].ln2.begin(),
                                 activations.blocks[layer].ln2.end());
        if (progress)
            progress({"Calibrating thresholds", static_cast<double>((first + batch) * length),
                      static_cast<double>(windows * length), "tokens"});
    }
    return inputs;
}

/// The largest values seen, at most `room` of them: a heap with the smallest on top.
void offer(std::vector<float> &heap, size_t room, float value) {
    if (heap.size() < room) {
        heap.push_back(value);
        std::push_heap(heap.begin(), heap.end(), std::greater<>());
    } else if (value > heap.front()) {
        std::pop_heap(heap.begin(), heap.end(), std::greater<>());
        heap.back() = value;
        std::push_heap(heap.begin(), heap.end(), std::greater<>());
    }
}

std::vector<float> thresholdsOf(const TranscoderWeights<float> &transcoder, int layer, std::span<const float> inputs,
                                const std::stop_token &stop) {
    const TranscoderLayer<float> &weights = transcoder.layers[static_cast<size_t>(layer)];
    const int64_t d = transcoder.config.dModel, features = transcoder.config.features, rows = std::ssize(inputs) / d;
    std::vector<int64_t> fires(static_cast<size_t>(features));
    for (const int32_t feature : encode<float>(transcoder, layer, inputs).features)
        ++fires[static_cast<size_t>(feature)];
    std::vector<std::vector<float>> largest(static_cast<size_t>(features));
    std::vector<float> pre(static_cast<size_t>(std::min(rows, rowsAtOnce) * features));
    for (int64_t first = 0; first < rows; first += rowsAtOnce) {
        throwIfStopped(stop);
        const int64_t count = std::min(rowsAtOnce, rows - first);
        linear<float>(inputs.data() + first * d, weights.encoder.data(), pre.data(), count, d, features);
#pragma omp parallel for schedule(static)
        for (int64_t f = 0; f < features; ++f)
            for (int64_t r = 0; r < count; ++r)
                offer(largest[static_cast<size_t>(f)], static_cast<size_t>(fires[static_cast<size_t>(f)]) + 1,
                      pre[static_cast<size_t>(r * features + f)] + weights.encoderBias[static_cast<size_t>(f)]);
    }
    std::vector<float> thresholds(static_cast<size_t>(features));
    for (size_t f = 0; f < thresholds.size(); ++f)
        thresholds[f] = thresholdFor(std::move(largest[f]), fires[f]);
    return thresholds;
}
} // namespace

float thresholdFor(std::vector<float> largest, int64_t fires) {
    std::sort(largest.begin(), largest.end(), std::greater<>());
    const auto next = static_cast<size_t>(fires); // the largest that must not fire
    if (next >= largest.size())
        return 0;
    const float below = largest[next];
    const float threshold = next == 0 ? below : below + (largest[next - 1] - below) / 2;
    return std::max(threshold, 0.0f);
}

TranscoderWeights<float> withJumpThresholds(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                            const TokenCache &tokens, int64_t maximumTokens,
                                            const std::stop_token &stop, const ProgressSink &progress) {
    const auto inputs = layerInputs(gpt, tokens, maximumTokens, stop, progress);
    TranscoderWeights<float> converted = transcoder;
    converted.config.activation = Activation::JumpRelu;
    for (size_t layer = 0; layer < inputs.size(); ++layer)
        converted.layers[layer].threshold = thresholdsOf(transcoder, static_cast<int>(layer), inputs[layer], stop);
    return converted;
}

} // namespace tt
