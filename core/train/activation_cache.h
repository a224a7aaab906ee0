#pragma once

#include "core/io/workspace.h"
#include "core/text/token_cache.h"
#include "core/train/activation_plan.h"

#include <filesystem>
#include <string>
#include <vector>

namespace tt {

/// Activations that a workspace keeps for later runs: activations/<hash>/ holds those of one GPT (by the sha256 of its
/// weights) on one corpus (by its token ids). header.json says whose they are; piece_00000.safetensors … hold
/// "activations" [rows, layers, 2, d] in bf16 (input, target), each with that identity, its number and a checksum in
/// its metadata. Pieces appear whole or not at all, so that a build that was stopped, killed or ran out of disk goes on
/// where it was; one that is damaged is made anew.
struct ActivationCacheInfo {
    std::filesystem::path folder;
    std::string gptRun, corpus;
    int64_t rows = 0;     ///< tokens
    int64_t bytes = 0;    ///< on disk
    bool current = false; ///< the GPT is there and has the weights these are of
};

/// The workspace's caches, the one used last first. Hashes the GPTs' weights: call it on a worker.
std::vector<ActivationCacheInfo> activationCaches(const Workspace &workspace);
/// Removes one. A run that reads it goes on undisturbed; resumed later, it makes the cache anew.
void removeActivationCache(const ActivationCacheInfo &cache);

/// What planActivations() wants to know of a run. Hashes the GPT's weights and the tokens: call it on a worker.
ActivationRoom activationRoom(const Workspace &workspace, const TranscoderTrainingConfig &config,
                              const TokenCache &tokens);

} // namespace tt
