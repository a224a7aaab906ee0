#pragma once

#include "core/features/feature_index.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tt {

/// Which features are active together, from the index's sample of tokens. Σ below runs over the sampled tokens t;
/// a_f(t) is feature f's activation there. Empty without an index: every answer is then 0.
class Coactivation {
public:
    Coactivation() = default;
    /// Turns the sample around: what a feature needs is found without a search. The index outlives this.
    explicit Coactivation(const FeatureIndex &index);

    /// A sampled token where a feature is active.
    struct Event {
        int32_t token = 0; ///< index into the sample
        float activation = 0;
    };
    [[nodiscard]] bool isEmpty() const { return layers_.empty(); }
    [[nodiscard]] int layers() const { return static_cast<int>(layers_.size()); }
    [[nodiscard]] std::span<const Event> events(int layer, int feature) const;
    [[nodiscard]] double sum(int layer, int feature) const;  ///< Σ a_f
    [[nodiscard]] double norm(int layer, int feature) const; ///< √Σ a_f²

    /// Of every feature g of `layer`: Σ a_f(t)·a_g(t). (F)
    [[nodiscard]] std::vector<float> atSameToken(int ofLayer, int feature, int layer) const;
    /// Of every feature g of `layer`, an earlier one: Σ A(t)·a_g(s(t))·a_f(t), where s(t) is the token that `head` of
    /// block `throughLayer` attends to most from t, with weight A(t). layer < throughLayer ≤ ofLayer. (F)
    [[nodiscard]] std::vector<float> fromAttended(int ofLayer, int feature, int throughLayer, int head,
                                                  int layer) const;
    /// The other way: of every feature g of `layer`, a later one: Σ A(t)·a_f(s(t))·a_g(t).
    /// ofLayer < throughLayer ≤ layer. (F)
    [[nodiscard]] std::vector<float> atAttending(int ofLayer, int feature, int throughLayer, int head, int layer) const;

private:
    void addRow(int layer, int32_t token, float times, std::vector<float> &sums) const;
    [[nodiscard]] size_t at(int layer, int feature) const {
        return static_cast<size_t>(layer) * static_cast<size_t>(features_) + static_cast<size_t>(feature);
    }
    struct Layer {
        std::vector<int64_t> offsets; ///< (F + 1) into events
        std::vector<Event> events;    ///< by feature, then token
    };
    FeatureIndex::Sample sample_;
    int features_ = 0, heads_ = 0;
    int32_t window_ = 1;
    std::vector<Layer> layers_;
    std::vector<double> sums_, norms_;
};

} // namespace tt
