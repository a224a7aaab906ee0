#pragma once

#include "core/nn/transcoder.h"

#include <filesystem>
#include <string>
#include <vector>

namespace tt {

/// Programs whose transcoder files are read and written (formats.md §3), and this one's own layout.
enum class TranscoderFormat { Own, CircuitTracer, SaeLens };
std::string toString(TranscoderFormat format);                      // "safetensors", "circuit-tracer", "saelens"
TranscoderFormat transcoderFormatFromName(const std::string &name); // throws Error(Usage)

/// A transcoder out of another program's files. `weights` compute what that program computes: circuit-tracer's TopK is
/// Activation::SignedTopK. gptRun and gptSha256 are those it was exported with by this program, else empty; so are k
/// and an activation that the files cannot tell (BatchTopK).
struct ForeignTranscoder {
    TranscoderFormat format = TranscoderFormat::Own;
    TranscoderWeights<float> weights;
    bool kKnown = false;               ///< else weights.config.k is a guess
    std::vector<std::string> warnings; ///< what was taken for granted, a sentence each
};

/// Reads a folder: config.yaml with layer_{i} or W_enc_{i}/W_dec_{i}.safetensors (circuit-tracer), cfg.json with
/// sae_weights.safetensors, in it or in a folder for each layer (SAELens), or config.json (this program's own). Throws
/// Error, one sentence, for what is no transcoder that predicts an MLP's output from its input, or keeps something that
/// this program has no place for.
ForeignTranscoder readForeignTranscoder(const std::filesystem::path &folder);

/// Why `format` has no place for such a transcoder; "" where it has.
std::string whyNotIn(TranscoderFormat format, const TranscoderConfig &config, bool skip);
/// Whether `format` knows the activation function; else it has to be written as another.
bool knowsActivation(TranscoderFormat format, const TranscoderConfig &config);

/// Writes into a folder that is made, or there and empty; the files, in order. The weights are the same numbers:
/// reading them gives them back bit for bit. Throws Error(Usage) for what whyNotIn() or knowsActivation() refuses, or a
/// folder with something in it.
std::vector<std::filesystem::path> writeForeignTranscoder(TranscoderFormat format, const std::filesystem::path &folder,
                                                          const std::string &name,
                                                          const TranscoderWeights<float> &weights);

} // namespace tt
