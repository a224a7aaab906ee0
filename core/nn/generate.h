#pragma once

#include "core/nn/gpt_weights.h"
#include "core/random.h"

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

namespace tt {

/// Changes the MLP's output (rows, d) of a layer in place; ln2 (rows, d) is its input. The rows are the tokens read as
/// number first, first + 1, … since the decoder began; those encoded again past the context pass once more.
using DecoderHook =
    std::function<void(int layer, int64_t first, std::span<const float> ln2, std::span<float> mlpOutput)>;

/// Reads tokens one after the other with a key/value cache. Past the context the older half is dropped and the rest
/// encoded again from position 0, so logits always equal a plain forward on window().
class IncrementalDecoder {
public:
    explicit IncrementalDecoder(const GptWeights<float> &weights, DecoderHook hook = {});
    /// Reads one token (or several) and returns the logits (V) after the last; valid until the next call.
    std::span<const float> read(std::span<const int32_t> tokens);
    [[nodiscard]] const std::vector<int32_t> &window() const { return window_; }

private:
    void readBlock(std::span<const int32_t> tokens);
    const GptWeights<float> &weights_;
    DecoderHook hook_;
    int64_t read_ = 0; ///< tokens since the beginning
    std::vector<int32_t> window_;
    std::vector<std::vector<float>> keys_, values_; ///< per layer (context, H·s)
    std::vector<float> last_, logits_;
};

struct SamplingConfig {
    int tokens = 100;       ///< to generate at most
    double temperature = 1; ///< 0 = always the most probable
    int topK = 0;           ///< draw from so many of the most probable; 0 = all
    double topP = 1;        ///< and of these from the fewest that hold this share of the probability (nucleus); 1 = all
    bool stopAtEndOfText = true;
};

struct GeneratedToken {
    int32_t id = 0;
    double probability = 0; ///< under the model, before temperature, top-k and top-p
};

/// Continues `prompt` (at least one token; its last `context` count). `token` is called for each and may return false
/// to stop. `hook` sees every token, the prompt's from 0. Returns the generated ids, end-of-text left out.
std::vector<int32_t> generate(const GptWeights<float> &weights, std::span<const int32_t> prompt, int32_t endOfText,
                              const SamplingConfig &config, Random &random,
                              const std::function<bool(const GeneratedToken &)> &token, std::stop_token stop,
                              const DecoderHook &hook = {});

/// One draw from logits; `probability` is the model's own. Throws Error where a logit is not finite.
GeneratedToken sample(std::span<const float> logits, const SamplingConfig &config, Random &random);

} // namespace tt
