#pragma once

#include "core/error.h"
#include "core/random.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace tt {

enum class TranscoderKind { PerLayer, CrossLayer };
/// SignedTopK: of other programs, the k largest pre-activations whatever their sign, without ReLU.
enum class Activation { TopK, BatchTopK, JumpRelu, Relu, SignedTopK };

struct TranscoderConfig {
    TranscoderKind kind = TranscoderKind::PerLayer;
    Activation activation = Activation::TopK;
    int k = 16;          ///< TopK: at most k positive pre-activations a token stay
    int features = 4096; ///< F, of each layer
    int layers = 2;      ///< L
    int dModel = 256;    ///< d
    /// "ln2": reads LN2's output and writes the MLP's. "layer-norm": reads LN2's output layer-normed again, token by
    /// token, and writes the MLP's output layer-normed; such a transcoder can be looked at, but replaces no MLP.
    std::string input = "ln2";
    std::string gptRun;    ///< the GPT it explains
    std::string gptSha256; ///< of that GPT's model.safetensors

    bool operator==(const TranscoderConfig &) const = default;
    [[nodiscard]] std::vector<Problem> validate() const;
    /// How many layers layer i's features write to: 1, or L − i for a cross-layer one.
    [[nodiscard]] int decodersOf(int layer) const { return kind == TranscoderKind::CrossLayer ? layers - layer : 1; }
    /// Whether what it writes is the MLP's output itself.
    [[nodiscard]] bool writesMlpOutput() const { return input == "ln2"; }
};
/// Throws Error, one sentence, for a transcoder that graphs, interventions and measurements cannot use; `name` is its.
void requireMlpOutput(const TranscoderConfig &config, const std::string &name);

std::string toString(TranscoderKind kind);   // "per-layer", "cross-layer"
std::string toString(Activation activation); // "topk", "batchtopk", "jumprelu", "relu", "signed-topk"
std::string toJson(const TranscoderConfig &config);
TranscoderConfig transcoderConfigFromJson(const std::string &json);

/// One layer's dictionary in raw units: input = LN2's output, output = the MLP's output.
template <class T>
struct TranscoderLayer {
    std::vector<T> encoder;     ///< [F, d]
    std::vector<T> encoderBias; ///< [F]
    std::vector<T> decoder;     ///< [F, decodersOf(i), d]: row f, then the layer i + j it writes to
    std::vector<T> decoderBias; ///< [d], of this layer's prediction
    std::vector<T> threshold;   ///< [F] JumpReLU and BatchTopK, else empty
    std::vector<T> skip;        ///< [d, d] out = input · skipᵀ, else empty
};

template <class T>
struct TranscoderWeights {
    TranscoderConfig config;
    std::vector<TranscoderLayer<T>> layers;
    /// d^{i→j}_f, j ≥ i: the row that feature f of layer i writes to layer j. Per-layer: j == i only.
    [[nodiscard]] std::span<const T> decoderRow(int layer, int feature, int toLayer) const {
        const size_t d = static_cast<size_t>(config.dModel), decoders = static_cast<size_t>(config.decodersOf(layer));
        return std::span(layers[static_cast<size_t>(layer)].decoder)
            .subspan((static_cast<size_t>(feature) * decoders + static_cast<size_t>(toLayer - layer)) * d, d);
    }
    [[nodiscard]] std::span<const T> encoderRow(int layer, int feature) const {
        const size_t d = static_cast<size_t>(config.dModel);
        return std::span(layers[static_cast<size_t>(layer)].encoder).subspan(static_cast<size_t>(feature) * d, d);
    }
};

/// The active features of N rows, row after row (CSR), features ascending within a row, every value > 0 (SignedTopK:
/// any value).
template <class T>
struct SparseActivations {
    std::vector<int64_t> offsets{0}; ///< N + 1
    std::vector<int32_t> features;
    std::vector<T> values;
    [[nodiscard]] int64_t rows() const { return static_cast<int64_t>(offsets.size()) - 1; }
};

/// The activation of a feature in row `row` of `active`; 0 where it is not active.
template <class T>
T activationIn(const SparseActivations<T> &active, int64_t row, int feature) {
    const auto begin = active.features.begin() + active.offsets[static_cast<size_t>(row)],
               end = active.features.begin() + active.offsets[static_cast<size_t>(row) + 1];
    const auto found = std::lower_bound(begin, end, feature);
    return found != end && *found == feature ? active.values[static_cast<size_t>(found - active.features.begin())]
                                             : T{0};
}

/// Active features of layer `layer` for rows of its input (N, d): act(W_enc·x + b_enc). TopK: ReLU, then the k largest
/// (ties to the smaller index); JumpReLU and BatchTopK: those above their threshold; ReLU: those above 0; SignedTopK:
/// the k largest. `input` is LN2's output for every transcoder: one that layer-norms its input does so here.
template <class T>
SparseActivations<T> encode(const TranscoderWeights<T> &weights, int layer, std::span<const T> input);

/// Prediction of MLP output `layer` (N, d) from the features of layers 0 … layer (per-layer: its own only), decoder
/// bias and skip. `active` holds one SparseActivations a layer (only those needed are read); `input` is layer's own
/// input.
template <class T>
void decode(const TranscoderWeights<T> &weights, int layer, std::span<const SparseActivations<T>> active,
            std::span<const T> input, std::span<T> out);

/// Reads and writes transcoders/<name>/ (config.json, layer_{i}.safetensors or W_enc_{i}/W_dec_{i}.safetensors).
/// load throws Error where a file is missing, cut short, has another shape or holds a NaN or infinity.
TranscoderWeights<float> loadTranscoder(const std::filesystem::path &folder);
/// `checkpoint` marks files that belong together: load refuses layers with different marks (a kill while saving).
void saveTranscoderWeights(const std::filesystem::path &folder, const TranscoderWeights<float> &weights,
                           const std::string &checkpoint = {});

/// Throws Error unless the transcoder was trained for exactly these weights (d, layers, sha256 of model.safetensors).
void checkBelongsTo(const TranscoderConfig &transcoder, const std::string &transcoderName,
                    const std::filesystem::path &gptFolder);

TranscoderWeights<double> toDouble(const TranscoderWeights<float> &weights);

} // namespace tt
