#pragma once

#include "core/nn/gpt_weights.h"
#include "core/nn/transcoder.h"
#include "core/text/token_cache.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tt {

/// What an index was made from: fingerprints of the weights and of the tokens. It is of use for exactly these.
struct IndexIdentity {
    std::string transcoder, gpt, tokens;
    std::string corpus; ///< its name, for people; not compared
    [[nodiscard]] bool sameAs(const IndexIdentity &other) const {
        return transcoder == other.transcoder && gpt == other.gpt && tokens == other.tokens;
    }
};
/// Hashes every weight and, of more than 16 M tokens, 16 M spread evenly.
IndexIdentity identify(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                       const TokenCache &tokens, const std::string &corpus);

/// A place in the corpus where a feature fires.
struct Example {
    int64_t offset = 0; ///< of the token in the corpus
    float activation = 0;
    bool operator==(const Example &) const = default;
};

class SafetensorsFile;

/// What one pass over a corpus says of every feature: transcoders/<name>/features.index, a memory-mapped safetensors
/// file (feature_index_build.h says what is in it). Tokens and windows are not stored: whoever shows an example reads
/// its tokens and runs the model on its window again. Handle, copies share the mapping.
class FeatureIndex {
public:
    static constexpr int topExamples = 20, quantiles = 10, examplesPerQuantile = 5, histogramBins = 50;

    /// Throws Error that says what is wrong and how to make the index anew where the file is missing, cut short,
    /// edited, of another version, or made from something else than `identity`.
    static FeatureIndex open(const std::filesystem::path &file, const IndexIdentity &identity);
    /// The corpus it was made from, where the file can be read at all.
    static std::optional<std::string> corpusOf(const std::filesystem::path &file);

    [[nodiscard]] int layers() const { return layers_; }
    [[nodiscard]] int features() const { return features_; }
    [[nodiscard]] int64_t tokens() const { return tokens_; } ///< read by the pass
    /// The model saw windows of this many tokens, one after the other from offset 0.
    [[nodiscard]] int64_t windowLength() const { return windowLength_; }
    [[nodiscard]] double seconds() const { return seconds_; } ///< that the pass took
    [[nodiscard]] int64_t alive() const;                      ///< features that fired at all

    [[nodiscard]] int64_t count(int layer, int feature) const { return count_[at(layer, feature)]; }
    [[nodiscard]] double density(int layer, int feature) const {
        return static_cast<double>(count(layer, feature)) / static_cast<double>(tokens_);
    }
    [[nodiscard]] float maximum(int layer, int feature) const { return maximum_[at(layer, feature)]; }
    [[nodiscard]] double sum(int layer, int feature) const { return sum_[at(layer, feature)]; } ///< of its activations
    /// The strongest, strongest first, ties by offset.
    [[nodiscard]] std::vector<Example> top(int layer, int feature) const;
    /// Of the activations > 0 in the tenth `quantile` (0 = weakest … 9), strongest first.
    [[nodiscard]] std::vector<Example> quantile(int layer, int feature, int quantile) const;
    /// Activations that part the tenths: from the least to the largest sampled, 11 values.
    [[nodiscard]] std::span<const float> quantileValues(int layer, int feature) const;
    /// How many activations lie in each of 50 equal bins of (0, maximum].
    [[nodiscard]] std::span<const uint32_t> histogram(int layer, int feature) const;

    /// Tokens in evenly spread windows with all that was active there: what co-activation is computed from.
    struct Sample {
        std::span<const int64_t> windows; ///< offset of the first token of each; windowLength() tokens follow
        struct Layer {                    ///< CSR by sampled token, as SparseActivations; the strongest 32 a token
            std::span<const int64_t> rows;
            std::span<const int32_t> features;
            std::span<const float> activations;
        };
        std::vector<Layer> layers;
        /// By layer, from 1: per sampled token and head the position in its window that is attended most, and how much.
        std::vector<std::span<const uint16_t>> attended;
        std::vector<std::span<const float>> attention;
        [[nodiscard]] int64_t size() const { return layers.empty() ? 0 : std::ssize(layers[0].rows) - 1; }
    };
    [[nodiscard]] const Sample &sample() const { return sample_; }

private:
    FeatureIndex() = default;
    [[nodiscard]] size_t at(int layer, int feature) const {
        return static_cast<size_t>(layer) * static_cast<size_t>(features_) + static_cast<size_t>(feature);
    }
    void view(const std::shared_ptr<const SafetensorsFile> &opened);

    std::shared_ptr<const void> owner_;
    int layers_ = 0, features_ = 0;
    int64_t tokens_ = 0, windowLength_ = 0;
    double seconds_ = 0;
    std::span<const int64_t> count_, topOffset_, quantileOffset_;
    std::span<const double> sum_;
    std::span<const float> maximum_, topActivation_, quantileActivation_, quantileValues_;
    std::span<const uint32_t> histogram_;
    Sample sample_;
};

} // namespace tt
