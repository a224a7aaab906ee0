#pragma once

#include "core/io/safetensors.h"
#include "core/nn/foreign_transcoder.h"

namespace tt {

/// Of each program: reading its folder, and writing into an empty one.
ForeignTranscoder readCircuitTracer(const std::filesystem::path &folder);
ForeignTranscoder readSaeLens(const std::filesystem::path &folder);
std::vector<std::filesystem::path> writeCircuitTracer(const std::filesystem::path &folder, const std::string &name,
                                                      const TranscoderWeights<float> &weights);
std::vector<std::filesystem::path> writeSaeLens(const std::filesystem::path &folder, const std::string &name,
                                                const TranscoderWeights<float> &weights);

/// What this program leaves in the files of others, so that it knows its transcoder again. Others do not read it.
struct Provenance {
    std::string activation, gptRun, gptSha256;
    int k = 0;
};
Provenance provenanceOf(const TranscoderConfig &config);
/// Takes over what is given: names of the GPT, k, and an activation that computes the same as the one read.
void takeProvenance(const Provenance &from, ForeignTranscoder &to);

/// Throws Error unless a hook point is the input of an MLP after its layer norm, or an MLP's output. "" is taken for
/// it, with a warning.
void checkHooks(const std::string &input, const std::string &output, const std::filesystem::path &file,
                std::vector<std::string> &warnings);
/// Throws Error where a threshold is below 0: such a feature would be active at negative values.
void checkThresholds(const std::vector<float> &threshold, const std::filesystem::path &file);
/// Thresholds as this program applies them, never below 0.
std::vector<float> atLeastZero(const std::vector<float> &threshold);
/// (rows, columns) → (columns, rows)
std::vector<float> transposed(const std::vector<float> &matrix, int64_t rows, int64_t columns);
/// The two sides of a matrix in a file; throws Error where it is missing or no matrix.
std::pair<int, int> sidesOf(const SafetensorsFile &file, const std::string &name, const std::filesystem::path &path);

} // namespace tt
