#include "ui/features/prompt_index.h"

#include <algorithm>
#include <set>

namespace tt {

PromptIndex::PromptIndex(PromptFeatures features) : features_(std::move(features)) {
    for (const ActiveFeature &active : features_.active)
        byFeature_[{active.layer, active.feature}].push_back(active);
    std::vector<std::pair<float, Key>> strengths;
    for (const auto &[key, places] : byFeature_) {
        const auto strongest =
            std::max_element(places.begin(), places.end(), [](const ActiveFeature &a, const ActiveFeature &b) {
                return a.activation < b.activation;
            });
        strengths.push_back({strongest->activation, key});
    }
    std::stable_sort(strengths.begin(), strengths.end(),
                     [](const auto &a, const auto &b) { return a.first > b.first; });
    for (const auto &[strength, key] : strengths)
        byStrength_.push_back(key);
}

std::vector<ActiveFeature> PromptIndex::activeAt(std::span<const int> positions, int layer) const {
    std::vector<ActiveFeature> found;
    for (const ActiveFeature &active : features_.active)
        if (active.layer == layer && std::find(positions.begin(), positions.end(), active.position) != positions.end())
            found.push_back(active);
    std::stable_sort(found.begin(), found.end(),
                     [](const ActiveFeature &a, const ActiveFeature &b) { return a.activation > b.activation; });
    std::set<int> seen;
    std::erase_if(found, [&](const ActiveFeature &active) { return !seen.insert(active.feature).second; });
    return found;
}

std::span<const ActiveFeature> PromptIndex::of(int layer, int feature) const {
    const auto found = byFeature_.find({layer, feature});
    return found == byFeature_.end() ? std::span<const ActiveFeature>() : found->second;
}

std::vector<PromptIndex::Key> PromptIndex::strongest(int count) const {
    const size_t kept = std::min(byStrength_.size(), static_cast<size_t>(count));
    return {byStrength_.begin(), byStrength_.begin() + static_cast<std::ptrdiff_t>(kept)};
}

} // namespace tt
