#pragma once

#include "core/io/safetensors.h"
#include "core/progress.h"
#include "core/train/activation_cache.h"
#include "core/train/activation_rows_impl.h"
#include "core/train/transcoder_training.h"

#include <map>

namespace tt {

constexpr const char *activationHeader = "header.json";
constexpr const char *activationTensor = "activations";

/// Whose activations a cache holds, as strings for header and pieces.
std::map<std::string, std::string> activationIdentity(const std::string &gptSha256, const GptConfig &gpt,
                                                      const TokenCache &tokens, const ActivationLayout &layout);

/// One folder of activations/.
class ActivationCacheFolder {
public:
    ActivationCacheFolder(const Workspace &workspace, std::map<std::string, std::string> identity,
                          const ActivationLayout &layout);

    [[nodiscard]] const std::filesystem::path &path() const { return folder_; }
    [[nodiscard]] std::filesystem::path pieceFile(int64_t piece) const;
    /// Bytes of the pieces 0 … pieces − 1 that are there.
    [[nodiscard]] int64_t bytesOf(int64_t pieces) const;
    /// Makes the folder with its header, marks it as used now and removes half-written files of a kill.
    void prepare(const std::string &gptRun, const std::string &corpus) const;
    /// A piece, mapped and checked to the last byte; nullptr where it is missing or cannot be used, then `problem` says
    /// why ("" = missing).
    [[nodiscard]] std::shared_ptr<const SafetensorsFile> open(int64_t piece, std::string &problem) const;
    void write(int64_t piece, std::span<const uint16_t> values) const;

private:
    [[nodiscard]] std::vector<int64_t> shapeOf(int64_t piece) const;
    std::filesystem::path folder_;
    std::map<std::string, std::string> identity_;
    ActivationLayout layout_;
};

/// activationRoom() of a cache that is known.
ActivationRoom activationRoom(const Workspace &workspace, const TranscoderTrainingConfig &config, const GptConfig &gpt,
                              const TokenCache &tokens, const ActivationCacheFolder &cache,
                              const ActivationLayout &layout);
/// Removes caches other than `own`, those used longest ago first, until `bytes` more fit the bound.
void removeOldestCaches(const Workspace &workspace, const std::filesystem::path &own, double bytes, double bound);

/// What a run draws its batches from.
struct PreparedActivations {
    ActivationPlan plan;
    std::shared_ptr<const ActivationRows> rows; ///< null: recompute
    std::string notice;                         ///< what was found damaged and made anew, "" = nothing
};

/// Fills memory, or completes the cache on disk, as config.cache says (not Auto). Throws Error(Usage) where it does not
/// fit (before anything is computed), Error where the disk is full or an activation is not finite, Error(Cancelled) on
/// a stop; pieces written before are kept.
PreparedActivations prepareActivations(const Workspace &workspace, const TranscoderTrainingConfig &config,
                                       const std::string &gptSha256, const GptWeights<float> &gpt,
                                       const TokenCache &tokens, std::stop_token stop, const ProgressSink &progress,
                                       int64_t pieceBytes = ActivationLayout::usualPieceBytes);

} // namespace tt
