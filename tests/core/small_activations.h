#pragma once

#include "core/train/activation_cache_impl.h"
#include "random_models.h"
#include "training_samples.h"

#include <filesystem>
#include <set>
#include <vector>

namespace tt::test {

inline constexpr int64_t smallPiece = 16 << 10; // bytes: several pieces in a small cache

inline GptConfig shape() {
    return {.vocabSize = sampleVocab, .dModel = 32, .heads = 2, .headSize = 16, .layers = 2, .context = 16};
}

inline GptWeights<float> smallGpt() {
    return randomGpt<float>(shape(), 7, 0.2);
}

/// 2,048 of them to train on.
inline TokenCache smallTokens() {
    return TokenCache::fromTokens(randomTokens(2500, sampleVocab, 8), 2048, 900, sampleVocab);
}

/// Those of every cache below, sorted.
inline std::vector<std::filesystem::path> pieceFiles(const std::filesystem::path &folder) {
    std::set<std::filesystem::path> files;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.path().filename().string().starts_with("piece_"))
            files.insert(entry.path());
    return {files.begin(), files.end()};
}

} // namespace tt::test
