#include "ui/features/prompt_index.h"

#include <algorithm>
#include <set>

namespace tt {

namespace {
void takeCorpus(PromptFeatures &features, const DictionarySummary *corpus) {
    if (!corpus || corpus->transcoder != features.transcoder || corpus->features != features.features)
        return;
    for (ActiveFeature &active : features.active) {
        const auto row = static_cast<size_t>(active.layer * corpus->features + active.feature);
        active.maximum = std::max(active.activation, corpus->maximum[row]);
        active.density = corpus->density[row];
    }
}
} // namespace

PromptIndex::PromptIndex(PromptFeatures features, const DictionarySummary *corpus) : features_(std::move(features)) {
    takeCorpus(features_, corpus);
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

std::vector<ActiveFeature> PromptIndex::activeAt(std::span<const int> positions, int layer, Of of) const {
    std::vector<ActiveFeature> found;
    for (const ActiveFeature &active : features_.active)
        if (active.layer == layer && std::find(positions.begin(), positions.end(), active.position) != positions.end())
            found.push_back(active);
    std::stable_sort(found.begin(), found.end(),
                     [](const ActiveFeature &a, const ActiveFeature &b) { return a.activation > b.activation; });
    std::map<int, size_t> places;
    for (const ActiveFeature &active : found)
        ++places[active.feature];
    std::set<int> seen;
    std::erase_if(found, [&](const ActiveFeature &active) {
        const bool all = places[active.feature] == positions.size();
        return !seen.insert(active.feature).second || (of == Of::All && !all) || (of == Of::Some && all);
    });
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
