#pragma once

#include "core/error.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tt {

/// Shape of a GPT: pre-LN decoder with learned positions, ReLU MLP of width 4·d, untied unembedding with bias.
struct GptConfig {
    int vocabSize = 4096; ///< V
    int dModel = 256;     ///< d, residual stream
    int heads = 8;        ///< H
    int headSize = 32;    ///< s = d / H rounded down; H·s may be less than d
    int layers = 2;       ///< L
    int context = 128;    ///< T, longest prompt in tokens
    double dropout = 0;   ///< on attention weights, attention output and MLP output, in training only
    double layerNormEps = 1e-5;
    std::string tokenizer; ///< id of the workspace's tokenizer it reads

    bool operator==(const GptConfig &) const = default;
    [[nodiscard]] int attentionWidth() const { return heads * headSize; } ///< H·s
    [[nodiscard]] int mlpWidth() const { return 4 * dModel; }
    [[nodiscard]] int64_t parameters() const;
    /// Every reason why no such model can be made; empty if it can.
    [[nodiscard]] std::vector<Problem> validate() const;
};

/// JSON as in config.json (formats.md §0). fromJson throws Error for a missing or wrong key.
std::string toJson(const GptConfig &config);
GptConfig gptConfigFromJson(const std::string &json);

} // namespace tt
