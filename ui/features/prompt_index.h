#pragma once

#include "core/features/dictionary.h"
#include "core/features/prompt_features.h"

#include <map>
#include <optional>
#include <span>
#include <vector>

namespace tt {

/// What fires at which positions of a prompt, found once per prompt so that a click only looks up.
class PromptIndex {
public:
    using Key = std::pair<int, int>; ///< layer, feature
    PromptIndex() = default;
    /// Where a summary of the corpus' index is there, its maxima and densities count.
    explicit PromptIndex(PromptFeatures features, const DictionarySummary *corpus = nullptr);
    /// Which features of several tokens: of any; common to all; of some but not of all, which tell them apart.
    enum class Of { Any, All, Some };

    [[nodiscard]] const PromptFeatures &features() const { return features_; }
    [[nodiscard]] bool isEmpty() const { return features_.tokens.empty(); }
    /// Active features of a layer at the positions, strongest first; a feature that fires at several of them once, with
    /// its strongest.
    [[nodiscard]] std::vector<ActiveFeature> activeAt(std::span<const int> positions, int layer, Of of = Of::Any) const;
    /// Where a feature fires, by position.
    [[nodiscard]] std::span<const ActiveFeature> of(int layer, int feature) const;
    /// The `count` features with the largest activations in the prompt, strongest first.
    [[nodiscard]] std::vector<Key> strongest(int count) const;

private:
    PromptFeatures features_;
    std::map<Key, std::vector<ActiveFeature>> byFeature_;
    std::vector<Key> byStrength_;
};

} // namespace tt
