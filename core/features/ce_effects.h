#pragma once

#include "core/features/feature_index.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace tt {

/// What the GPT's loss owes to each feature: how much the cross entropy rises when the feature is ablated wherever it
/// fires, everything downstream answering (InterventionMode::Free). Of a feature that fires in W windows of the index's
/// sample, n are measured, spread evenly; W/n times the sum of their rises, by the sample's predicted tokens, estimates
/// the mean rise and is exact where n = W. Rows are layer · features + feature.
struct CeEffects {
    int layers = 0, features = 0;
    int64_t tokens = 0;                 ///< predicted tokens of the sample
    std::vector<double> sum;            ///< nats, over the windows measured
    std::vector<int32_t> measured;      ///< windows
    std::vector<int32_t> firing;        ///< windows of the sample in which it fires
    [[nodiscard]] bool isEmpty() const; ///< nothing was measured
    /// Windows that every feature which fires in more has been measured on; 0 too where all are exact.
    [[nodiscard]] int32_t windows() const;
    [[nodiscard]] bool isExact() const; ///< every feature was measured wherever it fires
    /// Nats a token of the sample; none for a feature that has not been measured or is silent in the sample.
    [[nodiscard]] std::optional<double> rise(int layer, int feature) const;
};

/// transcoders/<name>/ce_effects.safetensors
std::filesystem::path ceEffectsFile(const std::filesystem::path &transcoderFolder);
/// What the file holds for exactly this identity; empty where it is missing, damaged or of something else: the effects
/// can be measured again.
CeEffects readCeEffects(const std::filesystem::path &file, const IndexIdentity &identity);
void writeCeEffects(const std::filesystem::path &file, const CeEffects &effects, const IndexIdentity &identity);
/// Writes them, but keeps of each feature what the file has where that was measured on more windows: another program
/// may have measured meanwhile. The windows of a feature are the same ones in the same order, whoever measures.
void addCeEffects(const std::filesystem::path &file, const CeEffects &effects, const IndexIdentity &identity);

} // namespace tt
