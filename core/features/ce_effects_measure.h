#pragma once

#include "core/features/dictionary.h"
#include "core/progress.h"

namespace tt {

/// Windows of each feature that one measurement adds where nothing else is asked for.
constexpr int ceEffectWindows = 8;

/// Measures the effects of every feature on `windowsPerFeature` of the windows of the index's sample in which it fires,
/// or on all where it fires in fewer. One window of every feature comes after the other, so that what is there early is
/// there for all. Writes `file` every minute, where it is stopped, and at the end; what the file holds already is not
/// measured again. A feature fires in a window where it is among the strongest 32 of a token there.
///
/// Memory: 2 forward passes of a window and 32 MB. Throws Error without an index, Error(Usage) for a number of windows
/// below 1, Error(Cancelled) on a stop, with the work saved.
CeEffects measureCeEffects(const Dictionary &dictionary, const std::filesystem::path &file, int windowsPerFeature,
                           const std::stop_token &stop, const ProgressSink &progress);

/// The `n`-th of `size` places in an order whose beginnings are all spread evenly: bit reversal. n < size.
int32_t evenlySpread(int32_t n, int32_t size);

} // namespace tt
