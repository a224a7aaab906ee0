#pragma once

#include "core/features/feature_index.h"
#include "core/progress.h"

namespace tt {

/// One streaming pass over all tokens of a corpus, in windows of the GPT's context one after the other.
///
/// Per feature: how often it fires, the sum of its activations, the largest; the 20 strongest activations (ties to the
/// earlier token); 50 bins of (0, maximum]; 5 examples of each tenth of its activations.
/// * The bins are filled from activations rounded to a grid of 1,024 steps over the power of two above the maximum,
///   which is what one pass can know before the maximum is; each is taken at the middle of its step.
/// * The tenths are those of a uniform sample: the 128 activations whose hash of (layer, feature, offset) is smallest,
///   sorted by (activation, offset) and cut by rank; of a tenth, those 5 with the smallest hashes. A feature with at
///   most 128 activations has them all in the sample, so that its tenths are exact.
/// * For co-activation: the sparse activations and the strongest attention of at most `sampledTokens` tokens in evenly
///   spread windows (fewer for a deep model: 64 MB).
///
/// Memory does not depend on the corpus: 7 KB a feature (115 MB for 2 × 8,192), at most 64 MB of sample, and the
/// activations of 2,048 tokens. The pass saves itself beside the index every minute and where it is stopped, and goes
/// on from there the next time; the result is the same, bit for bit with the same number of threads. Offsets and
/// histograms are stored in half as many bytes where they fit.
constexpr int64_t mostSampledTokens = 65'536;
struct IndexBuilt {
    int64_t tokens = 0, alive = 0; ///< features that fired
    double seconds = 0;            ///< of the whole pass, also where it was interrupted
    bool resumed = false;
};
/// Writes `file` and removes what an interrupted pass left. Throws Error(Cancelled) on a stop, with the work saved.
IndexBuilt buildFeatureIndex(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                             const TokenCache &tokens, const IndexIdentity &identity, const std::filesystem::path &file,
                             std::stop_token stop, const ProgressSink &progress,
                             int64_t sampledTokens = mostSampledTokens);

/// Tokens a second of what the pass cannot do without: the GPT's forward pass and the products with the encoders, over
/// about `wanted` tokens in blocks as the pass has them.
double indexProductsRate(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                         const TokenCache &tokens, int64_t wanted, std::stop_token stop);

} // namespace tt
