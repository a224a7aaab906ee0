#pragma once

#include "core/nn/gpt_config.h"

#include <cstdint>
#include <string>

namespace tt {

struct TranscoderTrainingConfig;

/// Where a transcoder's training takes the GPT's activations from.
enum class ActivationSource {
    Auto,     ///< the first of those below that fits
    Memory,   ///< computed once, kept in memory in bf16
    Disk,     ///< computed once, kept in the workspace in bf16 and used again by later runs of the same GPT and corpus
    Recompute ///< computed as the run goes, through a shuffled buffer
};
std::string toString(ActivationSource source); // "auto", "memory", "disk", "recompute"

/// What planActivations() needs to know beside the configuration.
struct ActivationRoom {
    int64_t trainTokens = 0; ///< of the corpus; 0 = not known yet: as many as the run would look at
    int64_t diskFree = 0;    ///< bytes, where the workspace is
    int64_t cachedBytes = 0; ///< of what the run needs, those that are on disk already
};

struct ActivationPlan {
    ActivationSource source = ActivationSource::Recompute; ///< never Auto
    int64_t rows = 0;     ///< tokens whose activations are kept: those of the corpus, or as many as the run looks at
    int64_t bytes = 0;    ///< of memory or disk; Recompute: of its buffer
    bool possible = true; ///< false: the source asked for does not fit; `why` says what to change
    std::string why;      ///< a sentence or two with sizes and bounds, to be shown before Start
    bool operator==(const ActivationPlan &) const = default;
};

/// The source of a run and its size: a few sums, nothing is read. A token costs 2 · 2 · layers · d bytes (LN2's output
/// and the MLP's, in bf16). Bounds: cache_memory and cache_disk of the configuration; a gigabyte of the disk stays
/// free.
ActivationPlan planActivations(const TranscoderTrainingConfig &config, const GptConfig &gpt,
                               const ActivationRoom &room);

/// A quarter of this machine's memory, in whole GB, at least 1: cache_memory's default.
double defaultCacheMemory();

/// Bytes of the buffer that activations are recomputed through.
int64_t recomputeBufferBytes(int batch, const GptConfig &gpt);
/// Batches in it: as many as fit 256 MB, at least 1, at most 16.
int64_t recomputeBufferBatches(int batch, const GptConfig &gpt);

} // namespace tt
