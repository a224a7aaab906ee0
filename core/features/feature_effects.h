#pragma once

#include "core/features/coactivation.h"
#include "core/nn/gpt_weights.h"
#include "core/nn/transcoder.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tt {

/// What a feature does whatever the input is (method.md §9). LN scales (1/σ) are left out of every weight here: they
/// depend on the input. "Centred" is v − mean(v).

/// What a feature writes into the residual stream: the sum of its decoders to layers below
/// `to`, (d).
std::vector<float> writeVector(const TranscoderWeights<float> &transcoder, int layer, int feature, int to);
/// What a feature reads of the residual stream: centred γ₂ ⊙ w, (d).
std::vector<float> readVector(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder, int layer,
                              int feature);

struct TokenWeight {
    int32_t token = 0;
    float weight = 0;
    bool operator==(const TokenWeight &) const = default;
};
struct LogitEffects {
    std::vector<TokenWeight> raised, lowered; ///< strongest first
};
/// The tokens whose logits the feature raises and lowers most against the mean logit, by the direct path: U_v·(γ_f ⊙
/// centred write) less its mean over v.
LogitEffects logitEffects(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder, int layer,
                          int feature, size_t count);
/// The input tokens that the feature reads most strongly: E[t]·(centred γ₂ ⊙ w), largest first.
std::vector<TokenWeight> readTokens(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder, int layer,
                                    int feature, size_t count);
/// How much every feature raises the logit of `token` against the mean logit. (L · F), layer after layer.
std::vector<float> effectsOnToken(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                  int32_t token);

struct FeatureWeight {
    int layer = 0, feature = 0;
    float weight = 0;
    bool operator==(const FeatureWeight &) const = default;
};
/// Features whose whole writing is most like this one's: cosine, largest first, itself left out.
std::vector<FeatureWeight> nearestDecoders(const TranscoderWeights<float> &transcoder, int layer, int feature,
                                           size_t count);
/// Features that are active at the same sampled tokens: Σ a_f·a_g / (‖a_f‖·‖a_g‖), largest first, itself left out.
std::vector<FeatureWeight> nearestCoactive(const Coactivation &coactivation, int layer, int feature, size_t count);

/// An input-independent weight between two features along one path.
struct FeaturePath {
    int layer = 0, feature = 0;       ///< the other feature
    int throughLayer = -1, head = -1; ///< −1: the direct path through the residual stream
    float weight = 0;
    /// Mean activation of the other along the path where this feature is active, weighted by this feature's activation
    /// (Coactivation's Σ divided by Σ a of this feature); 1 without an index.
    float coactivation = 0;
    [[nodiscard]] float score() const { return weight * coactivation; }
    bool operator==(const FeaturePath &) const = default;
};
/// The strongest earlier features, and later features, by |weight × co-activation|: direct and through each single head
/// in between. Direct, f of layer i to g of layer m: Σ_{i ≤ l < m} d^{i→l}_f · (centred γ₂ ⊙ w_g). Through head h of
/// block j, i < j ≤ m: the same with W_O^h·W_V^h·(γ₁ ⊙ centred Σ_{i ≤ l < j} d^{i→l}_f) in place of the decoders.
std::vector<FeaturePath> upstream(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                  const Coactivation &coactivation, int layer, int feature, size_t count);
std::vector<FeaturePath> downstream(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                    const Coactivation &coactivation, int layer, int feature, size_t count);

} // namespace tt
