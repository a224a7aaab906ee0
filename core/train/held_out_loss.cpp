#include "core/nn/gpt_forward.h"
#include "core/train/gpt_training.h"

#include <algorithm>
#include <numbers>

namespace tt {

namespace {
constexpr int evaluationBatch = 16; // sequences at a time
}

HeldOutLoss heldOutLoss(const GptWeights<float> &gpt, const TokenCache &tokens, int64_t begin, int64_t end,
                        int64_t bytes, int64_t maximumTokens, std::stop_token stop) {
    const int64_t length = std::min<int64_t>(gpt.config.context, end - begin - 1);
    if (length < 1)
        throw Error("There are too few held-out tokens to measure on: " + std::to_string(end - begin) + ".");
    const int64_t windows = (end - begin - 1) / length;
    const int64_t used = maximumTokens > 0 ? std::clamp<int64_t>(maximumTokens / length, 1, windows) : windows;
    GptActivations<float> activations;
    double sum = 0;
    for (int64_t first = 0; first < used; first += evaluationBatch) {
        throwIfStopped(stop);
        const int64_t batch = std::min<int64_t>(evaluationBatch, used - first);
        std::vector<int32_t> inputs(static_cast<size_t>(batch * length)), targets(inputs.size());
        for (int64_t b = 0; b < batch; ++b) {
            const int64_t at = begin + (first + b) * windows / used * length;
            tokens.read(at, std::span(inputs).subspan(static_cast<size_t>(b * length), static_cast<size_t>(length)));
            tokens.read(at + 1,
                        std::span(targets).subspan(static_cast<size_t>(b * length), static_cast<size_t>(length)));
        }
        forward<float>(gpt, inputs, static_cast<int>(batch), activations);
        sum += crossEntropy<float>(gpt, activations, targets) * static_cast<double>(batch * length);
    }
    HeldOutLoss result{.loss = sum / static_cast<double>(used * length), .bitsPerByte = 0, .tokens = used * length};
    if (bytes > 0) // nats a token → bits a byte, with the tokens a byte of the whole stretch
        result.bitsPerByte =
            result.loss * static_cast<double>(end - begin) / static_cast<double>(bytes) / std::numbers::ln2;
    return result;
}

} // namespace tt
