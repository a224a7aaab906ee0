#pragma once

#include "core/io/safetensors.h"
#include "core/train/gpt_training.h"
#include "core/train/transcoder_training.h"

#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace tt::test {

constexpr int sampleVocab = 300;

/// A sentence that a model can learn: each token is fixed by the one before it.
inline TokenCache cycle(int64_t size = 6000, int64_t train = 5000) {
    std::vector<int32_t> tokens(static_cast<size_t>(size));
    for (size_t i = 0; i < tokens.size(); ++i)
        tokens[i] = static_cast<int32_t>(i % 50 * 6 % sampleVocab);
    return TokenCache::fromTokens(std::move(tokens), train, 2 * (size - train), sampleVocab);
}

inline TranscoderTrainingConfig smallTranscoder(const std::string &gpt, int64_t steps) {
    return {.gptRun = gpt,
            .corpus = "none",
            .features = 64,
            .k = 4,
            .steps = steps,
            .batch = 32,
            .warmup = 2,
            .evalEvery = 4,
            .checkpointEvery = 5,
            .seed = 4,
            .threads = 1};
}

inline std::pair<std::string, Error::Kind> errorOf(const std::function<void()> &work) {
    try {
        work();
    } catch (const Error &error) {
        return {error.what(), error.kind()};
    }
    return {};
}

inline bool mentions(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

/// Stops the run after step `at`.
inline TrainingSink stopAt(int64_t at, std::stop_source &source) {
    return [at, &source](const TrainingPoint &point) {
        if (point.step == at)
            source.request_stop();
    };
}

} // namespace tt::test
