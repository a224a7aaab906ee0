#pragma once

#include "core/nn/transcoder.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace tt {

/// Weights of a transcoder as they were after some steps of its training: transcoders/<name>/snapshots/<step>/, each a
/// folder that loadTranscoder() reads. Kept where the run's `snapshots` asks for them.

/// Keeps the weights after `step` steps, and of all that are kept then at most `most`: the first and the newest stay,
/// between them the most even spacing.
void keepSnapshot(const std::filesystem::path &transcoderFolder, const TranscoderWeights<float> &weights, int64_t step,
                  int most);
/// The steps that are kept, ascending. A folder that was not written to its end does not count.
std::vector<int64_t> snapshotSteps(const std::filesystem::path &transcoderFolder);
std::filesystem::path snapshotFolder(const std::filesystem::path &transcoderFolder, int64_t step);

} // namespace tt
